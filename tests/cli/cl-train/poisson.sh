# Counts by a log link: scaled or not, the model is as good, its predictions are never negative, and what is no count is
# refused by its record.
awk 'BEGIN {
    srand(1)
    print "x,z,n"
    for (i = 0; i < 1500; i++) {
        x = (i * 7919 % 1000) / 250 - 2; z = (i * 104729 % 997) / 997
        m = exp(x + z); n = 0; p = exp(-m); sum = p; u = ((i * 7907 + 13) % 1009) / 1009
        while (u > sum && n < 200) { n++; p *= m / n; sum += p }
        printf "%.3f,%.4f,%d\n", x, z, n
    }
}' > counts.csv
cl-ingest -q -y n counts.csv | cl-split > rows.clt
for label in none max standard sqrt; do
    cl-scale --label $label rows.clt > $label.clt
    cl-train -q --hidden 16 --epochs 60 --loss poisson -o $label.ck $label.clt
    cl-eval -m $label.ck --gate 'deviance<1.2' 'r2>0.8' rows.clt > /dev/null && echo "$label: good"
    cl-predict -m $label.ck rows.clt | awk 'NR > 1 && $1 < 0' | wc -l
done
cl-eval -m none.ck --json rows.clt | grep -o '"deviance"'
for device in cpu ref; do
    cl-train -q --hidden 8 --epochs 2 --loss poisson --device $device standard.clt | cl-predict -m /dev/stdin rows.clt | cksum
done | uniq | wc -l
cl-tune -q -m standard.ck --epochs 1 -o tuned.ck rows.clt && cl-eval -m tuned.ck --gate 'deviance<1.2' rows.clt > /dev/null && echo tuned

# Record 2 is negative: found raw and scaled, in training, tuning and evaluation.
sed '3s/[^,]*$/-3/' counts.csv | cl-ingest -q -y n > negative.clt
cl-train --loss poisson negative.clt; echo $?
cl-scale negative.clt | cl-train --loss poisson; echo $?
cl-tune -m standard.ck negative.clt; echo $?
cl-eval -m standard.ck negative.clt; echo $?
sed '2,$s/[^,]*$/0/' counts.csv | cl-ingest -q -y n | cl-train --loss poisson; echo $?
cl-ingest "$TESTS/data/iris.csv" | cl-train --loss poisson; echo $?
cl-eval -m standard.ck --gate 'coverage>0' rows.clt; echo $?
