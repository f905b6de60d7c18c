# A number that the scale makes infinite gets no prediction: relu would make a plausible one of it.
printf 'a,b,y\n0.00001,1,2.5\n0.00002,3,3\n0.00003,4,4.5\n' | cl-ingest | cl-scale | cl-train -q --epochs 1 -o m.ck
printf 'a,b,y\n0.00001,2,2\n3e38,1,3\n' | cl-ingest -m m.ck > new.clt
cl-predict -m m.ck new.clt; echo $?
cl-eval -m m.ck new.clt; echo $?
cl-tune -q -m m.ck -o n.ck new.clt; echo $?
