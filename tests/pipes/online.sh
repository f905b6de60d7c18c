#!/bin/bash
# timeout: 240
# Learning from a stream is a function of its rows: cut in two anywhere, in frames of any size, by any number of threads,
# any instruction set and the reference engine, the content is the same.
. "$TESTS/pipes/lib.bash"

# Two columns, a category, a class that begins late, a count; every third label of `late.csv` comes 25 rows later.
awk 'BEGIN {
    print "id,a,b,k,kind,sold"
    for (i = 0; i < 900; i++) {
        a = (i * 37 % 101) / 101; b = (i * 53 % 89) / 89
        kind = a + b < 0.9 ? "few" : "many"
        if (i > 500 && i % 5 == 0)
            kind = "none"
        print "r" i "," a "," b "," (i % 3 ? "u" : i > 600 ? "new" : "v") "," kind "," \
            (i % 41 == 5 ? "" : int(exp(3 * a - b) + i % 3))
    }
}' > all.csv
head -n 301 all.csv > old.csv
sed '2,301d' all.csv > new.csv
awk -F, -v OFS=, '
    NR == 1 { print; next }
    NR % 3 == 0 { print $1, $2, $3, $4, "", ""; later[NR + 25] = $1 ",,,," $5 "," $6; }
    NR % 3 { print }
    NR in later { print later[NR] }' new.csv > late.csv

# model NAME LABEL OPTION ...: NAME.ck of the old rows; NAME.clt, NAME.late with the new ones.
model() {
    local name=$1 label=$2 other
    shift 2
    [ $label = kind ] && other=sold || other=kind
    cl-ingest -q -y $label --drop $other --role id:id old.csv | cl-scale -q | cl-train -q --hidden 12,6 --epochs 4 "$@" \
        -o $name.ck || fail "$name: training failed"
    cl-ingest -q -m $name.ck new.csv > $name.new.clt || fail "$name: no stream"
    cl-ingest -q -m $name.ck late.csv > $name.late.clt || fail "$name: no late stream"
}
model classes kind
model numbers sold --loss huber
model counts sold --loss poisson
model quantiles sold --loss quantile --quantiles 0.2,0.9

# learn MODEL STREAM CHECKPOINT OPTION ...
learn() {
    local model=$1 stream=$2 to=$3
    shift 3
    cl-tune -q -m $model --online "$@" -o $to $stream || fail "$model --online $*: exit status $?"
}
digest() {
    cl-cat --digest $1 || fail "$1 cannot be read"
}
# cut_rows MODEL CSV N: the first N rows in first.clt, the others in second.clt, in frames of their own sizes
cut_rows() {
    head -n $(($3 + 1)) $2 > first.csv
    sed "2,$(($3 + 1))d" $2 > second.csv
    cl-ingest -q -m $1 --frame-rows 7 first.csv > first.clt && cl-ingest -q -m $1 --frame-rows 64 second.csv > second.clt ||
        fail "cannot cut $2"
}

# all MODEL CSV STREAM OPTION ...
all() {
    local name=$1 csv=$2 stream=$1.$3.clt wanted n
    shift 3
    learn $name.ck $stream whole.ck "$@"
    wanted=$(digest whole.ck)
    [ "$wanted" != "$(digest $name.ck)" ] || fail "$name: nothing was learnt"
    for n in 1 9 10 203 400; do
        cut_rows $name.ck $csv $n
        learn $name.ck first.clt middle.ck "$@"
        learn middle.ck second.clt end.ck --threads 1
        [ "$(digest end.ck)" = "$wanted" ] || fail "$name $*: cut after $n rows it is another model"
    done
    # One entry of the lineage for all parts.
    [ "$(cl-cat end.ck | grep -c '"parent"')" = "$(cl-cat whole.ck | grep -c '"parent"')" ] || fail "$name: the lineage"
    for set in 'CL_ISA=base' 'CL_ISA=avx2' 'X=1 --device ref' 'X=1 --threads 2'; do
        (
            export "${set%% *}"
            [[ $set = *' '* ]] && option=${set#* } || option=
            learn $name.ck $stream other.ck "$@" $option
        ) || exit 1
        [ "$(digest other.ck)" = "$wanted" ] || fail "$name $*: another model with $set"
    done
}
all classes new.csv new
all classes new.csv new --update-rows 1 --adapt --replay 1
all classes new.csv new --update-rows 17 --shrink 0.999 --optimizer adam --lr 0.01 --dropout 0.2 --clip 0.5
all classes new.csv new --new-class other --memory-rows 0 --adapt --detector ddm
all classes late.csv late --id id --window 40 --keep-optimiser --optimizer adamw
all classes late.csv late --id id --window 20 --update-rows 3
all numbers new.csv new --adapt --replay 0.5
all numbers late.csv late --id id
all counts new.csv new
all quantiles late.csv late --id id --adapt --detector page_hinkley

# Late labels: all of them find their row within the window, or none does.
learn classes.ck classes.late.clt wide.ck --id id --window 40
learn classes.ck classes.late.clt narrow.ck --id id --window 5
cl-cat wide.ck | grep -q '"waited": 19[0-9], "missed": 0' || fail "late labels found: $(cl-cat wide.ck | grep -o '"waited.*missed": [0-9]*')"
cl-cat narrow.ck | grep -q '"waited": 0, "missed": 19[0-9]' || fail "late labels found: $(cl-cat narrow.ck | grep -o '"waited.*missed": [0-9]*')"

# Rows for validation and test are not learnt; a rate of 0 leaves the weights as they were; evaluating changes nothing.
cl-split -q classes.new.clt > tagged.clt || fail "cannot tag"
learn classes.ck tagged.clt tagged.ck
cl-cat tagged.ck | grep -q '"left_out": 120' || fail "tagged rows: $(cl-cat tagged.ck | grep -o '"left_out": [0-9]*')"
learn numbers.ck numbers.new.clt still.ck --lr 0
cl-predict -m numbers.ck numbers.new.clt > before.csv && cl-predict -m still.ck numbers.new.clt > after.csv ||
    fail "no predictions"
same before.csv after.csv "predictions after learning with rate 0"

# The log is one of rows as well: in one piece, or in two.
learn classes.ck classes.new.clt whole.ck --log whole.log --log-rows 70
cut_rows classes.ck new.csv 210
learn classes.ck first.clt middle.ck --log a.log --log-rows 70
learn middle.ck second.clt end.ck --log b.log --log-rows 70
cat a.log b.log | cmp -s - whole.log || fail "the log of a stream in two parts is another: $(cat a.log b.log | diff - whole.log | head -n 4)"
[ "$(wc -l < whole.log)" -eq 9 ] || fail "$(wc -l < whole.log) lines in the log instead of 9"

# Memory does not grow with the stream, nor with checkpoints and lines of the log.
if [ -z "${CL_TEST_SANITIZED:-}" ]; then
    for copies in 1 30; do
        streams=()
        for ((i = 0; i < copies; i++)); do
            streams+=(classes.late.clt)
        done
        peak $copies.rss cl-tune -q -m classes.ck --online --id id --window 50 --adapt --checkpoint c.ck --every 1ms \
            --log log --log-rows 50 -o z.ck "${streams[@]}" || fail "$copies copies of a stream"
    done
    [ "$(cat 30.rss)" -lt $(($(cat 1.rss) + 1024)) ] || fail "$(cat 1.rss) KiB for one stream, $(cat 30.rss) KiB for 30"
fi
