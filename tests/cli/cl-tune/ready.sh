# A model made ready for a strategy goes on with it and its numbers, and another one is taken when it is named.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train -q --hidden 4 --epochs 2 --strategy si --si-xi 0.5 --memory-rows 0 -o si.ck iris.clt
cl-train -q --hidden 4 --epochs 2 --memory-rows 0 -o plain.ck iris.clt
options() { cl-cat $1 | grep -o '"strategy.*' | tr , '\n' | grep -E 'strategy|strength|xi|temperature|replay'; }
echo train && options si.ck
options plain.ck || echo nothing
echo tune && cl-tune -q -m si.ck --epochs 2 -o n.ck iris.clt && options n.ck
cl-tune -q -m si.ck --epochs 2 --strategy si --si-xi 0.5 -o m.ck iris.clt && cmp n.ck m.ck && echo same
echo stronger && cl-tune -q -m n.ck --epochs 2 --strength 7 -o o.ck iris.clt && cl-tune -q -m o.ck --epochs 2 -o p.ck iris.clt && options p.ck
echo lwf && cl-tune -q -m si.ck --epochs 2 --strategy lwf --temperature 3 -o q.ck iris.clt && options q.ck
# What it says of importance makes no model another one, nor does being asked for.
cl-predict -m si.ck iris.clt | cksum > a; cl-predict -m plain.ck iris.clt | cksum > b; cmp a b && echo same
# None has what it needs.
for strategy in si replay der; do cl-tune -q -m plain.ck --strategy $strategy -o n.ck iris.clt; echo $?; done
cl-train -q --strategy der --memory-rows 0 iris.clt; echo $?
