#!/bin/sh
# What `make demo` shows: train on a real CSV, evaluate on rows that were held out, predict.
#
#   demo.sh OUTPUT_FOLDER       with the programs in PATH
set -eu
here=$(cd "$(dirname "$0")" && pwd)
csv=$here/binary-classification/breast_cancer.csv
mkdir -p "$1"
cd "$1"

say()
{
    printf '\n\033[1m$ %s\033[0m\n' "$1"
}
# No colour where there is no terminal.
[ -t 1 ] || say() { printf '\n$ %s\n' "$1"; }

say 'cl-ingest breast_cancer.csv | cl-split -f 0.8,0.2 --seed 42 | cl-scale > data.clt'
cl-ingest "$csv" | cl-split -f 0.8,0.2 --seed 42 | cl-scale > data.clt
say 'cl-train data.clt > model.ck'
cl-train data.clt > model.ck
say 'cl-eval -m model.ck data.clt'
cl-eval -m model.ck data.clt
say 'cl-ingest -m model.ck breast_cancer.csv | cl-predict -m model.ck --proba | head -n 6'
cl-ingest -m model.ck "$csv" | cl-predict -m model.ck --proba > predictions.csv
head -n 6 predictions.csv

cat << END

A network learned from 455 tumours which are malignant, and was tested on 114 it had not seen; model.ck is in $1.
Try next: your own file in place of breast_cancer.csv (its last column is learned), then examples/ and man/cl.7.
END
