# The same for a regression.
cl-ingest "$TESTS/data/diabetes.csv" > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 5 > m.ck
cl-predict -m m.ck in.clt > a
cl-scale in.clt | cl-predict -m m.ck | cmp - a
cl-ingest -m m.ck --frame-rows 1 "$TESTS/data/diabetes.csv" | cl-predict -m m.ck | cmp - a
cl-eval -m m.ck --predictions p.csv in.clt > /dev/null
cut -d, -f3 p.csv | cmp - a
cl-scale in.clt | cl-eval -m m.ck --predictions q.csv > /dev/null
cmp p.csv q.csv
