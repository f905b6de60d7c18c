printf 'y\n1\n2\n3\n' | cl-ingest | cl-train
