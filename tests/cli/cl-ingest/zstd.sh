command -v zstd > /dev/null || { echo 'no zstd'; exit 77; }
printf 'a,b,y\n1,2,p\n3,4,q\n' > x.csv
zstd -q x.csv
cl-ingest x.csv > plain.clt
cl-ingest x.csv.zst | cmp - plain.clt
{ printf '\120\052\115\030\003\000\000\000xyz' && printf 'a,b,y\n1,2' | zstd && printf ',p\n3,4,q\n' | zstd; } | cl-ingest | cmp - plain.clt
head -c 30 x.csv.zst | cl-ingest > /dev/null; echo $?
# A window of 256 MiB.
printf '\050\265\057\375\000\220\001\000\000' | cl-ingest
