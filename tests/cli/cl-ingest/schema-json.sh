# Schemas by hand: few words are enough, each mistake is told by its key, options count more.
printf 'zip;size;kind;y\n01234;1,5;a;low\n1;2,5;b;high\nNA;-;c;mid\n' > d.csv
cat > s.json << 'END'
{
  "delimiter": ";", "decimal": ",", "missing": ["-", "none, really"],
  "columns": [
    {"name": "zip", "type": "cat", "categories": ["1"]},
    {"name": "kind", "type": "hash:3"},
    {"name": "size", "type": "num"},
    {"name": "y", "type": "cat", "role": "label"}
  ]
}
END
cl-ingest --schema s.json d.csv --write-schema t.json | cl-cat -F csv
cat t.json
echo 'read again'
cl-ingest --schema t.json d.csv > a.clt
cl-ingest --schema s.json d.csv | cl-cat -F csv > b.csv
cl-cat -F csv a.clt | cmp - b.csv && echo same
cl-ingest --schema - d.csv < t.json | cmp - a.clt && echo same
cat t.json | cl-ingest --schema /dev/stdin d.csv | cmp - a.clt && echo same
echo 'options count more'
cl-ingest --schema s.json --missing NA --bad-rows skip d.csv | cl-cat -F csv
tr ';' '|' < d.csv | cl-ingest --schema s.json -d '|' | cl-cat -F csv
tail -n +2 d.csv | cl-ingest --schema s.json --no-header > /dev/null
echo $?
echo 'mistakes'
try() { printf '%s' "$1" > bad.json; cl-ingest --schema bad.json d.csv > out.clt; echo "$? $(wc -c < out.clt)"; }
try '{"columns": [{"name": "zip", "typ": "cat"}]}'
try '{"columns": [{"name": "zip", "type": "cat"}], "delimeter": ";"}'
try '{"columns": [{"name": "zip", "type": "cat"}], "delimiter": "\""}'
try '{"columns": [{"name": "zip", "type": "cat"}], "format": "xls"}'
try '{"columns": [{"name": "zip", "type": "cat"},]}'
try '{"columns": [{"name": "zip", "type": "cat"}]} x'
try '{'
try ''
try 'zip;size'
try '{"columns": [{"name": "nil", "type": "num"}]}'
echo 'none of a bad input'
printf 'a,y\n1,2\n3,4,5\n' | cl-ingest --task class --write-schema bad.out > out.clt
echo $?
[ -e bad.out ] || echo none
