# With -m the model's numbers are applied, once: the result is what fitting gave. Fitting anew is refused.
cl-ingest "$TESTS/data/iris.csv" > in.clt
cl-scale in.clt > scaled.clt
cl-train -q --epochs 1 --hidden 4 scaled.clt > m.ck
cl-scale -m m.ck in.clt | cmp - scaled.clt
cl-scale -m m.ck scaled.clt | cmp - scaled.clt
cl-ingest -m m.ck "$TESTS/data/iris.csv" > with.clt
cl-scale with.clt > out.clt
echo "$?"
cl-scale -m m.ck with.clt | cl-eval -m m.ck > a
cl-eval -m m.ck with.clt | cmp - a
cl-scale scaled.clt | cl-scale -m m.ck
echo "$?"
cl-ingest "$TESTS/data/wine.csv" | cl-scale -m m.ck
echo "$?"
