# 30,000 names of 600 bytes do not fit into the table frame, which is said.
awk 'BEGIN { long = sprintf("%600s", ""); gsub(/ /, "x", long)
             for (i = 0; i < 30000; i++) printf "%s%d,", long, i; print "y"
             for (r = 0; r < 2; r++) { for (i = 0; i < 30000; i++) printf "1,"; print r "." r } }' > wide.csv
cl-ingest wide.csv | wc -c
