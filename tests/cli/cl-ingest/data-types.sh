# Every column of the data sets and of the awkward files gets its type with no option but the label, and every cell its
# value: each is compared with the cell of the file, as a number where it is one.
[ -d "$CL_DATA" ] || exit 77
# types FILE LABEL < TEXT
types() {
    tee file.csv | cl-ingest -q --write-schema schema.json -y "$2" - 2> /dev/null > out.clt
    echo "== $1: $?"
    cl-cat -F summary out.clt | awk '/^column/ { on = 1; next } on && NF { printf "%s%s:%s%s", sep, $1, $2, $3 == "feature" ? "" : "/" $3; sep = " " } END { print "" }'
}
# Cells without quotes only; c1, c2, ... are the names where there is no header.
cells() {
    cl-cat -F csv out.clt | awk -F "${1:-,}" -v header="${2:-yes}" '
        function same(a, b) {
            gsub(/^ +| +$/, "", a)
            if (a ~ /^(\?|NA)?$/)
                return b == ""
            if (a == b || b == a ":00Z" || b == a "T00:00:00Z")
                return 1
            return a ~ /^[-+0-9.e]+$/ && b ~ /^[-+0-9.e]+$/ && (a - b) ^ 2 <= (2 ^ -24 * a) ^ 2
        }
        FILENAME == "file.csv" && FNR == 1 {
            n = NF
            for (i = 1; i <= n; i++)
                name[i] = header == "yes" && $i != "" ? $i : "c" i
            if (header == "yes")
                next
        }
        FILENAME == "file.csv" { file[++rows] = $0; next }
        FNR == 1 { split($0, head, ","); for (i in head) at[head[i]] = i; next }
        {
            split(file[FNR - 1], cell, FS)
            split($0, got, ",")
            for (i = 1; i <= n; i++)
                if (same(cell[i], got[at[name[i]]]))
                    good++
                else if (bad++ < 3)
                    print "row " FNR - 1 ", " name[i] ": " cell[i] " is " got[at[name[i]]]
        }
        END { print rows " rows, " FNR - 1 " of them read; " good + 0 " cells the same, " bad + 0 " not" }' file.csv -
}
plain() { types "$1" "$2" < "$CL_DATA/$1" && cells; }
packed() { zstd -dcq "$CL_DATA/$1.zst" | types "$1" "$2" && cells; }
packed adult/train.csv income
packed adult/test.csv income
packed bike-sharing/hour.csv cnt
packed diamonds/diamonds.csv price
packed elec2/elec2.csv class
zstd -dcq "$CL_DATA/flights/flights.csv.zst" | types flights/flights.csv delay && grep -c . file.csv
head -n 20001 file.csv > head.csv
types 'flights/flights.csv, the first rows' delay < head.csv && cells
plain classics/boston.csv MEDV
plain classics/breast_cancer.csv diagnosis
plain classics/diabetes.csv progression
plain classics/digits.csv digit
plain classics/iris.csv species
plain classics/pima_na.csv diabetes
plain classics/wine.csv class
plain letter/letter.csv lettr
plain spambase/spambase.csv type
types sms-spam/sms_spam.csv label < "$CL_DATA/sms-spam/sms_spam.csv"
cl-cat -F csv out.clt | grep -c '^ham,'
cl-cat -F csv out.clt | grep -c '^spam,'
types csv-awkward/adult-raw-head.csv c15 < "$CL_DATA/csv-awkward/adult-raw-head.csv" && cells , no
tr -d '"' < "$CL_DATA/csv-awkward/iris-eu.csv" > iris.csv
types csv-awkward/iris-eu.csv Species < "$CL_DATA/csv-awkward/iris-eu.csv" && tr ',;' '.,' < iris.csv > file.csv && cells
types csv-awkward/papaparse/long-sample.csv c7 < "$CL_DATA/csv-awkward/papaparse/long-sample.csv"
echo '== mnist'
cl-ingest "$CL_DATA/mnist/t10k-images-idx3-ubyte.zst" "$CL_DATA/mnist/t10k-labels-idx1-ubyte" > out.clt
cl-cat -F summary out.clt | awk '/^rows|^task/ { print } /^label/ { print $1, $2, $3 } /^x[0-9]/ { print $2 }' | sort | uniq -c
cl-cat -F json --head 5 out.clt | sed 's/.*,//'
