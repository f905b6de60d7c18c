#include "ingest_labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "number.h"

enum { SAMPLE_RECORDS = 10000, SAMPLE_BYTES = 4 << 20 };

/* Sentences about the text begin with its line; those about the file with its name already. */
static int
with_name(const struct label_text *labels, const struct error *found, struct error *error)
{
    if (found->status == STATUS_DATA && strncmp(found->text, labels->file, strlen(labels->file)) != 0)
        return error_set(error, STATUS_DATA, "%s:%s", labels->file, found->text);
    *error = *found;
    return -1;
}

int
label_text_next(struct label_text *labels, struct error *error)
{
    struct csv *csv = &labels->csv;
    struct error found;
    int got = csv_read(csv, true, &found);
    if (got < 0)
        return with_name(labels, &found, error);
    if (got == CSV_END)
        return 0;
    if (got == CSV_BAD)
        return error_set(error, STATUS_DATA, "%s:%" PRIu64 ": %s", labels->file, csv->line, csv->problem);
    if (csv->n_cells <= labels->column)
        return error_set(error, STATUS_DATA, "%s:%" PRIu64 ": %zu cell%s, and the label is in column %zu", labels->file,
                         csv->line, csv->n_cells, csv->n_cells == 1 ? "" : "s", labels->column + 1);
    labels->records++;
    labels->cell = csv_cell(csv, labels->column);
    labels->n = csv->cells[labels->column].n;
    return 1;
}

/* What stands between the cells: the one that the first line has most of. */
static char
find_delimiter(const struct csv *csv)
{
    static const char known[] = "\t,;";
    const char *bytes;
    size_t n = csv_kept(csv, &bytes), count[3] = {0}, best = 1;
    const char *end = memchr(bytes, '\n', n);
    if (end != NULL)
        n = (size_t) (end - bytes);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 3; k++)
            count[k] += bytes[i] == known[k];
    for (size_t k = 0; k < 3; k++)
        best = count[k] > count[best] ? k : best;
    return known[best];
}

/* The name that says which column is the label; NULL: none does. */
static const char *
wanted_name(const struct ingest *in)
{
    if (in->labels.n > 0)
        return in->labels.names[0];
    for (uint32_t i = 0; in->by_model && i < in->model->n_columns; i++)
        if (in->model->columns[i].role == ROLE_LABEL)
            return in->model->columns[i].name;
    return NULL;
}

/* The column of the label, by the first record. *named: its cells are names. */
static int
choose_column(struct label_text *labels, const struct ingest *in, bool *named, struct error *error)
{
    const struct csv *csv = &labels->csv;
    const char *wanted = wanted_name(in);
    size_t n = csv->n_cells < CSV_MAX_COLUMNS ? csv->n_cells : CSV_MAX_COLUMNS, found = n;
    char **names = mem_array(n, sizeof *names), made_up[32];
    *named = false;
    for (size_t i = 0; i < n; i++) {
        names[i] = mem_strndup(csv_cell(csv, i), csv->cells[i].n);
        snprintf(made_up, sizeof made_up, "c%zu", i + 1);
        bool header = in->options->header != HEADER_NO;
        if (wanted == NULL || found < n || strcmp(wanted, header ? names[i] : made_up) != 0)
            continue;
        found = i;
        *named = header;
    }
    int result = 0;
    if (found < n)
        labels->column = found;
    else if (n > 1 && wanted == NULL)
        result = error_set(error, STATUS_DATA, "%s has %zu columns: which is the label? (-y NAME)", labels->file, n);
    else if (n > 1 || in->labels.n > 0)
        result = ingest_no_column(labels->file, wanted, ", the label", names, n, error);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return result;
}

/* Is the first cell of a single column its name? stats: of the others; again: it is one of those too. */
static bool
decide_header(const struct ingest *in, const struct label_text *labels, const char *first,
              const struct infer_column *stats, bool again, uint64_t n_rows)
{
    double number;
    if (in->options->header != HEADER_AUTO)
        return in->options->header == HEADER_YES;
    if (labels->whole && (labels->records == n_rows || labels->records == n_rows + 1))
        return labels->records > n_rows;
    if (number_parse(first, strlen(first), &number) || again)
        return false;
    bool exact;
    return infer_type(stats) == COLUMN_NUM || infer_distinct(stats, &exact) < stats->values;
}

/* Reads the sample: the name of the column, and what is in it. Then starts again behind the header. */
static int
sample(struct label_text *labels, struct ingest *in, char delimiter, uint64_t n_rows, struct error *error)
{
    struct csv *csv = &labels->csv;
    bool named = false, again = false;
    int got = label_text_next(labels, error);
    if (got == 0)
        return error_set(error, STATUS_DATA, "%s is empty", labels->file);
    if (got < 0 || choose_column(labels, in, &named, error) < 0)
        return -1;
    char *first = mem_strndup(csv_cell(csv, labels->column), csv->cells[labels->column].n);
    size_t n_first = strlen(first), n_columns = csv->n_cells;
    labels->stats = infer_open(1);
    while (labels->records <= SAMPLE_RECORDS && csv_kept_used(csv) < SAMPLE_BYTES) {
        got = label_text_next(labels, error);
        if (got <= 0)
            break;
        again |= labels->n == n_first && memcmp(labels->cell, first, n_first) == 0;
        infer_add(labels->stats, &in->missing, labels->cell, labels->n);
    }
    if (got < 0) {
        free(first);
        return -1;
    }
    labels->whole = got == 0;
    bool header = named || (n_columns > 1 ? in->options->header == HEADER_YES
                                          : decide_header(in, labels, first, labels->stats, again, n_rows));
    if (!header)
        infer_add(labels->stats, &in->missing, first, n_first);
    char decimal = infer_settle(labels->stats, 1, in->decimal, delimiter, DATES_ISO);
    in->decimal = in->decimal != 0 ? in->decimal : decimal;
    /* Without a header -y may still have said which: c2. */
    labels->name = mem_strdup(header && n_first > 0         ? first
                              : !header && in->labels.n > 0 ? in->labels.names[0]
                                                            : "label");
    ingest_note(in, "%s: %s", labels->file, header ? "the first record is the header" : "no header");
    free(first);
    csv_rewind(csv, delimiter, true);
    if (header && label_text_next(labels, error) < 0)
        return -1;
    labels->records = 0;
    return 0;
}

int
label_text_open(struct label_text *labels, struct ingest *in, struct input *input, const void *head, size_t n,
                uint64_t n_rows, struct error *error)
{
    enum { LOOK_BYTES = 64 << 10 };
    *labels = (struct label_text){.file = input->name};
    csv_open(&labels->csv, input, head, n, in->delimiter != 0 ? in->delimiter : ',', in->options->max_cell);
    csv_keep(&labels->csv);
    char delimiter = in->delimiter;
    if (delimiter == 0) {
        if (csv_fetch(&labels->csv, LOOK_BYTES, error) < 0)
            return -1;
        delimiter = find_delimiter(&labels->csv);
        csv_rewind(&labels->csv, delimiter, false);
    }
    return sample(labels, in, delimiter, n_rows, error);
}

void
label_text_close(struct label_text *labels)
{
    csv_close(&labels->csv);
    free(labels->name);
    free(labels->stats);
}
