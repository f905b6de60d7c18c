# Percentages are numbers if all values have the sign; the model wants it too.
printf 'p,q,y\n12.5%%,1%%,1\n3 %%,2,2\n,3%%,3\n' > p.csv
cl-ingest -v p.csv | cl-cat -F csv
cl-ingest --types q:num p.csv > /dev/null
echo $?
printf 'p,y\n12.5%%,1\n3 %%,2\n4%%,3\n' | cl-ingest | cl-train -q --hidden none --epochs 1 > m.ck
printf 'p\n-1%%\n.\n' | cl-ingest -m m.ck | cl-cat -F csv
printf 'p\n1\n' | cl-ingest -m m.ck > /dev/null
echo $?
echo 'a label'
printf 'x,y\n1,10%%\n2,20%%\n3,30.5%%\n' | cl-ingest | cl-cat -F csv
