# Raw rows one at a time, in another order of columns and with more of them, and the scaled stream: the same bits, and
# those that cl-eval judges.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cl-scale -m m.ck in.clt | cl-predict -m m.ck --proba > a
cl-predict -m m.ck --proba in.clt | cmp - a
cl-ingest -m m.ck --frame-rows 1 "$TESTS/data/iris.csv" | cl-predict -m m.ck --proba | cmp - a
awk -F, '{ print "x" NR "," $4 "," $1 "," $3 "," NR "," $2 }' "$TESTS/data/iris.csv" | sed '1s/^x1/note/; 1s/,1,/,number,/' > other.csv
cl-ingest -m m.ck other.csv | cl-predict -m m.ck --proba | cmp - a
cl-scale -m m.ck in.clt | cl-eval -m m.ck --on all --predictions p.csv > e
cut -d, -f3- p.csv | cmp - a
cl-eval -m m.ck --on all in.clt | cmp - e
cl-predict -m m.ck --proba --device ref in.clt | cmp - a
cl-predict -m m.ck --proba --threads 1 in.clt | cmp - a
wc -l < a
