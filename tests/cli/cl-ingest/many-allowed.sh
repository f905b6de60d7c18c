{ echo a,y; awk 'BEGIN { for (i = 0; i < 10001; i++) print "v" i "," (i % 3) }'; } | cl-ingest --types a:cat > /dev/null
