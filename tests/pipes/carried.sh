#!/bin/bash
# A column that the model uses can be carried too: its text stands before the prediction, and the prediction is the same.
. "$TESTS/pipes/lib.bash"
csv=$DATA/flights.csv
cl-ingest "$csv" | cl-split | cl-scale | train -q > m.ck || fail "training failed"
cl-ingest -m m.ck "$csv" | cl-predict -m m.ck > alone.csv || fail "predicting failed"
cl-ingest -m m.ck --carry origin,late "$csv" > carried.clt || fail "carrying a feature and the label failed"
cl-predict -m m.ck --append carried.clt > carried.csv || fail "predicting with carried columns failed"
cut -d, -f2,5 "$csv" | paste -d, - alone.csv > wanted.csv
same wanted.csv carried.csv "carried columns and the prediction"
cl-eval -m m.ck --by origin carried.clt > /dev/null || fail "evaluating by a carried feature failed"
