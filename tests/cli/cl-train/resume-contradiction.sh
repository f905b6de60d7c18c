cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train -q --hidden 4 --epochs 2 --checkpoint run.ck -o m.ck iris.clt
cl-train --resume run.ck --hidden 5 -o n.ck iris.clt; echo $?
cl-train --resume m.ck -o n.ck iris.clt; echo $?
cl-train -q --resume run.ck --hidden 4 -o n.ck iris.clt && cmp m.ck n.ck && echo same
