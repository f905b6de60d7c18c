# A stream in place of a model, and with one: then predictions are compared too.
awk 'NR == 1 || NR % 2 == 0' "$TESTS/data/iris.csv" | cl-ingest > even.clt
awk 'NR == 1 || NR % 2 == 1' "$TESTS/data/iris.csv" | cl-ingest > odd.clt
awk 'NR == 1 || NR > 80' "$TESTS/data/iris.csv" | cl-ingest > last.clt
cl-drift --reference even.clt odd.clt
echo $?
cl-scale even.clt | cl-train -q --hidden 8 --epochs 40 --lr 0.02 > m.ck
cl-drift --reference even.clt -m m.ck last.clt | sed -n '2p; /^prediction/p; /^errors/p' | cut -c1-40
echo 'other columns'
cl-ingest --drop sepal_length --types petal_width:cat "$TESTS/data/iris.csv" > others.clt
cl-drift --reference even.clt others.clt
echo $?
cl-ingest --drop sepal_length "$TESTS/data/iris.csv" | cl-drift --reference even.clt | grep sepal
