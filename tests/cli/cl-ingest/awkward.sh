# Every file of csv-awkward: what is said, and the parse; that of csv-spectrum is the one of the JSON beside each file
# (tests/unit/test_csv.c compares all cells), but for the telephone number, which is another in its JSON.
[ -d "$CL_DATA/csv-awkward" ] || exit 77
cd "$CL_DATA/csv-awkward" || exit 1
for file in $(find . -name '*.csv' | LC_ALL=C sort); do
    echo "== ${file#./}"
    cl-ingest "$file" > "$TMPDIR/x.clt" && case $file in
    */csv-spectrum/* | */utf-8-bom-sample.csv | */sample*.csv) cl-cat -F json "$TMPDIR/x.clt" ;;
    *) cl-cat -F csv "$TMPDIR/x.clt" | tee "$TMPDIR/all" | sed -n '1,3p;$p' && wc -l < "$TMPDIR/all" ;;
    esac || echo "exit $?"
done
echo '== papaparse/verylong-sample.csv without its four short lines'
cl-ingest --bad-rows skip papaparse/verylong-sample.csv | cl-cat -F csv | sed 's/\(.*\),.*,/\1,/' | sort | uniq -c
