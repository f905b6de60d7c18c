# New rows are compared with those of training: a batch over a limit has no end, and the report says why.
printf 'age,city,y\n' > head.csv
{ cat head.csv && for i in $(seq 1 40); do printf '%s,%s,%s\n' $((20 + i % 30)) "c$((i % 4))" "n$((i % 2))"; done; } > old.csv
cl-ingest old.csv | cl-scale | cl-train -q --epochs 1 --hidden none --memory-rows 0 > m.ck
{ cat head.csv && printf '25,c1,n0\n,c2,n1\n30,c9,n0\n999,"c,10",n1\n'; } > new.csv
echo 'a word on what is unusual'
cl-ingest -m m.ck new.csv -o told.clt
echo $?
cl-ingest -m m.ck old.csv > out
echo $?
echo 'over a limit'
echo kept > new.clt
cl-ingest -m m.ck --expect 'missing<0.25,unseen<=0.5,outside<0.5' --report r.json new.csv -o new.clt
echo "$? $(cat new.clt)"
grep '^  "[vrtc].*,$' r.json
cl-ingest -m m.ck --expect 'unseen<0.5' new.csv | cl-predict -m m.ck > out
echo 'at the limit'
cl-ingest -m m.ck --expect 'missing<=0.25,unseen(city)<0.51,unseen<0.5,outside<0.3' --report r.json new.csv | cmp - told.clt
grep '^  "[vrtc].*,$' r.json
grep -A 12 '"outside"' r.json | tail -n 10
echo 'a report that cannot be written'
cl-ingest -m m.ck --report none/r.json new.csv > out
echo $?
echo 'bad rows first'
printf '1,2\n' | cat new.csv - | cl-ingest -m m.ck --expect 'missing<0.25' --report bad.json > out
echo $?
[ -e bad.json ] || echo none
echo 'by a stream or a schema'
cl-ingest old.csv -o old.clt --write-schema old.json
cl-scale old.clt > scaled.clt
cl-ingest --schema old.clt --expect 'outside<0.1' new.csv > out
cl-ingest --schema scaled.clt --expect 'outside<0.1' new.csv > out
cl-ingest --schema old.json --expect 'outside<0.1' new.csv > out
echo 'nothing to compare with'
cl-ingest -m "$TESTS/data/older.ck" "$TESTS/data/iris.csv" > out
echo $?
cl-ingest -m "$TESTS/data/older.ck" --expect 'outside<0.1' "$TESTS/data/iris.csv" 2>&1 > out | sed 's/.*older/older/'
cl-ingest "$TESTS/data/iris.csv" | cl-scale -m "$TESTS/data/older.ck" > bare.clt
cl-ingest --schema bare.clt --report r.json "$TESTS/data/iris.csv" > out
echo $?
echo 'wrong use'
cl-ingest --expect 'missing<0.1' new.csv > out
echo $?
cl-ingest -m m.ck --expect 'missing<2' new.csv > out
echo $?
cl-ingest -m m.ck --expect 'unseen(town)<0.2' new.csv > out
echo $?
cl-ingest -m m.ck --report - new.csv > out
echo $?
