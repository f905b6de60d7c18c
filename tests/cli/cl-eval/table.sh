# A model that knows two classes by heart, on rows it gets wrong in part.
printf 'a,y\n0,n\n1,p\n0,n\n1,p\n' | cl-ingest > in.clt
cl-scale in.clt | cl-train -q --hidden none --epochs 300 --lr 0.1 --memory-rows 0 > m.ck
printf 'a,part,y\n0,x,n\n1,x,p\n1,y,n\n1,y,p\n0,y,other\n0,y,\n' > new.csv
cl-ingest -m m.ck --carry part new.csv > new.clt
cl-eval -m m.ck new.clt | grep -v -e loss -e brier -e ece
cl-eval -m m.ck --by part new.clt | tail -n 3 | awk '{ print $1, $2, $4, $5, $6 }'
cl-eval -m m.ck --json new.clt | sed 's/.*"per_class"/"per_class"/'
