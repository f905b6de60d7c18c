#include "streaming.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint.h"
#include "json.h"
#include "online.h"
#include "program.h"
#include "progress.h"
#include "tuning.h"

/* Rows between two looks at signals and clocks; the longest sleep, in case a signal came just before it. */
enum { SLICE_ROWS = 1024, NAP_MS = 1000, LOG_ROWS = 1000 };

/* A run over one stream. */
struct session {
    const struct settings *settings;
    const struct training_files *files;
    const struct streaming_files *online;
    const struct engine *engine;
    struct model *model; /* which learns: the one given, or the one resumed */
    struct online *learner;
    struct arena record;         /* of the training record that was made last */
    const struct value *lineage; /* of the model as it came */
    size_t own;                  /* the entry of this run's own: one more, or that of the run that goes on */
    const struct value *options; /* the record of the options, for good */
    const char *strategy;        /* that later runs inherit, or NULL */
    double trained_lr;
    const struct value *trained; /* options of the last run that was none on a stream, or NULL */
    char from[33];               /* digest of the model given */
    uint64_t first_rows;         /* consumed in streams before this one */
    uint64_t skip;               /* rows of this stream that a run before has learnt */
    char resumed_digest[33];
    int log; /* descriptor, or -1 */
    uint64_t logged_rows, logged_drifts, saved_rows;
    double logged_s, saved_s;
    struct progress progress;
};

/* ---- signals ---- */

/* Set by handlers: the one thing they do. */
static volatile sig_atomic_t save_asked, end_asked;
enum { N_ENDINGS = 2 };
static const int endings[N_ENDINGS] = {SIGTERM, SIGINT};

static void
on_save(int number)
{
    (void) number;
    save_asked = 1;
}

static void
on_end(int number)
{
    end_asked = number;
}

static void
catch_signal(int number, void (*handler)(int), struct sigaction *before)
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    /* What a background shell has set to be ignored stays so. */
    if (sigaction(number, NULL, before) == 0 && before->sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* ---- the log ---- */

/* The number behind "rows" in a line of the log; UINT64_MAX when there is none. */
static uint64_t
line_rows(const char *line)
{
    static const char head[] = "{\"rows\": ";
    char *end;
    if (strncmp(line, head, sizeof head - 1) != 0)
        return UINT64_MAX;
    const unsigned long long rows = strtoull(line + sizeof head - 1, &end, 10);
    return *end == ',' || *end == '}' ? rows : UINT64_MAX;
}

/* Opens the log. A run that was interrupted may have written lines about rows that are not in its checkpoint: these
 * rows come once more, and so do the lines. */
static void
log_open(struct session *session)
{
    const char *path = session->files->log;
    const bool resumed = session->files->resume != NULL;
    session->log = -1;
    if (path == NULL)
        return;
    session->log = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (resumed ? 0 : O_TRUNC), 0666);
    FILE *lines = session->log < 0 || !resumed ? NULL : fdopen(dup(session->log), "r");
    char *line = NULL;
    size_t cap = 0;
    off_t keep = 0;
    for (ssize_t n; lines != NULL && (n = getline(&line, &cap, lines)) > 0; keep += n)
        if (line[n - 1] != '\n' || line_rows(line) > online_counts(session->learner)->rows)
            break;
    free(line);
    if (lines != NULL)
        fclose(lines);
    if (session->log < 0 || (resumed && lseek(session->log, 0, SEEK_END) > 0 &&
                             (ftruncate(session->log, keep) < 0 || lseek(session->log, keep, SEEK_SET) < 0)))
        die_errno("cannot write the log %s", path);
}

static void
set_number(struct arena *arena, struct value *map, const char *name, const char *suffix, double number)
{
    if (isfinite(number))
        value_set(arena, map, suffix == NULL ? name : arena_printf(arena, "%s_%s", name, suffix),
                  value_float(arena, number));
}

static void
set_report(struct arena *arena, struct value *map, const struct prequential_report *r, const char *suffix)
{
    set_number(arena, map, "accuracy", suffix, r->accuracy);
    set_number(arena, map, "no_change", suffix, r->no_change);
    set_number(arena, map, "majority", suffix, r->majority);
    set_number(arena, map, "kappa_temporal", suffix, r->kappa_temporal);
    set_number(arena, map, "rmse", suffix, r->rmse);
    set_number(arena, map, "no_change_rmse", suffix, r->no_change_rmse);
    set_number(arena, map, "mean_rmse", suffix, r->mean_rmse);
    set_number(arena, map, "mae", suffix, r->mae);
    set_number(arena, map, "no_change_mae", suffix, r->no_change_mae);
    set_number(arena, map, "mean_mae", suffix, r->mean_mae);
    set_number(arena, map, "loss", suffix, r->loss);
}

static void
log_line(struct session *session)
{
    static const char *const suffixes[PREQUENTIAL_SPANS] = {NULL, "window", "faded"};
    const struct online_counts *counts = online_counts(session->learner);
    struct arena arena = {0};
    struct text text = {0};
    struct error error;
    if (session->log < 0)
        return;
    if (online_settle(session->learner, &error) < 0)
        die_error(&error);
    struct value *map = value_map(&arena);
    value_set(&arena, map, "rows", value_uint(&arena, counts->rows));
    value_set(&arena, map, "labelled", value_uint(&arena, counts->labelled));
    value_set(&arena, map, "updates", value_uint(&arena, counts->updates));
    for (int span = 0; span < PREQUENTIAL_SPANS; span++) {
        const struct prequential_report report =
            prequential_report(online_metrics(session->learner), (enum prequential_span) span);
        set_report(&arena, map, &report, suffixes[span]);
    }
    if (session->settings->adapt) {
        value_set(&arena, map, "drift", value_bool(&arena, counts->drifts > session->logged_drifts));
        value_set(&arena, map, "drifts", value_uint(&arena, counts->drifts));
        value_set(&arena, map, "rate", value_float(&arena, online_rate(session->learner)));
    }
    json_value(&text, map, false);
    text_add(&text, "\n", 1);
    for (size_t done = 0; done < text.n;) {
        const ssize_t n = write(session->log, text.bytes + done, text.n - done);
        if (n > 0)
            done += (size_t) n;
        else if (n == 0 || errno != EINTR)
            die_errno("cannot write the log %s", session->files->log);
    }
    free(text.bytes);
    arena_free(&arena);
    session->logged_rows = counts->rows;
    session->logged_drifts = counts->drifts;
    session->logged_s = now_s();
}

/* Rows from line to line; 0 = by the clock. */
static uint64_t
log_rows(const struct session *session)
{
    if (!isnan(session->online->log_every_s))
        return 0;
    return session->online->log_rows > 0 ? session->online->log_rows : LOG_ROWS;
}

/* ---- checkpoints ---- */

/* The model becomes what a checkpoint of this moment holds. */
static void
record(struct session *session, bool unfinished)
{
    struct model *model = session->model;
    struct arena *arena = &session->record;
    struct error error;
    char data[33];
    arena_reset(arena);
    online_digest(session->learner, data);
    struct value *training = value_map(arena), *lineage = value_array(arena), *entry = value_map(arena);
    const uint64_t rows = online_counts(session->learner)->rows;
    value_set(arena, training, "program", value_string(arena, program_name()));
    value_set(arena, training, "options", value_copy(arena, session->options));
    value_set(arena, training, "numerics",
              value_string(arena, session->engine->exact ? "exact" : session->engine->name));
    value_set(arena, training, "data", value_string(arena, data));
    value_set(arena, training, "rows", value_uint(arena, rows));
    value_set(arena, training, "trained_lr", value_float(arena, session->trained_lr));
    if (session->trained != NULL)
        value_set(arena, training, "trained", value_copy(arena, session->trained));
    if (session->strategy != NULL)
        value_set(arena, training, "strategy", value_string(arena, session->strategy));
    model->training = training;
    if (online_save(session->learner, arena, &error) < 0)
        die_error(&error);
    if (unfinished) {
        struct value *resume = value_map(arena);
        value_set(arena, resume, "from", value_string(arena, session->from));
        value_set(arena, resume, "rows", value_uint(arena, rows - session->first_rows));
        value_set(arena, training, "resume", resume);
    }
    value_set(arena, entry, "program", value_string(arena, program_name()));
    value_set(arena, entry, "parent", value_string(arena, online_parent(session->learner)));
    value_set(arena, entry, "data", value_string(arena, data));
    value_set(arena, entry, "rows", value_uint(arena, rows));
    const size_t n = session->lineage == NULL ? 0 : session->lineage->n;
    for (size_t i = 0; i < n || i == session->own; i++)
        value_push(arena, lineage, i == session->own ? entry : session->lineage->items[i]);
    model->lineage = lineage;
}

static void
save(struct session *session)
{
    struct output output;
    struct error error;
    session->saved_s = now_s();
    save_asked = 0;
    if (session->files->checkpoint == NULL || online_counts(session->learner)->rows == session->saved_rows)
        return;
    record(session, true);
    if (output_open(&output, session->files->checkpoint, true, &error) < 0 ||
        checkpoint_write(session->model, &output, 0, &error) < 0 || output_commit(&output, &error) < 0)
        die_error(&error);
    session->saved_rows = online_counts(session->learner)->rows;
}

/* ---- the stream ---- */

static void
draw(struct session *session)
{
    const struct online_counts *counts = online_counts(session->learner);
    const struct prequential_report report = prequential_report(online_metrics(session->learner), PREQUENTIAL_LAST);
    char rows[32], rate[32];
    human_count(rows, sizeof rows, (double) counts->rows);
    human_count(rate, sizeof rate,
                (double) (counts->rows - session->first_rows) / progress_elapsed_s(&session->progress));
    if (isnan(report.rmse))
        progress_draw(&session->progress, "%s rows, accuracy of the last 1000 %.4g %%, %s rows/s", rows,
                      100 * report.accuracy, rate);
    else
        progress_draw(&session->progress, "%s rows, RMSE of the last 1000 %.4g, %s rows/s", rows, report.rmse, rate);
}

/* What signals and clocks ask for. Between two rows: nothing of it can show in the result. */
static void
attend(struct session *session, struct sigaction before[N_ENDINGS])
{
    const double every_s = isnan(session->files->every_s) ? 60 : session->files->every_s, now = now_s();
    if (save_asked || end_asked || now - session->saved_s >= every_s)
        save(session);
    if (end_asked) {
        progress_end(&session->progress);
        for (int i = 0; i < N_ENDINGS; i++)
            sigaction(endings[i], &before[i], NULL);
        raise(end_asked);
    }
    if (!isnan(session->online->log_every_s) && now - session->logged_s >= session->online->log_every_s &&
        online_counts(session->learner)->rows > session->logged_rows)
        log_line(session);
    if (progress_due(&session->progress))
        draw(session);
}

/* The longest sleep until the clock asks for something. */
static int
nap_ms(const struct session *session)
{
    const double log_s = session->online->log_every_s;
    double ms = NAP_MS;
    if (!isnan(log_s) && 1000 * log_s < ms)
        ms = 1000 * log_s;
    return ms < 1 ? 1 : (int) ms;
}

/* The next batch: as stream_read(), but signals and clocks are attended while there is none. */
static int
next_batch(struct session *session, struct stream_reader *reader, struct batch *batch,
           struct sigaction before[N_ENDINGS], struct error *error)
{
    int got;
    while ((got = stream_read(reader, batch, false, error)) == 2) {
        attend(session, before);
        if (stream_reader_wait(reader, nap_ms(session), error) < 0)
            return -1;
    }
    if (got == 0)
        attend(session, before); /* who asked for an end before the stream had one gets it */
    return got;
}

/* Rows of the batch that a run before has learnt; returns where the others begin. */
static uint64_t
skip_rows(struct session *session, const struct batch *batch)
{
    const uint64_t n = session->skip < batch->n ? session->skip : batch->n;
    char hex[33];
    if (session->skip == 0)
        return 0;
    online_skip(session->learner, 0, n);
    session->skip -= n;
    if (session->skip > 0)
        return n;
    online_digest(session->learner, hex);
    if (strcmp(hex, session->resumed_digest) != 0)
        die(STATUS_DATA, "%s: that run is on other rows than those at the beginning of this stream",
            session->files->resume);
    return n;
}

static void
learn(struct session *session, struct stream_reader *reader, struct sigaction before[N_ENDINGS])
{
    const uint64_t per_line = log_rows(session);
    struct batch batch;
    struct error error;
    int got;
    while ((got = next_batch(session, reader, &batch, before, &error)) > 0) {
        if (online_batch(session->learner, &batch, &error) < 0)
            training_refuse(reader, &error);
        for (uint64_t at = skip_rows(session, &batch), n; at < batch.n; at += n) {
            n = batch.n - at < SLICE_ROWS ? batch.n - at : SLICE_ROWS;
            if (per_line > 0) {
                const uint64_t to_line = per_line - online_counts(session->learner)->rows % per_line;
                n = n < to_line ? n : to_line;
            }
            if (online_rows(session->learner, at, n, &error) < 0)
                training_refuse(reader, &error);
            if (per_line > 0 && online_counts(session->learner)->rows % per_line == 0)
                log_line(session);
            attend(session, before);
        }
    }
    if (got < 0)
        die_error(&error);
    if (session->skip > 0)
        die(STATUS_DATA, "%s: that run had learnt %llu rows more than this stream has", session->files->resume,
            (unsigned long long) session->skip);
}

/* ---- the run ---- */

/* The run being resumed: its checkpoint is the model that learns. */
static void
resume(struct session *session, struct model *resumed, const struct model *model)
{
    const char *path = session->files->resume;
    struct error error;
    if (checkpoint_read(resumed, path, &error) < 0)
        die_error(&error);
    const struct value *map = value_get(resumed->training, "resume");
    const char *from = value_get_string(map, "from"), *data = value_get_string(resumed->training, "data");
    if (!online_continues(resumed) || from == NULL || data == NULL || strlen(data) != 32 ||
        !value_get_u64(map, "rows", &session->skip))
        die(STATUS_DATA, "%s: this is no checkpoint that --online --checkpoint has written", path);
    if (strcmp(from, model->digest) != 0)
        die(STATUS_DATA, "%s: that run did not begin from the model given", path);
    memcpy(session->resumed_digest, data, sizeof session->resumed_digest);
    session->model = resumed;
}

/* Records of runs by other engines than exact ones cannot go on by others. */
static void
check_numerics(const struct session *session, const char *path)
{
    const char *then = value_get_string(session->model->training, "numerics");
    const char *mine = session->engine->exact ? "exact" : session->engine->name;
    if (online_continues(session->model) && (then == NULL || strcmp(then, mine) != 0))
        usage_error("%s: its run has %s numerics and this one would have %s", path, then != NULL ? then : "other",
                    mine);
}

static void
check_id(const struct schema *schema, const char *id, const char *name)
{
    char quoted[128];
    const int at = id == NULL ? -1 : schema_find(schema, id);
    if (id == NULL || (at >= 0 && schema->columns[at].role == ROLE_ID))
        return;
    die(STATUS_DATA, "%s: the stream has no id column '%s' (cl-ingest -m MODEL --role %s:id makes it one)", name,
        error_quote(quoted, sizeof quoted, id, strlen(id), 60), quoted);
}

static struct online_setup
setup_of(const struct session *session)
{
    const struct settings *s = session->settings;
    return (struct online_setup){
        .engine = session->engine,
        .threads = (unsigned) session->files->threads,
        .model = session->model,
        .optimiser = settings_optimiser(s),
        .lr = s->lr,
        .clip = (float) s->clip,
        .smoothing = session->model->schema.task == TASK_CLASS ? (float) s->label_smoothing : 0,
        .dropout = (float) s->dropout,
        .seed = s->seed,
        .update_rows = (uint32_t) s->update_rows,
        .memory_rows = streaming_capacity(s, session->model),
        .memory_by = (enum balance)(s->memory_by - 1),
        .replay = s->replay,
        .keep_moments = s->keep_optimiser,
        .window = s->id != NULL ? s->window : 0,
        .policy = (enum new_class) s->new_class,
        .shrink = s->shrink,
        .detector = s->adapt ? s->detector : NULL,
    };
}

/* One line about rows that were no use. */
static void
say_counts(const struct online_counts *counts)
{
    if (counts->unlabelled > 0)
        warn("warning: %llu row%s left out: without a label", (unsigned long long) counts->unlabelled,
             training_plural(counts->unlabelled));
    if (counts->missed > 0)
        warn("warning: %llu label%s left out: the row was not in the window (--window)",
             (unsigned long long) counts->missed, training_plural(counts->missed));
    if (counts->unknown > 0)
        warn("warning: %llu row%s not learnt: of classes the model does not have", (unsigned long long) counts->unknown,
             training_plural(counts->unknown));
    if (counts->classes > 0)
        note("%llu new class%s", (unsigned long long) counts->classes, counts->classes == 1 ? "" : "es");
}

/* The model, the settings and the learner. path: of the model that learns. */
static void
begin(struct session *session, struct settings *s, const struct model *given, const char *path, struct arena *arena)
{
    struct model *model = session->model;
    struct error error;
    check_numerics(session, path);
    streaming_inherit(s, model, path);
    const char *sentence = settings_check(s, &error);
    if (sentence != NULL)
        usage_error("%s", sentence);
    session->options = streaming_record(s, arena);
    session->trained_lr = tuning_trained_lr(model);
    session->trained = tuning_trained_options(model);
    session->strategy = value_get_string(model->training, "strategy");
    session->lineage = model->lineage;
    session->own = online_run(model);
    memcpy(session->from, given->digest, sizeof session->from);
    const struct online_setup setup = setup_of(session);
    if (online_open(&session->learner, &setup, &error) < 0) {
        if (error.status == STATUS_USAGE)
            usage_error("%s", error.text);
        error_prefix(&error, "%s", path);
        die_error(&error);
    }
    note("%s", online_engine(session->learner));
    const uint64_t consumed = online_counts(session->learner)->rows;
    session->first_rows = consumed - session->skip;
    session->logged_rows = session->saved_rows = consumed;
    session->logged_drifts = online_counts(session->learner)->drifts;
    if (session->skip > 0) {
        /* The digest of the rows to be skipped goes on from that of the model given, as it did then. */
        const char *data = online_continues(given) ? value_get_string(given->training, "data") : NULL;
        online_set_digest(session->learner,
                          data != NULL && strlen(data) == 32 ? data : "00000000000000000000000000000000");
    }
}

/* The last line, the last checkpoint, the result. */
static void
finish(struct session *session, struct output *output)
{
    const struct online_counts *counts = online_counts(session->learner);
    struct error error;
    if (counts->rows > session->logged_rows)
        log_line(session);
    if (session->log >= 0 && close(session->log) < 0)
        die_errno("cannot write the log %s", session->files->log);
    save(session);
    if (counts->rows > 0)
        record(session, false);
    else
        warn("warning: no row to learn from: the model is passed on as it was");
    if (checkpoint_write(session->model, output, session->files->level, &error) < 0 ||
        output_commit(output, &error) < 0)
        die_error(&error);
    say_counts(counts);
    training_say_kept(counts->rows > 0 ? online_kept(session->learner) : 0);
}

void
streaming_run(struct settings *s, const struct training_files *files, const struct streaming_files *online,
              const struct engine *engine, struct model *model, const char *path, const char *const *paths,
              size_t n_paths)
{
    struct session session = {.settings = s, .files = files, .online = online, .engine = engine, .model = model};
    struct model resumed = {0};
    struct sigaction before[N_ENDINGS], ignored;
    struct output output;
    struct error error;
    struct arena arena = {0};
    catch_signal(SIGUSR1, on_save, &ignored);
    if (files->resume != NULL)
        resume(&session, &resumed, model);
    begin(&session, s, model, files->resume != NULL ? files->resume : path, &arena);
    log_open(&session);
    if (output_open(&output, files->output, true, &error) < 0)
        die_error(&error);
    training_try_checkpoint(files);
    struct stream_reader *reader = stream_reader_open(paths, n_paths, &error);
    if (reader == NULL)
        die_error(&error);
    check_id(stream_reader_schema(reader), s->id, stream_reader_name(reader));
    if (online_bind(session.learner, stream_reader_schema(reader), &error) < 0)
        training_refuse(reader, &error);
    /* From here on there is something to save. */
    for (int i = 0; i < N_ENDINGS; i++)
        catch_signal(endings[i], on_end, &before[i]);
    session.logged_s = session.saved_s = now_s();
    progress_begin(&session.progress);
    learn(&session, reader, before);
    progress_end(&session.progress);
    finish(&session, &output);
    online_close(session.learner);
    stream_reader_close(reader);
    model_free(&resumed);
    arena_free(&session.record);
    arena_free(&arena);
}
