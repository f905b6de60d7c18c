#!/bin/bash
# Programs of a running line killed by the clock: either the line was done, or all after the victim exit 3 and the old
# model is untouched.
. "$TESTS/pipes/lib.bash"
mkdir old fifo
cp "$DATA/diabetes.csv" d.csv
for who in 0 1 2 3; do
    for delay in 0 0.005 0.02 0.05 0.1 0.2; do
        printf 'the old model' > old/model.ck
        rm -f fifo/*
        mkfifo fifo/1 fifo/2 fifo/3
        # Fed slowly, so that there is something to interrupt.
        { head -c 6000 d.csv; sleep 0.04; tail -c +6001 d.csv; } | cl-ingest > fifo/1 2> e0 & p0=$!
        cl-split < fifo/1 > fifo/2 2> e1 & p1=$!
        cl-scale < fifo/2 > fifo/3 2> e2 & p2=$!
        cl-train --hidden 8 --epochs 300 --patience 0 -o old/model.ck < fifo/3 2> e3 & p3=$!
        pids=($p0 $p1 $p2 $p3)
        sleep $delay
        kill -9 ${pids[$who]} 2> /dev/null
        got=()
        for pid in "${pids[@]}"; do
            wait $pid 2> /dev/null
            got+=($?)
        done
        what="program $who killed after $delay s (statuses ${got[*]})"
        if [ "${got[$who]}" -ne 137 ]; then
            # It had finished; the rest must be well.
            [ "${got[3]}" -eq 0 ] || fail "$what: the line failed though nobody was killed"
            continue
        fi
        for ((i = who + 1; i < 4; i++)); do
            status 3 "${got[$i]}" "$what: program $i"
            one_line e$i "$what: program $i"
        done
        [ "$(cat old/model.ck)" = 'the old model' ] || fail "$what: the old model is gone"
        # Only a killed cl-train itself cannot tidy up.
        [ $who -eq 3 ] || [ "$(ls -A old)" = model.ck ] || fail "$what: left $(ls -A old)"
        rm -f old/.model*
    done
done
exit 0
