#include "sniff.h"

#include <stdlib.h>
#include <string.h>

#include "ingest.h"
#include "libsvm.h"
#include "memory.h"
#include "number.h"

const char *
format_name(int format)
{
    static const char *const names[] = {"auto", "csv", "tsv", "idx", "npy", "safetensors", "jsonl", "libsvm", "frames"};
    return names[format];
}

/* A format by bytes at its start: one we read, or the words of a refusal. */
struct mark {
    const char *bytes;
    uint8_t n;
    uint8_t format; /* 0: refused */
    const char *refusal;
};

#define IMAGES " (images of one size are read as an array: npy, IDX or safetensors)"
#define HTML "is a web page, not a table (an error page of a download?)"

static const struct mark marks[] = {
    {"\x93NUMPY", 6, INGEST_NPY, NULL},
    {"\x93\xa5table", 7, INGEST_FRAMES, NULL},
    {"\x93\xa5model", 7, 0, "is a checkpoint, not data (a model is given with -m)"},
    {"\x28\xb5\x2f\xfd", 4, 0, "is compressed (use: zstd -dc FILE | cl-ingest ...)"},
    {"\x1f\x8b\x08", 3, 0, "is compressed (use: gzip -dc FILE | cl-ingest ...)"},
    {"\xfd\x37zXZ\0", 6, 0, "is compressed (use: xz -dc FILE | cl-ingest ...)"},
    {"BZh91AY", 7, 0, "is compressed (use: bzip2 -dc FILE | cl-ingest ...)"},
    {"\x04\x22\x4d\x18", 4, 0, "is compressed (use: lz4 -dc FILE | cl-ingest ...)"},
    {"PK\x03\x04", 4, 0,
     "is a zip archive, as .npz, .xlsx and .pt files are (use: unzip -p FILE MEMBER | cl-ingest ...; save a "
     "spreadsheet "
     "as CSV, tensors as safetensors)"},
    {"PAR1\x15", 5, 0,
     "is a Parquet file, which is not read (duckdb -c \"copy 'FILE' to '/dev/stdout' (format csv)\")"},
    {"ARROW1\0", 7, 0, "is an Arrow file, which is not read (save it as CSV or npy)"},
    {"\x89HDF\r\n", 6, 0, "is an HDF5 file, which is not read (save its arrays as npy or safetensors)"},
    {"SQLite format 3", 15, 0, "is an SQLite database (use: sqlite3 -csv -header FILE 'select ...' | cl-ingest)"},
    {"GGUF\x03", 5, 0, "is a GGUF model, not data"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, 0, "is an old Office file (save the spreadsheet as CSV)"},
    {"\x80\x04\x95", 3, 0, "is a Python pickle, which is not read (save a table as CSV, an array as npy)"},
    {"\x89PNG\r\n", 6, 0, "is a PNG image" IMAGES},
    {"\xff\xd8\xff", 3, 0, "is a JPEG image" IMAGES},
    {"%PDF-", 5, 0, "is a PDF file, not a table"},
    {"\x7f"
     "ELF",
     4, 0, "is a program, not data"},
    {"@relation ", 10, 0, "is an ARFF file (use: sed '1,/^@data/Id' FILE | cl-ingest --no-header ...)"},
    {"@RELATION ", 10, 0, "is an ARFF file (use: sed '1,/^@data/Id' FILE | cl-ingest --no-header ...)"},
    {"<!DOCTYPE", 9, 0, HTML},
    {"<!doctype", 9, 0, HTML},
    {"<html", 5, 0, HTML},
    {"<?xml ", 6, 0, "is XML, not a table (save it as CSV or JSON lines)"},
};

/* UTF-16 without a byte order mark, which text in any Latin script shows by a NUL in every other byte. */
static const char *
utf16_order(const uint8_t *s, size_t n)
{
    enum { LOOKED = 8 };
    bool even = n >= LOOKED, odd = n >= LOOKED;
    for (size_t i = 0; i < LOOKED && (even || odd); i += 2) {
        even = even && s[i] == 0 && s[i + 1] != 0;
        odd = odd && s[i] != 0 && s[i + 1] == 0;
    }
    return even ? "be" : odd ? "le" : NULL;
}

/* A 64-bit length, below 2^32 like any a header has, and the brace that opens the header. */
static bool
is_safetensors(const uint8_t *s, size_t n)
{
    static const uint8_t zeros[4];
    return n >= 9 && memcmp(s + 4, zeros, 4) == 0 && s[8] == '{';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t
skip_blanks(const char *s, size_t at, size_t n)
{
    while (at < n && is_blank(s[at]))
        at++;
    return at;
}

/* Text that begins with a brace: 1 when it is an object, 0 when it is not, -1 when it is too short to say. */
static int
is_object(const char *s, size_t n)
{
    size_t at = skip_blanks(s, 1, n);
    if (at < n && s[at] == '}')
        return 1;
    if (at < n && s[at] != '"')
        return 0;
    for (at++; at < n && s[at] != '"'; at++)
        at += s[at] == '\\';
    at = skip_blanks(s, at + 1, n);
    return at >= n ? -1 : s[at] == ':';
}

/* Is the line a label and features, or part of one? Blank lines, comments and a label alone say nothing (-1). */
static int
is_libsvm(struct libsvm *libsvm, const char *line, size_t n)
{
    double label;
    /* The reader looks at some bytes behind the line. */
    char *copy = mem_zalloc(n + CELL_SLACK, 1);
    memcpy(copy, line, n);
    int got = libsvm_row(libsvm, copy, n);
    int result = got == LIBSVM_BLANK ? -1
                 : got == LIBSVM_BAD || !number_parse(libsvm->label.s, libsvm->label.n, &label)
                     ? 0
                     : (libsvm->n > 0 || libsvm->qid.n > 0 ? 1 : -1);
    free(copy);
    return result;
}

/* The same for the first line that says something. A column of nothing but numbers is one of CSV. */
static int
begins_libsvm(const char *s, size_t n, bool last)
{
    enum { LINES = 20 };
    struct libsvm libsvm;
    int result = -1, lines = 0;
    libsvm_open(&libsvm, true);
    for (size_t at = 0; at < n && result < 0;) {
        if (++lines > LINES) {
            result = 0;
            break;
        }
        const char *end = memchr(s + at, '\n', n - at);
        size_t length = end != NULL ? (size_t) (end - s) - at : n - at;
        if (end == NULL && !last) {
            /* The last value may go on: it is left out. */
            while (length > 0 && !is_blank(s[at + length - 1]))
                length--;
            if (n < SNIFF_BYTES)
                break;
        }
        result = is_libsvm(&libsvm, s + at, length);
        at = end != NULL ? (size_t) (end - s) + 1 : n;
    }
    libsvm_close(&libsvm);
    return result;
}

/* Could s[0 .. n) be the start of a line of libsvm? Cheap, so that the first bytes of a CSV file decide at once. */
static bool
might_be_libsvm(const char *s, size_t n)
{
    return n == 0 || s[0] == '#' || memchr("+-.0123456789", s[0], 13) != NULL;
}

static int
sniff_text(const char *s, size_t n, bool last, const char *name, struct error *error)
{
    const int unknown = last || n >= SNIFF_BYTES ? INGEST_CSV : INGEST_AUTO;
    size_t at = n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    at = skip_blanks(s, at, n);
    s += at;
    n -= at;
    if (n == 0)
        return unknown;
    if (s[0] == '{') {
        int object = is_object(s, n);
        return object > 0 ? INGEST_JSONL : object == 0 ? INGEST_CSV : unknown;
    }
    if (s[0] == '[') {
        at = skip_blanks(s, 1, n);
        if (at < n && s[at] == '{')
            return error_set(error, STATUS_DATA,
                             "%s is one JSON array, and its objects are wanted one a line (use: jq -c '.[]' FILE | "
                             "cl-ingest ...)",
                             name);
        return at < n ? INGEST_CSV : unknown;
    }
    if (!might_be_libsvm(s, n))
        return INGEST_CSV;
    int libsvm = begins_libsvm(s, n, last);
    return libsvm > 0 ? INGEST_LIBSVM : libsvm == 0 ? INGEST_CSV : unknown;
}

int
format_sniff(const uint8_t *head, size_t n, bool last, const char *name, struct error *error)
{
    bool more = false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const struct mark *mark = &marks[i];
        size_t known = n < mark->n ? n : mark->n;
        if (memcmp(head, mark->bytes, known) != 0)
            continue;
        if (known < mark->n)
            more = true;
        else if (mark->refusal != NULL)
            return error_set(error, STATUS_DATA, "%s %s", name, mark->refusal);
        else
            return mark->format;
    }
    /* The length of a safetensors header may look like the first bytes of an IDX file without rows, or like text. */
    if (is_safetensors(head, n))
        return INGEST_SAFETENSORS;
    if (n >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 0x08 && head[2] <= 0x0e && head[3] > 0 && (n >= 9 || last))
        return INGEST_IDX;
    /* That length has a NUL among its first five bytes, which no text has. */
    if (n < 5 || (n < 9 && memchr(head, 0, n) != NULL))
        more = true;
    if (more && !last)
        return INGEST_AUTO;
    const char *order = utf16_order(head, n);
    if (order != NULL)
        return error_set(error, STATUS_DATA, "%s is UTF-16 text (use: iconv -f utf-16%s -t utf-8 FILE | cl-ingest ...)",
                         name, order);
    return sniff_text((const char *) head, n, last, name, error);
}
