#include "analytic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blas/lapack.h"
#include "frozen.h"
#include "loss.h"
#include "memory.h"
#include "ridge.h"
#include "strategy.h"

enum { BLOCK_ROWS = 768 };
/* Rows that are scored for the factor: by what a solution for them costs. Factors are 1.05^s. */
enum { MOST_SCORED = 1024, LEAST_SCORED = 64, SCALE_LOW = -60, SCALE_HIGH = 200, SCALE_FIRST = 40 };
#define SCORE_COST 2e9
#define SCALE_STEP 1.05

const struct strategy strategy_analytic = {.name = "analytic",
                                           .flags = STRATEGY_TAKES_RIDGE | STRATEGY_FOR_CLASSES | STRATEGY_CLOSED_FORM};

static const char sums_name[] = "analytic.sums", scale_name[] = "analytic.scale";

const char *
analytic_refuses(enum loss loss)
{
    if (loss == LOSS_MSE || loss == LOSS_BCE || loss == LOSS_CE)
        return NULL;
    return "--strategy analytic solves least squares: of labels that are numbers it can learn --loss mse alone";
}

bool
analytic_kept(const struct model *model)
{
    return model_find(model, TENSOR_STATISTICS, sums_name) != NULL;
}

void
analytic_drop(struct model *model)
{
    model_strip(model, TENSOR_STATISTICS);
}

/* ---- the sums ---- */

static uint64_t
count_targets(const struct model *model)
{
    return model->schema.task == TASK_CLASS ? schema_y(&model->schema, 0)->dict.n : model->schema.n_y;
}

/* Place of element [i, j] of the upper half, i <= j. */
static uint64_t
place(uint64_t i, uint64_t j)
{
    return j * (j + 1) / 2 + i;
}

int
analytic_check(const struct model *model, struct error *error)
{
    const struct tensor *sums = model_find(model, TENSOR_STATISTICS, sums_name),
                        *scale = model_find(model, TENSOR_STATISTICS, scale_name);
    const uint64_t m = 1 + features_count(&model->network) + count_targets(model);
    if (sums == NULL)
        return 0;
    if (sums->dtype != DTYPE_F64 || sums->bytes != place(0, m) * sizeof(double) || scale == NULL ||
        scale->dtype != DTYPE_F64 || scale->bytes != 2 * sizeof(double))
        return error_set(error, STATUS_DATA, "tensor '%s' does not belong to this network", sums_name);
    return 0;
}

static void
load_sums(const struct model *model, double *S, uint64_t m)
{
    const struct tensor *sums = model_find(model, TENSOR_STATISTICS, sums_name);
    const uint64_t ld = gram_stride(m);
    for (uint64_t j = 0; sums != NULL && j < m; j++)
        for (uint64_t i = 0; i <= j; i++)
            S[i * ld + j] = ((const double *) sums->data)[place(i, j)];
}

static void
save_sums(struct model *model, const double *S, uint64_t m)
{
    const uint64_t n = place(0, m), ld = gram_stride(m);
    double *sums = arena_aligned(&model->arena, n * sizeof *sums);
    for (uint64_t j = 0; j < m; j++)
        for (uint64_t i = 0; i <= j; i++)
            sums[place(i, j)] = S[i * ld + j];
    model_put(model, TENSOR_STATISTICS, sums_name, DTYPE_F64, 1, &n, sums);
}

static void
put_targets(const struct model *model, const struct rowset *rows, uint64_t row, uint64_t t, double *to)
{
    if (model->schema.task != TASK_CLASS) {
        for (uint64_t s = 0; s < t; s++)
            to[s] = (double) rows->y[row * t + s];
        return;
    }
    for (uint64_t s = 0; s < t; s++)
        to[s] = 0;
    to[rows->label != NULL ? rows->label[row] : rows->y[row] > 0.5f] = 1;
}

static int
add_rows(const struct model *model, const struct analytic_setup *setup, struct features *features, struct gram *gram,
         double *S, uint64_t d, uint64_t t, struct error *error)
{
    const struct rowset *rows = &setup->rows;
    const uint64_t ld = gram_stride(d + t);
    double *Z = mem_array(ld * BLOCK_ROWS, sizeof *Z), w[BLOCK_ROWS];
    int status = 0;
    for (uint64_t first = 0; first < rows->n && status == 0; first += BLOCK_ROWS) {
        const uint64_t n = rows->n - first < BLOCK_ROWS ? rows->n - first : BLOCK_ROWS;
        status = features_read(features, rows, first, n, Z + 1, ld, error);
        for (uint64_t r = 0; r < n && status == 0; r++) {
            Z[r * ld] = 1;
            put_targets(model, rows, first + r, t, Z + r * ld + d);
            w[r] = rows->w != NULL ? (double) rows->w[first + r] : 1;
        }
        if (status == 0)
            gram_add(gram, S, d + t, 0, Z, ld, n, rows->w != NULL ? w : NULL, 1, rows->w == NULL);
    }
    free(Z);
    return status;
}

/* ---- growth ---- */

struct analytic_shape
analytic_shape(const struct model *model, struct arena *arena)
{
    struct analytic_shape shape = {model->network.n_x, (uint32_t) count_targets(model),
                                   arena_array(arena, model->network.n_c, sizeof *shape.c_sizes)};
    memcpy(shape.c_sizes, model->network.c_sizes, model->network.n_c * sizeof *shape.c_sizes);
    return shape;
}

/* map[i] = where element i of z is now; features first. Returns how many there were. */
static uint64_t
map_elements(const struct model *model, const struct analytic_shape *before, uint64_t *map)
{
    const struct network *network = &model->network;
    const bool inputs = network->n_layers == 1;
    const uint64_t features = features_count(network);
    uint64_t n = 0, at = 1;
    map[n++] = 0;
    for (uint64_t j = 0; j < (inputs ? before->n_x : features); j++)
        map[n++] = at++;
    at += inputs ? network->n_x - before->n_x : 0;
    for (uint32_t k = 0; inputs && k < network->n_c; at += network->c_sizes[k++])
        for (uint32_t code = 0; code < before->c_sizes[k]; code++)
            map[n++] = at + code;
    for (uint32_t b = 0; inputs && b < network->n_bins; b++)
        map[n++] = at++;
    for (uint32_t s = 0; s < before->n_targets; s++)
        map[n++] = 1 + features + s;
    return n;
}

void
analytic_grow(struct model *model, const struct analytic_shape *before, const float *fill)
{
    if (!analytic_kept(model))
        return;
    const struct network *network = &model->network;
    const double *old = model_find(model, TENSOR_STATISTICS, sums_name)->data;
    const uint64_t m = 1 + features_count(network) + count_targets(model), ld = gram_stride(m);
    uint64_t *map = mem_array(m, sizeof *map), n = map_elements(model, before, map);
    double *S = gram_matrix(m);
    for (uint64_t j = 0; j < n; j++)
        for (uint64_t i = 0; i <= j; i++)
            S[map[i] * ld + map[j]] = old[place(i, j)];
    /* A column that was not there had one number in all rows. */
    for (uint32_t j = before->n_x; network->n_layers == 1 && j < network->n_x; j++) {
        const double value = (double) fill[j];
        const uint64_t at = 1 + j;
        for (uint64_t i = 0; i < n; i++)
            S[(map[i] < at ? map[i] : at) * ld + (map[i] < at ? at : map[i])] = value * old[place(0, i)];
        for (uint32_t i = before->n_x; i <= j; i++)
            S[(1 + i) * ld + at] = value * (double) fill[i] * old[0];
    }
    save_sums(model, S, m);
    free(map);
    free(S);
}

/* ---- the factor of classes ---- */

/* Rows that are scored: their leave-one-out scores [n, t], labels and weights. */
struct scored {
    uint64_t n, t;
    float *scores;
    uint32_t *labels;
    float *w;
};

static double
power(int s)
{
    double factor = 1;
    for (; s > 0; s--)
        factor *= SCALE_STEP;
    for (; s < 0; s++)
        factor /= SCALE_STEP;
    return factor;
}

/* Log loss with the factor 1.05^s, and of one more row that scores 1 for a wrong class: it keeps the factor from going
 * to infinity where all are right. */
static double
scaled_loss(const struct scored *scored, int s)
{
    const struct objective objective = {.loss = LOSS_CE};
    const float factor = (float) power(s);
    float *z = mem_array(scored->t, sizeof *z);
    double sum = 0;
    for (uint64_t i = 0; i <= scored->n; i++) {
        const bool extra = i == scored->n;
        for (uint64_t j = 0; j < scored->t; j++)
            z[j] = extra ? (j == 0 ? factor : 0) : factor * scored->scores[i * scored->t + j];
        const float loss = loss_row(&objective, z, (uint32_t) scored->t, NULL, extra ? 1 : scored->labels[i], NULL);
        sum += (extra ? 1 : (double) scored->w[i]) * (double) loss;
    }
    free(z);
    return sum;
}

/* The smallest is one: the log loss is convex in the factor. */
static int
fit_scale(const struct scored *scored)
{
    int s = SCALE_FIRST;
    double best = scaled_loss(scored, s);
    for (int step = 16; step > 0; step /= 4)
        for (int sign = 1; sign >= -1; sign -= 2)
            for (int next = s + sign * step; next >= SCALE_LOW && next <= SCALE_HIGH; next += sign * step) {
                const double loss = scaled_loss(scored, next);
                if (!(loss < best))
                    break;
                best = loss;
                s = next;
            }
    return s;
}

static int
score_rows(const struct analytic_setup *setup, struct features *features, const struct ridge *ridge, uint64_t d,
           struct scored *scored, struct arena *arena, struct error *error)
{
    const struct rowset *rows = &setup->rows;
    const uint64_t t = scored->t;
    const double cost = SCORE_COST / ((double) d * (double) d);
    const uint64_t most = cost > MOST_SCORED ? MOST_SCORED : cost < LEAST_SCORED ? LEAST_SCORED : (uint64_t) cost;
    const uint64_t n = rows->n < most ? rows->n : most;
    double *Z = arena_array(arena, d * n, sizeof *Z), *z = arena_array(arena, d, sizeof *z); // Z: [d, n]
    double *leverage = arena_array(arena, n, sizeof *leverage), *scores = arena_zalloc(arena, n * t, sizeof *scores);
    *scored = (struct scored){n, t, arena_array(arena, n * t, sizeof(float)), arena_array(arena, n, sizeof(uint32_t)),
                              arena_array(arena, n, sizeof(float))};
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t row = i * rows->n / n;
        if (features_read(features, rows, row, 1, z + 1, d, error) < 0)
            return -1;
        z[0] = 1;
        for (uint64_t j = 0; j < d; j++) {
            Z[j * n + i] = z[j];
            for (uint64_t s = 0; s < t; s++)
                scores[i * t + s] += z[j] * ridge_weights(ridge)[j * t + s];
        }
        scored->labels[i] = rows->label != NULL ? rows->label[row] : rows->y[row] > 0.5f;
        scored->w[i] = rows->w != NULL ? rows->w[row] : 1;
    }
    ridge_leverage(ridge, Z, n, leverage);
    for (uint64_t i = 0; i < n; i++) {
        const double rest = fmax(1 - (double) scored->w[i] * leverage[i], 1e-3);
        for (uint64_t s = 0; s < t; s++) {
            const double y = s == scored->labels[i] ? 1 : 0;
            scored->scores[i * t + s] = (float) (y - (y - scores[i * t + s]) / rest);
        }
    }
    return 0;
}

/* The factor of this run, averaged with those of the runs before. */
static int
choose_scale(struct model *model, const struct analytic_setup *setup, struct features *features,
             const struct ridge *ridge, uint64_t d, uint64_t t, double *factor, struct error *error)
{
    struct arena arena = {0};
    struct scored scored = {.t = t};
    const struct tensor *before = model_find(model, TENSOR_STATISTICS, scale_name);
    double *scale = arena_zalloc(&model->arena, 2, sizeof *scale);
    int status = score_rows(setup, features, ridge, d, &scored, &arena, error);
    if (status == 0) {
        if (before != NULL)
            memcpy(scale, before->data, 2 * sizeof *scale);
        if (scored.n > 0) {
            scale[0] += (double) scored.n * fit_scale(&scored);
            scale[1] += (double) scored.n;
        }
        const double mean = scale[1] > 0 ? scale[0] / scale[1] : SCALE_FIRST;
        *factor = power(mean > SCALE_LOW && mean < SCALE_HIGH ? (int) nearbyint(mean) : SCALE_FIRST);
        model_put(model, TENSOR_STATISTICS, scale_name, DTYPE_F64, 1, (const uint64_t[]){2}, scale);
    }
    arena_free(&arena);
    return status;
}

/* ---- the output layer ---- */

/* Weight of output o, of the scores of t targets. */
static float
output_weight(const struct model *model, const double *b, uint32_t o, double factor)
{
    if (model->loss == LOSS_BCE) /* two classes whose scores add up to 1 */
        return (float) (factor * (b[1] - b[0]));
    return (float) (factor * b[o]);
}

static void
put_weights(struct model *model, const double *B, uint64_t d, uint64_t t, double factor)
{
    struct network *network = &model->network;
    const struct layer *output = &network->layers[network->n_layers - 1];
    struct feature_place *places = mem_array(d, sizeof *places);
    features_places(network, places);
    for (uint32_t o = 0; o < output->n_out; o++) {
        network->params[output->bias].data[o] = output_weight(model, B, o, factor);
        for (uint64_t i = 0; i + 1 < d; i++)
            network->params[places[i].param].data[places[i].row * output->n_out + o] =
                output_weight(model, B + (i + 1) * t, o, factor);
    }
    free(places);
}

static int
solve(struct model *model, const struct analytic_setup *setup, struct features *features, struct gram *gram,
      const double *S, uint64_t d, uint64_t t, struct analytic_report *report, struct error *error)
{
    const bool fast = !setup->engine->exact;
    const struct lapack *lapack = fast ? lapack_library(&report->why) : NULL;
    report->own_solver = fast && lapack == NULL;
    if (!(S[0] > 0))
        return error_set(error, STATUS_DATA, "all rows have the weight 0: there is nothing to solve for");
    struct ridge *ridge = ridge_open(S, d, t, gram, lapack);
    const bool solved = isnan(setup->ridge) ? ridge_choose(ridge) : ridge_take(ridge, setup->ridge);
    double factor = 1;
    int status = 0;
    if (!solved)
        status = error_set(error, STATUS_DATA,
                           "the sums over the rows have no solution: features are too large, or depend on each other "
                           "(a larger --ridge helps)");
    if (status == 0 && model->schema.task == TASK_CLASS)
        status = choose_scale(model, setup, features, ridge, d, t, &factor, error);
    if (status == 0) {
        put_weights(model, ridge_weights(ridge), d, t, factor);
        *report = (struct analytic_report){
            d - 1, S[0], ridge_value(ridge), ridge_freedom(ridge), factor, report->own_solver, report->why};
    }
    ridge_close(ridge);
    return status;
}

int
analytic_run(struct model *model, const struct analytic_setup *setup, struct analytic_report *report,
             struct error *error)
{
    const uint64_t d = 1 + features_count(&model->network), t = count_targets(model), m = d + t;
    struct features *features = NULL;
    double *S = NULL;
    int status = -1;
    *report = (struct analytic_report){0};
    struct gram *gram = gram_open(setup->threads, m, error);
    if (gram == NULL || analytic_check(model, error) < 0)
        goto out;
    if (features_open(&features, &model->network, setup->engine, setup->threads, error) < 0)
        goto out;
    S = gram_matrix(m);
    load_sums(model, S, m);
    if (add_rows(model, setup, features, gram, S, d, t, error) < 0)
        goto out;
    save_sums(model, S, m);
    if (model->schema.task != TASK_CLASS)
        model_put(model, TENSOR_STATISTICS, scale_name, DTYPE_F64, 1, (const uint64_t[]){2},
                  arena_zalloc(&model->arena, 2, sizeof(double)));
    status = solve(model, setup, features, gram, S, d, t, report, error);
out:
    features_close(features);
    gram_close(gram);
    free(S);
    return status;
}
