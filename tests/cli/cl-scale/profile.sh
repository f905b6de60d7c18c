# The profile is that of the raw rows to train on: it comes with the first scale, stays, and ends in the model.
printf 'a,k,b,y\n1,p,,x\n-2.5,,7,y\n,q,,x\n100,r,100,y\n' > in.csv
profile() {
    cl-train -q --epochs 1 --hidden none --memory-rows 0 | cl-cat -F json | sed -n '/"profile": {/,/^    }/p' | tr -d ' \n'
    echo
}
cl-ingest in.csv | cl-split -f 0.75,0.25 --in-order > tagged.clt
cl-scale tagged.clt | profile
cl-scale tagged.clt | cl-scale --method minmax | profile
cl-ingest in.csv | cl-scale --method robust --impute median | profile
echo 'with a model its own'
cl-scale tagged.clt | cl-train -q --epochs 1 --hidden none > m.ck
cl-ingest -q -m m.ck in.csv > with.clt
head -c 400 with.clt | grep -c profile
cl-scale -m m.ck with.clt | profile
echo 'no content, and the first one counts'
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-scale iris.clt > scaled.clt
cl-scale -m "$TESTS/data/older.ck" iris.clt > without.clt
cl-cat --digest scaled.clt > a
cl-cat --digest without.clt | cmp a -
cat scaled.clt without.clt | profile
cat without.clt scaled.clt | profile
