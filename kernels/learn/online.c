#include "online.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analytic.h"
#include "counts.h"
#include "hash.h"
#include "loss.h"
#include "memory.h"
#include "online_inside.h"

static void
copy(void *to, const void *from, size_t bytes)
{
    if (bytes > 0)
        memcpy(to, from, bytes);
}

/* ---- opening ---- */

static void
block_open(struct block *block, uint64_t rows, uint32_t d, uint32_t k, uint32_t t)
{
    block->x = mem_array(rows, d * sizeof *block->x);
    block->c = mem_array(rows, k * sizeof *block->c);
    block->y = mem_zalloc(rows, t * sizeof *block->y);
    block->user = mem_zalloc(rows, t * sizeof *block->user);
    block->w = mem_array(rows, sizeof *block->w);
    block->label = mem_zalloc(rows, sizeof *block->label);
    block->answered = mem_zalloc(rows, 1);
    block->rowno = mem_array(rows, sizeof *block->rowno);
}

static void
block_close(struct block *block)
{
    free(block->x);
    free(block->c);
    free(block->y);
    free(block->user);
    free(block->w);
    free(block->z);
    free(block->label);
    free(block->answered);
    free(block->rowno);
}

int
online_open(struct online **result, const struct online_setup *setup, struct error *error)
{
    struct online *online = mem_zalloc(1, sizeof *online);
    const struct model *model = setup->model;
    *result = NULL;
    online->setup = *setup;
    online->classes = model->schema.task == TASK_CLASS;
    online->d = model->network.n_x;
    online->k = model->network.n_c;
    online->t = online->classes ? 1 : model->schema.n_y;
    online->reaction = (struct reaction){.rate = 1};
    online->lr = setup->lr;
    online->fresh_record = !online_continues(model);
    block_open(&online->block, setup->update_rows, online->d, online->k, online->t);
    online->f = mem_zalloc(online->t, sizeof *online->f);
    online->chosen = mem_array(setup->update_rows, sizeof *online->chosen);
    online->line = mem_array(
        sizeof online->digest + 64 + sizeof(float) * ((size_t) online->d + online->k) + sizeof(double) * online->t, 1);
    const struct memory_options memory = {.seed = setup->seed, .capacity = setup->memory_rows, .by = setup->memory_by};
    online->memory = stream_memory_open(model, &memory, online_run(model));
    if (setup->detector != NULL && (online->detector = detector_open(setup->detector, error)) == NULL)
        goto fail;
    if (online->detector != NULL && !online->classes && detector_values(online->detector) == DETECTOR_BINARY) {
        error_set(error, STATUS_USAGE, "the detector '%s' counts wrong answers, and the model predicts numbers",
                  setup->detector);
        goto fail;
    }
    if (online_open_engine(online, !online->fresh_record || setup->keep_moments, error) < 0)
        goto fail;
    const bool median = model->n_quantiles == 0 || online->median < model->n_quantiles;
    online->metrics = prequential_open(online->classes, median ? online->t : 0);
    if (setup->window > 0)
        online->late = late_open(setup->window, online->d, online->k, online->o);
    if (online->fresh_record) {
        online->parent = arena_strdup(&setup->model->arena, model->digest);
        if (setup->keep_moments)
            value_get_u64(model->optimiser, "steps", &online->counts.moment_steps);
    } else if (online_restore(online, error) < 0) {
        goto fail;
    }
    *result = online;
    return 0;
fail:
    online_close(online);
    return -1;
}

int
online_bind(struct online *online, const struct schema *stream, struct error *error)
{
    online->stream = stream;
    online->rebind = false;
    bind_close(online->binding);
    online->binding = NULL;
    return bind_open(&online->binding, online->setup.model, stream, true, error);
}

void
online_close(struct online *online)
{
    if (online == NULL)
        return;
    if (online->engine != NULL)
        online->setup.engine->close(online->engine);
    decision_close(&online->decision);
    block_close(&online->block);
    stream_memory_close(online->memory);
    late_close(online->late);
    prequential_close(online->metrics);
    detector_close(online->detector);
    bind_close(online->binding);
    dict_free(&online->fresh);
    arena_free(&online->state);
    arena_free(&online->layers);
    free(online->p);
    free(online->chosen);
    free(online->f);
    free(online->line);
    free(online);
}

/* ---- scores ---- */

/* Outputs of the rows of the block that have none yet. */
static int
answer(struct online *online, struct error *error)
{
    struct block *block = &online->block;
    const struct rowset rows = {
        .n = block->n,
        .x = online->d > 0 ? block->x : NULL,
        .c = online->k > 0 ? block->c : NULL,
    };
    for (uint64_t i = block->scored; i < block->n;) {
        uint64_t end = i;
        while (end < block->n && !block->answered[end])
            block->answered[end++] = 1;
        if (end > i &&
            online->setup.engine->forward(online->engine, &rows, i, end - i, block->z + i * online->o, error) < 0)
            return -1;
        i = end > i ? end : i + 1;
    }
    return 0;
}

static void
score_class(struct online *online, uint64_t i, uint32_t predicted)
{
    const struct block *block = &online->block;
    const uint32_t label = block->label[i];
    double loss = NAN;
    if (label < online->decision.n_classes)
        loss = (double) loss_row(&online->objective, block->z + i * online->o, online->o, block->y + i, label, NULL);
    prequential_class(online->metrics, label, predicted, (double) block->w[i], loss);
    online_watch(online, label == predicted ? 0 : 1);
}

static void
score_numbers(struct online *online, uint64_t i)
{
    const struct block *block = &online->block;
    const uint32_t each = online->o / online->t;
    const float *z = block->z + i * online->o;
    const double usual = prequential_report(online->metrics, PREQUENTIAL_ALL).loss;
    const double loss = (double) loss_row(&online->objective, z, online->o, block->y + i * online->t, 0, NULL);
    decide_numbers(&online->decision, z, online->p);
    for (uint32_t t = 0; t < online->t && online->median < each; t++)
        online->f[t] = (double) online->p[t * each + online->median];
    prequential_numbers(online->metrics, block->user + i * online->t, online->f, (double) block->w[i], loss);
    online_watch(online, usual > 0 ? detector_unit(loss, usual) : NAN);
}

int
online_settle(struct online *online, struct error *error)
{
    struct block *block = &online->block;
    const uint64_t first = block->scored, n = block->n - first;
    if (online->late != NULL && late_predict(online->late, online->setup.engine, online->engine, error) < 0)
        return -1;
    if (n == 0)
        return 0;
    if (answer(online, error) < 0)
        return -1;
    if (online->classes)
        decide_classes(&online->decision, n, block->z + first * online->o, online->p, online->chosen);
    for (uint64_t i = 0; i < n; i++)
        if (online->classes)
            score_class(online, first + i, online->chosen[i]);
        else
            score_numbers(online, first + i);
    block->scored = block->n;
    online->counts.labelled += n;
    return 0;
}

/* ---- rows ---- */

int
online_batch(struct online *online, const struct batch *batch, struct error *error)
{
    if (online->rebind && online_bind(online, online->stream, error) < 0)
        return -1;
    online->batch = batch;
    if (bind_rows(online->binding, batch, &online->rows, error) < 0)
        return -1;
    if (online->late != NULL && batch->id == NULL)
        return error_set(error, STATUS_DATA, "record %llu: the rows have no tensor 'id'",
                         (unsigned long long) batch_rowno(batch, 0) + 1);
    for (uint64_t i = 0; batch->w != NULL && i < batch->n; i++)
        if (!isfinite(batch->w[i]) || batch->w[i] < 0)
            return error_set(error, STATUS_DATA, "record %llu: its weight is %s, not a number of at least 0",
                             (unsigned long long) batch_rowno(batch, i) + 1,
                             isnan(batch->w[i]) ? "missing"
                             : batch->w[i] < 0  ? "negative"
                                                : "infinite");
    return 0;
}

/*
 * A row's part of the digest: XXH3-128 of the digest before it and what the row is to the learner. Classes count by
 * their names, since codes depend on what was read before.
 */
static void
digest_row(struct online *online, uint64_t i)
{
    const struct batch *batch = online->batch;
    const struct rowset *rows = &online->rows;
    const struct dict *names;
    uint8_t *line = online->line;
    const uint8_t tag = batch->split != NULL ? batch->split[i] : 0;
    const uint64_t id = online->late != NULL && batch->id != NULL ? batch->id[i] : 0;
    uint64_t class = 0;
    XXH128_canonical_t canonical;
    size_t at = sizeof online->digest;
    memcpy(line, online->digest, at);
#define ADD(from, bytes) (copy(line + at, (from), (bytes)), at += (bytes))
    ADD(&tag, sizeof tag);
    ADD(&id, sizeof id);
    if (batch->w != NULL)
        ADD(&batch->w[i], sizeof *batch->w);
    if (online->d > 0)
        ADD(rows->x + i * online->d, online->d * sizeof *rows->x);
    if (online->k > 0)
        ADD(rows->c + i * online->k, online->k * sizeof *rows->c);
    if (online->classes) {
        const uint32_t code = bind_label_code(online->binding, batch, i, &names);
        class = code == 0 ? 0 : XXH3_64bits(names->values[code - 1], names->lengths[code - 1]) | 1;
        ADD(&class, sizeof class);
    } else {
        ADD(rows->y + i * online->t, online->t * sizeof *rows->y);
    }
#undef ADD
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(line, at));
    memcpy(online->digest, canonical.digest, sizeof online->digest);
}

void
online_skip(struct online *online, uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n; i++)
        digest_row(online, i);
}

/* The class of row i as an index, new ones behind the model's; BIND_UNKNOWN when it is not to be learnt. */
static int
class_of(struct online *online, uint64_t i, uint32_t *class, struct error *error)
{
    const struct dict *known = &schema_y(&online->setup.model->schema, 0)->dict, *names;
    *class = online->rows.label[i];
    if (*class != BIND_UNKNOWN)
        return 0;
    const uint32_t from = bind_label_code(online->binding, online->batch, i, &names);
    const char *name = names->values[from - 1];
    const uint32_t length = names->lengths[from - 1], code = dict_find(known, name, length);
    char quoted[128];
    if (code > 0) { /* of a class that came with an update of this batch */
        *class = code - 1;
        return 0;
    }
    if (online->setup.policy == NEW_CLASS_OTHER)
        return 0;
    if (online->setup.policy == NEW_CLASS_ERROR || online->counts.classes + online->fresh.n >= ONLINE_MOST_FRESH) {
        const bool most = online->setup.policy == NEW_CLASS_GROW && dict_find(&online->fresh, name, length) == 0;
        if (online->setup.policy == NEW_CLASS_ERROR || most)
            return error_set(error, STATUS_DATA, "record %llu: the model has no class '%s'%s",
                             (unsigned long long) batch_rowno(online->batch, i) + 1,
                             error_quote(quoted, sizeof quoted, name, length, 60),
                             most ? ", and the stream brought 1000 new ones before (--new-class other leaves their "
                                    "rows out)"
                                  : " (--new-class grow adds it, other leaves its rows out)");
    }
    *class = known->n + dict_add(&online->fresh, name, length) - 1;
    return 0;
}

/* Labels that are numbers: finite ones, and what loss poisson takes. */
static int
check_numbers(const struct online *online, uint64_t i, struct error *error)
{
    const struct schema *schema = &online->setup.model->schema;
    const uint64_t rowno = batch_rowno(online->batch, i);
    char quoted[128];
    for (uint32_t t = 0; t < online->t; t++) {
        const float y = online->rows.y[i * online->t + t];
        const char *name = schema_y(schema, t)->name;
        if (!isfinite(y))
            return error_set(error, STATUS_DATA, "record %llu: column '%s' is infinite", (unsigned long long) rowno + 1,
                             error_quote(quoted, sizeof quoted, name, strlen(name), 60));
        if (online->setup.model->loss == LOSS_POISSON && y < 0)
            return counts_refuse(name, rowno, (double) y * counts_unit(schema->transforms, schema->n_transforms, t),
                                 error);
    }
    return 0;
}

/* A row that brings its label and nothing else. */
static bool
is_bare(const struct batch *batch, uint64_t i)
{
    const uint32_t d = batch->schema->n_x, k = batch->schema->n_c;
    for (uint32_t j = 0; j < d; j++)
        if (!isnan(batch->x[i * d + j]))
            return false;
    for (uint32_t j = 0; j < k; j++)
        if (batch->c[i * k + j] != 0)
            return false;
    return true;
}

/* Row i of the batch into the block, or with `late` that row with the label of row i. */
static void
block_add(struct online *online, uint64_t i, const struct late_row *late, uint32_t class)
{
    struct block *block = &online->block;
    const struct rowset *rows = &online->rows;
    const uint64_t at = block->n++;
    const uint32_t d = online->d, k = online->k, t = online->t;
    copy(block->x + at * d, late != NULL ? late->x : d > 0 ? rows->x + i * d : NULL, d * sizeof *block->x);
    copy(block->c + at * k, late != NULL ? late->c : k > 0 ? rows->c + i * k : NULL, k * sizeof *block->c);
    block->w[at] = late != NULL ? late->w : online->batch->w != NULL ? online->batch->w[i] : 1;
    block->rowno[at] = late != NULL ? late->rowno : online->counts.rows - 1;
    block->answered[at] = late != NULL && late->z != NULL;
    if (block->answered[at])
        copy(block->z + at * online->o, late->z, online->o * sizeof *block->z);
    if (online->classes) {
        block->label[at] = class;
        block->y[at] = class == 1 ? 1.0f : 0.0f;
        return;
    }
    copy(block->y + at * t, rows->y + i * t, t * sizeof *block->y);
    for (uint32_t j = 0; j < t; j++)
        block->user[at * t + j] = bind_label(online->binding, online->batch, i, j);
}

/* A row with a label, its own or that of a row that waited. */
static int
take_labelled(struct online *online, uint64_t i, struct error *error)
{
    struct late_row row, *late = NULL;
    uint32_t class = 0;
    if (online->late != NULL && late_take(online->late, online->batch->id[i], &row)) {
        late = &row;
        online->counts.waited++;
    } else if (online->late != NULL && is_bare(online->batch, i)) {
        online->counts.missed++;
        return 0;
    }
    if (online->classes ? class_of(online, i, &class, error) < 0 : check_numbers(online, i, error) < 0)
        return -1;
    if (online->classes && class == BIND_UNKNOWN) {
        /* Wrong whatever the model says; in its place among the others. */
        if (online_settle(online, error) < 0)
            return -1;
        prequential_class(online->metrics, PREQUENTIAL_OTHER, 0, late != NULL ? (double) row.w : 1, NAN);
        online_watch(online, 1);
        online->counts.labelled++;
        online->counts.unknown++;
        return 0;
    }
    block_add(online, i, late, class);
    return online->block.n < online->setup.update_rows ? 0 : online_update(online, error);
}

static void
take_unlabelled(struct online *online, uint64_t i)
{
    const struct batch *batch = online->batch;
    if (online->late == NULL) {
        online->counts.unlabelled++;
        return;
    }
    late_add(online->late, batch->id[i], online->d > 0 ? online->rows.x + i * online->d : NULL,
             online->k > 0 ? online->rows.c + i * online->k : NULL, batch->w != NULL ? batch->w[i] : 1,
             online->counts.rows - 1);
}

/* What the model has of runs before is in the learner by now, or has no meaning after the first row. */
static void
begin_record(struct online *online)
{
    struct model *model = online->setup.model;
    struct value *optimiser = value_map(&model->arena);
    model_strip(model, TENSOR_RESUME);
    model_strip(model, TENSOR_MEMORY);
    model_strip(model, TENSOR_OPTIMISER);
    analytic_drop(model);
    value_set(&model->arena, optimiser, "kind",
              value_string(&model->arena, optimiser_name(online->setup.optimiser.kind)));
    model->optimiser = optimiser;
    online->fresh_record = false;
}

int
online_rows(struct online *online, uint64_t first, uint64_t n, struct error *error)
{
    const struct batch *batch = online->batch;
    if (online->fresh_record && n > 0)
        begin_record(online);
    for (uint64_t i = first; i < first + n; i++) {
        digest_row(online, i);
        online->counts.rows++;
        if (!batch_is_training(batch, i))
            online->counts.left_out++;
        else if (bind_label_missing(online->binding, batch, i))
            take_unlabelled(online, i);
        else if (take_labelled(online, i, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- questions ---- */

const struct online_counts *
online_counts(const struct online *online)
{
    return &online->counts;
}

const struct prequential *
online_metrics(const struct online *online)
{
    return online->metrics;
}

double
online_rate(const struct online *online)
{
    return online->reaction.rate;
}

uint64_t
online_kept(const struct online *online)
{
    return stream_memory_rows(online->memory).n + online->block.n +
           (online->late != NULL ? late_count(online->late) : 0);
}

const char *
online_parent(const struct online *online)
{
    return online->parent;
}

const char *
online_engine(const struct online *online)
{
    return online->setup.engine->describe(online->engine);
}

double
online_lr(const struct online *online)
{
    return online->lr;
}

void
online_digest(const struct online *online, char hex[33])
{
    XXH128_canonical_t canonical;
    memcpy(canonical.digest, online->digest, sizeof canonical.digest);
    hash_text(XXH128_hashFromCanonical(&canonical), hex);
}

void
online_set_digest(struct online *online, const char *hex)
{
    for (size_t i = 0; i < sizeof online->digest; i++) {
        uint8_t byte = 0;
        for (int half = 0; half < 2; half++) {
            const char digit = hex[2 * i + (size_t) half];
            byte = (uint8_t) (byte << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10));
        }
        online->digest[i] = byte;
    }
}
