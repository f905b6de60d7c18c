# A warm start shaken loose is another model, the same each time; 1 shakes nothing.
cl-ingest "$TESTS/data/iris.csv" | cl-scale | cl-train -q --hidden 8 --epochs 20 -o m.ck
cl-ingest -m m.ck "$TESTS/data/iris.csv" > iris.clt
for options in '' '--shrink-perturb 0.6' '--shrink-perturb 0.6' '--shrink-perturb 0.6 --perturb 0.2' '--shrink-perturb 0.6 --seed 2'; do
    cl-tune -q -m m.ck --epochs 2 --lr 0.001 --strategy none $options -o n.ck iris.clt && cl-predict --proba -m n.ck iris.clt | cksum
done | uniq -c | tr -s ' ' | cut -d' ' -f2
cl-tune -q -m m.ck --epochs 2 --lr 0.001 --strategy none --shrink-perturb 1 -o o.ck iris.clt
cl-tune -q -m m.ck --epochs 2 --lr 0.001 --strategy none -o n.ck iris.clt && cmp n.ck o.ck && echo same
