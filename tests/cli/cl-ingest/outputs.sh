# What goes where: two outputs never share a file, and standard output holds one.
printf 'a,y\n1,u\n2,v\n' > d.csv
cl-ingest --write-schema s.json d.csv > d.clt
cl-ingest --write-schema - d.csv > out
cl-ingest --schema s.json --report - d.csv > out
cl-ingest --write-schema x.json -o x.json d.csv
cl-ingest --schema s.json --report x.json --write-schema x.json d.csv > out
cl-ingest --schema s.json --report - --write-schema - -o x.clt d.csv
ls
echo "== one of them"
cl-ingest --write-schema - -o x.clt d.csv | cmp - s.json
echo "== a schema in place of a model"
cl-ingest -m s.json d.csv
