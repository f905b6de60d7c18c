# No label column, rows without a label, labels of another kind.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cut -d, -f1-4 "$TESTS/data/iris.csv" > rows.csv
cl-ingest -m m.ck rows.csv | cl-eval -m m.ck
echo "$?"
sed '2,$s/$/,/; 1s/$/,species/' rows.csv > none.csv
cl-ingest -m m.ck none.csv | cl-eval -m m.ck
echo "$?"
awk -F, 'NR == 1 { print } NR > 1 { print $1 "," $2 "," $3 "," $4 "," NR }' "$TESTS/data/iris.csv" | cl-ingest --task regression > numbers.clt
cl-eval -m m.ck numbers.clt
echo "$?"
