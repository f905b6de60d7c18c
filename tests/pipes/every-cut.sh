#!/bin/bash
# timeout: 300
# A stream and a checkpoint that are cut at any byte are refused by every program that reads them.
. "$TESTS/pipes/lib.bash"
printf 'a,b,y\n1,u,p\n2,v,q\n3,u,p\n1,v,q\n' > f.csv
cl-ingest f.csv | cl-split -f 0.5,0.5 --stratify > raw.clt && cl-scale raw.clt > scaled.clt &&
    cl-scale -z raw.clt > packed.clt || fail "no stream"
cl-train --hidden none --epochs 1 --memory-rows 1 scaled.clt > m.ck || fail "no model"
cut() {
    each cut "$@" > out || fail "$*: $(cat out)"
}
cut raw.clt cl-cat
cut packed.clt cl-cat --digest
cut raw.clt cl-split --retag
cut raw.clt cl-split --retag --in-order
cut raw.clt cl-scale
cut scaled.clt cl-train --hidden none --epochs 1 -o cut.ck
cut raw.clt cl-tune -m m.ck --epochs 1 -o cut.ck
cut raw.clt cl-eval -m m.ck --on all
cut raw.clt cl-predict -m m.ck
cut raw.clt cl-drift --reference raw.clt --then 'echo then'
cut m.ck cl-cat
cut m.ck cl-cat --digest
cut m.ck cl-predict -m /dev/stdin f.csv
cut m.ck cl-ingest -m /dev/stdin f.csv
only f.csv raw.clt scaled.clt packed.clt m.ck out
