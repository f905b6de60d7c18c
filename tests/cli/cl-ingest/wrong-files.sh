# What people point a program at by mistake. NAME BYTES, in the escapes of printf(1).
try()
{
    printf "$2" > "$1"
    cl-ingest "$1"
    echo "$1: $?"
}
try photo.png '\211PNG\r\n\032\n\0\0\0\rIHDR'
try photo.jpg '\377\330\377\340\0\020JFIF'
try paper.pdf '%%PDF-1.4\n'
try program '\177ELF\002\001\001\0'
try table.xls '\320\317\021\340\241\261\032\341'
try model.pkl '\200\004\225\010\0\0\0'
try model.pt 'PK\003\004\0\0'
try error.html '<!DOCTYPE html>\n<html><body>404</body></html>\n'
try plain.html '<html><body>404</body></html>\n'
try table.xml '<?xml version="1.0"?>\n<a/>\n'
try weka.arff '@relation x\n@attribute a numeric\n@data\n1\n'
try little.csv 'a\0,\0b\0\n\0001\0,\0002\0\n\0'
try big.csv '\0a\0,\0b\0\n\0001\0,\0002\0\n'
echo "== the way out that is told for ARFF"
printf '@relation x\n@attribute a numeric\n@attribute b numeric\n@DATA\n1,2\n3,5\n' |
    sed '1,/^@data/Id' | cl-ingest -q --no-header | cl-cat -F csv
echo "== no more than one byte at a time"
printf '\0a\0,\0b\0\n\0001\0,\0002\0\n' | feed 1 | cl-ingest
