cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 1 -o m.ck
for options in '--hidden 5' '--loss mse' '--activation tanh' '--freeze 2' '--strategy none --strength 1'; do
    cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-tune -m m.ck $options -o n.ck
    echo $?
done
cl-ingest -m m.ck "$TESTS/data/iris.csv" | cl-tune -q -m m.ck --hidden 4 -o n.ck && echo fine
