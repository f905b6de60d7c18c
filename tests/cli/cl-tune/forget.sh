# Rows are taken out of the memory, raw or scaled, by what the network sees of them; their labels count where they come with them.
cl-ingest -q "$TESTS/data/iris.csv" | cl-scale -q | cl-train -q --hidden 4 --epochs 2 -o m.ck
cl-cat --memory m.ck > kept.csv
{ head -1 kept.csv; sed -n '5p;80p' kept.csv; } > two.csv
cl-ingest -q -m m.ck two.csv > raw.clt
cl-scale -q -m m.ck raw.clt > scaled.clt
cl-tune -m m.ck --forget raw.clt -o raw.ck < /dev/null
cl-tune -q -m m.ck --forget scaled.clt -o scaled.ck
cmp raw.ck scaled.ck && cl-cat --memory raw.ck > rest.csv
sed '5d;80d' kept.csv | cmp - rest.csv && echo 'the two are gone'
cl-cat raw.ck | grep '^memory\|"forgot"' | sed 's/"parent": "[^"]*"/"parent": .../'
# Columns in another order; without labels; with another label.
awk -F, -v OFS=, '{ print $4, $2, $1, $3 }' two.csv | cl-ingest -q -m m.ck > bare.clt
cl-tune -m m.ck --forget bare.clt -o bare.ck
cmp raw.ck bare.ck && echo same
sed 's/setosa/virginica/' two.csv | cl-ingest -q -m m.ck > other.clt
cl-tune -m m.ck --forget other.clt -o other.ck
# Nothing found: the weights and the rows are as they were.
printf 'sepal_length,sepal_width,petal_length,petal_width\n5.123,1,2,3\n' | cl-ingest -q -m m.ck > none.clt
cl-tune -m m.ck --forget none.clt | cl-cat --memory > same.csv
cmp kept.csv same.csv && echo 'all are there'
# Before new rows are learnt; and all of them.
cl-ingest -q -m m.ck "$TESTS/data/iris.csv" > all.clt
cl-tune -q -m m.ck --forget raw.clt --epochs 1 -o next.ck all.clt && cl-cat next.ck | grep -c '"forgot": 2'
cl-tune -m m.ck --forget all.clt -o empty.ck && cl-cat --tensors empty.ck | grep -c memory
cl-tune -m m.ck --forget raw.clt --checkpoint run.ck all.clt > out; echo $?
cl-tune -m m.ck --forget kept.csv > out; echo $?
