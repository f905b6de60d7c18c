{ echo a,y; echo x,p; } | cl-ingest --types a:num --bad-rows skip > /dev/null
