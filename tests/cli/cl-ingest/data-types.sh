# Every column of the data sets and of the awkward files gets its type with no option but the label.
[ -d "$CL_DATA" ] || exit 77
types() {
    echo "== $1: $(cl-ingest -q --write-schema schema.json -y "$2" - 2> /dev/null > out.clt; echo $?)"
    cl-cat -F summary out.clt | awk '/^column/ { on = 1; next } on && NF { printf "%s%s:%s%s", sep, $1, $2, $3 == "feature" ? "" : "/" $3; sep = " " } END { print "" }'
}
plain() { types "$1" "$2" < "$CL_DATA/$1"; }
packed() { zstd -dcq "$CL_DATA/$1.zst" | types "$1" "$2"; }
packed adult/train.csv income
packed adult/test.csv income
packed bike-sharing/hour.csv cnt
packed diamonds/diamonds.csv price
packed elec2/elec2.csv class
packed flights/flights.csv delay
plain classics/boston.csv MEDV
plain classics/breast_cancer.csv diagnosis
plain classics/diabetes.csv progression
plain classics/iris.csv species
plain classics/pima_na.csv diabetes
plain classics/wine.csv class
plain letter/letter.csv lettr
plain sms-spam/sms_spam.csv label
plain spambase/spambase.csv type
plain csv-awkward/adult-raw-head.csv c15
plain csv-awkward/iris-eu.csv Species
plain csv-awkward/papaparse/long-sample.csv c7
