#!/bin/bash
# timeout: 240
# Every strategy gives the same model on each engine, instruction set and number of threads: two runs after the first,
# the second with a class and a category that are new.
. "$TESTS/pipes/lib.bash"
awk 'BEGIN {
    print "a,b,k,kind"
    for (i = 0; i < 240; i++)
        print (i * 37 % 101) / 101 "," (i * 53 % 89) / 89 "," (i % 3 ? "u" : "v") "," (i % 7 < 4 ? "few" : i % 5 ? "many" : "none")
}' > old.csv
awk -F, -v OFS=, 'NR > 1 { $1 += 0.3; $3 = NR % 2 ? "u" : "w"; $4 = NR % 5 ? $4 : "lots" } { print }' old.csv > new.csv
cl-ingest -q old.csv | cl-scale -q > old.clt

# chain STRATEGY OPTION ...: the digest after three runs.
chain() {
    local strategy=$1
    shift
    cl-train -q --net 'ple 4, dense 12 gelu, layernorm, dense 12 gelu, residual 1' --epochs 2 --strategy $strategy "$@" -o a.ck old.clt &&
        cl-ingest -q -m a.ck old.csv | cl-tune -q -m a.ck --epochs 2 "$@" -o b.ck &&
        cl-ingest -q -m b.ck new.csv 2> /dev/null | cl-tune -q -m b.ck --epochs 2 "$@" -o c.ck 2> /dev/null &&
        cl-cat --digest c.ck
}
seen=()
for strategy in none l2sp ewc online-ewc si lwf replay der; do
    first=$(chain $strategy --device cpu --threads 1) || fail "$strategy: failed"
    [ ${#first} -eq 32 ] || fail "$strategy: no digest but '$first'"
    seen+=("$first")
    [ "$(chain $strategy --device ref)" = "$first" ] || fail "$strategy: another model with --device ref"
    [ "$(chain $strategy --device cpu --threads 3)" = "$first" ] || fail "$strategy: another model with three threads"
    for isa in base avx2; do
        [ "$(CL_ISA=$isa chain $strategy --device cpu)" = "$first" ] || fail "$strategy: another model with CL_ISA=$isa"
    done
done
[ "$(printf '%s\n' "${seen[@]}" | sort -u | wc -l)" -eq ${#seen[@]} ] || fail "two strategies give the same model"
