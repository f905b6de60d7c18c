#!/bin/bash
# Plasticity: a network of 784-100-100-100-10 learns permuted digits from a stream, one task after the other, an update for
# every row (the class of experiment of Dohare et al., "Loss of plasticity in deep continual learning", 2024). Printed is
# the accuracy on rows before they are learned, mean over a tenth of the tasks each: without and with cl-tune --shrink; and
# of the last tenth the mean over the seeds, none of which chose anything.
#
#   PLASTICITY_TASKS=N PLASTICITY_ROWS=N PLASTICITY_SEEDS='21 ..'   other than 100 tasks of 2000 rows, seeds 21 to 23
#   PLASTICITY_OPTIONS='OPTION ...'                                 other than --update-rows 1 --lr 0.01
set -u -o pipefail
[ -d "$CL_DATA/mnist" ] || { echo "skipped: no digits in $CL_DATA"; exit 77; }
command -v zstd > /dev/null || { echo "skipped: zstd is needed to unpack the digits"; exit 77; }
tasks=${PLASTICITY_TASKS:-100} rows=${PLASTICITY_ROWS:-2000}
read -ra options <<< "${PLASTICITY_OPTIONS:---update-rows 1 --lr 0.01}"
zstd -dcq "$CL_DATA/mnist/train-images-idx3-ubyte.zst" > images || exit 1
labels=$CL_DATA/mnist/train-labels-idx1-ubyte

# learn OPTION ...: accuracies on ten groups of tasks
learn() {
    permuted images "$labels" "$tasks" "$rows" "$seed" | cl-ingest -q -m model.ck |
        cl-tune -q -m model.ck --online --memory-rows 0 --threads 1 --log log --log-rows "$rows" "${options[@]}" "$@" -o next.ck ||
        return 1
    awk -v rows="$rows" -v each=$(((tasks + 9) / 10)) '
        match($0, /"accuracy": [0-9.]*/) {
            right = substr($0, RSTART + 12, RLENGTH - 12) * NR * rows
            sum += (right - before) / rows
            before = right
            if (NR % each == 0) {
                printf " %.3f", sum / each
                sum = 0
            }
        }
        END { print "" }' log
}

for seed in ${PLASTICITY_SEEDS:-21 22 23}; do
    permuted images "$labels" 1 500 "$seed" | cl-ingest -q -y digit --task class | cl-scale -q |
        cl-train -q --hidden 100,100,100 --epochs 1 --seed "$seed" -o model.ck || exit 1
    for shrink in 1 0.999999 0.99999; do
        start=$SECONDS
        line=$(learn --shrink $shrink) || exit 1
        printf 'seed %s, --shrink %-8s %s  (%d s)\n' "$seed" "$shrink" "$line" $((SECONDS - start))
        echo "$shrink ${line##* }" >> last
    done
done
# Late tasks are where it shows.
awk '{ sum[$1] += $2; n[$1]++ }
    END {
        for (shrink in sum)
            printf "last tenth, --shrink %s: mean %.4f over %d seeds\n", shrink, sum[shrink] / n[shrink], n[shrink]
        if (sum["0.99999"] <= sum["1"]) {
            print "MISSED: no better on the last tasks"
            exit 1
        }
    }' last
