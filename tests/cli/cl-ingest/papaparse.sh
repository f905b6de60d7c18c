# Test files of Papa Parse: dates without a header, empty cells, a byte order mark, no line end behind the last record.
for name in sample sample-header utf-8-bom-sample long-sample; do
    cp "$TESTS/data/papaparse/$name.csv" .
    echo "$name"
    cl-ingest "$name.csv" > out && cl-cat -F csv out
done
