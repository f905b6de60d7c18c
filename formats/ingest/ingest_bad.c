/* What is wrong with a record, in one sentence. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_text.h"
#include "memory.h"
#include "number.h"

/* What is wrong with a cell that should be a number; hint: [320] what would help, or "". */
static void
number_problem(const struct ingest *in, const struct sink *sink, enum cell_problem problem, struct cell cell,
               char *finding, size_t cap, char hint[320])
{
    char shown[96];
    const struct column *column = &in->schema.columns[sink->column];
    double value;
    const char other = in->decimal == ',' ? '.' : ',';
    bool grouped = number_is_grouped_as(cell.s, cell.n, in->decimal);
    error_quote(shown, sizeof shown, column->name, strlen(column->name), 60);
    if (problem == CELL_CODE) {
        snprintf(finding, cap, "has a leading zero, as a code has, where numbers came before");
        snprintf(hint, 320, "--types %s:cat keeps it as it is, --types %s:num drops the zero", shown, shown);
        return;
    }
    if (sink->how == READ_PERCENT) {
        snprintf(finding, cap, "is not a number with a %% sign, as the others are");
        return;
    }
    if (number_parse_as(cell.s, cell.n, other, &value)) {
        bool either = number_may_be_grouped(cell.s, cell.n, other);
        snprintf(finding, cap, "is not a number: the decimal is '%c'%s", in->decimal,
                 either ? ", and thousands separators are not read" : "");
        snprintf(hint, 320, "--decimal %c if %s", other, either ? "that is the decimal" : "it is not");
        return;
    }
    snprintf(finding, cap, "is not a number%s", grouped ? ": thousands separators are not read" : "");
    if (!sink->inferred)
        return;
    if (column->role == ROLE_LABEL)
        snprintf(hint, 320, "--task class takes the label as classes");
    else
        snprintf(hint, 320, "--types %s:cat accepts it", shown);
}

int
text_bad_cells(struct ingest *in, const char *where, const struct cell *cells, struct error *error)
{
    enum cell_problem problem;
    const struct sink *sink = record_problem(in, cells, &problem);
    char finding[256] = "cannot be used", hint[320] = "", shown[200];
    if (sink == NULL)
        return ingest_bad(in, where, NULL, NULL, error, "the record cannot be used");
    struct cell cell = cells[sink->source];
    size_t at = 0;
    switch (problem) {
    case CELL_NOT_NUMBER:
    case CELL_CODE:
        number_problem(in, sink, problem, cell, finding, sizeof finding, hint);
        break;
    case CELL_RANGE:
        snprintf(finding, sizeof finding, "is out of the range of a 32-bit float");
        break;
    case CELL_NOT_WEIGHT:
        snprintf(finding, sizeof finding, "is no weight: a number from 0 on is wanted");
        break;
    case CELL_NOT_TIME:
        snprintf(finding, sizeof finding, "is not a date or time as the others are");
        break;
    case CELL_NOT_UTF8:
        utf8_valid(cell.s, cell.n, &at);
        snprintf(finding, sizeof finding, "is not valid UTF-8 from byte %zu on", at + 1);
        snprintf(hint, sizeof hint, "convert the file, perhaps: iconv -f latin1 -t utf-8");
        break;
    case CELL_OK:
        break;
    }
    error_quote(shown, sizeof shown, cell.s, cell.n, CELL_SHOWN);
    return ingest_bad(in, where, ingest_source_name(&in->schema.columns[sink->column]), hint[0] != '\0' ? hint : NULL,
                      error, "'%s' %s", shown, finding);
}

int
text_bad_record(struct ingest *in, const struct csv *csv, int got, struct error *error)
{
    const struct text_source *source = in->source.state;
    char where[512];
    snprintf(where, sizeof where, "%.400s:%" PRIu64, source->input.name, csv->line);
    if (got == CSV_BAD)
        return ingest_bad(in, where, csv->problem_cell < source->n_names ? source->names[csv->problem_cell] : NULL,
                          NULL, error, "%s", csv->problem);
    if (csv->cut && csv->n_cells < source->n_names)
        return error_set(error, STATUS_DATA, "%s: the input ends in this record, after %zu of %zu cells (cut short?)",
                         where, csv->n_cells, source->n_names);
    if (csv->n_cells != source->n_names)
        return ingest_bad(in, where, NULL, NULL, error, "%zu cell%s where there are %zu columns", csv->n_cells,
                          csv->n_cells == 1 ? "" : "s", source->n_names);
    struct cell *cells = mem_array(csv->n_cells, sizeof *cells);
    for (size_t i = 0; i < csv->n_cells; i++)
        cells[i] = (struct cell){csv_cell(csv, i), csv->cells[i].n};
    int result = text_bad_cells(in, where, cells, error);
    free(cells);
    return result;
}

int
text_record(const struct ingest *in, const struct chunk *chunk, size_t at, struct csv *csv, struct error *error)
{
    const struct text_source *source = in->source.state;
    struct error found;
    csv_open_feed(csv, in->delimiter, in->options->max_cell, source->line + text_lines(source, chunk->text, at) + 1);
    csv_feed(csv, chunk->text + at, chunk->n - at);
    if (chunk->last)
        csv_feed_end(csv);
    int got = csv_read(csv, true, &found);
    return got < 0 ? error_set(error, STATUS_DATA, "%s:%s", source->input.name, found.text) : got;
}

int
text_diagnose(struct ingest *in, const struct chunk *chunk, size_t at, struct error *error)
{
    struct csv csv;
    int got = text_record(in, chunk, at, &csv, error);
    int result = got < 0 ? -1 : text_bad_record(in, &csv, got, error);
    csv_close(&csv);
    return result;
}
