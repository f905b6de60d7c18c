# The output layer in closed form: no steps, no rows, no options of steps; a model without sums begins with its memory.
grep -v virginica "$TESTS/data/iris.csv" | cl-ingest | cl-scale -q | cl-train -q --strategy analytic --hidden 8 \
    --epochs 20 --widen 30 --memory-rows 0 -o two.ck
cl-cat two.ck | grep -E 'network|solved|degrees|tensors'
cl-ingest -q -m two.ck "$TESTS/data/iris.csv" > iris.clt
grep -E 'species|virginica' "$TESTS/data/iris.csv" | cl-ingest -q -m two.ck > third.clt
for options in --epochs=3 --lr=0.1 --log=l.jsonl --freeze=1 --widen=5 --features=0 --valid=0.1; do
    cl-tune -m two.ck $options -o n.ck third.clt
done
# The third class is learnt from its rows alone, and the others are not forgotten.
cl-tune -m two.ck -o three.ck third.clt
cl-eval -m three.ck --on all --gate 'accuracy>=0.95' iris.clt > report && echo 'all three are known'
cl-cat --strip statistics three.ck | cl-tune -m /dev/stdin -o n.ck third.clt
# Other strategies change the features: the sums go.
cl-tune -v -m three.ck --strategy none --epochs 1 -o n.ck third.clt 2>&1 | grep -c 'sums'
cl-cat n.ck | grep -c statistics || true
# A model that was made for nothing in particular.
cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 8 --epochs 20 -o plain.ck
cl-tune -m plain.ck --strategy analytic -o n.ck third.clt
cl-cat n.ck | grep -oE '"strategy": "[a-z]*"|statistics [0-9]*'
# Losses without a closed form, layers that cannot be widened, options of other strategies.
cl-ingest -y sepal_length "$TESTS/data/iris.csv" > number.clt
cl-train --strategy analytic --loss mae -o n.ck number.clt
cl-train --strategy analytic --hidden none --epochs 3 -o n.ck iris.clt
cl-train --strategy analytic --net 'dense 8 relu, layernorm' --widen 5 -o n.ck iris.clt
cl-train --strategy analytic --features 3 -o n.ck iris.clt
cl-train --widen 5 -o n.ck iris.clt
cl-train -q --strategy analytic --hidden none --memory-rows 0 -o line.ck number.clt
cl-eval -m line.ck --gate 'r2>=0.85' number.clt > report && echo 'a line is learnt'
