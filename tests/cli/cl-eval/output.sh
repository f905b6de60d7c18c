# -o and --predictions appear whole; a stream that is cut leaves neither.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cl-eval -m m.ck -o out.txt --predictions p.csv in.clt
echo "$?"
head -n 1 out.txt p.csv
wc -l < p.csv
rm out.txt p.csv
head -c 3000 in.clt | cl-eval -m m.ck -o out.txt --predictions p.csv 2> err
echo "$?"
ls
cl-eval -m m.ck in.clt > /dev/full
echo "$?"
cl-eval -m m.ck in.clt --predictions /dev/full
echo "$?"
