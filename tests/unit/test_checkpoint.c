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
#include "stream.h"

struct fixture {
    struct model model;
    char path[2][40];
};

/* Two rows and no more. */
static void
put_memory(struct model *m, float *x, uint32_t *c, uint32_t *y)
{
    model_strip(m, TENSOR_MEMORY);
    model_put(m, TENSOR_MEMORY, "memory.x", DTYPE_F32, 2, (uint64_t[]){2, 1}, x);
    model_put(m, TENSOR_MEMORY, "memory.c", DTYPE_U32, 2, (uint64_t[]){2, 1}, c);
    model_put(m, TENSOR_MEMORY, "memory.y", DTYPE_U32, 2, (uint64_t[]){2, 1}, y);
}

/* One number, one category of two values, two classes; 3 hidden units; moments of the first weight and two rows of
 * memory. */
static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct model *m = &f->model;
    struct arena *arena = &m->arena;
    m->schema.columns = arena_zalloc(&m->schema.arena, 3, sizeof *m->schema.columns);
    m->schema.columns[0] = (struct column){.name = "a", .type = COLUMN_NUM};
    m->schema.columns[1] = (struct column){.name = "k", .type = COLUMN_CAT};
    m->schema.columns[2] = (struct column){.name = "l", .type = COLUMN_CAT, .role = ROLE_LABEL};
    m->schema.n_columns = 3;
    m->schema.task = TASK_CLASS;
    schema_count(&m->schema);
    dict_add(&m->schema.columns[1].dict, "red", 3);
    dict_add(&m->schema.columns[1].dict, "green", 5);
    dict_add(&m->schema.columns[2].dict, "no", 2);
    dict_add(&m->schema.columns[2].dict, "yes", 3);
    network_dense(&m->network, arena, 1, 1, (uint32_t[]){3}, (const char *[]){"k"}, (uint32_t[]){3}, 1, ACT_RELU, 0, 1);
    for (uint32_t p = 0; p < m->network.n_params; p++)
        for (uint64_t i = 0; i < m->network.params[p].rows * m->network.params[p].cols; i++)
            m->network.params[p].data[i] = (float) p + (float) i / 8;
    m->loss = LOSS_BCE;
    m->numerics = 1;
    m->training = value_map(arena);
    value_set(arena, m->training, "epochs", value_uint(arena, 7));
    m->extra = value_map(arena);
    value_set(arena, m->extra, "future", value_string(arena, "kept"));
    float *moments = arena_zalloc(arena, 3, sizeof *moments), *x = arena_zalloc(arena, 2, sizeof *x);
    uint32_t *c = arena_zalloc(arena, 2, sizeof *c), *y = arena_zalloc(arena, 2, sizeof *y);
    y[0] = y[1] = 1;
    model_put(m, TENSOR_OPTIMISER, "m.hidden1.weight", DTYPE_F32, 2, (uint64_t[]){1, 3}, moments);
    put_memory(m, x, c, y);
    model_put_named(m, "future-role", "z", DTYPE_U8, 1, (uint64_t[]){2}, arena_zalloc(arena, 2, 1));
    for (int i = 0; i < 2; i++) {
        snprintf(f->path[i], sizeof f->path[i], "/tmp/test_checkpoint.XXXXXX");
        close(mkstemp(f->path[i]));
    }
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++)
        unlink(f->path[i]);
    model_free(&f->model);
    free(f);
    return 0;
}

static void
dump(const char *path, const void *bytes, size_t n)
{
    unlink(path);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static size_t
slurp(const char *path, uint8_t *bytes, size_t cap)
{
    FILE *file = fopen(path, "rb");
    size_t n = fread(bytes, 1, cap, file);
    fclose(file);
    return n;
}

static void
write_model(struct model *model, const char *path, int level)
{
    struct error error;
    dump(path, "", 0);
    FILE *file = fopen(path, "wb");
    struct output output = {.fd = fileno(file), .path = path};
    assert_int_equal(checkpoint_write(model, &output, level, &error), 0);
    fclose(file);
}

static void
a_model_survives_the_round_trip(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[2][1 << 14];
    struct model model = {0};
    struct error error;
    char digest[33];
    write_model(&f->model, f->path[0], 0);
    memcpy(digest, f->model.digest, sizeof digest);
    assert_int_equal(strlen(digest), 32);
    assert_int_equal(checkpoint_read(&model, f->path[0], &error), 0);
    assert_string_equal(model.digest, digest);
    assert_int_equal(model.loss, LOSS_BCE);
    for (uint32_t p = 0; p < model.network.n_params; p++)
        assert_memory_equal(model.network.params[p].data, f->model.network.params[p].data,
                            model.network.params[p].rows * model.network.params[p].cols * sizeof(float));
    assert_string_equal(value_get_string(model.extra, "future"), "kept");
    assert_int_equal(model.n_tensors, 5);
    assert_string_equal(model.tensors[4].role_name, "future-role");
    assert_string_equal(model.schema.columns[2].dict.values[1], "yes");
    write_model(&model, f->path[1], 0);
    size_t n = slurp(f->path[0], bytes[0], sizeof bytes[0]);
    assert_int_equal(slurp(f->path[1], bytes[1], sizeof bytes[1]), n);
    assert_memory_equal(bytes[0], bytes[1], n);
    model_free(&model);
    const int levels[] = {CHECKPOINT_RAW, 9};
    for (int i = 0; i < 2; i++) {
        write_model(&f->model, f->path[1], levels[i]);
        assert_int_equal(checkpoint_read(&model, f->path[1], &error), 0);
        assert_string_equal(model.digest, digest);
        model_free(&model);
    }
    f->model.network.params[0].data[0] += 1;
    checkpoint_digest(&f->model, f->model.digest);
    assert_string_not_equal(f->model.digest, digest);
}

static void
every_cut_and_every_bit_is_noticed(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[1 << 14];
    struct model model = {0};
    struct error error;
    write_model(&f->model, f->path[0], CHECKPOINT_RAW);
    size_t n = slurp(f->path[0], bytes, sizeof bytes);
    for (size_t cut = 0; cut < n; cut++) {
        dump(f->path[1], bytes, cut);
        assert_int_equal(checkpoint_read(&model, f->path[1], &error), -1);
        assert_int_equal(error.status, STATUS_DATA);
        assert_null(model.network.params);
    }
    for (size_t at = 0; at < n; at++) {
        bytes[at] ^= (uint8_t) (1 << at % 8);
        dump(f->path[1], bytes, n);
        assert_int_equal(checkpoint_read(&model, f->path[1], &error), -1);
        bytes[at] ^= (uint8_t) (1 << at % 8);
    }
}

static void
refused(struct fixture *f, const char *why)
{
    struct model model = {0};
    struct error error = {0};
    write_model(&f->model, f->path[0], 0);
    if (checkpoint_read(&model, f->path[0], &error) == 0)
        fail_msg("not refused: %s", why);
    assert_int_equal(error.status, STATUS_DATA);
    if (strstr(error.text, why) == NULL || strstr(error.text, f->path[0]) == NULL)
        fail_msg("'%s' does not say '%s'", error.text, why);
}

static void
forget_last(struct dict *dict)
{
    free(dict->values[--dict->n]);
}

/* A model of one number, by quantiles. */
static void
quantiles_are_kept_and_checked(void **state)
{
    struct fixture *f = *state;
    struct model *m = &f->model, model = {0};
    double quantiles[] = {0.9, 1.5};
    struct error error;
    dict_free(&m->schema.columns[2].dict);
    m->schema.columns[2].type = COLUMN_NUM;
    m->schema.task = TASK_REGRESSION;
    schema_count(&m->schema);
    model_strip(m, TENSOR_MEMORY);
    m->loss = LOSS_QUANTILE;
    m->quantiles = quantiles;
    m->n_quantiles = 1;
    write_model(m, f->path[0], 0);
    assert_int_equal(checkpoint_read(&model, f->path[0], &error), 0);
    assert_int_equal(model.loss, LOSS_QUANTILE);
    assert_int_equal(model.n_quantiles, 1);
    assert_true(model.quantiles[0] == 0.9);
    assert_string_equal(model.digest, m->digest);
    model_free(&model);
    m->n_quantiles = 0;
    refused(f, "'quantiles' are no ascending numbers between 0 and 1");
    m->n_quantiles = 2;
    refused(f, "'quantiles' are no ascending numbers between 0 and 1");
    quantiles[1] = 0.9;
    refused(f, "'quantiles' are no ascending numbers between 0 and 1");
    quantiles[1] = 1 - 1e-12; /* 1 as a float, which is what is computed with */
    refused(f, "'quantiles' are no ascending numbers between 0 and 1");
    quantiles[1] = 0.95;
    refused(f, "the network has 1 outputs, its labels ask for 2");
    m->loss = LOSS_POISSON; /* which has none, and one output is right */
    write_model(m, f->path[0], 0);
    assert_int_equal(checkpoint_read(&model, f->path[0], &error), 0);
    assert_int_equal(model.n_quantiles, 0);
    model_free(&model);
    m->quantiles = NULL;
}

/* What is known of the rows of a memory: shapes that lie, and numbers that cannot be. */
static void
refuses_wrong_memory(struct fixture *f)
{
    struct model *m = &f->model;
    float *x = model_find(m, TENSOR_MEMORY, "memory.x")->data;
    uint32_t *c = model_find(m, TENSOR_MEMORY, "memory.c")->data, *y = model_find(m, TENSOR_MEMORY, "memory.y")->data;
    static uint64_t words[4] = {7, 7, 7, 7};
    static double stands[2] = {1, 0}, more[2] = {3, NAN};
    static float bad[4] = {1, INFINITY, 0, 0}, negative[2] = {1, -1};
    static const struct {
        const char *name;
        enum dtype dtype;
        unsigned rank;
        uint64_t shape[2];
        void *data;
    } cases[] = {
        {"memory.row", DTYPE_U64, 1, {3}, words},       {"memory.row", DTYPE_U64, 2, {2, 2}, words},
        {"memory.key", DTYPE_U32, 1, {2}, words},       {"memory.key", DTYPE_U64, 1, {1}, words},
        {"memory.run", DTYPE_U64, 1, {2}, words},       {"memory.run", DTYPE_U32, 2, {2, 1}, words},
        {"memory.digest", DTYPE_U64, 2, {2, 2}, words}, {"memory.stands", DTYPE_F64, 1, {2}, stands},
        {"memory.stands", DTYPE_F64, 1, {2}, more},     {"memory.stands", DTYPE_F32, 1, {2}, negative},
        {"memory.soft", DTYPE_F32, 2, {2, 2}, words},   {"memory.soft", DTYPE_F32, 2, {2, 1}, bad},
        {"memory.missing", DTYPE_U8, 2, {2, 2}, words}, {"memory.missing", DTYPE_U8, 1, {2}, words},
        {"memory.w", DTYPE_F32, 1, {2}, negative},      {"memory.w", DTYPE_F32, 1, {2}, bad},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sentence[128];
        snprintf(sentence, sizeof sentence, "the memory's tensor '%s' does not go with the network", cases[i].name);
        model_put(m, TENSOR_MEMORY, cases[i].name, cases[i].dtype, cases[i].rank, cases[i].shape, cases[i].data);
        refused(f, sentence);
        put_memory(m, x, c, y);
    }
    model_put(m, TENSOR_MEMORY, "memory.digest", DTYPE_U64, 1, (uint64_t[]){2}, words);
    refused(f, "the memory's tensor 'memory.digest' is not that of its rows");
    put_memory(m, x, c, y);
    x[1] = NAN;
    refused(f, "the memory's tensor 'memory.x' does not go with the network");
    x[1] = 0;
}

static void
models_that_do_not_hold_together_are_refused(void **state)
{
    struct fixture *f = *state;
    struct model *m = &f->model;
    float *first = m->network.params[0].data, kept = *first;
    *first = NAN;
    refused(f, "parameter 'hidden1.weight' has a weight that is no finite number (nan at 0)");
    *first = kept;
    m->loss = LOSS_CE;
    refused(f, "the network has 1 outputs, its labels ask for 2");
    m->loss = LOSS_MSE;
    refused(f, "the loss mse does not go with the task class");
    m->loss = LOSS_BCE;
    dict_add(&m->schema.columns[2].dict, "maybe", 5);
    refused(f, "does not go with 1 labels and 3 classes");
    forget_last(&m->schema.columns[2].dict);
    dict_add(&m->schema.columns[1].dict, "blue", 4);
    refused(f, "column 'k' has 3 categories, the network has room for 2");
    forget_last(&m->schema.columns[1].dict);
    m->numerics = 2;
    refused(f, "numerics contract 2");
    m->numerics = 1;
    m->network.params[1].rows = 2;
    refused(f, "parameter 'hidden1.bias' is not f32 [1, 3]");
    m->network.params[1].rows = 1;
    m->network.params[1].name = "stray";
    refused(f, "the network has no parameter 'stray'");
    m->network.params[1].name = "hidden1.weight";
    refused(f, "parameter 'hidden1.weight' comes twice");
    m->network.params[1].name = "hidden1.bias";
    m->network.n_params--;
    refused(f, "the parameter 'output.bias' is missing");
    m->network.n_params++;
    ((uint32_t *) model_find(m, TENSOR_MEMORY, "memory.c")->data)[1] = 3;
    refused(f, "the memory's tensor 'memory.c' does not go with the network");
    ((uint32_t *) model_find(m, TENSOR_MEMORY, "memory.c")->data)[1] = 0;
    ((uint32_t *) model_find(m, TENSOR_MEMORY, "memory.y")->data)[1] = 0;
    refused(f, "the memory's tensor 'memory.y' does not go with the network");
    ((uint32_t *) model_find(m, TENSOR_MEMORY, "memory.y")->data)[1] = 1;
    model_find(m, TENSOR_MEMORY, "memory.x")->shape[1] = 2;
    model_find(m, TENSOR_MEMORY, "memory.x")->shape[0] = 1;
    refused(f, "the memory's tensor 'memory.x' does not go with the network");
    model_find(m, TENSOR_MEMORY, "memory.x")->shape[0] = 2;
    model_find(m, TENSOR_MEMORY, "memory.x")->shape[1] = 1;
    struct tensor *part = model_find(m, TENSOR_MEMORY, "memory.c");
    part->name = "memory.new";
    refused(f, "the memory's tensor 'memory.c' is missing");
    part->name = "memory.c";
    part = model_find(m, TENSOR_MEMORY, "memory.x");
    part->name = "memory.new";
    refused(f, "the memory's tensor 'memory.x' is missing");
    part->name = "memory.x";
    refuses_wrong_memory(f);
    model_strip(m, TENSOR_MEMORY);
    model_find(m, TENSOR_OPTIMISER, "m.hidden1.weight")->shape[0] = 3;
    model_find(m, TENSOR_OPTIMISER, "m.hidden1.weight")->shape[1] = 1;
    refused(f, "the optimiser's tensor 'm.hidden1.weight' has another shape than its parameter");
    model_strip(m, TENSOR_OPTIMISER);
    struct model model = {0};
    struct error error;
    write_model(m, f->path[0], 0);
    assert_int_equal(checkpoint_read(&model, f->path[0], &error), 0);
    model_free(&model);
}

static void
other_files_are_named_for_what_they_are(void **state)
{
    struct fixture *f = *state;
    struct model model = {0};
    struct error error;
    const char *path = f->path[0];
    dump(path, "", 0);
    assert_int_equal(checkpoint_read(&model, path, &error), -1);
    assert_non_null(strstr(error.text, "use -o FILE when the output is the input model"));
    write_model(&f->model, path, 0);
    assert_null(stream_reader_open(&path, 1, &error));
    assert_non_null(strstr(error.text, "it is a checkpoint, not a data stream"));
    FILE *file = fopen(path, "wb");
    struct output output = {.fd = fileno(file), .path = path};
    struct stream_writer *writer = stream_writer_open(&output, &f->model.schema, 0, &error);
    assert_int_equal(stream_write_end(writer, &error), 0);
    stream_writer_close(writer);
    fclose(file);
    assert_int_equal(checkpoint_read(&model, path, &error), -1);
    assert_non_null(strstr(error.text, "it is a data stream, not a checkpoint"));
}

/* Parts hold at most 64 MiB, so that a large model is written and read with small buffers. */
static void
large_tensors_are_cut_into_parts(void **state)
{
    struct fixture *f = *state;
    enum { PART = 64 << 20, BYTES = PART + 3 };
    struct model model = {0};
    struct error error;
    uint8_t *data = arena_zalloc(&f->model.arena, BYTES, 1);
    for (size_t i = 0; i < BYTES; i += 4096)
        data[i] = (uint8_t) (i >> 12);
    data[PART] = 77;
    model_put_named(&f->model, "future-role", "large", DTYPE_U8, 1, (uint64_t[]){BYTES}, data);
    write_model(&f->model, f->path[0], 0);

    struct input input;
    struct frame frame;
    size_t parts = 0;
    assert_int_equal(input_open(&input, f->path[0], &error), 0);
    struct frame_reader *frames = frame_reader_open(&input);
    while (frame_read(frames, &frame, true, &error) == 1) {
        const char *name = value_get_string(frame.meta, "name");
        if (name == NULL || strcmp(name, "large") != 0)
            continue;
        assert_int_equal(frame.bytes, parts == 0 ? PART : 3);
        parts++;
    }
    frame_reader_close(frames);
    assert_int_equal(parts, 2);

    assert_int_equal(checkpoint_read(&model, f->path[0], &error), 0);
    const struct model_tensor *large = &model.tensors[model.n_tensors - 1];
    assert_string_equal(large->tensor.name, "large");
    assert_memory_equal(large->tensor.data, data, BYTES);
    model_free(&model);
}

static void
tensors_are_found_by_role_and_name(void **state)
{
    (void) state;
    enum { MANY = 20000 };
    struct model model = {0};
    char name[32];
    for (uint64_t i = 0; i < MANY; i++) {
        uint64_t *data = arena_alloc(&model.arena, sizeof *data);
        *data = i;
        snprintf(name, sizeof name, "t%d", (int) (i / 2));
        model_put(&model, i % 2 ? TENSOR_MEMORY : TENSOR_OPTIMISER, name, DTYPE_U64, 1, (uint64_t[]){1}, data);
    }
    assert_int_equal(model.n_tensors, MANY);
    assert_int_equal(*(uint64_t *) model_find(&model, TENSOR_MEMORY, "t77")->data, 155);
    assert_null(model_find(&model, TENSOR_RESUME, "t77"));
    uint64_t data = 5;
    model_put(&model, TENSOR_MEMORY, "t77", DTYPE_U64, 1, (uint64_t[]){1}, &data);
    assert_int_equal(model.n_tensors, MANY);
    assert_int_equal(*(uint64_t *) model_find(&model, TENSOR_MEMORY, "t77")->data, 5);
    model_strip(&model, TENSOR_OPTIMISER);
    assert_int_equal(model.n_tensors, MANY / 2);
    assert_null(model_find(&model, TENSOR_OPTIMISER, "t77"));
    assert_int_equal(*(uint64_t *) model_find(&model, TENSOR_MEMORY, "t78")->data, 157);
    assert_int_equal(tensor_role_parse("optimiser"), TENSOR_OPTIMISER);
    assert_int_equal(tensor_role_parse("whatever"), TENSOR_OTHER);
    model_free(&model);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_model_survives_the_round_trip),
        TEST(every_cut_and_every_bit_is_noticed),
        TEST(quantiles_are_kept_and_checked),
        TEST(models_that_do_not_hold_together_are_refused),
        TEST(other_files_are_named_for_what_they_are),
        TEST(large_tensors_are_cut_into_parts),
        cmocka_unit_test(tensors_are_found_by_role_and_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
