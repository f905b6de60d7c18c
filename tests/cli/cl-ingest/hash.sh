# Hashed categories: a code for each cell that needs no dictionary, the same in every file and with a model.
data() { awk 'BEGIN { print "c,x,y"; for (i = 0; i < 600; i++) print (i % 7 == 0 ? "" : "v" i) "," i "," (i % 3 ? "p" : "q") }'; }
codes() { cl-cat -F csv "$@" | cut -d, -f1 | sed -n '2,6p' | paste -s -d ' '; }
data > all.csv
echo 'the same cell, the same code'
cl-ingest --types c:hash:4 all.csv > 4.clt
codes 4.clt
(sed -n 1p all.csv; sed -n '2,6p' all.csv | sort -r; echo v9,0,p) | cl-ingest --types c:hash:4 | codes
cl-cat 4.clt | sed -n '/^column/,$p'
echo 'bits'
for bits in '' :1 :10 :20; do cl-ingest --types "c:hash$bits" all.csv | cl-cat | awk '$1 == "c" { print $NF }'; done
cl-ingest --types c:hash:0 all.csv
echo $?
cl-ingest --types c:hash:21 all.csv
echo $?
cl-ingest --types y:hash all.csv
echo $?
cl-ingest --types c:hash --role c:group all.csv
echo $?
echo 'through the whole line, and by the model again'
cl-split -f 0.8,0.2 --part train=train.clt --part test=test.clt 4.clt
cl-scale train.clt | cl-train -q --hidden none --epochs 1 > m.ck
cl-ingest -m m.ck all.csv > again.clt
codes again.clt
cl-cat -F csv --head 100 4.clt > a
cl-cat -F csv --head 100 again.clt > b
cmp a b && echo same
printf 'c,x\nnever seen,1\n,2\nv1,3\n' | cl-ingest -m m.ck | cl-cat -F csv
cl-cat m.ck | awk '$1 == "c" { print $1, $2, $NF }'
echo 'other bits are another column'
cl-ingest --types c:hash:5 all.csv | cat 4.clt - | cl-cat > /dev/null
echo $?
echo 'many different values'
awk 'BEGIN { print "c,y"; for (i = 0; i < 20000; i++) print "v" i "," i % 2 }' > many.csv
cl-ingest many.csv > out.clt
echo $?
cl-ingest --types c:hash many.csv | cl-cat | awk '$1 == "c" { print $NF }'
