# Options that say how text is read do not go with arrays.
{ printf '\000\000\010\002\000\000\000\002\000\000\000\002\001\002\003\004'; } > x.idx
cl-ingest --task regression x.idx | cl-cat -F csv
for options in '-d ;' '--no-header' '--header yes' '--missing 0' '--carry x0' '--types x0:text' '--role x0:group'; do
    cl-ingest --task regression $options x.idx
    echo $?
done
