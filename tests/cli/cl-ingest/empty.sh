cl-ingest < /dev/null
