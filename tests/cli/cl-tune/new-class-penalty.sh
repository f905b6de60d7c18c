# Penalties cannot tell new classes from old ones, and say so; with rows, or among the new ones, nothing has to be said.
grep -v virginica "$TESTS/data/iris.csv" | cl-ingest | cl-train -q --hidden 8 --epochs 3 -o two.ck
cl-ingest -m two.ck "$TESTS/data/iris.csv" > iris.clt
for options in '--strategy l2sp' '--strategy lwf' '--strategy replay' '--strategy none' \
    '--strategy l2sp --among setosa,virginica' '--strategy l2sp --new-class other'; do
    echo "$options" >&2
    cl-tune -m two.ck --epochs 1 --memory-rows 0 $options -o n.ck iris.clt
done
