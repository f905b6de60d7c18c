#include "csv_write.h"

#include <string.h>

/* Delimiters, quotes and line ends; and blanks at an end, which readers drop. Cells are short: one look at each byte.
 */
static bool
needs_quotes(const char *s, size_t n)
{
    if (n == 0)
        return false;
    bool quotes = s[0] == ' ' || s[0] == '\t' || s[n - 1] == ' ' || s[n - 1] == '\t';
    for (size_t i = 0; i < n; i++)
        quotes |= s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r';
    return quotes;
}

void
csv_add_cell(struct text *text, bool first, const char *s, size_t n)
{
    if (!first)
        text_add(text, ",", 1);
    if (!needs_quotes(s, n)) {
        text_add(text, s, n);
        return;
    }
    text_add(text, "\"", 1);
    for (const char *end = s + n, *quote; s < end; s = quote) {
        quote = memchr(s, '"', (size_t) (end - s));
        quote = quote == NULL ? end : quote + 1;
        text_add(text, s, (size_t) (quote - s));
        if (quote[-1] == '"')
            text_add(text, "\"", 1);
    }
    text_add(text, "\"", 1);
}

void
csv_end_line(struct text *text)
{
    if (text->n == 0 || text->bytes[text->n - 1] == '\n')
        text_add(text, "\"\"", 2);
    text_add(text, "\n", 1);
}
