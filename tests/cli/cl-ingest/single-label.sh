{ echo a,y; awk 'BEGIN { for (i = 0; i < 10001; i++) print i ",0" }'; } | cl-ingest > /dev/null
