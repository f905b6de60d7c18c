# An option that the format has no use for is refused, not ignored.
printf 'a,y\n1,2\n3,4\n' > f.csv
printf '{"a":1,"y":2}\n' > f.jsonl
printf '2 1:1\n' > f.svm
printf '\223NUMPY\001\000\166\000%-117s\n\001\002' "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }" > f.npy
for file in f.csv f.jsonl f.svm f.npy; do
    cl-ingest --tensor emb $file; echo $?
done
for file in f.svm f.npy; do
    cl-ingest --dates dmy $file; echo $?
    cl-ingest --missing 4 $file; echo $?
done
