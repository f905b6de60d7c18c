#!/bin/bash
# timeout: 300
# Learning from a stream, killed at any moment: the checkpoint is whole, and resumed on the same stream the run ends in the
# same content and the same log as one that nobody stopped.
. "$TESTS/pipes/lib.bash"
awk 'BEGIN {
    print "id,a,b,k,kind"
    for (i = 0; i < 30000; i++) {
        a = (i * 37 % 101) / 101; b = (i * 53 % 89) / 89
        kind = a + (i > 15000 ? -b : b) < 0.7 ? "few" : "many"
        if (i > 20000 && i % 50 == 0)
            kind = "none"
        if (i >= 300 && i % 7 == 0) {
            later[i + 40] = "r" i ",,,," kind
            kind = ""
        }
        print "r" i "," a "," b "," (i % 3 ? "u" : "v") "," kind
        if (i in later)
            print later[i]
    }
}' > all.csv
head -n 301 all.csv | cl-ingest -q --role id:id | cl-scale -q | cl-train -q --hidden 16,8 --epochs 3 -o m.ck ||
    fail "no model"
sed '2,301d' all.csv | cl-ingest -q -m m.ck --frame-rows 100 > new.clt || fail "no stream"
options=(-q -m m.ck --online --id id --window 60 --adapt --replay 0.5 --shrink 0.9999)
learn() {
    cl-tune "${options[@]}" "$@" new.clt
}
learn --log whole.log --log-rows 500 -o whole.ck || fail "learning failed"
wanted=$(cl-cat --digest whole.ck)

# A new run each round, killed up to three times.
killed=0
for delay in 0.01 0.03 0.05 0.08 0.1 0.15 0.2 0.3; do
    rm -f next.ck c.ck
    resume=()
    for ((round = 0; round < 3; round++)); do
        cl-tune "${options[@]}" --log next.log --log-rows 500 --checkpoint c.ck --every 3ms -o next.ck "${resume[@]}" \
            new.clt 2> err & run=$!
        sleep $delay
        kill -9 $run 2> /dev/null
        wait $run 2> /dev/null
        got=$?
        [ $got -eq 137 ] || [ $got -eq 0 ] || fail "exit status $got: $(cat err)"
        [ $got -eq 0 ] && break
        killed=$((killed + 1))
        [ -e next.ck ] && break # killed between the result and the exit: it must be whole, as is seen below
        # Killed before its first checkpoint: it begins again.
        [ -e c.ck ] || continue
        cl-cat --digest c.ck > /dev/null || fail "after $delay s the checkpoint cannot be read"
        cl-predict -q -m c.ck new.clt > /dev/null || fail "the checkpoint cannot predict"
        resume=(--resume c.ck)
    done
    [ -e next.ck ] || learn --log next.log --log-rows 500 --checkpoint c.ck -o next.ck "${resume[@]}" ||
        fail "after $delay s the run does not go on"
    [ "$(cl-cat --digest next.ck)" = "$wanted" ] || fail "killed after $delay s: another model"
    same next.log whole.log "log of a run killed after $delay s"
    rm -f .c.ck.* .next.ck.*
done
[ $killed -ge 4 ] || fail "only $killed runs could be killed"

# A run goes on with its own stream, its own model and its own options.
learn --checkpoint c.ck -o next.ck || fail "no checkpoint"
refuse() {
    local wanted=$1
    shift
    "$@" -o other.ck 2> err
    status 3 $? "$*"
    one_line err "$*"
    grep -q -- "$wanted" err || fail "$*: $(cat err)"
    [ ! -e other.ck ] || fail "$*: there is a result"
}
{ sed '2,305d' all.csv; tail -n 100 all.csv; } | cl-ingest -q -m m.ck > shifted.clt
head -n 1000 all.csv | sed '2,301d' | cl-ingest -q -m m.ck > short.clt
refuse 'on other rows' cl-tune -q -m m.ck --online --resume c.ck shifted.clt
refuse 'rows more than this stream' cl-tune -q -m m.ck --online --resume c.ck short.clt
refuse 'did not begin from the model' cl-tune -q -m next.ck --online --resume c.ck new.clt
refuse 'no checkpoint that' cl-tune -q -m m.ck --online --resume next.ck new.clt
refuse 'stops before its end' cl-tune -q -m m.ck --online < <(head -c 100000 new.clt)
echo "$killed runs killed"
