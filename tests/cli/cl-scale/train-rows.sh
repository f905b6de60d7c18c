# Only rows that are not held out count: the first two here.
printf 'a,y\n0,x\n10,z\n1000,x\n' > in.csv
cl-ingest in.csv | cl-split --in-order -f 0.6666,0.3334 | cl-scale --method minmax | cl-cat -F csv | cut -d, -f1
