# The first ten are told, all are counted, the record numbers count them.
{ echo a,y; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "x$i,p"; done; echo 1,p; echo 2,q,r; echo 3,q; } |
    cl-ingest --types a:num --bad-rows skip | cl-cat -F csv
