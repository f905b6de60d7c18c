cl-ingest "$TESTS/data/iris.csv" | cl-train -q --epochs 1 -o m.ck
