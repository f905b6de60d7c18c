# Only rows of these classes, and only these are predicted.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 --valid 0 --lr 0.002 > m.ck

cl-eval -m m.ck --on all --among setosa,virginica --predictions p.csv in.clt | sed -n '1p; /^label/,$p' | cut -c1-30
cut -d, -f5 p.csv | sort | uniq -c | sed 's/^ *//'
cl-eval -m m.ck --among setosa in.clt
echo "$?"
cl-eval -m m.ck --among setosa,rose in.clt
echo "$?"
