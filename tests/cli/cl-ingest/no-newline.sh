printf 'a,y\n1,p\n2,q' | cl-ingest | cl-cat -F csv
