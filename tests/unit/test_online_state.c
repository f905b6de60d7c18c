/*
 * The state of a run on a stream as a hostile file may have it: whatever shapes, counters, positions and names it says,
 * a run either goes on or is refused with a sentence.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "checkpoint.h"
#include "online.h"
#include "online_rows.h"
#include "rng.h"

enum { ROWS = 63, UPDATE = 5, WINDOW = 8 };

struct fixture {
    struct schema stream;
    struct column columns[4];
    struct batch batch;
    struct arena arena;
    char path[2][48];
    uint64_t n_random;
};

/* One number, one category of two values, two classes by one output, two hidden units. */
static void
make_model(struct model *m)
{
    struct arena *arena = &m->arena;
    *m = (struct model){.loss = LOSS_BCE, .numerics = 1};
    m->schema.columns = arena_zalloc(&m->schema.arena, 3, sizeof *m->schema.columns);
    m->schema.columns[0] = (struct column){.name = "a", .type = COLUMN_NUM};
    m->schema.columns[1] = (struct column){.name = "k", .type = COLUMN_CAT};
    m->schema.columns[2] = (struct column){.name = "l", .type = COLUMN_CAT, .role = ROLE_LABEL};
    m->schema.n_columns = 3;
    m->schema.task = TASK_CLASS;
    schema_count(&m->schema);
    dict_add(&m->schema.columns[1].dict, "u", 1);
    dict_add(&m->schema.columns[1].dict, "v", 1);
    dict_add(&m->schema.columns[2].dict, "no", 2);
    dict_add(&m->schema.columns[2].dict, "yes", 3);
    network_dense(&m->network, arena, 1, 1, (uint32_t[]){3}, (const char *[]){"k"}, (uint32_t[]){2}, 1, ACT_RELU, 0, 1);
    for (uint32_t p = 0; p < m->network.n_params; p++)
        for (uint64_t i = 0; i < m->network.params[p].rows * m->network.params[p].cols; i++)
            m->network.params[p].data[i] = (float) (i % 3) / 4 - 0.2f;
}

/* Every third row waits for a label; a class that the model does not have is in the last rows. */
static void
make_stream(struct fixture *f)
{
    struct batch *batch = &f->batch;
    f->columns[0] = (struct column){.name = "a", .type = COLUMN_NUM};
    f->columns[1] = (struct column){.name = "k", .type = COLUMN_CAT};
    f->columns[2] = (struct column){.name = "l", .type = COLUMN_CAT, .role = ROLE_LABEL};
    f->columns[3] = (struct column){.name = "id", .type = COLUMN_TEXT, .role = ROLE_ID};
    f->stream = (struct schema){.columns = f->columns, .n_columns = 4, .task = TASK_CLASS};
    schema_count(&f->stream);
    dict_add(&f->columns[1].dict, "v", 1);
    dict_add(&f->columns[1].dict, "u", 1);
    dict_add(&f->columns[2].dict, "yes", 3);
    dict_add(&f->columns[2].dict, "no", 2);
    dict_add(&f->columns[2].dict, "perhaps", 7);
    *batch = (struct batch){.schema = &f->stream, .arena = &f->arena, .n = ROWS};
    batch->x = arena_array(&f->arena, ROWS, sizeof *batch->x);
    batch->c = arena_array(&f->arena, ROWS, sizeof *batch->c);
    batch->label = arena_array(&f->arena, ROWS, sizeof *batch->label);
    batch->id = arena_array(&f->arena, ROWS, sizeof *batch->id);
    for (uint32_t i = 0; i < ROWS; i++) {
        batch->x[i] = (float) (i * 7 % 11) / 11;
        batch->c[i] = i % 3;
        batch->label[i] = i % 3 == 2 ? 0 : i > ROWS - 4 ? 3 : 1 + (i * 7 % 11 > 5);
        batch->id[i] = i;
    }
}

static struct online_setup
setup_of(struct model *model, bool adapt)
{
    return (struct online_setup){
        .engine = &engine_cpu,
        .threads = 1,
        .model = model,
        .optimiser = {.kind = OPT_ADAM, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .lr = 0.01,
        .seed = 3,
        .update_rows = UPDATE,
        .memory_rows = 10,
        .memory_by = BALANCE_CLASS,
        .replay = 1,
        .window = WINDOW,
        .policy = NEW_CLASS_GROW,
        .shrink = 1,
        .detector = adapt ? "adwin" : NULL,
    };
}

/* Learns the first n rows of the stream and leaves the state in the model; 0, or -1. */
static int
learn(struct fixture *f, struct model *model, uint64_t n, struct error *error)
{
    struct online *online = NULL;
    struct arena record = {0};
    struct online_setup setup = setup_of(model, true);
    char data[33];
    int status = online_open(&online, &setup, error);
    if (status == 0)
        status = online_bind(online, &f->stream, error);
    if (status == 0)
        status = online_batch(online, &f->batch, error);
    if (status == 0)
        status = online_rows(online, 0, n, error);
    if (status == 0) {
        model->training = value_map(&record);
        online_digest(online, data);
        value_set(&record, model->training, "data", value_string(&record, data));
        model->lineage = value_array(&record);
        value_push(&record, model->lineage, value_map(&record));
        status = online_save(online, &record, error);
    }
    if (status == 0) {
        unlink(f->path[0]);
        FILE *file = fopen(f->path[0], "wb");
        struct output output = {.fd = fileno(file), .path = f->path[0]};
        status = checkpoint_write(model, &output, CHECKPOINT_RAW, error);
        fclose(file);
    }
    online_close(online);
    arena_free(&record);
    model->training = model->lineage = model->memory = model->optimiser = NULL;
    return status;
}

static uint64_t
draw(struct fixture *f, uint64_t below)
{
    return rng_u64(rng_key(7, RNG_SAMPLE, 0), f->n_random++) % below;
}

static const uint64_t numbers[] = {
    0, 1, 2, 7, 1000, UINT32_MAX, UINT64_C(1) << 52, UINT64_C(1) << 62, (UINT64_C(1) << 62) + 1, INT64_MAX, UINT64_MAX};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

/* A tensor with another number of rows, another type or rank, or other contents; in memory of just its size. */
static void
spoil_tensor(struct fixture *f, struct model *model)
{
    static const enum dtype types[] = {DTYPE_F32, DTYPE_U32, DTYPE_U64, DTYPE_F64, DTYPE_U8};
    const uint32_t first = (uint32_t) draw(f, model->n_tensors);
    for (uint32_t i = 0; i < model->n_tensors; i++) {
        const struct model_tensor *chosen = &model->tensors[(first + i) % model->n_tensors];
        if (chosen->role != TENSOR_RESUME && chosen->role != TENSOR_MEMORY)
            continue;
        struct tensor tensor = chosen->tensor;
        uint64_t shape[3] = {tensor.shape[0], tensor.rank > 1 ? tensor.shape[1] : 1, 1};
        const uint64_t how = draw(f, 8);
        if (how == 0)
            shape[0] = (uint64_t[]){0, 1, shape[0] + 1, shape[0] * 2, 100}[draw(f, 5)];
        else if (how == 1)
            shape[1] += 1;
        else if (how == 2)
            tensor.dtype = types[draw(f, 5)];
        else if (how == 3)
            tensor.rank = 3 - tensor.rank;
        const uint64_t n = shape[0] * (tensor.rank == 2 ? shape[1] : 1), bytes = n * dtype_size(tensor.dtype);
        uint8_t *data = arena_zalloc(&model->arena, bytes + 1, 1);
        if (bytes > 0 && tensor.bytes > 0)
            memcpy(data, tensor.data, bytes < tensor.bytes ? bytes : tensor.bytes);
        for (uint64_t k = 0; how > 3 && bytes >= 8 && k < 1 + draw(f, 3); k++) {
            const double float_numbers[] = {NAN, INFINITY, -1, 1e300, 0.5, 5};
            const float small_numbers[] = {NAN, INFINITY, -1, 3e38f, 0.5f, 5};
            const uint64_t at = draw(f, n), size = dtype_size(tensor.dtype), number = numbers[draw(f, N_NUMBERS)];
            if (tensor.dtype == DTYPE_F64)
                memcpy(data + at * size, &float_numbers[draw(f, 6)], size);
            else if (tensor.dtype == DTYPE_F32)
                memcpy(data + at * size, &small_numbers[draw(f, 6)], size);
            else
                memcpy(data + at * size, &number, size);
        }
        char name[64];
        snprintf(name, sizeof name, "%s", tensor.name);
        model_put(model, chosen->role, name, tensor.dtype, tensor.rank, shape, data);
        return;
    }
}

/* A number of the state, or names of classes, as they cannot be. */
static void
spoil_map(struct fixture *f, struct model *model)
{
    static const char *const keys[] = {"rows",   "labelled", "learnt",  "updates", "moment_steps", "waited", "missed",
                                       "drifts", "classes",  "added",   "drawn",   "late",         "lr",     "rate",
                                       "recent", "before",   "drifted", "parent",  "new_classes"};
    static const char *const words[] = {"", "no", "yes", "perhaps", "other"};
    struct arena *arena = &model->arena;
    struct value *map =
        value_get(model->training, "online") == NULL ? NULL : (struct value *) value_get(model->training, "online");
    const char *key = keys[draw(f, sizeof keys / sizeof *keys)];
    struct value *value = NULL;
    if (map == NULL)
        return;
    if (draw(f, 6) == 0) { /* of the memory */
        map = model->memory;
        key = draw(f, 2) ? "rows_seen" : "capacity";
    }
    switch (draw(f, 6)) {
    case 0:
        value_remove(map, key);
        return;
    case 1:
        value = value_float(arena, (double[]){NAN, INFINITY, -1, 1e300, 0}[draw(f, 5)]);
        break;
    case 2:
        value = value_string(arena, words[draw(f, 5)]);
        break;
    case 3:
        value = value_array(arena);
        for (uint64_t n = draw(f, 4); n > 0; n--)
            value_push(arena, value, value_string(arena, words[draw(f, 5)]));
        break;
    case 4:
        value = value_int(arena, -(int64_t) draw(f, 3));
        break;
    default:
        value = value_uint(arena, numbers[draw(f, N_NUMBERS)]);
    }
    value_set(arena, map, key, value);
}

static void
a_state_that_cannot_be_is_refused(void **state)
{
    (void) state;
    struct fixture f = {0};
    struct model model;
    struct error error;
    uint64_t went_on = 0, refused = 0, unread = 0;
    for (int i = 0; i < 2; i++) {
        snprintf(f.path[i], sizeof f.path[i], "/tmp/test_online_state.XXXXXX");
        close(mkstemp(f.path[i]));
    }
    make_stream(&f);
    make_model(&model);
    strcpy(model.digest, "00000000000000000000000000000000");
    assert_int_equal(learn(&f, &model, ROWS, &error), 0);
    model_free(&model);
    assert_int_equal(rename(f.path[0], f.path[1]), 0);
    for (int round = 0; round < 1500; round++) {
        struct model spoilt = {0}, read = {0};
        assert_int_equal(checkpoint_read(&spoilt, f.path[1], &error), 0);
        for (uint64_t n = 1 + draw(&f, 2); n > 0; n--)
            (draw(&f, 2) ? spoil_tensor : spoil_map)(&f, &spoilt);
        FILE *file = fopen(f.path[0], "wb");
        struct output output = {.fd = fileno(file), .path = f.path[0]};
        const bool written = checkpoint_write(&spoilt, &output, CHECKPOINT_RAW, &error) == 0;
        fclose(file);
        model_free(&spoilt);
        if (!written || checkpoint_read(&read, f.path[0], &error) < 0) {
            unread++;
            assert_true(error.status == STATUS_DATA && error.text[0] != '\0');
            continue;
        }
        if (round % 4 == 0) { /* rows are taken out of it */
            assert_true(online_waiting(&read, ONLINE_WAIT_UPDATE).n < 1000);
            model_strip(&read, TENSOR_MEMORY);
            online_drop_all(&read);
        }
        error.text[0] = '\0';
        if (learn(&f, &read, ROWS, &error) < 0) {
            refused++;
            assert_true(error.status == STATUS_DATA && error.text[0] != '\0');
        } else {
            went_on++;
        }
        model_free(&read);
    }
    assert_true(went_on > 150 && refused > 150 && unread > 20);
    unlink(f.path[0]);
    unlink(f.path[1]);
    schema_free(&f.stream);
    arena_free(&f.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
