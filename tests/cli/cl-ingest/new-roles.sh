# Ids and groups that a model was not trained with may come with new rows.
printf 'a,y\n1,u\n2,v\n3,u\n4,v\n' | cl-ingest -q | cl-scale -q | cl-train -q --hidden 3 --epochs 1 -o m.ck
printf 'key,a,y,who\nk1,1,u,p\nk2,2,,q\nk2,,v,q\n' > new.csv
cl-ingest -q -m m.ck --role key:id,who:group new.csv > new.clt
cl-cat -F csv new.clt
cl-tune -q -m m.ck --online --id key -o n.ck new.clt && cl-cat n.ck | grep -o '"labelled": 2\|"waited": 1'
# Not what is learned from, not the model's own, one of each, and of columns that are there.
for roles in key:feature a:id key:id,who:id nothing:id 'key:id --types key:num'; do
    cl-ingest -q -m m.ck --role $roles new.csv > out.clt
    echo $?
done
# The model's own id stays one.
printf 'key,a,y\nk,1,u\nl,2,v\nm,3,u\n' | cl-ingest -q --role key:id | cl-train -q --hidden 3 --epochs 1 -o k.ck
cl-ingest -q -m k.ck --role key:id new.csv | cl-cat -F csv | head -n 2
