printf 'a,y\n1,x\n2,\n3,y\n4,x\n' | cl-ingest | cl-train --epochs 1 --memory-rows 0 -o m.ck
