# Two images of 1 x 3 bytes, and their labels.
printf '\000\000\010\003\000\000\000\002\000\000\000\001\000\000\000\003\001\002\003\004\005\377' > images
printf '\000\000\010\001\000\000\000\002\007\003' > labels
cl-ingest images labels | cl-cat -F csv
cl-ingest --task regression images labels | cl-cat -F csv
cl-ingest --drop x1 -y x0 images | cl-cat -F csv
cl-ingest images images > /dev/null || echo 'regression with many labels needs --task'
cl-ingest < images > whole.clt && head -c 20 images | cl-ingest > /dev/null
