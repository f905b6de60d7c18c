#!/bin/bash
# timeout: 240
# What a model keeps of old rows keeps old classes: digits 0-4, then 5-9. And neither frames, nor threads, nor a run that
# was interrupted can be seen in what it keeps.
. "$TESTS/pipes/lib.bash"
digits=$ROOT/examples/digits/digits.csv
part() {
    awk -F, -v low=$1 -v high=$2 -v test=$3 'NR == 1 || ($NF >= low && $NF <= high && (NR % 4 == 0) == test)' "$digits"
}
ingest="cl-ingest -q --task class"
part 0 4 0 | $ingest | cl-scale -q > first.clt || fail 'no stream'
cl-train -q --hidden 64 --seed 2 -o first.ck first.clt || fail 'training failed'
part 5 9 0 | cl-ingest -q -m first.ck > second.clt
part 0 4 1 | cl-ingest -q -m first.ck > old.clt
part 0 9 1 | cl-ingest -q -m first.ck > all.clt

# gate MODEL STREAM EXPRESSION WHAT
gate() {
    cl-eval -q -m $1 --on all --gate "$3" $2 > report || fail "$4: $(grep -m 1 accuracy report), not $3"
}
cl-tune -q -m first.ck --seed 2 -o next.ck second.clt || fail 'cl-tune failed'
gate next.ck old.clt 'accuracy>=0.93' 'auto, old classes'
gate next.ck all.clt 'accuracy>=0.93' 'auto, all classes'
for strategy in replay der gdumb; do
    cl-tune -q -m first.ck --strategy $strategy -o $strategy.ck second.clt || fail "$strategy failed"
    gate $strategy.ck all.clt 'accuracy>=0.88' "$strategy, all classes"
done
# Without them old classes are lost: what is above can fail.
cl-tune -q -m first.ck --strategy none --lr 0.002 -o none.ck second.clt
gate none.ck old.clt 'accuracy<=0.5' 'none, old classes'
# A class of few rows is learned, and it is still known after a run without it.
part 0 8 0 | $ingest | cl-scale -q | cl-train -q --hidden 64 --seed 2 -o nine.ck || fail 'training failed'
part 9 9 0 | head -n 41 | cl-ingest -q -m nine.ck | cl-tune -q -m nine.ck --seed 2 -o ten.ck || fail 'one class failed'
part 9 9 1 | cl-ingest -q -m ten.ck > nines.clt
part 0 8 1 | cl-ingest -q -m ten.ck > others.clt
gate ten.ck nines.clt 'accuracy>=0.75' 'a class of 40 rows'
gate ten.ck others.clt 'accuracy>=0.93' 'the nine before it'
part 0 4 0 | cl-ingest -q -m ten.ck | cl-tune -q -m ten.ck --seed 2 -o eleven.ck
gate eleven.ck nines.clt 'accuracy>=0.7' 'a class of 40 rows, a run later'

# The same bytes.
for strategy in replay der gdumb; do
    for by in rows class run; do
        tune() {
            cl-tune -q --strategy $strategy --memory-by $by --memory-rows 120 --epochs 6 --dropout 0.1 "$@"
        }
        tune -m first.ck --threads 1 -o one.ck second.clt || fail "$strategy by $by failed"
        tune -m first.ck --threads 3 -o three.ck second.clt
        same one.ck three.ck "$strategy by $by, 1 and 3 threads"
        part 5 9 0 | cl-ingest -q -m first.ck | feed 77 | tune -m first.ck -o cut.ck
        same one.ck cut.ck "$strategy by $by, a stream in pieces"
        tune -m first.ck --device ref -o ref.ck second.clt
        same one.ck ref.ck "$strategy by $by, by the reference"
    done
    cl-tune -q -m first.ck --strategy $strategy --steps 400 -o whole.ck second.clt
    rm -f run.ck
    cl-tune -q -m first.ck --strategy $strategy --steps 400 --checkpoint run.ck --every 0s -o done.ck second.clt & pid=$!
    for ((i = 0; i < 500; i++)); do
        [ -s run.ck ] && break
        sleep 0.01
    done
    kill -9 $pid 2> /dev/null
    wait $pid 2> /dev/null
    cl-tune -q -m first.ck --resume run.ck -o done.ck second.clt || fail "$strategy: resuming failed"
    same whole.ck done.ck "$strategy, resumed"
done
# Rows at once or in two runs: the same are kept, by the same keys.
head -n 301 "$digits" > a.csv
{ head -n 1 "$digits" && sed -n 302,1001p "$digits"; } > b.csv
$ingest a.csv | cl-scale -q > a.clt
cl-train -q --hidden none --epochs 1 --valid 0 --memory-rows 100 -o a.ck a.clt
cl-ingest -q -m a.ck b.csv | cl-tune -q -m a.ck --steps 1 --valid 0 -o ab.ck
{ cat a.csv && sed 1d b.csv; } | cl-ingest -q -m a.ck | cl-scale -q -m a.ck > at-once.clt
cl-train -q --hidden none --epochs 1 --valid 0 --memory-rows 100 -o at-once.ck at-once.clt
cl-cat --memory ab.ck | sed 's/,[^,]*$//' > parts
cl-cat --memory at-once.ck > whole
same parts whole 'rows at once and in two runs'
