#!/bin/bash
# An interrupt ends a program by its signal and leaves no temporary file, and the old model stands.
. "$TESTS/pipes/lib.bash"
mkdir old
cl-ingest "$DATA/flights.csv" | cl-split | cl-scale > f.clt || fail "no stream"
cl-train --hidden 4 --epochs 1 f.clt > m.ck || fail "no model"
# interrupt SIGNAL NUMBER COMMAND ...: the command waits for input that does not end.
interrupt() {
    local signal=$1 number=$2 pid
    shift 2
    printf 'the old model' > old/model
    mkfifo in
    # Background jobs of a script ignore SIGINT; env gives it its default back.
    env --default-signal=INT "$@" < in > out 2> err & pid=$!
    exec 3> in
    head -c 3000 f.clt >&3
    sleep 0.2
    kill -s $signal $pid
    wait $pid
    status $((128 + number)) $? "$* on SIG$signal"
    exec 3>&-
    rm in
    [ "$(cat old/model)" = 'the old model' ] || fail "$* on SIG$signal: the old file is gone"
    [ "$(ls -A old)" = model ] || fail "$* on SIG$signal left $(ls -A old)"
}
env --default-signal=INT true 2> /dev/null || skip "env cannot reset signals"
for signal in 'INT 2' 'TERM 15' 'HUP 1'; do
    interrupt $signal cl-split --retag -o old/model
    interrupt $signal cl-split --retag --in-order -o old/model
    interrupt $signal cl-split --retag --part train=old/model --part valid=old/v --part test=old/t
    interrupt $signal cl-scale -o old/model
    interrupt $signal cl-train --epochs 1 -o old/model
    interrupt $signal cl-tune -m m.ck --epochs 1 -o old/model
    interrupt $signal cl-predict -m m.ck -o old/model
    interrupt $signal cl-cat -F frames -o old/model
done
# In the middle of training.
cl-train --hidden 64,64 --epochs 100000 --patience 0 -o old/model f.clt 2> err & pid=$!
sleep 0.5
kill -TERM $pid
wait $pid
status 143 $? "cl-train on SIGTERM"
[ "$(cat old/model)" = 'the old model' ] || fail "cl-train on SIGTERM: the old model is gone"
[ "$(ls -A old)" = model ] || fail "cl-train on SIGTERM left $(ls -A old)"
