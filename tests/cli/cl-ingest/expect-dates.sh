# The next month is not unusual; nights, in training by day, are; a limit that names a column counts.
{ echo when,n,y; for i in $(seq 10 29); do echo "2024-01-${i}T1$((i % 10)):00,$i,$((i % 2))"; done; } > old.csv
cl-ingest -q old.csv --write-schema s.json > old.clt
{ echo when,n,y; for i in $(seq 10 29); do echo "2025-02-${i}T1$((i % 10)):00,$i,$((i % 2))"; done; } | sed 's/02-29/03-01/' > new.csv
cl-ingest --schema s.json --expect 'missing<0.1,outside<0.01' new.csv > out
echo $?
sed 's/T1/T0/' new.csv | cl-ingest --schema s.json --expect 'outside<0.01' > out
echo $?
cl-ingest --schema s.json --expect 'outside(when.month_sin)<0.1' new.csv > out
echo $?
