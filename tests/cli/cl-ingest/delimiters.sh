for d in ';' '|' '\t' ','; do
    printf "a${d}b c${d}y\n1.5${d}x z${d}p\n2${d}\"k${d}\"\"m\"${d}q\n" | cl-ingest | cl-cat -F csv
done
printf 'a b\n1 p\n2 q\n' | cl-ingest -d ' ' | cl-cat -F csv
printf 'a\tb\n1\tp\n2\tq\n' | cl-ingest -f tsv | cl-cat -F csv
