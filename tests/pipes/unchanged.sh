#!/bin/bash
# Predicting, evaluating and looking change no model; tuning on no rows gives the same one, whatever the strategy.
. "$TESTS/pipes/lib.bash"
cl-ingest -q "$DATA/iris.csv" | cl-scale -q | train -q -o m.ck || fail "training failed"
cl-ingest -q -m m.ck "$DATA/iris.csv" > all.clt
cl-split -q -f 0,1 all.clt > none.clt || fail "no rows to learn from"
cp m.ck before.ck
chmod a-w m.ck
digest=$(cl-cat --digest m.ck)
for line in "cl-predict -m m.ck all.clt" "cl-predict --proba -m m.ck all.clt" "cl-eval -m m.ck --on all all.clt" \
    "cl-cat m.ck" "cl-cat --memory m.ck" "cl-ingest -m m.ck $DATA/iris.csv"; do
    $line > out 2> err || fail "$line: $(cat err)"
    same before.ck m.ck "$line"
done
for options in "" "--strategy none" "--strategy l2sp" "--strategy ewc" "--strategy online-ewc" "--strategy si" \
    "--strategy lwf" "--strategy replay" "--strategy der" "--strategy analytic" "--new-columns add" "--head-epochs 1" "--memory-rows 3" "--shrink-perturb 0.5 --strategy none"; do
    cl-tune -m m.ck $options none.clt > n.ck 2> err || fail "cl-tune $options of no rows: $(cat err)"
    grep -q 'no row to learn from' err || fail "cl-tune $options of no rows says: $(cat err)"
    same before.ck n.ck "cl-tune $options of no rows"
    [ "$(cl-cat --digest n.ck)" = "$digest" ] || fail "cl-tune $options of no rows: another digest"
done
# And of rows, it is another one.
cl-tune -q -m m.ck all.clt > n.ck || fail "tuning failed"
[ "$(cl-cat --digest n.ck)" != "$digest" ] || fail "a model tuned on rows is the same"
same before.ck m.ck "cl-tune"
