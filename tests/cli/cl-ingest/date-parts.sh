# Dates are features by their parts; by a model the same, since the day of its own training data.
data() { printf 'when,y\n2024-02-29T06:30:00Z,1\n2024-03-04 18:00,2\n,3\n2023-12-31,4\n'; }
# shellcheck disable=SC2120
names() { cl-cat -F csv "$@" | sed -n 1p; }
data | cl-ingest -v | cl-cat -F csv
echo 'without a time of day, no hours'
printf 'when,y\n2024-02-29,1\n2024-03-04T00:00:00,2\n2024-03-05,3\n' | cl-ingest | names
echo 'the time only; the parts only; neither; some parts'
data | cl-ingest --role when:time | names
data | cl-ingest --role when:feature | names
data | cl-ingest --drop when | names
data | cl-ingest --types when:cat | names
data | cl-ingest --drop when.year,when.hour_sin,when.hour_cos | names
data | cl-ingest --drop '*_sin' --drop '*_cos' | names
data | cl-ingest --drop when.minute > /dev/null
echo $?
echo 'a column of the name of a part'
printf 'when,when.year,y\n2024-02-29,1,1\n2024-03-04,2,2\n2024-03-05,3,3\n' | cl-ingest | names
echo 'by a model'
data | cl-ingest | cl-scale | cl-train -q --hidden none --epochs 1 > m.ck
printf 'other,when\n1,2025-01-01T12:00Z\n' | cl-ingest -m m.ck | cl-cat -F csv
printf 'other,when\n1,2025-01-01T12:00Z\n' | cl-ingest -m m.ck --new-columns keep --carry when | cl-cat -F csv
printf 'other\n1\n' | cl-ingest -m m.ck > /dev/null
echo $?
printf 'other,when\n1,2025-01-01\n' | cl-ingest -m m.ck --new-columns error > /dev/null
echo $?
printf 'when\nyesterday\n' | cl-ingest -m m.ck > /dev/null
echo $?
echo 'two files'
data > a.csv
printf 'y,when\n5,2024-05-01\n' > b.csv
cl-ingest a.csv b.csv | cl-cat -F csv | tail -n 1
echo 'another first day is another column'
data | cl-ingest > a.clt
printf 'when,y\n2024-05-01T00:30,5\n2024-05-02,6\n2024-05-03,7\n' > c.csv
cl-ingest c.csv | cat a.clt - | cl-cat > /dev/null
echo $?
cl-ingest --schema a.clt c.csv | cat a.clt - | cl-cat -F csv | tail -n 1
