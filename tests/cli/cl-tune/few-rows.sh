# Some hundred steps even of few rows; what is asked for counts.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 1 -o m.ck
head -n 41 "$TESTS/data/iris.csv" | cl-ingest -m m.ck > few.clt
for options in '' '--batch all' '--epochs 3' '--steps 7'; do
    cl-tune -v -m m.ck --strategy none $options -o n.ck few.clt 2> err
    cl-cat n.ck | grep -E '^ +(epochs|steps) [0-9]' | tr -s ' \n' ' ' && echo
done
