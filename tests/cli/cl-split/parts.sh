# One stream for each part: the rows of the tagged stream, in their order, without tags and with their numbers.
csv=$TESTS/data/iris.csv
cl-ingest "$csv" > iris.clt
cl-split iris.clt > tagged.clt
cl-split --part train=train.clt --part valid=valid.clt --part test=test.clt iris.clt
for part in train valid test; do
    cl-cat -F csv $part.clt > a
    cl-cat --only $part -F csv tagged.clt | sed 's/,[a-z]*$//' > b
    cmp a b && echo "$part: $(($(wc -l < a) - 1)) rows"
done
# A fold has two parts, and so have two shares; one may go to stdout or nowhere.
cl-split --fold 1/3 --part train=- --part test=/dev/null iris.clt | cl-cat -F csv | wc -l
cl-split -f 0.5,0.5 --part train=/dev/null --part test=- -z iris.clt | cl-cat -F csv | wc -l
cl-split --part train=- --part valid=/dev/null --part test=/dev/null iris.clt | cl-cat -F csv | wc -l
# Nothing appears when the input is cut.
head -c 3000 iris.clt | cl-split --part train=1 --part valid=2 --part test=3
ls -A
