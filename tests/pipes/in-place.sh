#!/bin/bash
# The output where the input model was: `-o` replaces it when done; `>` has emptied it before anybody could read, and the
# message says so.
. "$TESTS/pipes/lib.bash"
cl-ingest "$DATA/flights.csv" > f.clt && cl-split f.clt | cl-scale | train > m.ck || fail "the line itself failed"
cp m.ck keep.ck
cl-tune -m m.ck --epochs 1 f.clt > new.ck || fail "cl-tune failed"
cl-tune -m m.ck --epochs 1 -o m.ck f.clt || fail "cl-tune -o onto its model failed"
same m.ck new.ck "cl-tune -o onto its model, and to another file"
cp keep.ck m.ck
cl-tune -m m.ck --epochs 1 f.clt > m.ck 2> err
status 3 $? "cl-tune -m m.ck > m.ck"
one_line err "cl-tune -m m.ck > m.ck"
grep -q -e '-o FILE' err || fail "cl-tune -m m.ck > m.ck gives no hint: $(cat err)"
cl-predict -m m.ck f.clt > out 2> err
status 3 $? "an empty model"
grep -q -e '-o FILE' err || fail "an empty model gives no hint: $(cat err)"
# Streams likewise.
cp f.clt g.clt
cl-split -o g.clt g.clt || fail "cl-split -o onto its input failed"
cl-split f.clt > split.clt
same g.clt split.clt "cl-split -o onto its input, and to another file"
cl-split f.clt >> f.clt 2> err
[ $? -ge 3 ] || fail "cl-split FILE >> FILE is accepted"
one_line err "cl-split FILE >> FILE"
