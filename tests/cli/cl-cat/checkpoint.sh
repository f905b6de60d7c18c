# A checkpoint: first the rows it keeps. Without them it is another content and serves the same.
cl-ingest -q "$TESTS/data/iris.csv" > i.clt
cl-scale i.clt | cl-train -q --hidden 4 --epochs 3 --memory-rows 5 --valid 0 > m.ck
cl-cat m.ck | sed -n '1,6p'
cl-cat --tensors m.ck
cl-cat --memory m.ck > memory.csv
wc -l < memory.csv | tr -d ' '
# What is kept stands in the data, to the last digit.
cl-cat -F csv i.clt > rows.csv
while read -r row; do grep -q -x -F "$row" rows.csv || echo "$row"; done < memory.csv
cl-cat --memory --head 1 -F json m.ck | grep -c '"species"'
cl-cat --strip memory,optimiser -o s.ck m.ck
cl-cat s.ck | sed -n 2p
cl-cat --tensors s.ck | cut -d' ' -f1 | sort -u
test "$(cl-cat --digest --strip memory,optimiser m.ck)" = "$(cl-cat --digest s.ck)" && echo same digest
test "$(cl-cat --digest m.ck)" = "$(cl-cat --digest s.ck)" || echo other digest
cl-ingest -q -m m.ck "$TESTS/data/iris.csv" | tee a.clt | cl-predict -m m.ck > a
cl-predict -m s.ck a.clt | cmp - a && echo same predictions
cl-cat -F frames m.ck | cmp - m.ck && echo same bytes
cl-cat -z0 m.ck > raw.ck
test "$(cl-cat --digest raw.ck)" = "$(cl-cat --digest m.ck)" && ! cmp -s raw.ck m.ck && echo raw, same digest
cl-cat -F json m.ck | grep -c '"dictionaries"'
