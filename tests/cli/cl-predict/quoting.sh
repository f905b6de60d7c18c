# Names of classes that CSV must quote, and JSON must escape.
printf 'a,y\n0,"x, ""y"""\n1," z"\n0,"x, ""y"""\n1," z"\n' | cl-ingest -y y > in.clt
cl-scale in.clt | cl-train -q --hidden none --epochs 300 --lr 0.1 --memory-rows 0 > m.ck
cl-predict -m m.ck in.clt
cl-predict -m m.ck -F jsonl in.clt
cl-predict -m m.ck --proba in.clt | head -n 1
