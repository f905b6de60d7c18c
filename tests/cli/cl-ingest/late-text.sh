{ echo a,y; awk 'BEGIN { for (i = 0; i < 10000; i++) print i "," (i % 3) }'; echo abc,1; } | cl-ingest > /dev/null
