# What the model saw becomes more with every row it is tuned on, but for rows that are scaled: they cannot tell.
printf 'a,k,y\n1,p,u\n2,q,v\n3,p,u\n,q,v\n' > first.csv
printf 'a,k,y\n-1,p,u\n2,,v\n' > next.csv
profile() {
    cl-cat -F json | sed -n '/"profile": {/,/^    }/p' | tr -d ' \n'
    echo
}
train='--epochs 1 --hidden none -q'
cl-ingest first.csv | cl-scale > first.clt
cl-train $train first.clt > m.ck
profile < m.ck
cl-ingest -m m.ck next.csv 2> /dev/null > next.clt
cl-tune -q -m m.ck --epochs 1 next.clt > next.ck
profile < next.ck
cl-scale -m m.ck next.clt | cl-tune -q -m m.ck --epochs 1 | profile
cl-ingest -m next.ck --expect 'outside<=0,missing<1' next.csv > out
echo $?
echo 'raw rows to cl-train'
grep -v ^, first.csv | cl-ingest | cl-train $train | profile
echo 'an older model stays without'
cl-ingest "$TESTS/data/iris.csv" | cl-tune -q -m "$TESTS/data/older.ck" --epochs 1 | profile
