# Each method on 1 2 3 4 10, and -m is the same as fitting.
printf 'a,k\n1,u\n2,v\n3,u\n4,v\n10,u\n' > in.csv
cl-ingest in.csv > in.clt
for method in standard minmax robust none; do
    echo "$method"
    cl-scale --method $method in.clt | cl-cat -F csv | cut -d, -f1 | tail -n +2
done
