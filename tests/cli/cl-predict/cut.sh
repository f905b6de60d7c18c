# What was answered stays; the status and one line say that the rest is missing. -o leaves nothing.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify > in.clt
cl-scale in.clt | cl-train -q --hidden 8 --epochs 20 > m.ck

cl-ingest -m m.ck --frame-rows 10 "$TESTS/data/iris.csv" > rows.clt
cl-predict -m m.ck rows.clt > whole
head -c 4000 rows.clt > cut.clt
cl-predict -m m.ck cut.clt > part 2> err
echo "$?"
wc -l < err
head -n "$(wc -l < part)" whole | cmp - part
cl-predict -m m.ck -o out.csv cut.clt 2> err
echo "$?"
ls
cl-predict -m m.ck rows.clt > /dev/full
echo "$?"
