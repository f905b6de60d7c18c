#!/bin/bash
# Speed of the filters, as ratios to something anybody can run beside it: cat, or the filter before. Absolute numbers are
# for this machine only. Training has train.sh, and the whole line line.sh.
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

head -n 100001 table.csv | cl-ingest | cl-scale > train.clt
cl-train -q --epochs 1 -o model.ck train.clt
head -n 1000001 table.csv > rows.csv
predict() { cl-ingest -m model.ck rows.csv | cl-predict -m model.ck; }
read_only() { cl-ingest -m model.ck rows.csv; }
rate 'cl-ingest -m | cl-predict -m' 1000 'k rows/s' "$(seconds predict)" "$(seconds read_only)" 'cl-ingest -m'
[ ! -e failed ]
