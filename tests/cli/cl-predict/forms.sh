# Each form, of a linear model that was not trained: its first weights are the same everywhere.
printf 'a,id,y\n1,p,10\n3,"q,r",30\n' > in.csv
cl-ingest -y y --task regression --carry id in.csv > in.clt
cl-scale --label none in.clt | cl-train -q --hidden none --epochs 0 --memory-rows 0 > m.ck
cl-predict -m m.ck in.clt
cl-predict -m m.ck --append in.clt
cl-predict -m m.ck --append -F jsonl in.clt
cl-predict -m m.ck --append -F frames in.clt | cl-cat -F csv
cl-predict -m m.ck --proba in.clt
echo "$?"
