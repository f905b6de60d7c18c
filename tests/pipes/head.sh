#!/bin/bash
# `| head -1`: a reader that has seen enough ends the line without a word.
. "$TESTS/pipes/lib.bash"
# Enough rows that no pipe can hold the output.
{ head -n 1 "$DATA/flights.csv"; for _ in $(seq 400); do tail -n +2 "$DATA/flights.csv"; done; } > big.csv
cl-ingest "$DATA/flights.csv" | cl-split | cl-scale | train > m.ck || fail "the line itself failed"
cl-ingest big.csv > big.clt && cl-split big.clt > split.clt || fail "the line itself failed"
quiet() {
    "$@" 2> err | head -n 1 > /dev/null
    got=("${PIPESTATUS[@]}")
    [ "${got[0]}" -eq 141 ] || fail "$* | head -1: exit status ${got[0]} instead of 141"
    [ ! -s err ] || fail "$* | head -1 says: $(cat err)"
}
quiet cl-ingest big.csv
quiet cl-split big.clt
quiet cl-scale split.clt
quiet cl-predict -m m.ck big.clt
for format in csv json frames; do
    quiet cl-cat -F $format big.clt
done
# The whole line.
{ cl-ingest -m m.ck big.csv | cl-predict -m m.ck | head -n 1; } > out 2> err
[ ! -s err ] || fail "the line says: $(cat err)"
[ "$(wc -l < out)" -eq 1 ] || fail "the line prints $(wc -l < out) lines"
# With SIGPIPE ignored, as from some cron and CI programs: still quiet, still 141.
(
    trap '' PIPE
    cl-cat -F csv big.clt 2> err
    echo $? > code
) | head -n 1 > /dev/null
[ "$(cat code)" -eq 141 ] || fail "with SIGPIPE ignored: exit status $(cat code)"
[ ! -s err ] || fail "with SIGPIPE ignored: $(cat err)"
