# --head counts rows after --only, and reads no further: a cut stream is not noticed.
cl-ingest -q --frame-rows 7 "$TESTS/data/iris.csv" | cl-split -q > a.clt
cl-cat --head 3 -F csv a.clt
cl-cat --head 0 -F csv a.clt
cl-cat --head 2 --only test -F csv a.clt | cut -d, -f6
cl-cat --head 10 -F frames a.clt | cl-cat | sed -n 2p
cl-cat --head 1000 a.clt | sed -n 2p
head -c 2000 a.clt > cut.clt
cl-cat --head 3 -F csv cut.clt | wc -l | tr -d ' '
cl-cat -F csv cut.clt > rows
echo "$? $(wc -l < rows | tr -d ' ')"
cl-cat -F frames -o new.clt cut.clt
echo "$? $(ls)"
