printf 'a,y\n1,p\n2,q\n' > f.csv
cl-ingest --expect-rows 2 f.csv > /dev/null || echo not two
cl-ingest --expect-rows 3 f.csv > /dev/null
