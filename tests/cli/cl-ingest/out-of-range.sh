printf 'a,y\n1,p\n1e39,q\n' | cl-ingest > /dev/null
