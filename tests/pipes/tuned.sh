#!/bin/bash
# timeout: 240
# Tuning goes on with whatever was trained: bins stay where the first rows put them, and a run killed at any moment and
# resumed ends in the same checkpoint.
. "$TESTS/pipes/lib.bash"
awk 'BEGIN {
    print "a,b,k,kind,sold"
    for (i = 0; i < 1200; i++) {
        a = (i * 37 % 101) / 101; b = (i * 53 % 89) / 89
        print a "," b "," (i % 3 ? "u" : "v") "," (i % 7 < 4 ? "few" : "many") "," (i % 11 == 5 ? "" : int(exp(3 * a - b) + i % 3))
    }
}' > old.csv
# A new category, a new class and other numbers.
awk -F, -v OFS=, 'NR > 1 { $1 += 0.3; $3 = NR % 2 ? "u" : "w"; $4 = NR % 5 ? $4 : "none"; $5 = $5 == "" ? "" : 2 * $5 } { print }' \
    old.csv > new.csv

# model NAME LABEL SCALE OPTION ...: NAME.ck of the old rows, NAME.clt with the new ones.
model() {
    local name=$1 label=$2 scale=$3 other
    shift 3
    [ $label = kind ] && other=sold || other=kind
    cl-ingest -q -y $label --drop $other old.csv | cl-scale -q --label $scale | cl-train -q --epochs 4 "$@" -o $name.ck ||
        fail "$name: training failed"
    cl-ingest -q -m $name.ck new.csv > $name.clt || fail "$name: no stream"
}
model quantile sold standard --loss quantile --quantiles 0.1,0.5,0.9 --net 'softclip 3, ple 8, dense 24 gelu, layernorm, residual 1' --ema 0.95
model poisson sold sqrt --loss poisson --hidden 24,16 --optimizer muon
model root sold sqrt --net 'ple 5, dense 24 silu, residual 1, dropout 0.1' --optimizer muon --ema 0.95
model classes kind none --label-smoothing 0.1 --net 'softclip 2, ple 6, dense 24 gelu, layernorm' --optimizer adamw --ema 0.95

# edges FILE: a checksum of the frame in which a checkpoint has the edges of its bins.
edges() {
    local at
    cl-cat --strip memory,optimiser,resume -z0 $1 > raw.ck
    at=$(grep -a -b -o input.edges raw.ck | tail -n 1 | cut -d: -f1)
    [ -n "$at" ] && tail -c +$at raw.ck | head -c 90 | cksum
}

# try NAME KILLS OPTION ...
try() {
    local name=$1 kills=$2 i killed=0 pid wait
    shift 2
    cl-tune -q -m $name.ck "$@" $name.clt > whole.ck || fail "$name $*: cl-tune failed"
    rm -f run.ck done.ck
    cl-tune -q -m $name.ck "$@" --checkpoint run.ck --every 0s -o done.ck $name.clt & pid=$!
    for ((i = 1; i <= kills; i++)); do
        for ((wait = 0; wait < 500; wait++)); do
            [ -s run.ck ] && break
            sleep 0.01
        done
        sleep 0.0$((i * 3))
        kill -9 $pid 2> /dev/null
        wait $pid 2> /dev/null
        [ $? -eq 137 ] && killed=$((killed + 1))
        [ -e done.ck ] && break
        [ -s run.ck ] || fail "$name $*: no checkpoint to resume from"
        cl-tune -q -m $name.ck --resume run.ck --checkpoint run.ck --every 0s -o done.ck $name.clt 2> err & pid=$!
    done
    wait $pid || fail "$name $*: resuming failed: $(cat err)"
    same whole.ck done.ck "$name $*: whole and resumed"
    [ $killed -gt 0 ] || fail "$name $*: the run was over before it could be killed"
    cl-cat $name.ck > before
    cl-cat whole.ck > after
    [[ $name =~ ^(classes|ready)$ ]] && sed -i 's/loss bce$/loss ce/' before # of two classes, to which a third has come
    for line in ^transform ^task; do
        [ -n "$(grep $line after)" ] && [ "$(grep $line before)" = "$(grep $line after)" ] || fail "$name $*: tuning changed: $(grep $line after)"
    done
    [ "$(edges $name.ck)" = "$(edges whole.ck)" ] || fail "$name $*: tuning moved the edges of the bins"
    cl-eval -q -m whole.ck --on all --json $name.clt > report || fail "$name $*: cl-eval failed"
}
try quantile 2 --epochs 200 --patience 0
try quantile 1 --epochs 200 --patience 0 --strategy l2sp --strength 1 --head-epochs 50
try poisson 1 --epochs 200 --patience 0 --keep-optimiser
try root 1 --epochs 200 --patience 0 --freeze 1
try classes 1 --epochs 200 --patience 0 --class-weights balanced
model ready kind none --net 'softclip 2, ple 6, dense 24 gelu' --strategy si
try classes 1 --epochs 200 --patience 0 --strategy lwf --shrink-perturb 1 --lr-decay 2
try classes 1 --epochs 200 --patience 0 --strategy replay --shrink-perturb 0.6
try classes 1 --epochs 200 --patience 0 --strategy der --replay-weights equal
try ready 1 --epochs 100 --patience 0
try ready 1 --epochs 200 --patience 0 --strategy online-ewc
try classes 1 --epochs 200 --patience 0 --strategy ewc --strength 10
try quantile 1 --epochs 200 --patience 0 --strategy lwf --head-epochs 20
# Other rows would have put them elsewhere: the check above can fail.
cl-ingest -q -y sold --drop kind new.csv | cl-scale -q --label standard | cl-train -q --epochs 1 --net 'ple 8, dense 24' -o other.ck
[ -n "$(edges quantile.ck)" ] && [ "$(edges quantile.ck)" != "$(edges other.ck)" ] || fail "the edges do not go by the rows"

# What the model is, stays; what contradicts it is said in a sentence.
refused() {
    local name=$1 wanted=$2 status
    shift 2
    cl-tune -q -m $name.ck "$@" $name.clt > out 2> err
    status=$?
    status 2 $status "$name $*"
    one_line err "$name $*"
    grep -q -- "$wanted" err || fail "$name $*: $(cat err)"
    [ ! -s out ] || fail "$name $*: something was written"
}
refused quantile 'says quantile' --loss mse
refused quantile 'says 0.1,0.5,0.9' --quantiles 0.5
refused quantile 'says softclip 3, ple 8' --net 'ple 9, dense 24'
refused quantile 'trained without --hidden' --hidden 24
refused poisson 'trained without --quantiles' --quantiles 0.5
refused quantile 'is for classes' --label-smoothing 0.1
refused quantile 'has 3 layers' --freeze 3
refused poisson 'says poisson' --loss mse
refused poisson 'is for cl-train' --lr auto
refused root 'says mse' --loss poisson
refused classes 'says bce' --loss mse
