# A spreadsheet of much of Europe: semicolons, dates with points, decimal commas, a % sign, postal codes.
{
    echo 'Datum;Ort;PLZ;Umsatz;Rabatt;neu'
    echo '02.03.2024;Bern;03011;37,01;1,5 %;nein'
    echo '03.03.2024;Basel;04001;1074,5;2 %;ja'
    echo '28.03.2024;Bern;03011;8,25;0,5 %;ja'
} > eu.csv
cl-ingest -v eu.csv | cl-cat -F csv
echo "== dates, not thousands, where the decimal is given"
cl-ingest --decimal , eu.csv | cl-cat --digest
cl-ingest eu.csv | cl-cat --digest
echo "== thousands"
sed 's/1074,5/1.074,5/' eu.csv | cl-ingest | cl-cat
