# CSV and JSON: quotes, missing cells, the empty string, times, hashes, tags; and back through cl-ingest.
cat > in.csv <<'CSV'
size,kind,when,who,note,split,label
1,red,2024-02-29T12:00:00Z,a,"x, ""y""",1,no
2.5,green,1969-12-31T23:59:59.5Z,b,,1,yes
,red,2024-03-01,a,z,2,no
0.1,green,2024-03-02,c,"z
z",3,yes
CSV
cl-ingest --types when:time,who:text --role when:time,who:group --carry note -q in.csv > a.clt
cl-cat -F csv a.clt
cl-split -q -f 0.5,0.5 < a.clt | cl-cat -F json
cl-split -q -f 0.5,0.5 < a.clt | cl-cat -F csv --only test
echo
cl-ingest -q -y species "$TESTS/data/iris.csv" > i.clt
cl-cat -F csv i.clt | cl-ingest -q -y species | cl-cat --digest > back
cl-cat --digest i.clt | cmp - back && echo the same again
