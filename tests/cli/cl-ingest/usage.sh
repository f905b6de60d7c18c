cl-ingest --types a
cl-ingest --types a:float < /dev/null
printf 'a,y\n1,2\n' | cl-ingest --types a:float
printf 'a,y\n1,2\n' | cl-ingest --role a:target
cl-ingest -d ab
cl-ingest -f tsv -d ,
cl-ingest --bad-rows many
cl-ingest -m m.ck --drop a
cl-ingest --new-columns keep
cl-ingest --max-cell 2G
