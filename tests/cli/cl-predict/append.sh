# A carried column may be a feature of the model too; appended cells are the text as it stood.
printf 'k,a,note,y\nu,1,"first, one",3\nv,2.50,,5\nu,04e0,"say ""hi""",4\n' > in.csv
cl-ingest -y y --task regression --carry note --types a:num in.csv | cl-scale | cl-train -q --hidden none --epochs 1 --memory-rows 0 > m.ck
cl-ingest -m m.ck --carry a,note,k in.csv > in.clt
cl-predict -m m.ck --append in.clt | sed 's/,[^,]*$//'
cl-predict -m m.ck --append -F frames in.clt | cl-cat -F csv | sed 's/,[^,]*$//'
