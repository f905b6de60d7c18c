printf 'a,b,y\n1,2,3\n1,,4\n2,3,3.5\n' | cl-ingest | cl-train
