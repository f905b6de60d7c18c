# Another label on the same features: the column has another name, and other classes.
cl-ingest "$TESTS/data/iris.csv" | cl-scale | cl-train -q --hidden 16,8 --epochs 60 --lr 0.01 -o m.ck
awk -F, -v OFS=, 'NR == 1 { $5 = "size" } NR > 1 { $5 = $3 > 4.5 ? "large" : $3 > 2 ? "middle" : "small" } { print }' \
    "$TESTS/data/iris.csv" > sizes.csv
cl-ingest -y size sizes.csv > sizes.clt
cl-tune -m m.ck --reinit-head --epochs 60 -o n.ck sizes.clt
cl-cat n.ck | grep -E '^(task|label|classes|memory)'
cl-eval -m n.ck --on all --gate 'accuracy>=0.9' sizes.clt > report && echo learnt || cat report
# Two classes take one output; the lower layers alone have learnt from where they were.
sed 's/middle/small/' sizes.csv | cl-ingest -y size | cl-tune -q -m m.ck --reinit-head --freeze 2 --epochs 2 --memory-rows 0 -o two.ck
cl-cat two.ck | grep -E '^(task|network|memory)'
# The same when resumed.
cl-tune -q -m m.ck --reinit-head --lr-decay 2 --epochs 5 --checkpoint run.ck -o whole.ck sizes.clt
cl-tune -q -m m.ck --resume run.ck -o done.ck sizes.clt && cmp whole.ck done.ck && echo same
# What cannot be.
cl-ingest -y petal_length --drop species "$TESTS/data/iris.csv" | cl-tune -m m.ck --reinit-head -o n.ck; echo $?
cut -d, -f 1-4 "$TESTS/data/iris.csv" | sed '2,$s/$/,x/;1s/$/,sepal/' | cl-ingest -y sepal | cl-tune -m m.ck --reinit-head -o n.ck; echo $?
cl-split -f 0,1 < sizes.clt | cl-tune -m m.ck --reinit-head -o n.ck; echo $?
cl-ingest "$TESTS/data/diabetes.csv" | cl-scale | cl-train -q --hidden 4 --epochs 2 -o d.ck
cl-ingest -m d.ck "$TESTS/data/diabetes.csv" | cl-tune -q -m d.ck --reinit-head --epochs 2 -o n.ck && echo a number again
cl-tune -m d.ck --reinit-head -o n.ck sizes.clt; echo $?
