# Three rows are too few for three parts: said, not hidden.
printf 'a,y\n1,5\n2,6\n3,7\n' > a.csv
cl-ingest a.csv | cl-split --in-order -f 0.98,0.01,0.01 | cl-cat | grep split
cl-ingest a.csv | cl-split -q --in-order -f 0.98,0.01,0.01 | cl-cat | grep split
