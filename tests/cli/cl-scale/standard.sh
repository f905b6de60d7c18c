# Mean 0 and population sigma 1; a constant column becomes 0; a column of only missing numbers is named and filled.
printf 'a,b,c,y\n1,7,,10\n2,7,,20\n6,7,,60\n,7,,30\n' | cl-ingest -y y --types c:num | cl-scale | cl-cat -F csv
