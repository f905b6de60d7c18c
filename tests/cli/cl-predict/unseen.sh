# A category the model has not seen counts as missing; a number that is missing gets the fill.
printf 'k,a,y\nu,1,3\nv,2,5\nu,4,4\nv,3,9\n' | cl-ingest -y y --task regression > in.clt
cl-scale in.clt | cl-train -q --hidden 4 --epochs 3 --memory-rows 0 > m.ck
printf 'k,a\nnew,2.5\n,2.5\nother,\n' | cl-ingest -m m.ck | cl-predict -m m.ck | uniq -c | sed 's/^ *//; s/ .*[0-9]/ number/'
