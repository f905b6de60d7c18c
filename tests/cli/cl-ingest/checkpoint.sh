# A model where the data should be.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden none --epochs 1 > m.ck
cl-ingest m.ck
