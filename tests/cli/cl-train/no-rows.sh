printf 'a,y\n' | cl-ingest --types a:num,y:num | cl-train -o m.ck
status=$?
[ ! -e m.ck ] || echo "m.ck was left"
exit $status
