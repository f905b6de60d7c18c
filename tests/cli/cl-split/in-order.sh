# The last rows are the test rows, from a file, a file on stdin and a pipe.
printf 'a,y\n' > a.csv
for i in 1 2 3 4 5 6 7 8 9 10 11; do
    echo "$i,$((i % 3))"
done >> a.csv
cl-ingest a.csv > a.clt
cl-split --in-order -f 0.6,0.2,0.2 a.clt | cl-cat -F csv
cl-split --in-order -f 0.6,0.2,0.2 a.clt > named
cl-split --in-order -f 0.6,0.2,0.2 < a.clt > stdin
cat a.clt | cl-split --in-order -f 0.6,0.2,0.2 > pipe
cmp named stdin && cmp named pipe && echo "the same"
echo "two files"
cl-split --in-order -f 0.5,0.5 a.clt a.clt | cl-cat -F csv | tail -n +2 | cut -d, -f3 | uniq -c | awk '{ print $1, $2 }'
echo "folds"
cl-split --in-order --fold 2/3 a.clt | cl-cat -F csv | tail -n +2 | cut -d, -f3 | uniq -c | awk '{ print $1, $2 }'
ls "$TMPDIR"
