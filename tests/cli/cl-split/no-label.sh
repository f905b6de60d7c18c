# Rows to be served have no label to stratify by.
cl-ingest "$TESTS/data/iris.csv" | cl-scale | cl-train -q --hidden none --epochs 1 > m.ck
cut -d, -f1-4 "$TESTS/data/iris.csv" | cl-ingest -m m.ck | cl-split --stratify > out
