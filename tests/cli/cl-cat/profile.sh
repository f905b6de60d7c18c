# What a model saw in training, column by column; a model without a profile has other columns there.
printf 'age,city,w,y\n1.5,p,1,x\n-0.1,,1,y\n,q,2,x\n' > in.csv
cl-ingest --role w:weight in.csv | cl-scale | cl-train -q --epochs 1 --hidden none > m.ck
cl-cat m.ck | sed -n '/^profile/p;/^column/,$p'
cl-cat "$TESTS/data/older.ck" | sed -n '/^profile/p;/^column/,$p'
