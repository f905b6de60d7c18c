{ echo a,y; echo x,p; echo 1,q; echo z,p; } | cl-ingest --types a:num --bad-rows 0.5 > /dev/null
