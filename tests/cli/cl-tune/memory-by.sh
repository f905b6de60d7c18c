# Who shares a memory of 30 rows: 100 rows of a, 20 of b and 6 of c, then 60 of a alone.
awk 'BEGIN {
    print "x,y"
    for (i = 0; i < 126; i++) print i % 17 + i / 1000 "," (i % 21 == 4 ? "c" : i % 6 == 1 ? "b" : "a")
}' > old.csv
awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) print i % 13 + 20 ",a" }' > new.csv
count() {
    cl-cat --memory $1 | awk -F, 'NR > 1 { n[$2 (NF > 2 ? " of run " $3 : "")]++ } END { for (k in n) print n[k], k }' | sort -k2 | paste -sd,
}
cl-ingest -q old.csv | cl-scale -q > old.clt
for by in auto rows class run; do
    cl-train -q --hidden none --epochs 1 --valid 0 --memory-rows 30 --memory-by $by -o $by.ck old.clt
    cl-ingest -q -m $by.ck new.csv | cl-tune -q -m $by.ck --steps 1 -o $by-next.ck
    echo "$by: $(count $by.ck); then $(count $by-next.ck)"
done
cmp auto.ck class.ck
# A memory that grows keeps what it has.
for by in rows class run; do
    cl-ingest -q -m $by.ck new.csv | cl-tune -q -m $by.ck --steps 1 --memory-rows 60 -o large.ck
    cl-cat --memory $by.ck | sed '1d;s/$/,0/' | sort > before
    cl-cat --memory large.ck | sort | comm -23 before - | wc -l
done
# 50 a class where that is more than 500; what was asked for stays.
cl-cat class-next.ck | sed -n 's/.*"memory-rows": \([0-9]*\), "memory-by": "\([a-z]*\)".*/\1 \2/p'
cl-ingest -q --task regression -y x old.csv | cl-train --memory-by class > out; echo $?
