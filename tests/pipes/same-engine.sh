#!/bin/bash
# The reference engine and the fast one give the same checkpoint, whatever is trained.
. "$TESTS/pipes/lib.bash"
for data in flights diabetes wine; do
    cl-ingest "$DATA/$data.csv" | cl-split | cl-scale > $data.clt || fail "$data: no stream"
done
try() {
    local data=$1
    shift
    train --device ref "$@" < $data.clt > ref.ck || fail "$data $*: ref failed"
    train --device cpu "$@" < $data.clt > cpu.ck || fail "$data $*: cpu failed"
    same ref.ck cpu.ck "$data $*, ref and cpu"
}
try flights
try diabetes
try wine
try flights --optimizer momentum --lr 0.05 --weight-decay 0.01 --clip 0.5
try flights --optimizer rmsprop --activation gelu --dropout 0.2
try diabetes --optimizer nesterov --loss huber --activation tanh --schedule cosine --warmup 5
try wine --optimizer adamw --weight-decay 0.1 --activation silu --init he-normal --class-weights balanced
try diabetes --loss poisson --activation silu --dropout 0.1
try diabetes --loss quantile --quantiles 0.05,0.5,0.95 --batch 100
try wine --label-smoothing 0.1 --class-weights balanced
try flights --label-smoothing 0.05
try wine --batch all --optimizer sgd --hidden none
# Batches of many blocks of 64 rows: their sums are added in the tree of rule 2, however an engine cuts the batch up.
awk -v OFS=, 'BEGIN { print "a,b,y"; for (i = 0; i < 20000; i++) print i % 97, i % 89, (i * 31) % 101 }' |
    cl-ingest | cl-scale > many.clt || fail "many: no stream"
for batch in 8192 8193 12345 all; do
    try many --hidden 5,3 --valid 0 --batch $batch
done
train() {
    cl-train --epochs 3 "$@"
}
try flights --net 'softclip 3, ple 16, dense 40 silu, layernorm, dropout 0.1, residual 2' --weight-decay 0.01
try diabetes --net 'ple 5, dense 16, residual 1, layernorm' --clip 0.3 --batch 100
