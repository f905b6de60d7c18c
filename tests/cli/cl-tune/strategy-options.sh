# A number that the strategy does not have is refused, not ignored.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 1 -o m.ck
for options in '--strategy none --strength 1' '--strategy ewc --ewc-gamma 0.5' '--strategy lwf --si-xi 1' \
    '--strategy replay --temperature 1' '--strategy ewc --replay-weights equal' '--strategy replay --strength 2' \
    '--perturb 0.1' '--strategy l2sp --shrink-perturb 0.6' '--strategy der --reinit-head' \
    '--reinit-head --keep-optimiser' '--reinit-head --new-class other' '--head-lr 1' '--lr-decay 0.5' '--shrink-perturb 2' \
    '--strategy nonsense'; do
    cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-tune -m m.ck $options -o n.ck
    echo $?
done
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --si-xi 1 --strategy ewc > n.ck
echo $?
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden none --epochs 1 -o line.ck
cl-ingest -m line.ck "$TESTS/data/iris.csv" | cl-tune -m line.ck --lr-decay 2 -o n.ck
echo $?
