printf 'a,caf\351\n1,p\n' | cl-ingest > /dev/null
