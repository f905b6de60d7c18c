# -v: one line for what is the same, and in few words what is as in training.
printf '1 1:0.5 3:2\n0 2:1 3:4\n1 1:1 5:2\n' | cl-ingest -v > x.clt
awk 'BEGIN { for (i = 0; i < 1001; i++) printf "a%d,", i; print "y"
             for (r = 0; r < 3; r++) { for (i = 0; i < 1001; i++) printf "%d,", i * r; print r } }' |
    cl-ingest -v 2>&1 > x.clt | tail -n 3 >&2
printf 'a,c,y\n1,u,1\n2,v,2\n3,u,3\n4,,4\n' | cl-ingest --write-schema s.json > x.clt
echo "== as in training, with a column more" >&2
printf 'extra,a,c,y\n0,1,u,1\n0,2,v,2\n0,3,v,3\n' | cl-ingest -v --schema s.json > x.clt
echo "== not so" >&2
printf 'a,c,y\n9,w,1\n2,,2\n' | cl-ingest -v --schema s.json > x.clt
echo "== many more" >&2
awk 'BEGIN { for (i = 0; i < 30; i++) printf "n%d,", i; print "a,c,y"
             for (i = 0; i < 30; i++) printf "0,"; print "1,u,1" }' |
    cl-ingest -v --schema s.json 2>&1 > x.clt | sed -n '3,4p;20,24p' >&2
