printf 'n,zip,when,flag,code,y\n1,01234,2001-02-03,true,7,0.5\n-2e3,10001,2001-02-03T04:05Z,false,8,1.5\nNA,?,,,,2\n' |
    cl-ingest -v --types code:cat > /dev/null
