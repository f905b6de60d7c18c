# Classes to expect are classes of the model, in their order.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train -q --classes tulip,aster --epochs 1 --hidden 4 --memory-rows 0 -o m.ck iris.clt
cl-cat m.ck | grep '^classes'
cl-predict -m m.ck --proba iris.clt | head -n 1
cl-train --classes setosa,,tulip -o m.ck iris.clt; echo $?
printf 'a,y\n1,2\n2,3\n3,5\n' | cl-ingest --types y:num | cl-train --classes 7,8; echo $?
