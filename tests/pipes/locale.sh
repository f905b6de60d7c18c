#!/bin/bash
# Numbers are read and written with a point whatever the locale.
. "$TESTS/pipes/lib.bash"
line() {
    cl-ingest "$DATA/diabetes.csv" | cl-split -f 0.8,0.2 | cl-scale > f.clt && train --lr 0.01 f.clt > m.ck &&
        cl-eval -m m.ck f.clt && cl-eval -m m.ck --json f.clt && cl-cat -F csv f.clt && cl-cat m.ck &&
        cl-ingest -m m.ck "$DATA/diabetes.csv" | cl-predict -m m.ck
}
line > c.txt || fail "the line failed"
cp m.ck c.ck
name=$(locale -a 2> /dev/null | grep -iE '^(de_DE|fr_FR|de_AT|nl_NL|es_ES)\.?(utf-?8)?$' | head -n 1)
if [ -z "$name" ]; then
    command -v localedef > /dev/null && localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 > log 2>&1 || skip "no locale with a decimal comma"
    export LOCPATH=$PWD
    name=de_DE.UTF-8
fi
LC_ALL=$name line > comma.txt || fail "the line failed under $name"
same c.txt comma.txt "C and $name"
same c.ck m.ck "the checkpoint under C and $name"
