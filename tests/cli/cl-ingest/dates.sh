# There is one time column: the one that an option names, else the first.
data() { printf 'd1,d2,y\n2020-01-01,2021-01-01,x\n2020-01-02,2021-01-02,z\n'; }
for options in '' '--role d2:time' '--types d2:time' '--types d1:time,d2:time' '--role d2:feature' '--types d2:cat'; do
    echo "$options"
    data | cl-ingest $options > out && cl-cat -F csv out
done
