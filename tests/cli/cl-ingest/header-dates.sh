# Dates over a column of dates are data, text over it is a header.
printf '2020-01-01,u,a\n2020-01-02,v,b\n' | cl-ingest -v | cl-cat -F csv
printf 'day,u,a\n2020-01-02,v,b\n' | cl-ingest -v | cl-cat -F csv
printf '2020-01-01,u,a\n' | cl-ingest | cl-cat -F csv
