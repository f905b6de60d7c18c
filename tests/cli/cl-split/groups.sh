# Rows of a group stay together, whether the group is a feature, a number, the label or a column read for it.
csv=$TESTS/data/flights.csv
# together COLUMN: the number of values of a column of the CSV on stdin, and of values with their tags.
together() {
    tail -n +2 > rows
    echo "$1: $(cut -d, -f"$1" rows | sort -u | wc -l) groups, $(awk -F, -v c="$1" '{ print $c, $NF }' rows | sort -u | wc -l) with their part," \
        "$(awk -F, '{ print $NF }' rows | sort -u | wc -l) parts"
}
cl-ingest "$csv" | cl-split --group origin | cl-cat -F csv | together 2
cl-ingest "$csv" | cl-split --group hour | cl-cat -F csv | together 4
cl-ingest --carry destination "$csv" | cl-split --group destination | cl-cat -F csv | together 3
cl-ingest --role origin:group "$csv" | cl-split --group origin | cl-cat -F frames > group.clt
# The cell's text is hashed, so the group column and the category land in the same parts.
cl-ingest "$csv" | cl-split --group origin | cl-cat -F csv | sed 's/.*,//' > feature
cl-cat -F csv group.clt | sed 's/.*,//' > group
cmp feature group && echo "as a group and as a feature: the same"
# What else is in the stream does not move a row.
{ head -n 1 "$csv"; tail -n 300 "$csv"; } > half.csv
cl-ingest half.csv | cl-split --group origin | cl-cat -F csv | tail -n +2 | sort > half
cl-ingest "$csv" | cl-split --group origin | cl-cat -F csv | tail -n 300 | sort > whole
cmp half whole && echo "half and whole: the same"
