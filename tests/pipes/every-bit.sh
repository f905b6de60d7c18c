#!/bin/bash
# timeout: 300
# Any one bit of a stored stream or checkpoint, turned, is noticed.
. "$TESTS/pipes/lib.bash"
printf 'a,b,y\n1,u,p\n2,v,q\n3,u,p\n1,v,q\n' > f.csv
cl-ingest f.csv | cl-split -f 0.5,0.5 --stratify | cl-scale > raw.clt && cl-cat -F frames -z raw.clt > packed.clt ||
    fail "no stream"
cl-train --hidden none --epochs 1 --memory-rows 1 raw.clt > m.ck || fail "no model"
flip() {
    each flip "$@" > out || fail "$*: $(cat out)"
}
flip raw.clt cl-cat --digest
flip packed.clt cl-cat --digest
flip m.ck cl-cat --digest
