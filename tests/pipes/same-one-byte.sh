#!/bin/bash
# A pipe that is fed one byte at a time gives the same checkpoint as a fast one.
. "$TESTS/pipes/lib.bash"
for data in flights diabetes wine; do
    cl-ingest < "$DATA/$data.csv" | cl-split | cl-scale | train > fast.ck || fail "$data: training failed"
    feed 1 < "$DATA/$data.csv" | cl-ingest | feed 1 | cl-split | feed 1 | cl-scale |
        feed 1 | train > slow.ck || fail "$data: training one byte at a time failed"
    same fast.ck slow.ck "$data, one byte at a time"
    feed 4097 < "$DATA/$data.csv" | cl-ingest | feed 13 | cl-split | feed 57 | cl-scale |
        feed 1021 | train > odd.ck || fail "$data: training in odd pieces failed"
    same fast.ck odd.ck "$data, in odd pieces"
done
