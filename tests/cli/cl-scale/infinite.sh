printf 'a,y\n1,u\ninf,v\n' | cl-ingest --types a:num | cl-scale
