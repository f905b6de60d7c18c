# The share is recorded where there is one, resumed, inherited by cl-tune, and refused where there are no classes.
cl-ingest "$TESTS/data/iris.csv" | cl-scale > iris.clt
train() { cl-train -q --hidden 8 --epochs 5 --memory-rows 0 "$@" iris.clt; }
train -o plain.ck
train --label-smoothing 0 -o none.ck
train --label-smoothing 0.1 -o smooth.ck
[ "$(cl-cat --digest plain.ck)" = "$(cl-cat --digest none.ck)" ] && echo "0 is none"
cl-cat -F json smooth.ck | grep -o '"label-smoothing": [0-9.]*'
for device in cpu ref; do
    train --label-smoothing 0.1 --device $device | cl-predict -m /dev/stdin --proba iris.clt | cksum
done | uniq | wc -l
cl-train -q --hidden 8 --epochs 5 --memory-rows 0 --label-smoothing 0.1 --checkpoint run.ck --every 0s -o half.ck iris.clt
cl-train -q --resume run.ck --label-smoothing 0.2 -o done.ck iris.clt; echo $?
cl-train -q --resume run.ck -o done.ck iris.clt && cmp smooth.ck done.ck && echo resumed
cl-tune -q -m smooth.ck --epochs 1 -o tuned.ck iris.clt && cl-cat -F json tuned.ck | grep -o '"label-smoothing": [0-9.]*'
cl-ingest "$TESTS/data/diabetes.csv" > diabetes.clt
cl-train --label-smoothing 0.1 diabetes.clt; echo $?
cl-train --label-smoothing 1 iris.clt 2>&1 | head -n 1
