printf 'a,b,y\n-999,NA,p\n1,none,q\n' | cl-ingest --missing -999,none | cl-cat -F csv
