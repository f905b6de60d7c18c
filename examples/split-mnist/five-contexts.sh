#!/bin/bash
# One run of the protocol: five contexts one after the other, with one strategy and one seed.
#
#   five-contexts.sh SCENARIO STRATEGY SEED FOLDER
#
# SCENARIO: class (which of all ten digits?), domain (first or second of its context, whichever that is?) or task
# (which of the two digits of a context that is given?). FOLDER gets the model after each context, K.ck, and keeps the
# last one, so that a run that was interrupted goes on from there. Prints the mean accuracy over the test rows of the
# contexts. STEPS, MEMORY, THREADS: from the Makefile.
set -eu -o pipefail
scenario=$1 strategy=$2 seed=$3 folder=$4
data=data/$seed kind=class by=class
[ "$scenario" = domain ] && kind=domain by=run
read -ra digits < "$data/order"
mkdir -p "$folder"

# 784-400-400, Adam with 0.001, batches of 128; no rows held out, nothing stopped early, no mean of the weights
training=(--optimizer adam --lr 0.001 --batch 128 --valid 0 --patience 0 --ema 0 --threads "$THREADS" -q --seed "$seed")
network=(--hidden "400,400")
if [ "$strategy" = gdumb ]; then # 500 rows are few for 784 pixels
    network=(--net "dropout 0.3, dense 400 relu, dropout 0.2, dense 400 relu, dropout 0.2")
fi
all=()
[ "$scenario" = domain ] || all=(--classes "0,1,2,3,4,5,6,7,8,9")

# rows KIND-CONTEXT train|test OPTION ...: its images and labels as a stream
rows()
{
    local of=$1 part=$2
    shift 2
    cl-ingest -q -f idx "$@" "$data/$of-$part-images" "$data/$of-$part-labels"
}

# The two digits of a context
among()
{
    echo "${digits[2 * $1 - 2]},${digits[2 * $1 - 1]}"
}

# Strategies that keep rows keep 100 of each digit seen so far; all others none.
memory()
{
    case $strategy in
    replay | der | auto) echo --memory-rows $((2 * $1 * MEMORY)) --memory-by "$by" ;;
    gdumb) echo --memory-rows 500 --memory-by class ;;
    *) echo --memory-rows 0 ;;
    esac
}

if [ "$strategy" = joint ]; then
    [ -e "$folder/5.ck" ] ||
        rows $kind-0 train | cl-scale -q |
        cl-train "${network[@]}" "${training[@]}" --memory-rows 0 --steps $((5 * STEPS)) -o "$folder/5.ck"
else
    last=0
    for k in 1 2 3 4 5; do
        [ -e "$folder/$k.ck" ] && last=$k
    done
    for ((k = last + 1; k <= 5; k++)); do
        options=(--strategy "$strategy" --steps "$STEPS")
        # shellcheck disable=SC2207
        options+=($(memory $k))
        # 1/k and 1 - 1/k, as in the paper; `auto` is what cl-tune does when nothing is said
        case $strategy in replay | der | lwf) [ $k = 1 ] || options+=(--replay-weights share) ;; esac
        [ "$scenario" = task ] && options+=(--among "$(among $k)")
        # in the paper the network has all outputs from the start, and one Adam goes through all contexts; `auto` and
        # `analytic` start anew each time, and with classes their output layer grows
        case $scenario-$strategy in class-auto | class-analytic) ;; *) [ $k -gt 1 ] || options+=("${all[@]}") ;; esac
        case $strategy in auto | gdumb | analytic) ;; *) [ $k = 1 ] || options+=(--keep-optimiser) ;; esac
        case $strategy in
        gdumb) # what is learnt before the last context does not matter: the last run begins anew, from 500 rows
            options=(--strategy gdumb --memory-rows 500 --memory-by class)
            [ $k = 1 ] && options=(--memory-rows 500 --memory-by class)
            [ $k = 5 ] && options+=(--batch 32 --epochs 200 --schedule cosine --label-smoothing 0.3) ||
                options+=(--steps 1) ;;
        analytic) # nothing is learnt by steps after the first context
            [ $k = 1 ] && options+=(--features 1 --widen 2000) || training=(-q --threads "$THREADS") options=() ;;
        esac
        if [ $k = 1 ]; then
            rows $kind-1 train | cl-scale -q |
                cl-train "${network[@]}" "${training[@]}" "${options[@]}" -o "$folder/1.ck"
        else
            rows $kind-$k train -m "$folder/$((k - 1)).ck" |
                cl-tune -m "$folder/$((k - 1)).ck" "${training[@]}" "${options[@]}" -o "$folder/$k.ck"
            rm "$folder/$((k - 1)).ck"
        fi
    done
fi

for k in 1 2 3 4 5; do
    only=()
    [ "$scenario" = task ] && only=(--among "$(among $k)")
    rows $kind-$k test -m "$folder/5.ck" | cl-eval -m "$folder/5.ck" -q --threads "$THREADS" --json "${only[@]}"
done | awk '
    match($0, /"accuracy": *[0-9.eE+-]+/) { split(substr($0, RSTART, RLENGTH), part, /: */); sum += part[2]; n++ }
    END { if (n != 5) exit 1; printf "%.2f\n", 100 * sum / n }'
