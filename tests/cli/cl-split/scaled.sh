# Splitting after scaling is possible, but the test rows have been seen.
cl-ingest "$TESTS/data/iris.csv" | cl-scale | cl-split | cl-cat | grep split
