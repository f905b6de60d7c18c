# Files and streams in a file are one table: codes by their strings, other columns an error that names the first.
printf 'a,k,l\n1,u,p\n2,v,q\n3,u,p\n' | cl-ingest -q > 1.clt
printf 'a,k,l\n4,v,q\n5,w,p\n6,v,q\n' | cl-ingest -q > 2.clt
printf 'a,K,l\n4,v,q\n5,w,p\n6,v,q\n' | cl-ingest -q > 3.clt
cl-cat -F csv 1.clt 2.clt
cat 2.clt 1.clt | cl-cat -F csv | tail -n 3
cl-cat 1.clt 2.clt | tail -n 4
cl-cat --digest 1.clt 2.clt > files
cl-cat -F frames 1.clt 2.clt | cl-cat --digest | cmp - files && echo same
cl-cat --digest 1.clt 3.clt
echo "$?"
cl-cat --digest 1.clt missing.clt 2> err
echo "$?"
