printf 'c,x,y\n' > a.csv; cp a.csv b.csv
for i in 1 2 3 4 5 6 7 8 9; do printf 'a,%s,1\nb,%s,2\n' $i $i >> a.csv; printf 'c,%s,30\n' $i >> b.csv; done
cl-ingest --task regression --types c:cat a.csv | cl-train -q --hidden none --lr 0.1 --epochs 50 -o m.ck
cl-ingest -m m.ck b.csv | cl-tune -v -m m.ck --lr 0.5 --weight-decay 0 --epochs 200 -o n.ck 2>&1 | grep category
# The new category is learnt, by a row of its own.
printf 'c,x\nc,5\n' | cl-ingest -m n.ck | cl-predict -m n.ck | awk 'NR == 2 { print ($NF > 20 && $NF < 40) }'
