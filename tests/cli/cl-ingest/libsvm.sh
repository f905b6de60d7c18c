# What a line does not have is 0.
printf '+1 1:0.5 3:2 # first\n-1 2:-1e1\n\n+1 3:nan\n' > x.svm
cl-ingest x.svm | cl-cat -F csv
printf '2.5 0:1 1:2\n3.5 1:4\n1.5 0:7\n' | cl-ingest | cl-cat -F csv
{ cat x.svm && echo '+1 3:1 2:1'; } > bad.svm
cl-ingest bad.svm > /dev/null; echo $?
cl-ingest --bad-rows skip bad.svm > /dev/null; echo $?
echo '1,2 1:3' | cl-ingest -f libsvm > /dev/null; echo $?
# By the columns of a stream: what the lines do not have of them is 0, and what they have more is left out.
cl-ingest -q --write-schema s.json x.svm > /dev/null
printf '+1 2:5\n-1 1:1 9:1\n' | cl-ingest --schema s.json | cl-cat -F csv
