printf 'a,y\n"x"z,p\n' | cl-ingest > /dev/null
