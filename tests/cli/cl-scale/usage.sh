cl-scale --method median < /dev/null
echo "$?"
cl-scale -m m.ck --impute zero < /dev/null
echo "$?"
cl-scale -m missing.ck < /dev/null
echo "$?"
cl-scale < /dev/null
echo "$?"
cl-scale missing.clt
echo "$?"
