# Every kind of column in a summary; the digest does not depend on frames or compression.
cat > in.csv <<'CSV'
size,kind,when,who,note,label
1,red,2024-02-29T12:00:00Z,a,"x, y",no
2.5,green,1969-12-31T23:59:59.5Z,b,,yes
,red,2024-03-01,a,z,no
-4,,2024-03-02,c,zz,yes
CSV
cl-ingest --types when:time,who:text --role when:time,who:group --carry note -q in.csv > a.clt
cl-cat a.clt
cl-ingest --types when:time,who:text --role when:time,who:group --carry note --frame-rows 1 -q in.csv > b.clt
cl-cat -z9 b.clt > c.clt
test "$(cl-cat --digest a.clt)" = "$(cl-cat --digest < b.clt)" && test "$(cl-cat --digest a.clt)" = "$(cl-cat --digest c.clt)" &&
    echo same digest
cl-cat -F frames c.clt | cmp - b.clt && echo same bytes
