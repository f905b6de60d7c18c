#!/bin/bash
# A service that learns from a pipe: it answers the clock and signals while it waits for rows, and its state is never
# more than a signal away.
. "$TESTS/pipes/lib.bash"
env --default-signal=INT true 2> /dev/null || skip "env cannot reset signals"
csv=$DATA/flights.csv
cl-ingest -q "$csv" | cl-scale -q | cl-train -q --hidden 8 --epochs 2 -o m.ck || fail "no model"
cl-ingest -q -m m.ck "$csv" > all.clt || fail "no stream"
cl-tune -q -m m.ck --online --update-rows 7 -o whole.ck all.clt || fail "learning failed"
mkfifo in

# soon SENTENCE COMMAND ...: it succeeds within five seconds, or the test fails.
soon() {
    local sentence=$1 i
    shift
    for ((i = 0; i < 500; i++)); do
        "$@" 2> /dev/null && return
        sleep 0.01
    done
    fail "$sentence within 5 s"
}
# begin OPTION ...: cl-tune, its process in $run, that has got 50 rows from a pipe that stays open.
begin() {
    (cl-ingest -q -m m.ck < in | env --default-signal=INT bash -c 'echo $$ > pid; exec "$@"' - \
        cl-tune -q -m m.ck --online --update-rows 7 --log log --log-every 50ms --checkpoint c.ck "$@" -o next.ck 2> err) 2> /dev/null & line=$!
    exec 3> in
    head -n 51 "$csv" >&3
    soon "no process" test -s pid
    run=$(cat pid)
    soon "no line about 50 rows in the log" grep -q '"rows": 50,' log
}
rows() {
    cl-cat c.ck | grep -o '"rows": [0-9]*, "labelled"' | grep -o '[0-9]*'
}
has_rows() {
    [ "$(rows)" = "$1" ]
}

# SIGUSR1 while it waits: the rows so far are in the checkpoint, and it goes on.
rm -f log pid
begin --every 1h
[ ! -e c.ck ] || fail "a checkpoint that nobody asked for"
kill -USR1 $run
soon "SIGUSR1 writes no checkpoint" test -e c.ck
[ "$(rows)" = 50 ] || fail "$(rows) rows in the checkpoint instead of 50"
sed -n '52,$p' "$csv" >&3
exec 3>&-
wait $line || fail "the line failed: $(cat err)"
[ "$(cl-cat --digest next.ck)" = "$(cl-cat --digest whole.ck)" ] || fail "SIGUSR1 shows in the result"
# The clock asks as well: the last checkpoint is that of the end.
has_rows "$(($(wc -l < "$csv") - 1))" || fail "$(rows) rows in the last checkpoint"

# By the clock.
rm -f log pid c.ck next.ck
begin --every 20ms
soon "--every writes no checkpoint of 50 rows" has_rows 50
# Ended by a signal: as other programs end, with the state on disk and no result.
for signal in 'TERM 15' 'INT 2'; do
    kill -s ${signal% *} $run
    exec 3>&-
    wait $line
    status $((128 + ${signal#* })) $? "SIG${signal% *}"
    [ ! -s err ] || fail "SIG${signal% *}: $(cat err)"
    [ ! -e next.ck ] || fail "SIG${signal% *}: there is a result"
    [ "$(rows)" = 50 ] || fail "SIG${signal% *}: $(rows) rows in the checkpoint instead of 50"
    [ "$(ls -A | grep -c '^\.')" -eq 0 ] || fail "SIG${signal% *} left $(ls -A)"
    cl-tune -q -m m.ck --online --update-rows 7 --resume c.ck -o next.ck all.clt || fail "it does not go on"
    [ "$(cl-cat --digest next.ck)" = "$(cl-cat --digest whole.ck)" ] || fail "SIG${signal% *} shows in the result"
    [ "${signal% *}" = INT ] && break
    rm -f log pid c.ck next.ck
    begin --every 1h
done
