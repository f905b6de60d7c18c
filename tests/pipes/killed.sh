#!/bin/bash
# Whichever program of the line is killed, and after whatever number of bytes: those after it exit 3, each with one line,
# and the old model is left as it was, with nothing beside it.
. "$TESTS/pipes/lib.bash"
mkdir old err
printf 'the old model' > old/model.ck
cp "$DATA/flights.csv" f.csv
cl-ingest f.csv > 1.clt && cl-split 1.clt > 2.clt && cl-scale 2.clt > 3.clt || fail "the line itself failed"

# victim NUMBER BYTES: runs the line with one program dying.
victim() {
    local who=$1 bytes=$2 i
    local -a dies=("" "" "" "") got
    dies[who]="dying $bytes"
    ${dies[0]} cl-ingest f.csv 2> err/0 | ${dies[1]} cl-split 2> err/1 | ${dies[2]} cl-scale 2> err/2 |
        train -o old/model.ck 2> err/3
    got=("${PIPESTATUS[@]}")
    status 137 "${got[$who]}" "program $who, killed after $bytes bytes"
    for ((i = who + 1; i < 4; i++)); do
        status 3 "${got[$i]}" "program $i after program $who was killed ($bytes bytes)"
        one_line err/$i "program $i after program $who was killed ($bytes bytes)"
    done
    [ "$(cat old/model.ck)" = 'the old model' ] || fail "program $who killed after $bytes bytes: the old model is gone"
    [ "$(ls -A old)" = model.ck ] || fail "program $who killed after $bytes bytes left $(ls -A old)"
}
for who in 0 1 2; do
    size=$(wc -c < $((who + 1)).clt)
    # Nothing; inside heads; after the table; in the middle; all but the last byte of the end frame.
    for bytes in 0 1 7 40 200 600 $((size / 2)) $((size - 60)) $((size - 2)) $((size - 1)); do
        victim $who $bytes
    done
done

# A model on a pipe: cl-train dies, the reader of its checkpoint refuses.
train < 3.clt > whole.ck
size=$(wc -c < whole.ck)
for bytes in 0 1 50 $((size / 2)) $((size - 1)); do
    dying $bytes cl-train --hidden 8,4 --epochs 3 3.clt 2> /dev/null | cl-cat > out 2> err/cat
    got=("${PIPESTATUS[@]}")
    status 137 "${got[0]}" "cl-train"
    status 3 "${got[1]}" "cl-cat after cl-train was killed ($bytes bytes)"
    one_line err/cat "cl-cat after cl-train was killed ($bytes bytes)"
done

# Serving and evaluating: the reader's status is the signal.
for command in 'cl-predict -m whole.ck' 'cl-eval -m whole.ck --on all' 'cl-drift -m whole.ck' 'cl-cat' 'cl-tune -m whole.ck -o old/model.ck'; do
    for bytes in 0 30 700 $(($(wc -c < 1.clt) - 1)); do
        dying $bytes cl-ingest -m whole.ck f.csv 2> err/0 | $command > out 2> err/1
        got=("${PIPESTATUS[@]}")
        status 137 "${got[0]}" "cl-ingest before $command"
        status 3 "${got[1]}" "$command after cl-ingest was killed ($bytes bytes)"
        one_line err/1 "$command after cl-ingest was killed ($bytes bytes)"
    done
done
[ "$(cat old/model.ck)" = 'the old model' ] || fail "cl-tune replaced the old model"
