# With --among, classes remember the run in which they were learned, and old ones are told apart among themselves alone.
cl-ingest "$TESTS/data/iris.csv" | cl-scale > all.clt
cl-train -q --hidden 8 --epochs 20 --lr 0.01 --among setosa,versicolor -o one.ck all.clt
groups() { cl-cat -z0 $1 | head -c 4000 | LC_ALL=C grep -a -o "groups.*" | head -n 1 | head -c 10 | tail -c 4 | od -An -tu1; } # an array of 3
cl-ingest -m one.ck "$TESTS/data/iris.csv" > iris.clt
echo "$(groups one.ck)"
cl-tune -q -m one.ck --among versicolor,virginica --epochs 100 --strategy replay --lr 0.01 -o two.ck iris.clt
groups two.ck
cl-tune -q -m two.ck --epochs 1 --strategy none -o three.ck iris.clt
groups three.ck
for among in setosa,versicolor versicolor,virginica; do
    grep -E "species|${among%,*}|${among#*,}" "$TESTS/data/iris.csv" | cl-ingest -m two.ck |
        cl-eval -m two.ck --among $among --gate 'accuracy>=0.85' > report && echo told apart || grep accuracy report
done
