#!/bin/bash
# A terminal on stdin gets the usage and status 2, and binary data is not written to one.
. "$TESTS/pipes/lib.bash"
script -qec true /dev/null < /dev/null > /dev/null 2>&1 || skip "no script(1) that runs a command in a terminal"

cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train -q --hidden none --epochs 1 iris.clt > m.ck
for program in cl-ingest cl-split cl-scale cl-train 'cl-tune -m m.ck' 'cl-eval -m m.ck' 'cl-drift -m m.ck' 'cl-predict -m m.ck' cl-cat; do
    script -qec "$program > out; echo status \$?" /dev/null < /dev/null > said 2>&1
    grep -q '^Usage: ' said && grep -q 'status 2' said || fail "$program: no usage for a terminal: $(head -3 said)"
    [ ! -s out ] || fail "$program: wrote something"
done
for program in "cl-ingest $TESTS/data/iris.csv" 'cl-split iris.clt' 'cl-scale iris.clt' 'cl-cat -z iris.clt'; do
    script -qec "$program; echo status \$?" /dev/null < /dev/null > said 2>&1
    grep -q 'not written to a terminal' said && grep -q 'status 2' said || fail "$program: $(head -c 300 said)"
done
