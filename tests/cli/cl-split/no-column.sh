cl-ingest "$TESTS/data/iris.csv" | cl-split --group nosuch > out
