# - -- and . say "nothing" among numbers and dates, and are categories among others; with --missing only its list counts.
printf 'n,d,c,y\n1,2024-01-01,-,1\n-,.,a,2\n--,2024-01-03,b,3\n.,-,c,4\n5,2024-01-05,.,5\n' > d.csv
cl-ingest -v --role d:time d.csv | cl-cat -F csv
cl-ingest -v --missing NA d.csv 2>&1 > /dev/null | grep "column '"
cl-ingest --missing '' d.csv | cl-cat -F csv
echo 'two classes, or a dash'
printf 'x,y\n1,0\n2,1\n3,-\n4,1\n' | cl-ingest -v 2>&1 > /dev/null | grep label
echo 'a number, and nothing else'
printf 'n,y\n1,1\n-1,2\n,3\n' | cl-ingest | cl-cat -F csv
