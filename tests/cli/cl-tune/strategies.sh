# l2sp stays nearer to where it began; freezing and the head first are other models.
cl-ingest "$TESTS/data/diabetes.csv" | cl-scale | cl-train -q --hidden 8 --epochs 5 -o m.ck
cl-ingest -m m.ck "$TESTS/data/diabetes.csv" > d.clt
for options in '' '--strategy l2sp' '--strategy l2sp --strength 5' '--freeze 1' '--head-epochs 2' '--keep-optimiser'; do
    cl-tune -q -m m.ck --epochs 4 $options -o n.ck d.clt && cl-predict -m n.ck d.clt | cksum
done | sort | uniq -d
cl-tune -q -m m.ck --checkpoint run.ck --strategy l2sp --epochs 4 -o n.ck d.clt
cl-tune -q -m m.ck --resume run.ck -o o.ck d.clt && cmp n.ck o.ck && echo same
