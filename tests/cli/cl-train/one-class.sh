printf 'a,y\n1,x\n2,x\n' | cl-ingest --task class | cl-train
