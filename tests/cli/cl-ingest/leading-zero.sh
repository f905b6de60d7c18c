# A code after a sample of numbers; the sample is 10,000 records.
{ echo zip,y; awk 'BEGIN { for (i = 0; i < 10000; i++) print 10000 + i "," (i % 3) }'; echo 01234,1; } | cl-ingest > /dev/null
