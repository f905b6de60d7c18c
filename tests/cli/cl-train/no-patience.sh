# Without validation rows nothing stops early: told when it was asked for.
head -n 60 "$TESTS/data/iris.csv" | cl-ingest --expect-rows 59 > iris.clt
cl-train --patience 3 --epochs 2 --memory-rows 0 -o m.ck iris.clt
cl-train --patience 3 --epochs 2 --memory-rows 0 --valid 0.2 -o m.ck iris.clt
cl-train --patience 0 --epochs 2 --memory-rows 0 -o m.ck iris.clt
