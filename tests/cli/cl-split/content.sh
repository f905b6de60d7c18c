# Equal rows land in the same part, also when their labels differ, and whatever else is in the stream.
{
    echo a,b,note,y
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        echo "$i,x$((i % 4)),first$i,yes"
        echo "$i,x$((i % 4)),second$i,no"
    done
} > twice.csv
cl-ingest --carry note twice.csv | cl-split --by content -f 0.5,0.5 | cl-cat -F csv | tail -n +2 > rows
cut -d, -f1,2,5 rows | sort -u | wc -l
cut -d, -f5 rows | sort | uniq -c | awk '{ print $1, $2 }'
# Another order of categories, other rows before.
{ head -n 1 twice.csv; echo '99,x3,n,no'; tail -n 6 twice.csv; } > other.csv
cl-ingest --carry note other.csv | cl-split --by content -f 0.5,0.5 | cl-cat -F csv | tail -n 6 > a
tail -n 6 rows > b
cmp a b && echo "the same"
