# A number of the model can be carried as well: then rows are told apart by its text.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 20 -o m.ck
cl-ingest -m m.ck "$TESTS/data/iris.csv" > plain.clt
cl-eval -m m.ck --by petal_width plain.clt; echo $?
cl-ingest -m m.ck --carry petal_width "$TESTS/data/iris.csv" | cl-eval -m m.ck --by petal_width |
    awk '/^petal_width/ { on = 1 } on { print $1, $2 }'
