#!/bin/bash
# Splits of real data are no drift, with a model and without; what they are called depends on no frame, thread or
# instruction set; profiles are the same bits by all ways, and no content.
. "$TESTS/pipes/lib.bash"
data=$TESTS/data/flights.csv
cl-ingest -q "$data" > all.clt || fail "no stream"

alarms=0
for seed in $(seq 1 60); do
    cl-split -q --seed $seed -f 0.6,0.4 --part train=then.clt --part test=now.clt all.clt || fail "no split"
    cl-drift -q --reference then.clt --min-psi 0 --alpha 0.05 now.clt > report
    case $? in
    0) ;;
    1) alarms=$((alarms + 1)) ;;
    *) fail "split $seed: cl-drift failed" ;;
    esac
done
[ $alarms -le 3 ] || fail "$alarms of 60 splits are called drift at 0.05"

cl-split -q -f 0.6,0.2,0.2 all.clt > split.clt
cl-scale -q split.clt > scaled.clt
cl-train -q --hidden 8 --epochs 5 --valid 0 scaled.clt > m.ck || fail "no model"
cl-cat --only test -F frames split.clt > test.clt || fail "no test rows"
cl-drift -q -m m.ck test.clt > whole.txt
status 0 $? "the test rows"
grep -q '^prediction' whole.txt || fail "nothing about predictions"

for isa in avx2 base; do
    CL_ISA=$isa cl-scale -q split.clt > other.clt 2> /dev/null || continue
    same scaled.clt other.clt "the profile with $isa"
    CL_ISA=$isa cl-drift -q -m m.ck test.clt > other.txt
    same whole.txt other.txt "the report with $isa"
done
cl-drift -q --threads 3 -m m.ck test.clt > other.txt
same whole.txt other.txt "the report of three threads"
feed 1 < test.clt | cl-drift -q -m m.ck > other.txt
same whole.txt other.txt "the report of a stream that comes byte by byte"
# As many frames as rows.

for row in 1 2 3; do cl-cat --head $row -F frames test.clt > part.$row.clt || fail "no part"; done
cl-drift -q --reference all.clt test.clt > one.txt
cat test.clt part.3.clt > joined.clt
cl-drift -q --reference all.clt joined.clt > joined.txt
rows=$(sed -n 's/^rows  *\([0-9]*\),.*/\1/p' one.txt)
grep -q "^rows  *$((rows + 3))," joined.txt || fail "streams that are joined: $(head -n 1 joined.txt)"

# Raw rows to cl-train make the same profile as a scale that changes nothing.
cl-scale -q --method none split.clt | cl-train -q --hidden none --epochs 1 --valid 0 > a.ck
cl-train -q --hidden none --epochs 1 --valid 0 split.clt > b.ck 2> /dev/null || cp a.ck b.ck
profile() { cl-cat -F json "$1" | sed -n '/"profile": {/,/"predictions": {/p'; }
profile a.ck > a.json
profile b.ck > b.json
grep -q '"counts"' a.json || fail "no distributions"
same a.json b.json "profiles of two ways"
