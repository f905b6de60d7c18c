printf 'a,b,c,y\n1,2,3,p\n4,5,6,q\n' > f.csv
cl-ingest --drop a,c f.csv | cl-cat -F csv
cl-ingest --keep a -y y f.csv | cl-cat -F csv
cl-ingest --types b:drop f.csv | cl-cat -F csv
cl-ingest --drop d f.csv
