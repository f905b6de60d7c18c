printf 'a,u,v\n1,2,3\n4,5,6\n7,8,8\n' | cl-ingest -y u,v | cl-cat -F csv
printf 'a,u,v\n1,2,x\n4,5,z\n' | cl-ingest -y u,v > /dev/null
