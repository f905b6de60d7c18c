# The next file of a series by the columns of the first: its sample alone would say something else.
printf 'code,size,note,who,y\n01,1.5,"a, b",u1,low\n02,,c,u2,high\n01,2,d,u1,mid\n' > first.csv
printf 'y,who,size,extra,code\nlow,u3,3,x,7\nhigh,u1,4,x,01\n' > next.csv
roles='--role who:group --types note:text'
cl-ingest $roles first.csv -o first.clt --write-schema schema.json
cat schema.json
cl-ingest --schema schema.json next.csv > next.clt && cl-cat -F csv next.clt
echo 'one table with the first'
cl-cat -F csv first.clt > /dev/null && cl-ingest --schema first.clt first.csv | cl-cat --digest | grep -c "$(cl-cat --digest first.clt)"
cl-ingest --schema schema.json first.csv | cat first.clt - | cl-cat -F csv | wc -l
echo 'a scale is fitted anew, and that of the schema does not count'
cl-scale first.clt > scaled.clt
cl-ingest --schema scaled.clt next.csv | cl-scale | cl-cat | grep transform
echo 'columns'
cl-ingest --schema schema.json --new-columns keep --carry extra next.csv | cl-cat -F csv
cl-ingest --schema schema.json --new-columns error next.csv > out
echo "$? $(wc -c < out)"
printf 'y,code\nlow,01\n' | cl-ingest --schema schema.json > out
echo "$? $(wc -c < out)"
printf 'y,code\nlow,01\n' | cl-ingest --schema schema.json --missing-columns nan | cl-cat -F csv
echo 'refused'
cl-ingest --schema schema.json --types size:cat next.csv
echo $?
cl-ingest --schema schema.json -m first.clt next.csv
echo $?
head -c 200 first.clt > cut.clt
cl-ingest --schema cut.clt next.csv
echo $?
cl-ingest --schema first.csv next.csv
echo $?
echo 'no schema of a bad input'
printf 'a,y\n1,2\n3,4,5\n' | cl-ingest --task class --write-schema bad.clt > out
echo $?
[ -e bad.clt ] || echo none
