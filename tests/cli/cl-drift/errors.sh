# Errors in row order: labels of the second half are wrong, which the columns do not show.
rows() {
    awk 'BEGIN { print "a,b,y"; s = 11
        for (i = 0; i < 3000; i++) {
            s = (s * 16807) % 2147483647; a = s / 2147483647
            s = (s * 16807) % 2147483647; b = s / 2147483647
            y = a + b < 1 ? "no" : "yes"
            if ('"$1"') y = y == "no" ? "yes" : "no"
            printf "%.4f,%.4f,%s\n", a, b, y
        } }'
}
rows 0 | cl-ingest | cl-scale | cl-train -q --hidden 8 --epochs 20 --lr 0.01 > m.ck
rows 0 | cl-ingest -m m.ck | cl-drift -m m.ck | sed -n '2p; /^errors/,$p'
rows 'i >= 1500 && i % 2' | cl-ingest -m m.ck > turned.clt
for detector in adwin hddm_a page_hinkley kswin ddm eddm adwin,delta=1e-9 none; do
    cl-drift -m m.ck --detector $detector turned.clt > out
    echo $?
    sed -n '/^detector/,$p' out
done
echo 'numbers'
rows 0 | awk -F, 'NR > 1 { $3 = 10 * $1 - $2 } 1' OFS=, > numbers.csv
awk -F, 'NR > 1500 { $3 += NR % 2 ? 3 : -3 } 1' OFS=, numbers.csv > jumpy.csv
cl-ingest numbers.csv | cl-scale | cl-train -q --hidden none --epochs 20 --lr 0.01 > n.ck
cl-ingest -m n.ck numbers.csv | cl-drift -m n.ck | sed -n '2p; /^detector/,$p'
cl-ingest -m n.ck jumpy.csv | cl-drift -m n.ck | sed -n '2p; /^detector/,$p'
