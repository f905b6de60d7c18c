#!/bin/bash
# timeout: 240
# A run killed at any moment and resumed ends in the same checkpoint as one that was left alone.
. "$TESTS/pipes/lib.bash"
cl-ingest "$DATA/flights.csv" | cl-split | cl-scale > flights.clt || fail "no stream"
cl-ingest "$DATA/diabetes.csv" | cl-split | cl-scale > diabetes.clt || fail "no stream"

# try STREAM KILLS OPTION ...: kills the run KILLS times, each a little later.
try() {
    local data=$1 kills=$2 i killed=0
    shift 2
    rm -f run.ck
    cl-train "$@" $data.clt > whole.ck || fail "$data $*: training failed"
    cl-train "$@" --checkpoint run.ck --every 0s -o done.ck $data.clt 2> err || fail "$data $*: --checkpoint: $(cat err)"
    same whole.ck done.ck "$data $*: with and without --checkpoint"
    rm -f run.ck done.ck
    cl-train "$@" --checkpoint run.ck --every 0s -o done.ck $data.clt & pid=$!
    for ((i = 1; i <= kills; i++)); do
        # Killed soon after a checkpoint has come to be.
        for ((wait = 0; wait < 500; wait++)); do
            [ -s run.ck ] && break
            sleep 0.01
        done
        sleep 0.0$((i * 3))
        kill -9 $pid 2> /dev/null
        wait $pid 2> /dev/null
        [ $? -eq 137 ] && killed=$((killed + 1))
        [ -e done.ck ] && break
        [ -s run.ck ] || fail "$data $*: no checkpoint to resume from"
        cl-train "$@" --resume run.ck --checkpoint run.ck --every 0s -o done.ck $data.clt 2> err & pid=$!
    done
    wait $pid || fail "$data $*: resuming failed: $(cat err)"
    same whole.ck done.ck "$data $*: whole and resumed"
    [ $killed -gt 0 ] || fail "$data $*: the run was over before it could be killed"
    echo "$data: killed $killed times"
}
try flights 3 --hidden 32,16 --epochs 300 --patience 0 --dropout 0.1
try flights 2 --hidden 16 --epochs 400 --patience 200 --schedule plateau
try flights 2 --hidden 16 --epochs 400 --patience 0 --lr auto --ema 0.99
try diabetes 2 --hidden 32,16 --optimizer muon --patience 0 --steps 6000 --ema 0.99
try diabetes 2 --hidden 32 --optimizer nesterov --schedule cosine --patience 0 --steps 12000 --lr 0.01
try flights 2 --net 'softclip 3, ple 8, dense 32 gelu, layernorm, residual 1, dropout 0.1' --epochs 200 --patience 0
try diabetes 1 --hidden 32 --loss quantile --quantiles 0.05,0.5,0.95 --patience 0 --epochs 300
try diabetes 1 --hidden 32 --loss poisson --patience 0 --epochs 300
# Other data is not the same run.
cl-train --hidden 32 --steps 100 --checkpoint run.ck --every 0s -o done.ck diabetes.clt || fail "training failed"
cl-train --hidden 32 --steps 100 --resume run.ck flights.clt > out 2> err
status 3 $? "resuming on other data"
one_line err "resuming on other data"
