#!/bin/bash
# cl-predict on raw rows and cl-eval on the scaled stream print the same predictions, to the last bit.
. "$TESTS/pipes/lib.bash"
agree() {
    local data=$1 proba=--proba
    shift
    [ "$data" = diabetes ] && proba=
    cl-ingest "$DATA/$data.csv" | cl-split > split.clt && cl-scale split.clt > scaled.clt || fail "$data: no stream"
    train "$@" scaled.clt > m.ck || fail "$data: training failed"
    cl-ingest -m m.ck "$DATA/$data.csv" | cl-predict -m m.ck $proba > predict.csv || fail "$data: cl-predict failed"
    cl-eval -m m.ck --on all --predictions eval.csv scaled.clt > scaled.txt || fail "$data: cl-eval failed"
    cl-eval -m m.ck --on all --predictions raw.csv split.clt > raw.txt || fail "$data: cl-eval on raw rows failed"
    same eval.csv raw.csv "$data, cl-eval on scaled and raw rows"
    same scaled.txt raw.txt "$data, metrics on scaled and raw rows"
    # cl-eval may say more in its file (row, label); the columns that cl-predict prints must be there with the same text.
    awk -F, -v columns="$(head -n 1 predict.csv)" '
        NR == 1 { n = split(columns, want, ","); for (j = 1; j <= NF; j++) at[$j] = j
                  for (i = 1; i <= n; i++) if (!(want[i] in at)) { print "no column " want[i]; exit 1 } }
        { line = ""; for (i = 1; i <= n; i++) line = line (i > 1 ? "," : "") $at[want[i]]; print line }
    ' eval.csv > columns.csv || fail "$data: cl-eval --predictions lacks a column: $(cat columns.csv)"
    same predict.csv columns.csv "$data, cl-predict and cl-eval"
    [ "$(wc -l < predict.csv)" -eq "$(wc -l < "$DATA/$data.csv")" ] || fail "$data: $(wc -l < predict.csv) lines"
    # One row alone has the same prediction as in company, on either engine.
    sed -n '1p;38p' "$DATA/$data.csv" > one.csv
    cl-ingest -m m.ck one.csv | cl-predict -m m.ck $proba | tail -n 1 > one
    sed -n 38p predict.csv > among
    same one among "$data, a row alone and among others"
    cl-ingest -m m.ck "$DATA/$data.csv" | cl-predict -m m.ck $proba --device ref > ref.csv
    same predict.csv ref.csv "$data, engines"
}
agree flights
agree diabetes
agree wine
agree flights --hidden 16 --activation gelu --dropout 0.3
