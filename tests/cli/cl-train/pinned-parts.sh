# Numerics 1, part by part: one or two epochs on data made from a seed, whose digest is the same by the reference, in every
# instruction set of the machine and on 1 to 8 threads. Nothing that matters is left to defaults, so a digest changes when bits
# do (or what a model says of its training): that is a decision, and takes another number of numerics.
awk 'BEGIN {
    seed = 12345
    printf "k,j,kind,yes,count,size"
    for (f = 1; f <= 40; f++) printf ",f%d", f
    print ""
    for (i = 0; i < 1300; i++) {
        sum = 0; row = ""
        for (f = 1; f <= 40; f++) {
            seed = (seed * 1103 + 12345) % 1048576
            row = row "," (seed % 2001) / 500 - 2
            if (f <= 5) sum += (seed % 2001) / 500 - 2
        }
        noise = seed % 7 / 3
        print (seed % 3 ? "u" : i % 4 ? "v" : "w") "," i % 11 "x," (sum < -2 ? "low" : sum + noise < 3 ? "mid" : "high") "," \
            (sum + noise > 1 ? "yes" : "no") "," int((sum + 12) / 3 + noise) "," sum + noise row
    }
}' > all.csv
narrow='f[6-9],f[1-4]?'
stream() {
    label=$1
    shift
    cl-ingest -q -y $label --drop "$(printf '%s\n' kind yes count size | grep -v "^$label\$" | paste -s -d,)" "$@" all.csv |
        cl-scale -q --method standard --label ${scale:-none} > data.clt
}
sets=
for set in base neon avx2 avx512; do
    CL_ISA=$set cl-train -V | grep -q "^engine cpu: $set\$" && sets="$sets $set"
done
# train NAME OPTION ...: the digest, once.
train() {
    name=$1
    shift
    set -- -q --valid 0 --memory-rows 20 --memory-by rows --patience 0 --schedule constant --warmup 0 --clip 0 --label-smoothing 0 --init glorot-uniform \
        --seed 7 "$@"
    digest=$(cl-train --device ref "$@" data.clt | cl-cat --digest)
    echo "$digest $name"
    for set in $sets; do
        for threads in 1 2 3 8; do
            other=$(CL_ISA=$set cl-train --device cpu --threads $threads "$@" data.clt | cl-cat --digest)
            [ "$other" = "$digest" ] || echo "$other $name, $set, $threads threads"
        done
    done
}
adam='--optimizer adam --lr 0.003 --weight-decay 0 --ema 0'
stream kind
train 'narrow, ce' --hidden 13,7 --activation relu --dropout 0 $adam --batch 32 --epochs 2
train 'wide, ce, several chunks' --hidden 200,130 --activation gelu --dropout 0 $adam --batch 1100 --epochs 1
train 'linear, one batch' --hidden none --optimizer sgd --lr 0.1 --ema 0 --batch all --epochs 3
train 'parts, balanced, smooth, clipped' --net 'softclip 2.5, ple 7, dense 24 silu, layernorm, dropout 0.1, residual 2, layernorm' \
    --optimizer adamw --lr 0.003 --weight-decay 0.1 --ema 0.9 --batch 64 --epochs 1 --label-smoothing 0.1 \
    --class-weights balanced --clip 0.5 --schedule cosine --warmup 3
stream yes --drop "$narrow"
train 'bce, muon, mean of the weights' --hidden 40,24 --activation silu --dropout 0.2 --optimizer muon --lr 0.003 \
    --weight-decay 0.05 --ema 0.95 --batch 96 --epochs 1
scale=standard stream size
train 'mse, wide, muon' --hidden 96,130 --activation tanh --dropout 0 --optimizer muon --lr 0.003 --weight-decay 0 --ema 0 --batch 700 \
    --epochs 1
train 'huber, momentum' --hidden 30 --activation leaky-relu --dropout 0 --loss huber --huber-delta 0.5 --optimizer momentum --lr 0.01 \
    --ema 0 --batch 50 --epochs 1
train 'mae, rmsprop' --hidden 9,70 --activation sigmoid --dropout 0 --loss mae --optimizer rmsprop --lr 0.003 --ema 0 --batch 63 --epochs 1
train 'quantile, bins' --net 'ple 5, dense 30 gelu, residual 1' --loss quantile --quantiles 0.05,0.5,0.9 $adam --batch 65 --epochs 1
scale=sqrt stream count --drop "$narrow"
train 'poisson of roots' --hidden 17,65 --activation silu --dropout 0 --loss poisson $adam --batch 64 --epochs 1
train 'mse of roots, nesterov' --net 'dense 33 none, dense 8' --optimizer nesterov --lr 0.01 --ema 0 --batch 128 --epochs 1
