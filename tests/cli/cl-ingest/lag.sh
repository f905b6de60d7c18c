# What a column, or the label, was some rows earlier; by a model and by a schema again.
csv() { cl-cat -F csv; }
data() { printf 'a,k,y\n1,u,x\n2,v,z\n,u,\n4,v,x\n5,w,z\n'; }
data | cl-ingest --lag y:1,a:2,k:1 --lag y:3 | csv
echo 'numbers as labels, several'
printf 'a,y,z\n1,10,1\n2,,2\n3,30,3\n4,40,\n' | cl-ingest -y y,z --task regression --lag y:1,z:2,a:1 | csv
echo 'the name has a colon and a comma'
printf '"a:b,c",y\n1,1\n2,2\n3,3\n' | cl-ingest --lag '"a:b,c:1"' | csv
echo 'hashed categories, parts of dates'
printf 'h,when,y\n1,2024-01-01,1\n2,2025-01-01,2\n3,2026-01-01,3\n' |
    cl-ingest --types h:hash:4 --drop 'when.[!y]*' --lag h:1,when.year:1 | csv
echo 'bad rows are no rows'
printf 'a,y\n1,1\n2\n3,3\n4,4\n' | cl-ingest --bad-rows skip --lag y:1 | csv
echo 'several files are one table'
data > a.csv
data | cl-ingest --lag y:1 a.csv - | csv | tail -n 5
echo 'of a stream'
data | cl-ingest | cl-ingest --lag y:1,k:2 | csv
[ "$(data | cl-ingest | cl-ingest --lag y:1,k:2 | cl-cat --digest)" = \
    "$(data | cl-ingest --lag y:1,k:2 | cl-cat --digest)" ] || echo 'another stream'
data | cl-ingest | cl-scale | cl-ingest --lag y:1 > /dev/null
echo $?
data | cl-ingest --lag y:1 > lag.clt
cl-ingest --lag y:1 lag.clt > /dev/null
echo $?
data | cl-ingest --lag y:2 | cat lag.clt - | cl-cat > /dev/null
echo $?
echo 'of arrays'
printf '1 1:5\n0 1:6\n1 1:7\n' | cl-ingest -f libsvm --lag label:1,x1:1 | csv
echo 'by a model; without the label; with the column itself'
data | cl-ingest --lag y:1,a:2 | cl-scale | cl-train -q --hidden none --epochs 1 > m.ck
printf 'k,y,a\nu,z,7\nv,new,8\nv,z,9\n' > next.csv
cl-ingest -q -m m.ck next.csv | csv
printf 'k,a\nu,7\nv,8\nv,9\n' | cl-ingest -q -m m.ck | csv
printf 'k,a,y.lag1\nu,7,x\nv,8,z\nv,9,x\n' | cl-ingest -q -m m.ck | csv
cl-ingest -q -m m.ck next.csv | cl-predict -m m.ck | wc -l
cl-ingest -m m.ck --lag a:1 next.csv > /dev/null
echo $?
echo 'by a schema'
data | cl-ingest --lag y:1,a:2 --write-schema s.json > /dev/null
grep lag s.json
cl-ingest -q --schema s.json next.csv | csv
sed 's/"lag": 2/"lag": 0/' s.json > bad.json
cl-ingest --schema bad.json next.csv > /dev/null
echo $?
sed 's/"lag_of": "a"/"lag_of": "k"/' s.json > bad.json
cl-ingest --schema bad.json next.csv > /dev/null
echo $?
sed 's/, "lag_of": "a"//' s.json > bad.json
cl-ingest --schema bad.json next.csv > /dev/null
echo $?
echo 'what is wrong'
for lag in y y:0 y:1x :1 y:1000001 y:-1 q:1; do
    data | cl-ingest --lag $lag > /dev/null
    echo $?
done
data | cl-ingest --role k:id --lag k:1 > /dev/null
echo $?
data | cl-ingest --drop k --lag k:1 > /dev/null
echo $?
printf 'y.lag1,y\n1,1\n2,2\n3,3\n' | cl-ingest --lag y:1 > /dev/null
echo $?
