# An input that is cut leaves the old output alone.
cl-ingest "$TESTS/data/iris.csv" > in.clt
echo old > out.clt
head -c 3000 in.clt | cl-scale -o out.clt
echo "$?"
cat out.clt
ls
