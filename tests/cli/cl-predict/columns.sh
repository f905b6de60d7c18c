# A column that is missing, and one of another type, are named.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cut -d, -f1,2,4,5 "$TESTS/data/iris.csv" | cl-ingest | cl-predict -m m.ck
echo "$?"
sed '2,$s/^[^,]*/long/' "$TESTS/data/iris.csv" | cl-ingest | cl-predict -m m.ck
echo "$?"
