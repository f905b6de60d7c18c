#!/bin/bash
# One run of the protocol: twenty tasks one after the other, one epoch each, with one strategy and one seed.
#
#   twenty-tasks.sh permuted|rotated STRATEGY SEED FOLDER
#
# STRATEGY: none, joint, or replay-N, der-N, auto-N with N rows in the memory. FOLDER gets the model after each task,
# T.ck, and keeps the last one, so that a run that was interrupted goes on from there. Prints the mean accuracy over the
# test rows of all tasks. RATE, TASKS, THREADS: from the Makefile.
set -eu -o pipefail
kind=$1 strategy=${2%-*} rows=${2#*-} seed=$3 folder=$4
[ "$rows" = "$2" ] && rows=0
mkdir -p "$folder"

# 784-100-100-10, SGD, batches of 128, one epoch; no rows held out, no mean of the weights
training=(--optimizer sgd --lr "$RATE" --batch 128 --epochs 1 --valid 0 --patience 0 --ema 0 --threads "$THREADS" -q
    --seed "$seed" --memory-rows "$rows" --memory-by run)
network=(--hidden "100,100")
trap 'rm -f "$folder/images" "$folder/labels"' EXIT

# A task's rows as a stream: rows TASK IMAGES LABELS OPTION ...
rows()
{
    local task=$1 images=$2 labels=$3
    shift 3
    ./tasks "$kind" "$seed" "$task" "$images" > "$folder/images"
    cl-ingest -q -f idx "$@" "$folder/images" "$labels"
}

if [ "$strategy" = joint ]; then
    if ! [ -e "$folder/$TASKS.ck" ]; then
        # the labels of all tasks, one after the other, behind an IDX head with their number
        head=$(printf '00000801%08x' $((60000 * TASKS)) | sed 's/../\\x&/g')
        {
            printf '%b' "$head"
            for ((t = 1; t <= TASKS; t++)); do tail -c +9 data/train-labels; done
        } > "$folder/labels"
        rows "1-$TASKS" data/train-images "$folder/labels" | cl-scale -q |
            cl-train "${network[@]}" "${training[@]}" -o "$folder/$TASKS.ck"
    fi
else
    last=0
    for ((t = 1; t <= TASKS; t++)); do
        [ -e "$folder/$t.ck" ] && last=$t
    done
    for ((t = last + 1; t <= TASKS; t++)); do
        if [ "$t" = 1 ]; then
            rows 1 data/train-images data/train-labels | cl-scale -q |
                cl-train "${network[@]}" "${training[@]}" --strategy "$strategy" -o "$folder/1.ck"
        else
            rows "$t" data/train-images data/train-labels -m "$folder/$((t - 1)).ck" |
                cl-tune -m "$folder/$((t - 1)).ck" "${training[@]}" --strategy "$strategy" -o "$folder/$t.ck"
            rm "$folder/$((t - 1)).ck"
        fi
    done
fi

for ((t = 1; t <= TASKS; t++)); do
    rows "$t" data/test-images data/test-labels -m "$folder/$TASKS.ck" |
        cl-eval -m "$folder/$TASKS.ck" -q --threads "$THREADS" --json
done | awk -v tasks="$TASKS" '
    match($0, /"accuracy": *[0-9.eE+-]+/) { split(substr($0, RSTART, RLENGTH), part, /: */); sum += part[2]; n++ }
    END { if (n != tasks) exit 1; printf "%.2f\n", 100 * sum / n }'
