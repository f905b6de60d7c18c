echo a,b,y | cl-ingest
