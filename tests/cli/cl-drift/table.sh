# Nothing changed: 0. One column shifted, one emptied: 1, and they are named.
rows() { # SHIFT EVERY
    awk -v shift=$1 -v every=$2 'BEGIN { print "a,b,k,y"; s = 7
        for (i = 0; i < 1200; i++) {
            s = (s * 16807) % 2147483647; a = s / 2147483647
            s = (s * 16807) % 2147483647; b = s / 2147483647
            printf "%.4f,%s,%s,%s\n", a + shift, i % every == 0 ? "" : sprintf("%.4f", b), i % 7 < 4 ? "p" : "q", a + b < 1 ? "no" : "yes"
        } }'
}
rows 0 1000000 > then.csv
awk 'NR % 3 == 1' then.csv > same.csv
rows 0.4 3 > other.csv
cl-ingest then.csv | cl-scale | cl-train -q --hidden 8 --epochs 20 --lr 0.01 > m.ck
cl-ingest -q -m m.ck same.csv | cl-drift -m m.ck
echo $?
cl-ingest -q -m m.ck other.csv | cl-drift -m m.ck
echo $?
echo 'a limit of size'
cl-ingest -q -m m.ck other.csv | cl-drift -m m.ck --min-psi 20 --detector none > out
echo $?
cut -c1-12 out | sed -n 2p
