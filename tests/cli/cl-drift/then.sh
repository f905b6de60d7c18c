# --then: only when there is drift; never on a broken batch; a command that fails is said.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-scale iris.clt | cl-train -q --hidden 8 --epochs 20 > m.ck
awk -F, 'NR > 1 { $1 += 3 } { print }' OFS=, "$TESTS/data/iris.csv" | cl-ingest -q -m m.ck > moved.clt 2> /dev/null
cl-drift -m m.ck --detector none -o report --then 'echo retrain; grep -c . report' iris.clt
echo $?
cl-drift -m m.ck -o report --then 'echo retrain; grep -c drift report' moved.clt
echo $?
cl-drift -m m.ck -o report --then 'echo tried; exit 7' moved.clt
echo $?
cl-drift -m m.ck -o report --then 'kill -9 $$' moved.clt
echo $?
echo 'a batch that was cut'
head -c 3000 moved.clt | cl-drift -m m.ck --then 'echo retrain'
echo $?
: | cl-ingest -m m.ck 2> /dev/null | cl-drift -m m.ck --then 'echo retrain'
echo $?
