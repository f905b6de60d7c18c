#!/bin/bash
# Ways to go down, on real data at an equal number of epochs: each with the best of four learning rates, by the mean lowest
# validation loss of seeds 11 to 14, and with --lr auto. Shown are, of the test rows, the metric and the loss, as means
# over seeds 21 to 25 that no rate was chosen on.
set -u -o pipefail
[ -d "$CL_DATA/adult" ] || { echo "skipped: no data sets in $CL_DATA"; exit 77; }
command -v zstd > /dev/null || { echo "skipped: zstd is needed to unpack the data sets"; exit 77; }
choosing='11 12 13 14' showing='21 22 23 24 25'

# every_fifth NAME < CSV: row i (from 0) is a test row when i mod 5 = 4.
every_fifth() {
    awk -v train="$1.csv" -v test="$1-test.csv" '
        NR == 1 { print > train; print > test; next }
        { print > ((NR - 2) % 5 == 4 ? test : train) }'
}

# first NAME ROWS < CSV: the first ROWS rows are for training.
first() {
    awk -v train="$1.csv" -v test="$1-test.csv" -v rows="$2" '
        NR == 1 { print > train; print > test; next }
        { print > (NR - 2 < rows ? train : test) }'
}

# prepare NAME OPTION ...: NAME.clt and NAME-test.clt from the files of text.
prepare() {
    cl-ingest -q "${@:2}" "$1.csv" | cl-scale > "$1.clt" && cl-train -q --epochs 0 "$1.clt" > model.ck &&
        cl-ingest -q -m model.ck "$1-test.csv" > "$1-test.clt"
}

zstd -dcq "$CL_DATA/adult/train.csv.zst" > adult.csv
zstd -dcq "$CL_DATA/adult/test.csv.zst" > adult-test.csv
first letter 16000 < "$CL_DATA/letter/letter.csv"
zstd -dcq "$CL_DATA/diamonds/diamonds.csv.zst" | every_fifth diamonds
every_fifth spambase < "$CL_DATA/spambase/spambase.csv"
zstd -dcq "$CL_DATA/bike-sharing/hour.csv.zst" | first bike 12165
prepare adult -y income && prepare letter -y lettr && prepare diamonds -y price && prepare spambase -y type &&
    prepare bike -y cnt --drop casual,registered,instant --role dteday:time \
        --types season:cat,mnth:cat,hr:cat,weekday:cat,weathersit:cat || exit 1

# lowest NAME EPOCHS SEED OPTION ...: trains model.ck and prints its validation loss; a large one when it diverged.
lowest() {
    cl-train -v --threads 1 --patience 0 --epochs "$2" --seed "$3" "${@:4}" "$1.clt" 2> log > model.ck ||
        { [ $? -eq 3 ] && echo 1e9; return; }
    sed -n 's/.*the best is epoch .*, validation loss //p' log
}

# mean: of the numbers of stdin, one a line; fails when there are none.
mean() {
    awk '{ sum += $1 } END { if (NR == 0) exit 1; printf "%.6g\n", sum / NR }'
}

# best NAME EPOCHS "OPTIONS" RATE ...: the rate.
best() {
    local rate seed
    for rate in "${@:4}"; do
        # shellcheck disable=SC2086 # words are meant
        echo "$(for seed in $choosing; do lowest "$1" "$2" "$seed" $3 --lr "$rate"; done | mean) $rate"
    done | sort -g | head -n 1 | cut -d ' ' -f 2
}

# show NAME EPOCHS METRIC OPTION ...: "metric loss", means.
show() {
    local seed
    for seed in $showing; do
        if [ "$(lowest "$1" "$2" "$seed" "${@:4}")" = 1e9 ]; then
            echo diverged
            continue
        fi
        cl-eval -m model.ck --json "$1-test.clt"
    done | awk -v metric="$3" '
        $1 == "diverged" { bad = 1 }
        function number(name) {
            match($0, "\"" name "\": [-+0-9.eE]*")
            return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4)
        }
        /^\{/ { n++; loss += number("loss"); sum += number(metric) }
        END { if (bad) print "diverged -"; else if (n == 0) exit 1; else printf "%.4f %.4f\n", sum / n, loss / n }'
}

adam='0.0003 0.001 0.003 0.01' momentum='0.003 0.01 0.03 0.1'
printf '%-9s %-40s %9s %8s %8s   %8s %8s\n' 'data set' options rate metric loss 'auto' loss
for set in 'adult 10 accuracy' 'letter 20 accuracy' 'diamonds 15 r2' 'spambase 20 accuracy' 'bike 20 r2'; do
    read -r name epochs metric <<< "$set"
    while IFS='|' read -r options rates; do
        # shellcheck disable=SC2086 # words are meant
        {
            rate=$(best "$name" "$epochs" "$options" $rates) &&
                read -r value loss < <(show "$name" "$epochs" "$metric" $options --lr "$rate") &&
                read -r value_auto loss_auto < <(show "$name" "$epochs" "$metric" $options --lr auto) || exit 1
        }
        printf '%-9s %-40s %9s %8s %8s   %8s %8s\n' \
            "$name" "$options" "$rate" "$value" "$loss" "$value_auto" "$loss_auto"
    done << END
--optimizer adam|$adam
--optimizer adam --schedule cosine|$adam
--optimizer adam --ema 0.999|$adam
--optimizer nesterov --schedule cosine|$momentum
--optimizer nesterov --ema 0.999|$momentum
--optimizer muon --schedule cosine|$adam
--optimizer muon --ema 0.999|$adam
END
done
