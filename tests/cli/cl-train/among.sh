# One class cannot be told apart; a class the data does not have is known when the data is.
cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train --among setosa -o m.ck iris.clt; echo $?
cl-train --among setosa,setosa -o m.ck iris.clt; echo $?
cl-train --among setosa,tulip -o m.ck iris.clt; echo $?
ls
