# Columns of a model: extra ones, all missing, none at all.
{ echo a,c,y; for i in 1 2 3 4 5 6; do echo "$i,k$((i % 2)),$((i % 3))"; done; } > train.csv
cl-ingest --task class train.csv | cl-train -q --hidden none --epochs 1 > m.ck
echo 'keep, with a carried one among them'
printf 'c,z,q,a\nk1,1,2,3\n' | cl-ingest -m m.ck --new-columns keep --carry q,q | cl-cat -F csv
echo 'twice in the file'
printf 'c,z,z,a\nk1,1,2,3\n' | cl-ingest -m m.ck | cl-cat -F csv
printf 'c,z,z,a\nk1,1,2,3\n' | cl-ingest -m m.ck --new-columns keep > out
echo "$? $(wc -c < out)"
printf 'c,a,a\nk1,1,2\n' | cl-ingest -m m.ck > out
echo "$? $(wc -c < out)"
echo 'missing'
printf 'c,z\nk1,1\n' | cl-ingest -m m.ck > out
echo "$? $(wc -c < out)"
printf 'c,z\nk1,1\n' | cl-ingest -m m.ck --missing-columns nan | cl-cat -F csv
printf '1,k1\n' | cl-ingest -m m.ck --missing-columns nan > out
echo "$? $(wc -c < out)"
echo 'no records'
printf 'a,c,y\n' | cl-ingest -m m.ck > out
echo "$?"
