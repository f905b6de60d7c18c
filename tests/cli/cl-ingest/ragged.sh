printf 'a,b,y\n"1\n2",2,p\n1,2\n' | cl-ingest > /dev/null
