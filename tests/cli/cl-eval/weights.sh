# A row of weight 3 counts as three rows.
printf 'a,w,y\n0,1,n\n1,1,p\n0,1,n\n1,1,p\n' > train.csv
cl-ingest --role w:weight train.csv > in.clt
cl-scale in.clt | cl-train -q --hidden none --epochs 300 --lr 0.1 --memory-rows 0 > m.ck
printf 'a,w,y\n0,3,n\n1,1,n\n' | cl-ingest --role w:weight -y y --task class | cl-eval -m m.ck | sed -n '1p; /^accuracy/p; /^label/,$p'
