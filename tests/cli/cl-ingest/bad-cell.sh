# Text in a column of numbers: line, column, cell, way out.
printf 'age,y\n1,a\n\nabc,b\n' | cl-ingest --types age:num > /dev/null
