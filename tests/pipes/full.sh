#!/bin/bash
# A full device is an error for every program, with status 4 and one line.
. "$TESTS/pipes/lib.bash"
[ -w /dev/full ] || skip "there is no /dev/full"
cl-ingest "$DATA/flights.csv" > raw.clt && cl-split raw.clt > split.clt && cl-scale split.clt > scaled.clt &&
    train scaled.clt > m.ck || fail "the line itself failed"
full() {
    "$@" > /dev/full 2> err
    status 4 $? "$* > /dev/full"
    one_line err "$* > /dev/full"
    grep -qi 'no space' err || fail "$* > /dev/full: '$(cat err)'"
}
full cl-ingest "$DATA/flights.csv"
full cl-split raw.clt
full cl-split --in-order raw.clt
full cl-scale split.clt
full cl-train --hidden 8 --epochs 1 scaled.clt
# Of raw.clt all rows would be learned, and new categories be said in lines of their own.
full cl-tune -m m.ck --epochs 1 split.clt
full cl-tune -m m.ck --online split.clt
full cl-eval -m m.ck split.clt
full cl-eval -m m.ck --json split.clt
full cl-drift -m m.ck split.clt
full cl-predict -m m.ck raw.clt
full cl-predict -m m.ck -F frames raw.clt
full cl-cat raw.clt
full cl-cat --digest raw.clt
full cl-cat m.ck
for format in csv json frames; do
    full cl-cat -F $format raw.clt
done
for program in ingest split scale train tune eval predict cat; do
    full cl-$program --help
    full cl-$program --version
done
# -o on a full device too, and side files.
o() {
    "$@" > out 2> err
    status 4 $? "$*"
    one_line err "$*"
}
o cl-ingest -o /dev/full "$DATA/flights.csv"
o cl-split -o /dev/full raw.clt
o cl-split --part train=/dev/full --part valid=v.clt --part test=t.clt raw.clt
o cl-scale -o /dev/full split.clt
o cl-train --hidden 8 --epochs 1 -o /dev/full scaled.clt
o cl-train --hidden 8 --epochs 1 --log /dev/full -o n.ck scaled.clt
o cl-eval -m m.ck --predictions /dev/full split.clt
o cl-predict -m m.ck -o /dev/full raw.clt
only raw.clt split.clt scaled.clt m.ck out err
