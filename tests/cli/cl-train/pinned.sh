# Numerics 1 is a promise: these digests are the same on every machine, instruction set, compiler and engine, and stay
# as they are until numerics has another number.
both() {
    for device in cpu ref; do
        cl-train -q --memory-by rows --device $device "$@" data.clt | cl-cat --digest
    done
}
train() {
    both --valid 0 --batch 32 --ema 0 "$@"
}
cl-ingest "$TESTS/data/iris.csv" | cl-scale > data.clt
train --hidden 20,10 --activation gelu --dropout 0.2 --clip 0.5 --epochs 12 --optimizer adam --lr 0.001
train --hidden none --optimizer sgd --batch all --epochs 30 --lr 0.1
cl-ingest "$TESTS/data/flights.csv" -y distance | cl-scale --method robust > data.clt
train --hidden 33 --activation tanh --init he-normal --loss huber --optimizer adamw --lr 0.001 --weight-decay 0.01 --epochs 3
train --hidden 17,9,5 --activation silu --optimizer nesterov --schedule cosine --warmup 5 --steps 60
cl-ingest "$TESTS/data/diabetes.csv" | cl-scale --method minmax > data.clt
train --net 'softclip 3, ple 6, dense 24 silu, layernorm, residual 2, dropout 0.1' --epochs 4 --optimizer adam --lr 0.001
train --hidden 16 --activation sigmoid --optimizer rmsprop --loss mae --epochs 5
# What the data decide: of few rows, of classes and numbers.
both --epochs 3
cl-ingest "$TESTS/data/flights.csv" | cl-scale > data.clt
both --epochs 2
