# A stream that was split is not split again unless one insists.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.5,0.5 > once.clt
cl-split --retag -f 0.2,0.8 once.clt | cl-cat | grep split
cl-split once.clt > twice.clt
