cl-ingest "$TESTS/data/iris.csv" > in.clt
: > empty.ck
cl-predict < in.clt
echo "$?"
cl-predict -m in.clt < in.clt
echo "$?"
cl-predict -m empty.ck < in.clt
echo "$?"
cl-predict -m missing.ck < in.clt
echo "$?"
cp "$TESTS/data/iris.csv" .
cl-predict -m iris.csv < in.clt
echo "$?"
cl-predict -m empty.ck --device gpu < in.clt
echo "$?"
cl-predict -m empty.ck -z < in.clt
echo "$?"
