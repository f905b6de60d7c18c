printf 'a,y\ncaf\351,p\nb,q\n' | cl-ingest > /dev/null
