printf 'a,y\n1,50\n2,200\n3,100\n' | cl-ingest -y y --task regression > in.clt
for label in auto standard max none; do
    echo "$label"
    cl-scale --method none --label $label in.clt | cl-cat -F csv | cut -d, -f2 | tail -n +2
done
printf 'a,y\n1,-5\n2,-2\n3,0\n' | cl-ingest -y y --task regression | cl-scale --label max
echo "$?"
printf 'a,y\n1,u\n2,v\n' | cl-ingest -y y | cl-scale --label standard
echo "$?"
