# With a model, --types makes features of columns that it does not have.
printf 'x,y\n1,a\n2,b\n3,a\n4,b\n' > old.csv
printf 'x,z,k,y\n1,10,p,a\n2,,q,b\n' > new.csv
cl-ingest -y y old.csv | cl-train -q --hidden none --epochs 1 -o m.ck
cl-ingest -m m.ck --types z:num,k:cat new.csv | cl-cat -F csv
cl-ingest -m m.ck --types k:hash:2 new.csv | cl-cat | grep '^[kz] '
cl-ingest -q -m m.ck --types z:num new.csv | cl-predict -m m.ck | wc -l
cl-ingest -m m.ck --types z:num --carry k new.csv > n.clt && cl-cat -F csv n.clt | head -n 1
for types in x:num y:cat z:time z:text z:drop q:num z:num,z:cat; do cl-ingest -m m.ck --types $types new.csv > n.clt; echo $?; done
cl-ingest -m m.ck --types z:num --carry z new.csv > n.clt; echo $?
# Another file must have them, too.
cl-ingest -m m.ck --types z:num new.csv old.csv > n.clt; echo $?
