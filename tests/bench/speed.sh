#!/bin/bash
# Speed, as ratios to something anybody can run beside it: reading a CSV against cat, training against one thread and the
# reference engine. Absolute numbers are for this machine only.
set -u -o pipefail

# seconds COMMAND ...: the best of three runs.
seconds() {
    local start end
    for _ in 1 2 3; do
        start=$EPOCHREALTIME
        "$@" > /dev/null || { echo "$* failed" >&2; touch failed; }
        end=$EPOCHREALTIME
        awk -v a="$start" -v b="$end" 'BEGIN { print b - a }'
    done | sort -g | head -n 1
}
# rate WHAT AMOUNT UNIT SECONDS BASE-SECONDS BASE
rate() {
    awk -v what="$1" -v n="$2" -v unit="$3" -v s="$4" -v base="$5" -v than="$6" 'BEGIN {
        printf "%-36s %10.1f %-12s %6.2f times the time of %s\n", what, n / s, unit, s / base, than }'
}

table 2000000 12 > table.csv
megabytes=$(($(wc -c < table.csv) / 1000000))
copy() { cat table.csv | cat; }
ingest() { cl-ingest table.csv | cat; }
line() { cl-ingest table.csv | cl-split | cl-scale -q | cat; }
base=$(seconds copy)
rate 'cl-ingest' $megabytes MB/s "$(seconds ingest)" "$base" 'cat | cat'
rate 'cl-ingest | cl-split | cl-scale' $megabytes MB/s "$(seconds line)" "$base" 'cat | cat'
cl-ingest table.csv | cl-split | cl-scale > table.clt
base=$(seconds cat table.clt)
rate 'cl-cat --digest' $(($(wc -c < table.clt) / 1000000)) MB/s "$(seconds cl-cat --digest table.clt)" "$base" cat

# Training: rows a second in one epoch of the default network, all of them for training.
head -n 100001 table.csv | cl-ingest | cl-scale > train.clt
rows=100000
train() { cl-train -q --valid 0 --memory-rows 0 "$@" train.clt; }
load=$(seconds train --steps 1)
# less A B: seconds without those of reading the data.
less() { awk -v a="$1" -v b="$2" 'BEGIN { print (a > b ? a - b : a) }'; }
for batch in 32 512; do
    all=$(less "$(seconds train --epochs 1 --batch $batch)" "$load")
    rate "cl-train --batch $batch, 1 thread" $((rows / 1000)) 'k rows/s' \
        "$(less "$(seconds train --epochs 1 --batch $batch --threads 1)" "$load")" "$all" "all threads"
    rate "cl-train --batch $batch --device ref" $((rows / 1000)) 'k rows/s' \
        "$(less "$(seconds train --epochs 1 --batch $batch --device ref)" "$load")" "$all" "cpu"
    rate "cl-train --batch $batch" $((rows / 1000)) 'k rows/s' "$all" "$all" "itself"
done
cl-train -q --epochs 1 -o model.ck train.clt
head -n 1000001 table.csv > rows.csv
predict() { cl-ingest -m model.ck rows.csv | cl-predict -m model.ck; }
read_only() { cl-ingest -m model.ck rows.csv; }
rate 'cl-ingest -m | cl-predict -m' 1000 'k rows/s' "$(seconds predict)" "$(seconds read_only)" 'cl-ingest -m'
[ ! -e failed ]
