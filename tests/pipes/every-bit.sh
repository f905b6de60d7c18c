#!/bin/bash
# Any one bit of a stored stream or checkpoint, turned, is noticed.
. "$TESTS/pipes/lib.bash"
head -n 7 "$DATA/flights.csv" > f.csv
cl-ingest f.csv | cl-split -f 0.8,0.2 | cl-scale > raw.clt && cl-cat -F frames -z raw.clt > packed.clt || fail "no stream"
cl-train --hidden 2 --epochs 1 --memory-rows 2 raw.clt > m.ck || fail "no model"
flip() {
    each flip "$@" > out || fail "$*: $(cat out)"
}
flip raw.clt cl-cat --digest
flip packed.clt cl-cat --digest
flip m.ck cl-cat --digest
