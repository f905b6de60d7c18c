# One object: the columns, the predictions, the errors where there are labels.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-scale iris.clt | cl-train -q --hidden 8 --epochs 30 --lr 0.01 > m.ck
cl-drift -m m.ck --json iris.clt > out
echo $?
grep -o '"[a-z_0-9]*": ' out | sort | uniq -c | sed 's/^ *//'
grep -o '^{"drift": [a-z]*, "rows": [0-9]*, "rows_then": [0-9]*, "alpha": 0.01, "min_psi": 0.1' out
grep -o '"errors": .*' out
echo 'no labels'
cut -d, -f1-4 "$TESTS/data/iris.csv" | cl-ingest -q -m m.ck | cl-drift -m m.ck --json | grep -c errors
