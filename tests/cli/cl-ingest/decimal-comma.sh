# A decimal comma is found out where nothing else is possible, and taken where it is asked for; the schema keeps it.
echo 'found'
printf 'a;b;y\n1,5;1;p\n2,5;2;q\n-;3;q\n' | cl-ingest -v | cl-cat -F csv
echo 'not where the comma could divide thousands, or a column has points, or the comma divides cells'
printf 'a;y\n1,500;p\n2,500;q\n' | cl-ingest > /dev/null
echo $?
printf 'a;b;y\n1,5;1.5;p\n2,5;2.5;q\n' | cl-ingest > /dev/null
echo $?
printf 'a,y\n"1,5",p\n"2,5",q\n' | cl-ingest > /dev/null
echo $?
echo 'asked for'
printf 'a;y\n1,500;p\n-2,5e1;q\n' | cl-ingest --decimal , | cl-cat -F csv
printf 'a,y\n"1,5",p\n"2,5",q\n' | cl-ingest -d , --decimal , | cl-cat -F csv
printf 'a;y\n1.500,5;p\n2,5;q\n' | cl-ingest --decimal , > /dev/null
echo $?
printf 'a;y\n1,5;p\n2,5;q\n' | cl-ingest --decimal . > /dev/null
echo $?
echo 'the next file'
printf 'a;p;y\n1,5;12,5%%;1\n2,5;3 %%;2\n3,25;4%%;0,5\n' > eu.csv
cl-ingest --write-schema eu.json eu.csv | cl-train -q --hidden none --epochs 1 > m.ck
printf 'p;a\n1,5%%;7,25\n' > next.csv
cl-ingest -m m.ck next.csv | cl-cat -F csv
cl-ingest --schema eu.json next.csv | cl-cat -F csv
echo 'a model of commas and a file of points'
printf 'p,a\n1.5%%,7.25\n' > us.csv
cl-ingest -m m.ck us.csv > /dev/null
echo $?
cl-ingest -m m.ck --decimal . us.csv | cl-cat -F csv
echo 'refused'
cl-ingest --decimal x eu.csv
echo $?
cl-ingest --schema eu.json --decimal ';' eu.csv
echo $?
