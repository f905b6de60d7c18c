printf 'id,w,g,t,note,a,y\n7,1.5,g1,2001-01-01,"say ""hi"" ",1,p\n8,2,g2,,x,2,q\n' |
    cl-ingest --role w:weight,g:group,id:id --carry note | cl-cat -F json
