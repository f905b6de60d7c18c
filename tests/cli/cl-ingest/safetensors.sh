# Two tensors that say by their shapes what they are; from a file, from a pipe, and compressed.
file() {
    length=$(printf %s "$1" | wc -c)
    printf "\\$(printf %03o $((length % 256)))\\$(printf %03o $((length / 256)))\000\000\000\000\000\000%s" "$1"
}
{ file '{"emb":{"dtype":"BF16","shape":[2,2],"data_offsets":[2,10]},"y":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"__metadata__":{"by":"hand"}}' &&
    printf '\003\005\200\077\000\100\000\300\240\100'; } > x.safetensors
cl-ingest x.safetensors | cl-cat -F csv
cl-ingest < x.safetensors | cl-cat -F csv
cat x.safetensors | gzip | cl-ingest | cl-cat -F csv
cl-ingest --tensor emb x.safetensors | cl-cat -F csv
cl-ingest --tensor y,emb x.safetensors > /dev/null; echo $?
cl-ingest --tensor weights x.safetensors; echo $?
# Labels from elsewhere, and twice.
printf 'kind\ngood\nbad\n' > y.csv
cl-ingest --tensor emb x.safetensors y.csv | cl-cat -F csv
cl-ingest x.safetensors y.csv; echo $?
cl-ingest -y x0 x.safetensors; echo $?
# What cannot be: three tensors, a hole, a type, a cut.
{ file '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"c":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[2,3]}}' && printf abc; } > three
cl-ingest three; echo $?
cl-ingest --tensor c three; echo $?
{ file '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}' && printf ab; } | cl-ingest; echo $?
head -c 130 x.safetensors | cl-ingest; echo $?
head -c -1 x.safetensors | cl-ingest | cl-cat -F csv; echo $?
head -c -1 x.safetensors > short && cl-ingest short; echo $?
