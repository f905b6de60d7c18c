# A stream without rows leaves the model as it is, byte by byte; one that goes on, too.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 1 -o m.ck
printf '' > none.csv
cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-cat -F frames -n 0 > none.clt
cl-tune -m m.ck --online -o n.ck none.clt && cmp m.ck n.ck && echo same
cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-tune -q -m m.ck --online -o n.ck
cl-tune -q -m n.ck --online -o o.ck none.clt && [ "$(cl-cat --digest n.ck)" = "$(cl-cat --digest o.ck)" ] && echo same
# Rows for the test are none to learn from, but they were consumed: the weights stay.
cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-split -f 0,1 | cl-tune -q -m m.ck --online -o t.ck
cl-ingest -m m.ck "$TESTS/data/iris.csv" > i.clt
cl-predict -m m.ck --proba i.clt > before
cl-predict -m t.ck --proba i.clt | cmp - before && echo same
