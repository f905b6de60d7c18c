# Data beyond --max-memory live in a file, with the same result.
cl-ingest "$TESTS/data/diabetes.csv" | cl-scale > d.clt
cl-train -q --epochs 3 -o a.ck d.clt && cl-train -q --epochs 3 --max-memory 1K -o b.ck d.clt && cmp a.ck b.ck && echo same
TMPDIR=/nowhere cl-train -q --epochs 3 --max-memory 1K -o c.ck d.clt
status=$?
[ ! -e c.ck ] || echo "c.ck was left"
exit $status
