cl-ingest "$TESTS/data/iris.csv" | cl-train -q --hidden 4 --epochs 2 --valid 0 --log log -o m.ck
sed 's|: [0-9.e-]*|: N|g' log
sed 's/.*"lr"/"lr"/' log | uniq
