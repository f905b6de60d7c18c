#!/bin/bash
# Counts are learned as their roots: neither frames nor threads can be seen, and users never see a root.
. "$TESTS/pipes/lib.bash"
awk 'BEGIN {
    print "a,b,sold"
    for (i = 0; i < 1500; i++) {
        a = (i * 37 % 101) / 101; b = (i * 53 % 89) / 89; rate = exp(4 * a - b)
        print a "," b "," (i % 97 == 5 ? "" : int(rate + sqrt(rate) * sin(i) + 0.5))
    }
}' > counts.csv
read_counts() { cl-ingest -q -y sold --task regression "$@" counts.csv | cl-split -q; }
for rows in 1 7 default; do
    [ $rows = default ] && option= || option="--frame-rows $rows"
    read_counts $option | cl-scale > $rows.clt
    train -q --threads 1 < $rows.clt > $rows.ck || fail "training on frames of $rows rows failed"
    same $rows.ck 1.ck "counts, frames of $rows rows and of 1"
done
for threads in 2 3; do
    train -q --threads $threads < default.clt > threads.ck || fail "training with $threads threads failed"
    same threads.ck 1.ck "counts, $threads threads and 1"
done
cl-cat default.ck | grep -q '^transform .* label: sqrt$' || fail "the model does not say that it learned roots"

# The same rows, raw and scaled, give the same metrics and predictions, and the labels are what the file has.
model=default.ck
cl-ingest -q -m $model counts.csv > raw.clt
cl-scale -m $model raw.clt > scaled.clt
for stream in raw scaled; do
    cl-eval -q -m $model --predictions $stream.csv --json $stream.clt > $stream.json || fail "cl-eval failed on $stream rows"
    cl-predict -q -m $model $stream.clt > $stream.predicted || fail "cl-predict failed on $stream rows"
done
same raw.json scaled.json "metrics of raw and of scaled rows"
same raw.csv scaled.csv "labels and predictions of raw and of scaled rows"
same raw.predicted scaled.predicted "predictions of raw and of scaled rows"
tail -n +2 scaled.csv | cut -d, -f2 > labels
tail -n +2 counts.csv | cut -d, -f3 | grep . | diff - labels > /dev/null || fail "labels do not come back as they were"
awk -F, 'NR > 1 && !($NF >= 0 && $NF < 1000) { exit 1 }' raw.predicted || fail "a predicted count is below 0 or no number"
# R2 is of counts, not of roots: computed from what was printed.
awk -F, 'NR > 1 { n++; y[n] = $2; f[n] = $3; mean += $2 }
    END { mean /= n; for (i = 1; i <= n; i++) { e += (y[i] - f[i]) ^ 2; s += (y[i] - mean) ^ 2 }; printf "%.4f\n", 1 - e / s }' \
    raw.csv > r2
sed 's/.*"r2": \([-0-9.e]*\).*/\1/' raw.json | awk '{ printf "%.4f\n", $1 }' | diff - r2 || fail "r2 is not that of the counts"

# Standardised labels come back as they were, too: no 1e-07 or -0 for 0.
cl-ingest -q -y sold --task regression counts.csv | cl-scale --label standard > standard.clt
train -q < standard.clt > standard.ck
cl-eval -q -m standard.ck --predictions standard.csv standard.clt > out || fail "no metrics of standard labels"
tail -n +2 standard.csv | cut -d, -f2 | diff - labels > /dev/null || fail "standard labels do not come back as they were"

# The rows that a model keeps are counts, and tuning goes on with them and with larger ones.
for kept in $model standard.ck; do
    cl-cat --memory -F csv $kept | awk -F, 'NR > 1 && $3 !~ /^[0-9]+$/ { exit 1 } $3 == 0 { zero = 1 } END { exit !zero }' ||
        fail "$kept: a kept label is no count, or none is 0"
done
awk -F, 'NR > 1 && $3 != "" { $3 *= 3 } { print $1 "," $2 "," $3 }' counts.csv > larger.csv
cl-ingest -q -m $model larger.csv | cl-tune -q -m $model --epochs 2 > tuned.ck || fail "cl-tune failed"
cl-cat tuned.ck | grep -q '^transform .* label: sqrt$' || fail "tuning lost the transform"

# The same under a log link, which learns the unit of a scale without its shift: a kept row is one of the file's.
for scaled in "--label standard" "--label sqrt" "--label max" "--label none" none; do
    read_counts > poisson.clt
    [ "$scaled" = none ] || cl-scale -q --method none $scaled < poisson.clt > scaled.clt
    [ "$scaled" = none ] || mv scaled.clt poisson.clt
    train -q --loss poisson < poisson.clt > poisson.ck || fail "poisson, $scaled: training failed"
    cl-cat --memory -F csv poisson.ck | tail -n +2 > kept
    [ -s kept ] || fail "poisson, $scaled: no row is kept"
    grep -q ',0$' kept || fail "poisson, $scaled: no label of 0 is kept"
    grep -v -x -F -f counts.csv kept > others && fail "poisson, $scaled: kept rows that the file does not have: $(head -n 3 others)"
    cl-tune -q -m poisson.ck --epochs 1 < poisson.clt | cl-cat --memory -F csv - | tail -n +2 | cut -d, -f1-3 > kept
    grep -v -x -F -f counts.csv kept > others && fail "poisson, $scaled: tuned, $(head -n 3 others)"
done
true
