printf 'a;y\n1,5;p\n2,5;q\n' | cl-ingest > /dev/null
