# Years as names beside a numeric column with a name; numbers over numbers; options that name a cell.
printf 'id,1990\n1,5\n2,6\n3,7\n' | cl-ingest | cl-cat -F csv
printf 'x,1990\na,5\nb,6\nc,7\n' | cl-ingest | cl-cat -F csv
printf 'x,1990\na,5\nb,6\nc,7\n' | cl-ingest -y 1990 | cl-cat -F csv
printf 'x,y\na,b\nc,d\n' | cl-ingest --no-header | cl-cat -F csv
printf '1,2\n3,4\n5,7\n' | cl-ingest --header yes | cl-cat -F csv
