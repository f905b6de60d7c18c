# A stream as input: its rows go into a new one.
printf 'a,note,c,y\n1,one,u,p\n2,,v,q\n3,three,u,p\n' > x.csv
printf 'a,note,c,y\n4,four,w,r\n,"5,5",u,q\n' > z.csv
cl-ingest --types note:text x.csv > x.clt
cl-ingest --types note:text z.csv > z.clt
cl-ingest x.clt | cmp - x.clt
cat x.clt z.clt | cl-cat -F csv
for n in 1 2 3 4 5 100; do
    cl-ingest --frame-rows $n x.clt z.clt | cl-cat -F csv > all && cat x.clt z.clt | cl-cat -F csv | cmp - all
    cl-ingest --frame-rows $n x.clt z.clt | cl-cat --digest
done | uniq
gzip -c x.clt | cl-ingest -z | cl-cat --digest
cl-cat --digest x.clt
for options in '--drop a' '-y a' '--types a:cat' '--bad-rows skip' '-d ;'; do
    cl-ingest $options x.clt; echo $?
done
head -c 300 x.clt | cl-ingest > /dev/null; echo $?
cl-ingest --expect-rows 4 x.clt > /dev/null; echo $?
