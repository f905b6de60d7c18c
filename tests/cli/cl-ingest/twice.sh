printf 'a,a,y\n1,2,p\n' | cl-ingest > /dev/null
