cl-ingest "$TESTS/data/iris.csv" | cl-split -v > out
