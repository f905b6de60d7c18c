# A word among many numbers or dates makes categories of them, which is said; from one in ten on they are mixed.
numbers() { echo a,y; for i in $(seq 1 "$1"); do echo "$i.5,$((i % 3))"; done; shift; for word in "$@"; do echo "$word,1"; done; }
echo 'one of ten'
numbers 9 none > n.csv
cl-ingest n.csv | cl-cat -F csv | tail -n 1
cl-ingest --types a:num --missing none n.csv | cl-cat -F csv | tail -n 1
cl-ingest --types a:cat n.csv > out
numbers 18 none 'not "yet"' | cl-ingest > out
sed 's/\(.*\),\(.*\)/\2,\1/' n.csv | cl-ingest > out
echo 'one of nine, two of ten'
numbers 8 none | cl-ingest > out
numbers 8 none none | cl-ingest > out
echo 'dates'
{ echo d,y; for i in 1 2 3 4 5 6 7 8 9; do echo "2024-01-0$i,$i"; done; echo NaT,4; } > d.csv
cl-ingest d.csv | cl-cat -F csv | tail -n 1
cl-ingest --types d:time --missing NaT d.csv | cl-cat -F csv | tail -n 1
echo 'codes'
numbers 9 | sed 's/^[0-9]*\.5/0&/; s/\.5//' | { cat; echo x,1; } | cl-ingest > out
