# What is given as auto agrees with the run, or the model, that goes on.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train -q --hidden 4 --epochs 2 --checkpoint run.ck -o m.ck iris.clt
cl-train -q --hidden auto --resume run.ck -o n.ck iris.clt && cmp m.ck n.ck && echo same
cl-tune -q -m m.ck --epochs 1 -o p.ck iris.clt
cl-tune -q -m m.ck --epochs 1 --hidden auto --strategy auto -o q.ck iris.clt && cmp p.ck q.ck && echo same
