printf 'a,b,y\n1,2,p\n1,"2,q\n' | cl-ingest --bad-rows skip > /dev/null
