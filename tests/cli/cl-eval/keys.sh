# Exactly these keys, in this order.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

keys() { sed 's/"per_class".*/"per_class"/' | grep -o '"[a-z0-9_]*"' | tr '\n' ' '; echo; }
cl-eval -m m.ck --json in.clt | keys
cl-eval -m m.ck --json in.clt | grep -o '"confusion": {"labels": [^]]*], "predictions": [^]]*], "counts": \[\['
cl-ingest "$TESTS/data/diabetes.csv" > d.clt
cl-scale d.clt | cl-train -q --hidden none --epochs 1 > d.ck
cl-eval -m d.ck --json d.clt | keys
