#!/bin/bash
# Rows are answered as they come: the first predictions are there while the rest of the input is not.
. "$TESTS/pipes/lib.bash"
csv=$DATA/flights.csv
cl-ingest "$csv" | cl-split | cl-scale | train > m.ck || fail "training failed"
(head -n 100 "$csv"; sleep 2; tail -n +101 "$csv") | cl-ingest -m m.ck | cl-predict -m m.ck > live.csv &
line=$!
sleep 1.2
early=$(wc -l < live.csv)
wait $line || fail "the line failed"
[ "$early" -eq 100 ] || fail "after 1.2 s of a sleep of 2 s there were $early lines instead of 100"
cl-ingest -m m.ck "$csv" | cl-predict -m m.ck > bulk.csv
same live.csv bulk.csv "row by row and in bulk"

# One row, one answer, as a service would use it.
mkfifo ask answer
cl-ingest -m m.ck < ask | cl-predict -m m.ck > answer &
line=$!
exec 3> ask 4< answer
head -n 1 "$csv" >&3
# A line of the answer, into `row`, within five seconds, or the test fails.
hear() {
    read -r -t 5 row <&4 || fail "no answer to $1 within 5 s"
}
for i in 2 3 4; do
    sed -n ${i}p "$csv" >&3
    [ $i -gt 2 ] || hear "the first row"
    hear "row $i"
    [ "$row" = "$(sed -n ${i}p bulk.csv)" ] || fail "row $i: '$row' instead of '$(sed -n ${i}p bulk.csv)'"
done
exec 3>&-
wait $line || fail "the service failed at the end of its input"

# Lines too, and with frames of many rows: what is complete is not held back.
printf '1 1:2 3:4\n0 2:1\n1 3:1\n' > x.svm
cl-ingest -q --write-schema svm.json x.svm > x.clt || fail "libsvm failed"
for rows in '' 1000; do
    mkfifo lines
    cl-ingest --schema svm.json ${rows:+--frame-rows $rows} < lines > live.clt &
    line=$!
    exec 3> lines
    printf '1 1:1\n0 2' >&3
    for try in $(seq 50); do
        [ "$(cl-cat -F csv < live.clt 2> /dev/null | wc -l)" -lt 2 ] || break
        sleep 0.1
    done
    [ "$(cl-cat -F csv < live.clt 2> /dev/null | wc -l)" -eq 2 ] || fail "a line of libsvm is held back"
    printf ':1\n' >&3
    exec 3>&-
    wait $line || fail "the lines failed"
    [ "$(cl-cat -F csv < live.clt | wc -l)" -eq 3 ] || fail "not all lines came"
    rm lines
done
