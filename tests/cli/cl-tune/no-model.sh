cl-tune < /dev/null
