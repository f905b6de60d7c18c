# The line by which spreadsheets tell each other the delimiter would become the header.
printf 'sep=;\na;b\n1;2\n3;4\n' | cl-ingest
echo $?
printf '\357\273\277SEP=,\r\na,b\r\n1,2\r\n' | cl-ingest
echo $?
printf 'sep=;\na,b\n1,2\n' | cl-ingest -d ,
echo $?
printf 'sep=\t\na\tb\n1\t2\n' | cl-ingest -f tsv
echo $?
printf 'sep=;,b\n1,2\n3,4\n5,6\n' | cl-ingest | cl-cat -F csv
