#!/bin/bash
# The line that cl-train and cl-tune draw on a terminal while they run: epoch, loss, validation, rows/s and time left.
. "$TESTS/pipes/lib.bash"
script -qec true /dev/null < /dev/null > /dev/null 2>&1 || skip "no script(1) that runs a command in a terminal"
export TERM=xterm
points 4000 100 5 | cl-ingest -q --task class | cl-scale -q > class.clt
cl-ingest -q "$DATA/diabetes.csv" | cl-scale -q > number.clt
cl-train -q --hidden 64 --epochs 1 -o number.ck number.clt || fail 'no model'

# drawn FILE COMMAND ...: what is on the terminal in three seconds, in lines.
drawn() {
    local file=$1
    shift
    script -qec "timeout 3 $* > /dev/null" /dev/null < /dev/null | tr '\r' '\n' > "$file"
}
number='-?[0-9.e+-]+'
left='[0-9.]+[kM]? rows/s, ([0-9]+ s|[0-9]+:[0-9:]+) left'

drawn class.txt cl-train --hidden 128 --epochs 1000000 --patience 0 class.clt &
drawn number.txt cl-train --hidden 64 --epochs 1000000 --patience 0 --valid 0 number.clt &
drawn tune.txt cl-tune -m number.ck --valid 0.2 --epochs 1000000 --patience 0 number.clt &
# Not in a file, not under -q, not on a terminal that cannot take it back.
drawn quiet.txt cl-train -q --hidden 64 --epochs 1000000 number.clt &
drawn file.txt cl-train --hidden 64 --epochs 1000000 --patience 0 --log run.jsonl number.clt '2> said' &
TERM=dumb drawn dumb.txt cl-train --hidden 64 --epochs 1000000 --patience 0 --valid 0 number.clt &
wait

grep -qE "^epoch [0-9]+/1000000, loss $number, valid [0-9.]+ %, $left" class.txt ||
    fail "classes: $(head -c 500 class.txt)"
grep -qE "^epoch [0-9]+/1000000, loss $number, $left" number.txt || fail "numbers: $(head -c 500 number.txt)"
grep -qE "^epoch [0-9]+/1000000, loss $number, valid $number, $left" tune.txt ||
    fail "cl-tune: $(head -c 500 tune.txt)"
for file in quiet.txt file.txt dumb.txt said run.jsonl; do
    ! grep -q 'rows/s' $file || fail "$file has a progress line"
done
[ -s run.jsonl ] || fail 'nothing in the log'

# It makes way for the lines of -v, and is gone at the end.
points 6000 200 5 | cl-ingest -q --task class | cl-scale -q > long.clt
script -qec "cl-train -v --hidden 400,400 --epochs 30 --until-loss 1e-9 --patience 0 long.clt > /dev/null" /dev/null \
    < /dev/null | tr '\r' '\n' > verbose.txt
grep -q '^epoch ' verbose.txt || { echo "too fast here for a progress line"; exit 0; }
! grep -qE 'left.*cl-train: ' verbose.txt || fail "a message behind the line: $(grep -E 'left.*cl-train' verbose.txt | head -1)"
awk '/^epoch / { line = NR } /^\033\[K/ { gone = NR } END { exit !(gone > line) }' verbose.txt || fail 'the line stays'
