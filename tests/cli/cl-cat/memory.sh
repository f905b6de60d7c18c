# The rows of a memory with what was missing, their weights, and the run they came in.
cat > a.csv << 'END'
a,b,kind,w,y
1.5,,p,2,u
,3.25,q,1,v
2,1.1,,3,u
4.7,2,p,0.5,v
3.1,7,q,1,u
END
cl-ingest -q --role w:weight a.csv | cl-scale -q | cl-train -q --hidden 3 --epochs 1 -o w.ck
cl-cat --memory w.ck
cl-ingest -q -m w.ck a.csv | cl-tune -q -m w.ck --epochs 1 --memory-rows 6 -o next.ck
cl-cat --memory next.ck
cl-cat --memory -F json --head 1 next.ck
# What is printed reads back as the same rows.
cl-cat --memory next.ck | cl-ingest -q -m next.ck > back.clt
cl-tune -q -m next.ck --forget back.clt | cl-cat --memory
cl-cat --tensors next.ck | grep ^memory
# Nothing of it is left.
cl-cat --strip memory next.ck | cl-cat --tensors | grep -c memory || true
