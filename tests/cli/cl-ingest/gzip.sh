# Compressed input is told by its first bytes, from a file or a pipe, and is the same table.
printf 'a,b,y\n1,2,p\n3,4,q\n' > x.csv
gzip -n < x.csv > x.csv.gz
cl-ingest x.csv > plain.clt
cl-ingest x.csv.gz > gz.clt && cmp plain.clt gz.clt
cl-ingest < x.csv.gz | cmp - plain.clt
cat x.csv.gz | cl-ingest | cmp - plain.clt
# Members one after the other are one text; zeros behind them are padding.
{ printf 'a,b,y\n1,2' | gzip && printf ',p\n3,4,q\n' | gzip && head -c 512 /dev/zero; } | cl-ingest | cmp - plain.clt
# Compressed twice: one level comes off.
gzip < x.csv.gz | cl-ingest
# Cut, broken, and with something behind.
head -c 40 x.csv.gz | cl-ingest > /dev/null; echo $?
{ cat x.csv.gz && echo more; } | cl-ingest > /dev/null; echo $?
{ head -c 20 x.csv.gz && printf 'zzzzzzzz' && tail -c +29 x.csv.gz; } | cl-ingest > /dev/null; echo $?
