# A model tuned on test rows only is the same model.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 1 -o m.ck
cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-split -f 0,1 | cl-tune -m m.ck -o n.ck && cmp m.ck n.ck && echo same
