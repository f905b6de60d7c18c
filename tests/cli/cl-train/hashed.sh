# Hashed categories of which most codes never came: the model reads all of them, and what never came is as what is missing.
printf 'c,x,y\n' > a.csv; for i in 1 2 3 4 5 6 7 8; do printf 'u,%s,1\nv,%s,9\n' $i $i >> a.csv; done
cl-ingest --task regression --types c:hash:6 a.csv | cl-train -q --hidden none --lr 0.1 --epochs 200 -o m.ck
cl-cat m.ck | grep '^c '
printf 'c,x\nu,4\nv,4\n,4\nw,4\n' > b.csv
cl-ingest -q -m m.ck b.csv | cl-predict -m m.ck > p.csv
awk 'NR > 1 { p[NR] = $1 } END { print (p[2] < 3), (p[3] > 7), (p[4] == p[5]) }' p.csv
printf 'c,x,y\nw,4,5\n' | cl-ingest -q -m m.ck | cl-tune -m m.ck --epochs 0 --memory-rows 0 -o n.ck
cl-ingest -q -m n.ck b.csv | cl-predict -m n.ck | cmp - p.csv && echo 'the same'
