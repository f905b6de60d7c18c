printf 'a,income\n1,p\n' | cl-ingest -y incme
