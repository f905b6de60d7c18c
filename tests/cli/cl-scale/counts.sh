# A label that is a count is learned as its root, and -v says why; what is no count is not.
awk 'BEGIN { print "a,sold"; for (i = 0; i < 42; i++) print i % 5 "," i * 5 % 23 }' > counts.csv
awk -F, 'NR > 1 { $2 += 2 } { print $1 "," $2 }' counts.csv > prices.csv
awk -F, 'NR > 1 { $2 %= 20 } { print $1 "," $2 }' counts.csv > grades.csv
for file in counts prices grades; do
    cl-ingest -q -y sold --task regression $file.csv > $file.clt
    cl-scale -v $file.clt > $file.auto.clt
    cl-cat $file.auto.clt | grep transform
done
# Chosen by hand it is the same.
cl-scale -v --label sqrt counts.clt | cmp - counts.auto.clt
cl-scale --label sqrt prices.clt | cl-cat | grep transform
cl-scale --label standard counts.clt | cl-cat | grep transform
# A missing label stays missing.
printf 'a,sold\n1,4\n2,\n3,0\n4,16\n' > few.csv
cl-ingest -q -y sold --task regression few.csv | cl-scale --method none --label sqrt | cl-cat -F csv
# A negative one has no root.
(cat counts.csv && echo 5,-2) > below.csv
cl-ingest -q -y sold --task regression below.csv > below.clt
cl-scale -v below.clt | cl-cat | grep transform
cl-scale --label sqrt -o kept.clt below.clt
echo "$?"
[ ! -e kept.clt ] || echo "a file was left"
# Held out it has none either, so that such labels are not chosen to be counts.
cl-split --in-order -f 0.8,0.2 below.clt > held.clt
cl-scale -v held.clt | cl-cat | grep transform
cl-scale --label sqrt held.clt > out.clt
echo "$?"
# A model has chosen: what has a label must have a root, what is only predicted need not.
cl-train -q --hidden 4 --epochs 1 counts.auto.clt > m.ck
for program in 'cl-scale -o out.clt' cl-eval 'cl-tune -q'; do
    $program -m m.ck below.clt
    echo "$?"
done
cl-predict -m m.ck below.clt | wc -l
