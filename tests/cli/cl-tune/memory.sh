# The sample goes on over the new rows.
cl-ingest "$TESTS/data/diabetes.csv" | cl-train --hidden none --epochs 1 --memory-rows 20 -o m.ck
cl-ingest -m m.ck "$TESTS/data/diabetes.csv" | cl-tune -m m.ck --epochs 1 -o n.ck
cl-ingest -m m.ck "$TESTS/data/diabetes.csv" | cl-tune -m n.ck --epochs 1 --memory-rows 0 -o o.ck
