#!/bin/bash
# Streams concatenate: two stored halves, put together by cat or by naming them, are the whole. Codes are mapped by
# their strings, so it does not matter that the second half knows its categories in another order.
. "$TESTS/pipes/lib.bash"
for data in flights diabetes wine; do
    csv=$DATA/$data.csv
    head -n 90 "$csv" > a.csv
    { head -n 1 "$csv"; tail -n +91 "$csv"; } > b.csv
    cl-ingest a.csv > a.clt && cl-ingest b.csv > b.clt || fail "$data: cl-ingest failed"
    cl-ingest "$csv" > whole.clt || fail "$data: cl-ingest failed"
    whole=$(cl-cat --digest whole.clt)
    [ -n "$whole" ] || fail "$data: no digest"
    [ "$(cat a.clt b.clt | cl-cat --digest)" = "$whole" ] || fail "$data: cat of two streams has another digest"
    [ "$(cl-cat --digest a.clt b.clt)" = "$whole" ] || fail "$data: two named streams have another digest"
    cat a.clt b.clt | cl-split | cl-scale | train > two.ck || fail "$data: training on two streams failed"
    cl-split whole.clt | cl-scale | train > one.ck || fail "$data: training failed"
    same one.ck two.ck "$data, one stream and two"
done
# Streams of different tables do not.
cl-ingest "$DATA/wine.csv" > wine.clt
cat a.clt whole.clt "$DATA/iris.csv" | cl-cat --digest > out 2> err
status 3 $? "rubbish after the end of a stream"
one_line err "rubbish after the end of a stream"
cl-ingest "$DATA/iris.csv" | cat wine.clt - | cl-split > /dev/null 2> err
status 3 $? "two tables in one stream"
one_line err "two tables in one stream"
