/*
 * The checkpoint reader on any bytes. A model that is accepted can be written, and what was written reads back to the
 * same content and the same bytes.
 *
 * The frames that can be read are also sealed with a right end frame, so that a wrong checksum there does not hide the
 * checks of the whole. What is accepted then serves some rows, is compared with a stream, and learns from the rows that
 * it keeps: whatever numbers it has, that ends, and within its arrays; what comes of it can be read again.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analytic.h"
#include "checkpoint.h"
#include "compare.h"
#include "decide.h"
#include "engine.h"
#include "groups.h"
#include "memory_rows.h"
#include "recall.h"
#include "strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static int
memory_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0);
    return fd;
}

static struct frame_reader *
reader_of(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    must(lseek(fd, 0, SEEK_SET) == 0);
    struct input input = {.fd = dup(fd), .name = "input", .regular = true, .size = (uint64_t) size};
    return frame_reader_open(&input);
}

static bool
read_model(int fd, struct model *model)
{
    struct error error = {0};
    struct frame first;
    struct frame_reader *frames = reader_of(fd);
    bool read =
        frame_read(frames, &first, true, &error) == 1 && checkpoint_resume(model, frames, &first, "input", &error) == 0;
    must(read || (error.status == STATUS_DATA && error.text[0] != '\0'));
    frame_reader_close(frames);
    return read;
}

static int
seal(int fd)
{
    struct output output = {.fd = memory_file(), .path = "sealed"};
    struct frame_reader *reader = reader_of(fd);
    struct frame_writer writer;
    struct frame frame;
    struct error error;
    frame_writer_open(&writer, &output, 0);
    while (frame_read(reader, &frame, true, &error) == 1)
        if (strcmp(frame.kind, "end") != 0)
            must(frame_write(&writer, frame.kind, frame.meta, frame.payload, frame.bytes, 0, &error) == 0);
    must(frame_write_end(&writer, &error) == 0);
    frame_writer_close(&writer);
    frame_reader_close(reader);
    return output.fd;
}

static int
write_model(struct model *model)
{
    struct output output = {.fd = memory_file(), .path = "copy"};
    struct error error;
    must(checkpoint_write(model, &output, CHECKPOINT_RAW, &error) == 0);
    return output.fd;
}

static void
same_bytes(int a, int b)
{
    off_t n = lseek(a, 0, SEEK_END);
    must(n == lseek(b, 0, SEEK_END));
    uint8_t *x = malloc((size_t) n), *y = malloc((size_t) n);
    must(x != NULL && y != NULL);
    must(pread(a, x, (size_t) n, 0) == n && pread(b, y, (size_t) n, 0) == n);
    must(memcmp(x, y, (size_t) n) == 0);
    free(x);
    free(y);
}

static void
serve(const struct model *model)
{
    enum { ROWS = 5 };
    static const float numbers[] = {0, 1.5f, -1e30f, 3e38f, 1e-40f, -0.0f, 7};
    const struct network *network = &model->network;
    const uint32_t n_out = network->layers[network->n_layers - 1].n_out;
    const struct decision_options options = {.threshold = NAN};
    struct decision decision;
    struct engine_state *state;
    struct error error;
    if (decision_open(&decision, model, &options, &error) < 0)
        return;
    float *x = mem_array(ROWS * (uint64_t) network->n_x, sizeof *x), *z = mem_array(ROWS * (uint64_t) n_out, sizeof *z);
    float *answer = mem_array(ROWS * ((uint64_t) n_out + decision.n_classes), sizeof *answer);
    uint32_t *c = mem_array(ROWS * (uint64_t) network->n_c, sizeof *c), class[ROWS];
    for (uint64_t i = 0; i < ROWS * (uint64_t) network->n_x; i++)
        x[i] = numbers[i % 7];
    for (uint64_t i = 0; i < ROWS * (uint64_t) network->n_c; i++)
        c[i] = (uint32_t) (i % network->c_sizes[i % network->n_c]);
    const struct rowset rows = {.n = ROWS, .x = x, .c = c};
    must(engine_cpu.open(&state, network, &(struct engine_options){.threads = 1}, &error) == 0);
    must(engine_cpu.forward(state, &rows, 0, ROWS, z, &error) == 0);
    if (decision.n_classes > 0)
        decide_classes(&decision, ROWS, z, answer, class);
    for (uint64_t i = 0; decision.n_classes > 0 && i < ROWS; i++)
        must(class[i] < decision.n_classes);
    for (uint64_t i = 0; decision.n_classes == 0 && i < ROWS; i++)
        decide_numbers(&decision, z + i * n_out, answer + i * n_out);
    engine_cpu.close(state);
    decision_close(&decision);
    free(x);
    free(z);
    free(answer);
    free(c);
}

/* Whatever rows it keeps: they can be replayed, thinned, and kept again. */
static void
remember(struct model *model)
{
    const struct memory_options ways[] = {{3, 2, BALANCE_ROWS}, {4, 5, BALANCE_RUN}, {5, 2, BALANCE_RUN}};
    struct dataset_memory memory = {0};
    struct dataset nothing;
    struct rowset rows;
    struct error error;
    const uint64_t m = memory_size(model);
    if (m == 0 || network_size(&model->network) > 100000)
        return;
    if (recall_rows(model, &model->arena, &rows, &error) == 0)
        must(rows.n == m);
    must(memory_outputs(model, true, &engine_ref, 1, &error) == 0);
    uint8_t *drop = mem_zalloc(m, 1);
    drop[m / 2] = 1;
    memory_drop(model, drop);
    free(drop);
    dataset_open(&nothing, &memory, model->schema.n_x, model->schema.n_c, model->schema.n_y,
                 model->schema.task == TASK_CLASS, false);
    for (int i = 0; i < 3; i++) {
        memory_keep(model, &nothing, 0, &ways[i]);
        must(memory_size(model) <= ways[i].capacity);
        struct model again = {0};
        int fd = write_model(model);
        must(read_model(fd, &again));
        model_free(&again);
        close(fd);
    }
    dataset_close(&nothing);
}

/* A model that was learned from again can be written, and read. */
static void
comes_back(struct model *model)
{
    struct model again = {0};
    int fd = write_model(model);
    must(read_model(fd, &again));
    model_free(&again);
    close(fd);
}

/* What it knows of its rows: compared with a stream that has none, and joined with itself. */
static void
compare(struct model *model)
{
    struct comparison comparison;
    struct error error;
    if (model->schema.profile == NULL)
        return;
    if (compare_open(&comparison, model->schema.profile, &model->schema, &error) == 0) {
        must(compare_decide(&comparison, 1, 0.01, 0.1) == 0);
        compare_close(&comparison);
    }
    const struct profile *same = profile_copy(model->schema.profile, &model->arena);
    if (same->rows <= UINT64_C(1) << 52) {
        profile_join(model->schema.profile, same, &model->arena);
        comes_back(model);
    }
}

/* Learns from the rows that it keeps, as strategy `name` would at the end of a run in which nothing moved. */
static void
learn(struct model *model, const char *name)
{
    const struct strategy *strategy = strategy_at(strategy_find(name));
    const struct engine_options options = {.threads = 1};
    struct arena arena = {0};
    float quantiles[MODEL_MAX_QUANTILES];
    struct plan plan = {.loss = model->loss, .n_quantiles = model->n_quantiles, .quantiles = quantiles};
    struct strategy_run run = {
        .model = model,
        .updates = 1,
        .options = {.strength = 1, .ewc_gamma = 0.5, .si_xi = 0.1},
        .start = &model->network,
        .arena = &arena,
        .engine = &engine_ref,
        .plan = &plan,
    };
    struct error error;
    model_objective(model, quantiles);
    if (recall_rows(model, &arena, &run.memory, &error) < 0 || run.memory.n == 0)
        goto out;
    run.train = run.memory;
    must(engine_ref.open(&run.state, &model->network, &options, &error) == 0);
    if (strategy->prepare(&run, &error) == 0 && strategy->attach(&run, &error) == 0 &&
        engine_ref.load(run.state, STRATEGY_SET_TRAIN, &run.train, &error) == 0 && strategy->finish(&run, &error) == 0)
        comes_back(model);
    engine_ref.close(run.state);
out:
    arena_free(&arena);
}

/* Solves for the output layer by the sums that it keeps. */
static void
solve(struct model *model)
{
    struct analytic_setup setup = {.engine = &engine_ref, .threads = 1, .ridge = 0.1};
    struct analytic_report report;
    struct error error;
    if (!analytic_kept(model) || analytic_refuses(model->loss) != NULL)
        return;
    if (analytic_run(model, &setup, &report, &error) == 0)
        comes_back(model);
    else
        must(error.status == STATUS_DATA && error.text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model model = {0}, again = {0};
    int fd = memory_file();
    must(write(fd, data, size) == (ssize_t) size);
    int sealed = seal(fd);
    if (read_model(fd, &model))
        model_free(&model);
    if (read_model(sealed, &model)) {
        for (uint32_t p = 0; p < model.network.n_params; p++) {
            const struct param *param = &model.network.params[p];
            for (uint64_t i = 0; i < param->rows * param->cols; i++)
                must(isfinite(param->data[i]));
        }
        int first = write_model(&model), second;
        must(read_model(first, &again));
        must(strcmp(model.digest, again.digest) == 0);
        second = write_model(&again);
        same_bytes(first, second);
        serve(&again);
        compare(&again);
        uint32_t *groups;
        struct error error = {0};
        if (groups_read(&again, &again.arena, &groups, &error) < 0)
            must(error.status == STATUS_DATA);
        if (network_size(&again.network) <= 1000) {
            learn(&again, "ewc");
            solve(&again);
        }
        remember(&again);
        close(first);
        close(second);
        model_free(&model);
        model_free(&again);
    }
    close(fd);
    close(sealed);
    return 0;
}
