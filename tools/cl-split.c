/*
 * cl-split: says of every row whether it is for training, validation or test.
 *
 * stdin or FILE ...: a data stream. stdout or -o FILE: the same stream with a `split` tag on each row; or, with
 * --part, one untagged stream for each part. Rows keep their order, their numbers and everything else they carry.
 *
 * Memory: O(one frame), and a few bytes per class with --stratify. --in-order must know the number of rows: it reads
 * files twice and spools anything else to an unlinked temporary file.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "options.h"
#include "program.h"
#include "split.h"
#include "stream.h"

enum by { BY_ROW, BY_CONTENT };

struct settings {
    const char *fractions, *group, *fold, *output;
    int by, level;
    bool stratify, in_order, retag;
    struct option_list parts;
    uint64_t seed;
};

/* One file of --part; or, when there is none, the only output. */
struct part {
    const char *path;
    bool wanted;
    struct output output;
    struct stream_writer *writer;
};

/* How rows are told apart, and how many there have been. */
struct splitting {
    struct split_rule rule;
    struct split_dealer *dealer; /* unless by hash or in order */
    bool by_content, stratify, in_order, retag;
    int group;       /* column, or -1 */
    uint64_t n_rows; /* in order: of the whole stream */
    uint64_t next;   /* the number of rows before this one */
    uint64_t rows[SPLIT_PARTS];
};

static const char *const part_names[SPLIT_PARTS] = {"train", "valid", "test"};

static void
parse_fractions(struct split_rule *rule, const char *list)
{
    size_t n;
    char **items = split_list(list, &n);
    double *fractions = mem_array(n, sizeof *fractions);
    for (size_t i = 0; i < n; i++)
        if (!parse_double(items[i], &fractions[i]))
            usage_error("-f %s: '%s' is not a number", list, items[i]);
    struct error error;
    if (split_shares(rule, fractions, n, &error) < 0)
        usage_error("-f %s: %s", list, error.text);
    free(fractions);
    free(items);
}

static void
parse_fold(struct split_rule *rule, const char *text)
{
    uint64_t fold, folds;
    char *copy = mem_strdup(text), *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (slash == NULL || !parse_u64(copy, &fold) || !parse_u64(slash + 1, &folds))
        usage_error("--fold %s: I/K is needed, for example 1/5", text);
    if (folds < 2 || folds > SPLIT_MAX_FOLDS || fold < 1 || fold > folds)
        usage_error("--fold %s: I is from 1 to K, and K from 2 to %d", text, SPLIT_MAX_FOLDS);
    rule->fold = (uint32_t) fold - 1;
    rule->folds = (uint32_t) folds;
    free(copy);
}

/* True when rows can fall into the part: a part that cannot be filled needs no file. */
static bool
part_possible(const struct split_rule *rule, int p)
{
    return rule->folds > 0 ? p != 1 : rule->share[p] > 0;
}

static void
parse_parts(struct part *parts, const struct option_list *list, const struct split_rule *rule)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *text = list->values[i], *equals = strchr(text, '=');
        int p = 0;
        while (p < SPLIT_PARTS && (equals == NULL || strlen(part_names[p]) != (size_t) (equals - text) ||
                                   memcmp(part_names[p], text, (size_t) (equals - text)) != 0))
            p++;
        if (p == SPLIT_PARTS || equals[1] == '\0')
            usage_error("--part %s: NAME=FILE is needed, and NAME is train, valid or test", text);
        if (parts[p].wanted)
            usage_error("--part %s: the part is named twice", text);
        for (int q = 0; q < SPLIT_PARTS; q++)
            if (parts[q].wanted && strcmp(parts[q].path, equals + 1) == 0 && strcmp(equals + 1, "/dev/null") != 0)
                usage_error("--part %s: %s has the same file", text, part_names[q]);
        parts[p].wanted = true;
        parts[p].path = equals + 1;
    }
    for (int p = 0; list->n > 0 && p < SPLIT_PARTS; p++)
        if (!parts[p].wanted && part_possible(rule, p))
            usage_error("--part: no file for the %s rows (add --part %s=FILE; two fractions of -f make no valid rows)",
                        part_names[p], part_names[p]);
}

static bool
is_regular(const char *path)
{
    struct stat status;
    bool standard = strcmp(path, "-") == 0;
    return (standard ? fstat(STDIN_FILENO, &status) : stat(path, &status)) == 0 && S_ISREG(status.st_mode);
}

/*
 * Reads the input once for the number of its rows, in such a way that it can be read again: files are left as they are;
 * of anything else a copy becomes the standard input, and *n_paths 0.
 */
static uint64_t
count_rows(const char *const *paths, size_t *n_paths)
{
    bool again = *n_paths > 0 || is_regular("-");
    for (size_t i = 0; i < *n_paths; i++)
        again = again && is_regular(paths[i]);
    off_t start = lseek(STDIN_FILENO, 0, SEEK_CUR);

    struct error error;
    struct stream_reader *reader = stream_reader_open(paths, *n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    struct output spool = {.fd = -1, .path = "the temporary copy of the input"};
    struct stream_writer *writer = NULL;
    if (!again && ((spool.fd = spool_open(&error)) < 0 ||
                   (writer = stream_writer_open(&spool, stream_reader_schema(reader), 0, &error)) == NULL))
        die_error(&error);
    uint64_t n = 0;
    struct batch batch;
    int got;
    do {
        got = stream_read(reader, &batch, true, &error);
        for (const struct frame *frame; got >= 0 && (frame = stream_reader_unknown(reader)) != NULL;)
            if (writer != NULL && stream_write_unknown(writer, frame, &error) < 0)
                got = -1;
        n += got > 0 ? batch.n : 0;
        if (got > 0 && writer != NULL && stream_write(writer, &batch, &error) < 0)
            got = -1;
    } while (got > 0);
    if (got < 0 || (writer != NULL && stream_write_end(writer, &error) < 0))
        die_error(&error);
    stream_writer_close(writer);
    stream_reader_close(reader);

    if (!again) {
        if (lseek(spool.fd, 0, SEEK_SET) < 0 || dup2(spool.fd, STDIN_FILENO) < 0)
            die_errno("cannot read the temporary copy of the input");
        output_abandon(&spool);
        *n_paths = 0;
    } else if (start >= 0 && lseek(STDIN_FILENO, start, SEEK_SET) < 0) {
        die_errno("cannot read stdin a second time");
    }
    return n;
}

/* What must hold of the stream for the options to make sense. */
static void
check_schema(struct splitting *splitting, const struct schema *schema, const char *group)
{
    splitting->group = -1;
    if (group != NULL && (splitting->group = schema_find(schema, group)) < 0)
        die(STATUS_DATA, "--group: the stream has no column '%s' (cl-ingest --role NAME:group keeps a column for this)",
            group);
    if (splitting->stratify && schema->task == TASK_NONE)
        die(STATUS_DATA, "--stratify: the stream has no label column (name one with cl-ingest -y COLUMN)");
    if (splitting->stratify && schema->task != TASK_CLASS) {
        char name[256];
        const struct column *label = schema_y(schema, 0);
        die(STATUS_DATA, "--stratify: the label column '%s' holds numbers, not classes (cl-ingest --task class)",
            error_quote(name, sizeof name, label->name, strlen(label->name), 60));
    }
    if (schema->n_transforms > 0 && schema->model[0] == '\0')
        warn("warning: the rows were scaled before they were split, so the test rows have shaped the transform "
             "(put cl-split before cl-scale)");
}

/* Gives each row of a batch its tag. */
static void
tag_rows(struct splitting *splitting, struct batch *batch)
{
    for (uint64_t i = 0; batch->split != NULL && !splitting->retag && i < batch->n; i++)
        if (batch->split[i] != SPLIT_NONE)
            die(STATUS_DATA, "the rows are split already: row %llu is tagged (use --retag to split them anew)",
                (unsigned long long) batch_rowno(batch, i) + 1);
    batch->split = arena_alloc(batch->arena, batch->n);
    uint64_t *hash = arena_array(batch->arena, batch->n, sizeof *hash);

    struct error error;
    if ((splitting->by_content && split_hash_content(batch, hash, &error) < 0) ||
        (splitting->stratify && split_hash_labels(batch, hash, &error) < 0) ||
        (splitting->group >= 0 && split_hash_column(batch, (uint32_t) splitting->group, hash, &error) < 0))
        die_error(&error);
    for (uint64_t i = 0; i < batch->n; i++) {
        enum split_tag tag;
        if (splitting->in_order)
            tag = split_by_place(&splitting->rule, splitting->next + i, splitting->n_rows);
        else if (splitting->by_content || splitting->group >= 0)
            tag = split_by_hash(&splitting->rule, hash[i]);
        else
            tag = split_deal(splitting->dealer, splitting->stratify ? hash[i] : 0);
        batch->split[i] = (uint8_t) tag;
        splitting->rows[tag - SPLIT_TRAIN]++;
    }
    splitting->next += batch->n;
}

/* Writes a batch, tags and all, to the only output; or, untagged, the rows of each part to its own. */
static int
write_rows(struct part *parts, bool whole, const struct batch *batch, struct error *error)
{
    if (whole)
        return stream_write(parts[0].writer, batch, error);
    uint8_t *keep = arena_alloc(batch->arena, batch->n);
    for (int p = 0; p < SPLIT_PARTS; p++) {
        if (!parts[p].wanted)
            continue;
        for (uint64_t i = 0; i < batch->n; i++)
            keep[i] = batch->split[i] == SPLIT_TRAIN + p;
        struct batch rows;
        batch_filter(&rows, batch, keep, batch->arena);
        rows.split = NULL;
        if (rows.n > 0 && stream_write(parts[p].writer, &rows, error) < 0)
            return -1;
    }
    return 0;
}

/* Every stream gets its end before the first file gets its name. */
static int
commit(struct part *parts, struct error *error)
{
    for (int p = 0; p < SPLIT_PARTS; p++)
        if (parts[p].wanted && stream_write_end(parts[p].writer, error) < 0)
            return -1;
    for (int p = 0; p < SPLIT_PARTS; p++)
        if (parts[p].wanted && output_commit(&parts[p].output, error) < 0)
            return -1;
    return 0;
}

static void
report(const struct splitting *splitting)
{
    const uint64_t *rows = splitting->rows;
    for (int p = 0; p < SPLIT_PARTS; p++)
        if (rows[p] == 0 && splitting->next > 0 && part_possible(&splitting->rule, p))
            warn("warning: none of the %llu rows is for %s", (unsigned long long) splitting->next, part_names[p]);
    note("%llu rows: train %llu, valid %llu, test %llu", (unsigned long long) splitting->next,
         (unsigned long long) rows[0], (unsigned long long) rows[1], (unsigned long long) rows[2]);
}

int
main(int argc, char **argv)
{
    static const char *const by_choices[] = {"row", "content", NULL};
    struct settings s = {.fractions = NULL, .seed = 1};
    const struct option options[] = {
        OPT_STRING('f', "fractions", "LIST", &s.fractions,
                   "shares of train, valid and test, or of train and test [0.8,0.1,0.1]"),
        OPT_CHOICE(0, "by", "row|content", &s.by, by_choices,
                   "exact counts of rows, or equal rows kept together by a hash of their features [row]"),
        OPT_FLAG(0, "stratify", &s.stratify, "exact counts in each class"),
        OPT_STRING(0, "group", "COLUMN", &s.group, "keep rows with the same value of COLUMN together"),
        OPT_FLAG(0, "in-order", &s.in_order, "the last rows are the test rows"),
        OPT_STRING(0, "fold", "I/K", &s.fold, "test on fold I of K, train on the others"),
        OPT_LIST(0, "part", "NAME=FILE", &s.parts,
                 "write the rows of a part to FILE, untagged, in place of stdout; give it for each part"),
        OPT_FLAG(0, "retag", &s.retag, "replace the tags of rows that were split before"),
        OPT_U64(0, "seed", "N", &s.seed, 0, UINT64_MAX, "seed of every random choice [1]"),
        OPT_LEVEL('z', "compress", "LEVEL", &s.level, 3, 1, 19, "compress with zstd [3 when given without LEVEL]"),
        OPT_STRING('o', "output", "FILE", &s.output, "write to FILE, whole or not at all"),
        OPT_COMMON,
        OPT_END,
    };
    const struct program_usage usage = {
        "cl-split", "tag rows for training, validation and test", "[OPTION ...] [FILE ...]",
        "cl-ingest < data.csv | cl-split -f 0.8,0.2 --stratify | cl-scale | cl-train > model.ck\n"
        "cl-split --part train=train.clt --part valid=valid.clt --part test=test.clt data.clt\n"
        "cl-split --fold 1/5 data.clt | cl-scale | cl-train > fold1.ck\n",
        options};
    struct splitting splitting = {.group = -1};
    struct part parts[SPLIT_PARTS] = {{.wanted = false}};

    program_start("cl-split");
    size_t n_paths = (size_t) options_parse(&usage, argc, argv);
    const char *const *paths = (const char *const *) argv;
    if (s.fold != NULL && s.fractions != NULL)
        usage_error("--fold and -f both say how large the parts are: give one of them");
    if (s.stratify + (s.group != NULL) + (s.by == BY_CONTENT) + s.in_order > 1)
        usage_error("--stratify, --group, --by content and --in-order exclude each other");
    if (s.parts.n > 0 && s.output != NULL)
        usage_error("-o and --part exclude each other: --part writes to files of its own");
    if (s.fold != NULL)
        parse_fold(&splitting.rule, s.fold);
    else
        parse_fractions(&splitting.rule, s.fractions != NULL ? s.fractions : "0.8,0.1,0.1");
    parse_parts(parts, &s.parts, &splitting.rule);
    if (n_paths == 0)
        usage_if_terminal();

    splitting.rule.seed = s.seed;
    splitting.by_content = s.by == BY_CONTENT;
    splitting.stratify = s.stratify;
    splitting.in_order = s.in_order;
    splitting.retag = s.retag;
    splitting.dealer = split_dealer_open(&splitting.rule);
    /* Without --part the first part stands for all of them. */
    bool whole = s.parts.n == 0;
    if (whole)
        parts[0] = (struct part){.path = s.output, .wanted = true};
    struct error error;
    for (int p = 0; p < SPLIT_PARTS; p++)
        if (parts[p].wanted && output_open(&parts[p].output, parts[p].path, true, &error) < 0)
            die_error(&error);
    if (s.in_order)
        splitting.n_rows = count_rows(paths, &n_paths);
    struct stream_reader *reader = stream_reader_open(paths, n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    struct schema *schema = stream_reader_schema(reader);
    check_schema(&splitting, schema, s.group);
    for (int p = 0; p < SPLIT_PARTS; p++)
        if (parts[p].wanted &&
            (parts[p].writer = stream_writer_open(&parts[p].output, schema, s.level, &error)) == NULL)
            die_error(&error);

    struct batch batch;
    int got;
    do {
        got = stream_read(reader, &batch, true, &error);
        for (const struct frame *frame; got >= 0 && (frame = stream_reader_unknown(reader)) != NULL;)
            for (int p = 0; p < SPLIT_PARTS; p++)
                if (parts[p].wanted && stream_write_unknown(parts[p].writer, frame, &error) < 0)
                    got = -1;
        if (got > 0) {
            tag_rows(&splitting, &batch);
            if (write_rows(parts, whole, &batch, &error) < 0)
                got = -1;
        }
    } while (got > 0);

    if (got < 0 || commit(parts, &error) < 0)
        die_error(&error);
    report(&splitting);
    for (int p = 0; p < SPLIT_PARTS; p++)
        stream_writer_close(parts[p].writer);
    stream_reader_close(reader);
    split_dealer_close(splitting.dealer);
    options_free(options);
    return STATUS_OK;
}
