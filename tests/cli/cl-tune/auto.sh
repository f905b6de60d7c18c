# What auto is goes by the rows: more of the same, another label for the same, a class that is new; with rows in memory or
# without; for classes and for numbers. The run after it chooses anew, and one that is resumed stays with what it chose.
say() {
    cl-tune -v "$@" 2>&1 > /dev/null | grep -E 'auto is|strategy' | sed 's/, [a-z]* at rate.*//'
}
iris=$TESTS/data/iris.csv
cl-ingest "$iris" | cl-scale | cl-train -q --hidden 8 --epochs 60 --lr 0.01 -o m.ck
cl-ingest -q -m m.ck "$iris" > same.clt
sed 's/setosa/x/; s/virginica/setosa/; s/x$/virginica/' "$iris" | cl-ingest -q -m m.ck > turned.clt
sed '2,30s/setosa/rose/' "$iris" | cl-ingest -q -m m.ck > new.clt
for rows in same turned new; do
    say -m m.ck -o $rows.ck $rows.clt
    cl-tune -q -m m.ck -o $rows.ck $rows.clt
done
say -m turned.ck same.clt
say -m turned.ck turned.clt
say -m m.ck --among setosa,virginica same.clt
cl-tune -q -m m.ck --memory-rows 0 --strategy none --epochs 1 -o bare.ck same.clt
for rows in same new; do
    say -m bare.ck --strategy auto $rows.clt
done
say -m m.ck --shrink-perturb 0.6 same.clt
say -m m.ck --reinit-head same.clt
say -m m.ck --replay-weights share same.clt
# What auto does, said in words.
cl-tune -q -m m.ck --strategy lwf --replay-weights rows -o words.ck same.clt
cl-cat -q --digest same.ck > auto; cl-tune -q -m m.ck --checkpoint run.ck -o whole.ck same.clt
cl-tune -q -m m.ck --resume run.ck -o done.ck same.clt && cmp whole.ck done.ck && echo resumed
cl-predict -m same.ck same.clt | cksum > one; cl-predict -m words.ck same.clt | cksum > two; cmp one two && echo said
# Numbers.
cl-ingest "$TESTS/data/diabetes.csv" | cl-scale | cl-train -q --hidden 8 --epochs 40 -o d.ck
cl-ingest -q -m d.ck "$TESTS/data/diabetes.csv" > d.clt
say -m d.ck d.clt
awk -F, -v OFS=, 'NR > 1 { $NF = 400 - $NF } { print }' "$TESTS/data/diabetes.csv" | cl-ingest -q -m d.ck > turned.clt
say -m d.ck turned.clt
