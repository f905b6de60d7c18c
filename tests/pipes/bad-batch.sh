#!/bin/bash
# A batch that is not like training stops before training: no program after cl-ingest has a result, the report is
# there, whole, and the same however the rows came.
. "$TESTS/pipes/lib.bash"
cl-ingest "$DATA/flights.csv" -o data.clt
cl-scale data.clt | train -q > model.ck || fail 'no model'
# From line 400 on, the distance in metres instead of miles; four lines have no hour, and one an airport of its own.
awk -F, -v OFS=, 'NR > 400 { $1 *= 1609 } NR < 6 && NR > 1 { $4 = "" } NR == 7 { $2 = "QQQ" } { print }' \
    "$DATA/flights.csv" > new.csv
printf 'the old next' > next.ck
cl-ingest -m model.ck --expect 'outside<0.05,missing<0.1,unseen<0.5' --report report.json new.csv 2> e0 |
    cl-tune -m model.ck --epochs 1 -o next.ck 2> e1
got=("${PIPESTATUS[@]}")
status 3 "${got[0]}" cl-ingest
status 3 "${got[1]}" cl-tune
one_line e0 cl-ingest
one_line e1 cl-tune
grep -q "^cl-ingest: column 'distance': 33.5 % of the rows are outside .*, against --expect outside<0.05$" e0 ||
    fail "cl-ingest said: $(cat e0)"
[ "$(cat next.ck)" = 'the old next' ] || fail 'next.ck is not the old one'
grep -q '"verdict": "over"' report.json || fail "no verdict in the report: $(cat report.json)"
only data.clt model.ck new.csv next.ck report.json e0 e1

# One row a frame, one byte at a time, and packed: the same report.
for how in --frame-rows\ 1 -z --frame-rows\ 7; do
    # shellcheck disable=SC2086
    cl-ingest -m model.ck --expect 'outside<0.05,missing<0.1,unseen<0.5' --report again.json $how new.csv > out 2> e2
    status 3 $? "cl-ingest $how"
    same report.json again.json "cl-ingest $how"
    same e0 e2 "cl-ingest $how"
done
feed 1 < new.csv | cl-ingest -m model.ck --report again.json > out 2> e3
status 0 "${PIPESTATUS[1]}" 'one byte at a time'
grep -v '"verdict": "over"' report.json | grep '"share"\|"rows"\|"m[ia][nx]"' > a
grep '"share"\|"rows"\|"m[ia][nx]"' again.json > b
same a b 'one byte at a time'

# A report on a full disk is an error, and nothing else comes.
if [ -w /dev/full ]; then
    cl-ingest -m model.ck --report /dev/full new.csv -o full.clt 2> e4
    status 4 $? '/dev/full'
    one_line e4 '/dev/full'
    [ ! -e full.clt ] || fail 'a stream without its report'
fi
