# What -v says of columns: the type, the reason and the figures.
awk 'BEGIN {
    print "n,id,key,flag,zip,few,text,when,share,gone,y"
    for (i = 0; i < 400; i++)
        print i / 8 "," 1000 + i ",k" i "," (i % 2 ? "yes" : "no") "," sprintf("%05d", i % 90 * 997) "," \
            (i % 9 ? "f" i % 5 : "NA") ",some words of a sentence that goes on and on and on " i ",2024-01-0" i % 9 + 1 \
            "," i % 50 "%,," i % 3
}' | cl-ingest -v > /dev/null
