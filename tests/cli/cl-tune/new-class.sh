grep -v virginica "$TESTS/data/iris.csv" | cl-ingest | cl-train -q --hidden 8 --epochs 30 --lr 0.01 -o two.ck
cl-ingest -m two.ck "$TESTS/data/iris.csv" > iris.clt
cl-tune -q -m two.ck --new-class error -o error.ck iris.clt; echo $?
cl-tune -v -m two.ck --new-class other --epochs 1 --memory-rows 0 -o other.ck iris.clt 2>&1 | grep warning
cl-tune -v -m two.ck --epochs 1 --memory-rows 0 -o three.ck iris.clt 2>&1 | grep 'new class:'
cl-tune -q -m two.ck --epochs 60 --lr 0.01 --valid 0 -o three.ck iris.clt
# All three are learnt, and two.ck never heard of the third.
cl-predict -m three.ck iris.clt | sort | uniq -c | wc -l
cl-eval -m three.ck --on all --gate 'accuracy>=0.9' iris.clt > report && echo learnt
cl-predict -m two.ck iris.clt | grep -c virginica || true
