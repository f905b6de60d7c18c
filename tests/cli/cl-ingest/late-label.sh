# Two numbers in the sample make classes; a third one afterwards asks.
{ echo a,y; awk 'BEGIN { for (i = 0; i < 10000; i++) print i "," (i % 2) }'; echo 1,2; } | cl-ingest > /dev/null
