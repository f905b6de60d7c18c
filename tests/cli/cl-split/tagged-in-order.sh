# Likewise.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.5,0.5 | cl-split --in-order > twice.clt
