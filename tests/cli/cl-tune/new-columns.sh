# Columns that the model does not have: left out, refused, or learnt from.
awk -F, -v OFS=, 'NR == 1 { print $0, "z", "k" } NR > 1 { print $0, ($1 > 5.8 ? "" : NR % 7), (NR % 2 ? "p" : "q") }' \
    "$TESTS/data/iris.csv" > wide.csv
cl-ingest -y species "$TESTS/data/iris.csv" | cl-scale | cl-train -q --hidden 8 --epochs 20 -o m.ck
cl-ingest -y species wide.csv > wide.clt
cl-tune -m m.ck --memory-rows 0 --epochs 1 -o n.ck wide.clt
cl-tune -m m.ck --memory-rows 0 --new-columns error -o n.ck wide.clt; echo $?
cl-ingest -y species wide.csv | cl-scale | cl-tune -m m.ck --new-columns add -o n.ck; echo $?
cl-tune -m m.ck --memory-rows 0 --new-columns add --epochs 1 -o n.ck wide.clt
cl-cat n.ck | tail -n 8
# The new ones are inputs like all others now, in their own units; who lacks them says so.
cp "$TESTS/data/iris.csv" iris.csv
cl-ingest -m n.ck iris.csv > n.clt; echo $?
cl-ingest -q -m n.ck --missing-columns nan "$TESTS/data/iris.csv" > n.clt
cl-predict -m n.ck n.clt | wc -l
# Rows of the memory lack them too.
cl-tune -q -m m.ck --new-columns add --epochs 1 -o n.ck wide.clt
cl-cat --memory n.ck | head -n 2
# No row, no growth.
cl-split -f 0,1 wide.clt | cl-tune -m m.ck --new-columns add -o n.ck
test "$(cl-cat --digest m.ck)" = "$(cl-cat --digest n.ck)" && echo 'the same model'
