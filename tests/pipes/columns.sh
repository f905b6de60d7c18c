#!/bin/bash
# Serving by a model's columns: another order, extra columns and unseen categories work; a missing one is named.
. "$TESTS/pipes/lib.bash"
csv=$DATA/flights.csv
cl-ingest "$csv" | cl-split | cl-scale | train > m.ck || fail "training failed"
predict() {
    cl-ingest -m m.ck "$@" 2> err | cl-predict -m m.ck --proba 2>> err
}
predict "$csv" > expected || fail "no predictions: $(cat err)"

awk -F, '{ print $4 "," $3 "," $5 "," $1 "," $2 }' "$csv" > shuffled.csv
predict shuffled.csv > got || fail "columns in another order: $(cat err)"
same expected got "columns in another order"

awk -F, '{ print "note" NR "," $1 "," $2 "," $3 ",," $4 }' "$csv" | sed '1s/.*/note,distance,origin,destination,empty,hour/' > extra.csv
predict extra.csv > got || fail "extra columns and no label: $(cat err)"
same expected got "extra columns and no label"

tr , '\t' < "$csv" > tabs.tsv
predict -f tsv tabs.tsv > got || fail "TSV: $(cat err)"
same expected got "TSV"

# A category that no row had is as good as a missing one.
sed '2,$s/^\([^,]*\),[^,]*/\1,QQQ/' "$csv" > unseen.csv
sed '2,$s/^\([^,]*\),[^,]*/\1,/' "$csv" > missing.csv
predict unseen.csv > got || fail "unseen categories: $(cat err)"
predict missing.csv > got2 || fail "missing categories: $(cat err)"
same got got2 "unseen and missing categories"

cut -d, -f1,3- "$csv" > without.csv
predict without.csv > got && fail "a missing column is accepted"
grep -q "'origin'" err || fail "a missing column is not named: $(cat err)"
cl-ingest -m m.ck without.csv > out 2> err
status 3 $? "a missing column"
one_line err "a missing column"
cl-ingest -m m.ck --missing-columns nan without.csv 2> err | cl-predict -m m.ck --proba > got ||
    fail "--missing-columns nan: $(cat err)"
same got got2 "--missing-columns nan and missing categories"
cl-ingest -m m.ck --new-columns error extra.csv > out 2> err
status 3 $? "--new-columns error"
grep -q "'note'" err || fail "--new-columns error does not name the column: $(cat err)"
