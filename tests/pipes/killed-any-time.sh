#!/bin/bash
# Programs of a running line killed by the clock: either the line was done, or all after the victim exit 3 and the old
# model is untouched.
. "$TESTS/pipes/lib.bash"
mkdir old
cp "$DATA/diabetes.csv" d.csv
killed=0

# member NUMBER COMMAND ...: leaves its process number, then is the command.
member() {
    echo $BASHPID > pid.new.$1
    mv pid.new.$1 pid.$1
    exec "${@:2}" 2> e$1
}
for who in 0 1 2 3; do
    for delay in 0 0.005 0.02 0.05 0.1 0.2; do
        printf 'the old model' > old/model.ck
        rm -f pid.* statuses
        {
            # Fed slowly, so that there is something to interrupt.
            { head -c 6000 d.csv; sleep 0.04; tail -c +6001 d.csv; } 2> /dev/null |
                (member 0 cl-ingest) | (member 1 cl-split) | (member 2 cl-scale) |
                (member 3 cl-train --hidden 8 --epochs 300 --patience 0 -o old/model.ck)
            echo "${PIPESTATUS[@]:1}" > statuses
        } 2> /dev/null &
        line=$!
        until [ -s pid.$who ]; do
            sleep 0.001
        done
        sleep $delay
        kill -9 "$(cat pid.$who)" 2> /dev/null
        wait $line
        read -ra got < statuses
        what="program $who killed after $delay s (statuses ${got[*]})"
        if [ "${got[who]}" -ne 137 ]; then
            # It had finished; the rest must be well.
            [ "${got[3]}" -eq 0 ] || fail "$what: the line failed though nobody was killed"
            continue
        fi
        killed=$((killed + 1))
        for ((i = who + 1; i < 4; i++)); do
            status 3 "${got[i]}" "$what: program $i"
            one_line e$i "$what: program $i"
        done
        # cl-train itself may die between the rename and its exit: then the new model is there, and whole.
        printf 'the old model' | cmp -s - old/model.ck || { [ $who -eq 3 ] && cl-cat --digest old/model.ck > digest; } ||
            fail "$what: the old model is gone"
        # A cl-train that dies between naming its file and the rename cannot tidy up.
        [ $who -eq 3 ] || [ "$(ls -A old)" = model.ck ] || fail "$what: left $(ls -A old)"
        rm -f old/.model*
    done
done
[ $killed -ge 4 ] || fail "only $killed programs could be killed"
echo "$killed programs killed"
