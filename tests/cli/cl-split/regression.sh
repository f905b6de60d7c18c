cl-ingest "$TESTS/data/diabetes.csv" | cl-split --stratify > out
