#!/bin/bash
# A file that cannot grow further: status 4, one line, no file and no temporary; the old one stands.
. "$TESTS/pipes/lib.bash"
for i in $(seq 20); do
    [ $i -gt 1 ] && tail -n +2 "$DATA/flights.csv" || cat "$DATA/flights.csv"
done > f.csv
cl-ingest f.csv > raw.clt && cl-split raw.clt | cl-scale > f.clt && cl-train --hidden 64,32 --epochs 1 f.clt > m.ck ||
    fail "the line itself failed"
mkdir old
printf 'the old file' > old/file
limited() {
    (
        ulimit -f 8 # KiB blocks of bash
        "$@" > out 2> err
    )
    status 4 $? "$* with 8 KiB of room"
    one_line err "$* with 8 KiB of room"
    [ "$(cat old/file)" = 'the old file' ] || fail "$*: the old file is gone"
    [ "$(ls -A old)" = file ] || fail "$* left $(ls -A old)"
}
limited cl-ingest -o old/file f.csv
limited cl-split -o old/file raw.clt
limited cl-split --part train=old/file --part valid=old/v --part test=old/t raw.clt
limited cl-scale -o old/file raw.clt
limited cl-train --hidden 64,32 --epochs 1 -o old/file f.clt
limited cl-tune -m m.ck --epochs 1 -o old/file raw.clt
limited cl-predict -m m.ck --proba -o old/file raw.clt
limited cl-cat -F csv -o old/file raw.clt
# A spool is a file too.
(
    ulimit -f 8
    cat raw.clt | cl-split --in-order -o old/file 2> err
)
status 4 $? "cl-split --in-order with 8 KiB of room for its copy of a pipe"
one_line err "cl-split --in-order with 8 KiB of room for its copy of a pipe"
(
    ulimit -f 8
    cat raw.clt | cl-scale -o old/file 2> err
)
status 4 $? "cl-scale with 8 KiB of room for its copy of a pipe"
[ "$(ls -A old)" = file ] || fail "left $(ls -A old)"
