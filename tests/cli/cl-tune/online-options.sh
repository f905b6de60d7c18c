# What does not go together, and what a stream has no use for.
cl-ingest --role sepal_width:id "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 1 -o m.ck
cl-ingest -m m.ck "$TESTS/data/iris.csv" > i.clt
tune() {
    cl-tune -q -m m.ck "$@" -o n.ck i.clt
    echo "$? $*"
}
tune --update-rows 3
tune --adapt
tune --shrink 0.9
tune --id sepal_width
tune --log-rows 3
for option in '--epochs 3' '--batch 3' '--valid 0.2' '--schedule cosine' '--ema 0.9' '--strategy l2sp' '--among setosa,virginica' \
    '--freeze 1' '--class-weights balanced' '--max-memory 1G'; do
    tune --online $option
done
tune --online --update-rows 0
tune --online --window 3
tune --online --detector ddm
tune --online --adapt --detector nonsense
tune --online --log-rows 3
tune --online --log l --log-rows 3 --log-every 1s
tune --online --lr auto --optimizer adam
tune --online --id sepal_length
tune --online --id nothing
tune --online --hidden 5
tune --online --resume i.clt
tune --online --resume m.ck
[ -e n.ck ] || echo none
# A run goes on as it was.
cl-tune -q -m m.ck --online --lr 0.01 -o n.ck i.clt
cl-tune -q -m n.ck --online --lr 0.02 -o o.ck i.clt
echo $?
cl-tune -q -m n.ck --online --lr 0.01 -o o.ck i.clt && cl-cat --strip resume n.ck | cl-tune -q -m - --online --lr 0.02 -o p.ck i.clt && echo fine
