cl-ingest "$TESTS/data/iris.csv" > iris.clt
cl-train --loss mse iris.clt; echo $?
cl-train --loss bce iris.clt; echo $?
cl-ingest "$TESTS/data/diabetes.csv" | cl-train --loss ce; echo $?
cl-ingest "$TESTS/data/diabetes.csv" | cl-train --among 1,2; echo $?
