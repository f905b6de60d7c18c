# Streams that somebody packed; -z keeps them streams.
printf '\037\213\010\000\000\000\000\000' | cl-cat
echo "$?"
printf '\050\265\057\375\144\277\032' | cl-cat
echo "$?"
