# One table from several files, by name; record numbers go on.
printf 'a,b,y\n1,2,p\n' > 1.csv
printf 'y,a,b\nq,3,4\np,5,6\n' > 2.csv
printf 'y,a\nq,3\n' > 3.csv
printf 'y,a,b,c\nq,3,4,5\n' > 4.csv
cl-ingest 1.csv 2.csv | cl-cat -F csv
cl-ingest 1.csv 3.csv > /dev/null
cl-ingest 1.csv 4.csv > /dev/null
