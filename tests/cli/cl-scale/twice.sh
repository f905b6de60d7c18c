# A second scale is one more transform; both are undone on output.
cl-ingest "$TESTS/data/diabetes.csv" > in.clt
cl-scale --method minmax in.clt | cl-scale > twice.clt
cl-train -q --epochs 3 --hidden 4 twice.clt > m.ck
cl-eval -m m.ck twice.clt --json > a
cl-scale -m m.ck in.clt | cl-eval -m m.ck --json | cmp - a
cl-predict -m m.ck in.clt > a
cl-predict -m m.ck twice.clt | cmp - a
