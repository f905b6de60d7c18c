# Nothing trained: no loss is claimed.
printf 'a,y\n1,2.5\n2,3.5\n' | cl-ingest > d.clt
cl-train -v --epochs 0 --hidden none --device ref -o m.ck d.clt
cl-cat m.ck | grep -E '^ *(epochs|loss) '
