# A delimiter that is not found makes one column, which is the label.
printf 'a b c\n1 2 3\n4 5 6\n' > blanks.txt
cl-ingest blanks.txt > out.clt
cl-ingest -d ' ' blanks.txt | cl-cat -F csv
printf 'a^b\n1^2\n3^5\n' | cl-ingest -d '^' | cl-cat -F csv
echo "== wanted"
printf 'a\n1\n2\n' | cl-ingest --role a:feature | cl-cat -F csv
