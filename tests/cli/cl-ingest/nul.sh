printf 'a,y\nx\000z,p\n' | cl-ingest > /dev/null
