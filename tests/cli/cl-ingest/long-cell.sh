printf 'a,y\nxxxxxxxxx,p\nb,q\n' | cl-ingest --max-cell 8 > /dev/null
