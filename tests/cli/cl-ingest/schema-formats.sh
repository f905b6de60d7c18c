# The schema of a CSV reads the same columns out of other formats: how cells were divided says nothing of these.
printf 'x0;x1;kind\n0,5;NA;a\n1,5;2;b\n' > f.csv
cl-ingest --write-schema s.json f.csv | cl-cat -F csv
printf '{"kind":"b","x1":"NA","x0":4.5}\n' | cl-ingest -f jsonl --schema s.json -q | cl-cat -F csv
printf 'kind\tx1\tx0\nb\tNA\t4,5\n' | cl-ingest -f tsv --schema s.json -q | cl-cat -F csv
{ printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }" && printf '\004\002'; } > f.npy
cl-ingest -f npy --schema s.json -q f.npy | cl-cat -F csv
cl-ingest -q f.csv | cl-scale -q | cl-train -q --hidden none --epochs 1 > m.ck
printf '{"kind":"b","x1":2,"x0":4.5}\n' | cl-ingest -q -m m.ck | cl-cat -F csv
