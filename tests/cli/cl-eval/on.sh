# Which rows: the test rows when there are tags, else all, or as --on says. Mixed streams need --on.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

n() { sed -n 's/^n  *//p'; }
cl-eval -m m.ck in.clt | n
cl-eval -m m.ck --on train in.clt | n
cl-eval -m m.ck --on all in.clt | n
cl-eval -m m.ck --on valid in.clt
echo "$?"
cl-ingest "$TESTS/data/iris.csv" > plain.clt
cl-eval -m m.ck plain.clt | n
cl-eval -m m.ck plain.clt in.clt
echo "$?"
cl-eval -m m.ck --on test plain.clt in.clt | n
cl-eval -m m.ck --on all --by split in.clt | tail -n 2 | cut -c1-17
