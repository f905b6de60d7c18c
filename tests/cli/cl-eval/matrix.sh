# Models in the order in which they were made, on the held-out rows of each task: what was forgotten.
cl-ingest "$TESTS/data/iris.csv" | cl-split -f 0.8,0.2 --stratify | cl-scale > all.clt
task() { awk -F, -v classes="$2" 'NR == 1 || index(classes, $5)' "$TESTS/data/iris.csv" > "$1.csv"; }
task 1 setosa,versicolor && task 2 versicolor,virginica && task 3 setosa,virginica
train() { cl-train -q --hidden 8 --epochs 20 --valid 0 --lr 0.01 "$@" all.clt; }
train --epochs 0 -o 0.ck
train --among setosa,versicolor -o 1.ck
train --among versicolor,virginica -o 2.ck
train --among setosa,virginica -o 3.ck
for i in 1 2 3; do
    cl-ingest -m 1.ck $i.csv > $i.clt
done
matrix() { cl-eval --matrix -m 1.ck -m 2.ck -m 3.ck "$@" 1.clt 2.clt 3.clt; }

matrix
echo 'with an untrained model'
matrix --baseline 0.ck | cut -c1-24
echo 'told which two'
matrix --among setosa,versicolor --among versicolor,virginica --among setosa,virginica --baseline 0.ck
echo 'of which less is better'
matrix --metric log_loss | tail -n 3
echo 'JSON'
matrix --json --baseline 0.ck > out.json
grep -o '"[a-z_]*":' out.json | tr -d '":' | xargs
# list KEY: the numbers, or names, of a list, and of lists in it
list() {
    sed "s/.*\"$1\": *\[*\([^]]*\(\], *\[[^]]*\)*\)\].*/\1/" out.json | tr -d '[],"'
}
number() {
    sed "s/.*\"$1\": *\([-0-9.e]*\).*/\1/" $2
}
list models
list streams
list rows
echo "$(list matrix) $(list baseline) $(number acc out.json) $(number bwt out.json) $(number fwt out.json) \
$(number forgetting out.json)" | awk '
    function near(a, b) { return a - b < 1e-12 && b - a < 1e-12 }
    function most(a, b) { return a > b ? a : b }
    { # r[i][j] is $(3 * i + j + 1), b[j] $(10 + j)
        print NF, near($13, ($7 + $8 + $9) / 3), near($14, ($7 - $1 + $8 - $5) / 2),
            near($15, ($2 - $11 + $6 - $12) / 2), near($16, (most($1, $4) - $7 + most($2, $5) - $8) / 2)
    }'
for j in 1 2 3; do
    cl-eval --json -m 2.ck $j.clt > one.json
    [ "$(number accuracy one.json)" = "$(list matrix | cut -d ' ' -f $((3 + j)))" ]; echo $?
done
echo 'from a pipe'
cat 1.clt | cl-eval --matrix -m 1.ck -m 2.ck - 2.clt | sed -n '1,3p'
echo 'one task; more models than tasks'
cl-eval --matrix -m 1.ck 1.clt
cl-eval --matrix -m 1.ck -m 2.ck -m 3.ck 1.clt 2.clt
echo 'gates'
matrix -q --gate 'acc>0' 'bwt<1' 'forgetting<=1' > /dev/null
echo $?
matrix -q --gate 'acc>1' 'bwt>=0' --gate 'forgetting < 0.05' > /dev/null
echo $?
matrix --gate 'fwt>0'
echo $?
matrix --gate 'accuracy>0'
echo $?
matrix --gate 'acc[setosa]>0'
echo $?
cl-eval --matrix -m 1.ck -m 2.ck -m 3.ck --gate 'bwt>0' 1.clt 2.clt
echo $?
echo 'a model that does not have a class yet'
cl-ingest 1.csv | cl-scale | cl-train -q --hidden 8 --epochs 20 --valid 0 -o old.ck
cl-eval --matrix -m old.ck -m 2.ck --among setosa,versicolor --among versicolor,virginica --baseline 0.ck 1.clt 2.clt
cl-eval --matrix -m old.ck -m 2.ck 1.clt 2.clt
cl-eval --matrix -m 2.ck -m old.ck --among setosa,virginica 1.clt 3.clt
echo $?
echo 'numbers'
cl-ingest "$TESTS/data/diabetes.csv" > d.clt
cl-scale d.clt | cl-train -q --hidden none --epochs 1 -o d1.ck
cl-scale d.clt | cl-train -q --hidden none --epochs 9 -o d2.ck
cl-eval --matrix -m d1.ck -m d2.ck d.clt d.clt
cl-eval --matrix -m d1.ck -m d2.ck --metric r2 d.clt d.clt | sed -n '1p; 5,$p'
echo 'what is wrong'
wrong() {
    cl-eval "$@"
    echo $?
}
wrong --matrix -m 1.ck
wrong --matrix 1.clt
wrong -m 1.ck -m 2.ck 1.clt
wrong -m 1.ck --among setosa --among virginica 1.clt
wrong -m 1.ck --metric r2 1.clt
wrong -m 1.ck --baseline 0.ck 1.clt
wrong --matrix -m 1.ck --by species 1.clt
wrong --matrix -m 1.ck --predictions p.csv 1.clt
wrong --matrix -m 1.ck -m 2.ck --among setosa --among virginica 1.clt 2.clt 3.clt
wrong --matrix -m 1.ck --metric speed 1.clt
wrong --matrix -m 1.ck --metric n 1.clt
wrong --matrix -m 1.ck --metric rmse 1.clt
wrong --matrix -m d1.ck --metric pinball d.clt
wrong --matrix -m 1.ck -m d1.ck 1.clt
wrong --matrix -m 1.ck -m none.ck 1.clt
wrong --matrix -m 1.ck d.clt
wrong --matrix -m 1.ck --on valid 1.clt
wrong --matrix -m 1.ck none.clt
