printf 'a,y\n0,no\n1,yes\n0,no\n1,yes\n' | cl-ingest > in.clt
cl-scale in.clt | cl-train -q --hidden none --epochs 0 --memory-rows 0 > m.ck
cl-predict -m m.ck --threshold 0 in.clt | sort | uniq -c | sed 's/^ *//'
cl-predict -m m.ck --threshold 1 in.clt | sort | uniq -c | sed 's/^ *//'
cl-predict -m m.ck --threshold 1 --positive no in.clt | sort | uniq -c | sed 's/^ *//'
cl-predict -m m.ck --positive maybe in.clt
echo "$?"
cl-predict -m m.ck --threshold 1.5 in.clt
echo "$?"
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cl-predict -m m.ck --threshold 0.5 in.clt
echo "$?"
