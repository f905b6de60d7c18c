/*
 * Losses of rows and their gradients (formulas: kernels/learn/loss.c): a part of kernels.inc.h, which includes it.
 */

/* What smoothing gives to each class that takes part. */
static float
class_share(float smoothing, size_t o, const uint8_t *classes)
{
    size_t n = 0;
    for (size_t j = 0; j < o; j++)
        n += classes == NULL || classes[j] != 0;
    return (float) ((double) smoothing / (double) n);
}

/* Sum of z - max over the classes that take part. */
static float
total_below(size_t o, const float *z, const uint8_t *classes, float max)
{
    struct num_sum sum = {.n = 0};
    for (size_t j = 0; j < o; j++)
        num_sum_add(&sum, classes == NULL || classes[j] != 0 ? z[j] - max : 0.0f);
    return num_sum_total(&sum);
}

static float
cross_entropy(float smoothing, size_t o, const float *z, uint32_t label, const uint8_t *classes, float *g)
{
    float max = -INFINITY;
    for (size_t j = 0; j < o; j++)
        max = (classes == NULL || classes[j] != 0) && z[j] > max ? z[j] : max;
    for (size_t j = 0; j < o; j++)
        g[j] = num_exp(z[j] - max);
    for (size_t j = 0; classes != NULL && j < o; j++)
        g[j] = classes[j] != 0 ? g[j] : 0.0f;
    float denominator = total(o, g);
    for (size_t j = 0; j < o; j++)
        g[j] = g[j] / denominator;
    for (size_t j = 0; classes != NULL && j < o; j++)
        g[j] = classes[j] != 0 ? g[j] : 0.0f; /* 0 / NaN too */
    float sure = 1.0f - smoothing, share = smoothing > 0 ? class_share(smoothing, o, classes) : 0.0f;
    for (size_t j = 0; smoothing > 0 && j < o; j++)
        g[j] = classes == NULL || classes[j] != 0 ? g[j] - share : 0.0f;
    if (classes == NULL || classes[label] != 0)
        g[label] -= sure;
    if (smoothing > 0)
        return num_log(denominator) - fmaf(sure, z[label] - max, share * total_below(o, z, classes, max));
    return num_log(denominator) - (z[label] - max);
}

/* The same for at most SIDE_ROWS rows of at most SIDE_OUTPUTS outputs, side by side: vectors run over rows. */
enum { SIDE_ROWS = 16, SIDE_OUTPUTS = 64 };

static void
cross_entropy_side(float smoothing, size_t rows, size_t o, const float *z, size_t ld, const uint32_t *label,
                   const uint8_t *classes, float *dz, float *losses)
{
    float e[SIDE_OUTPUTS][SIDE_ROWS], lane[NUM_LANES][SIDE_ROWS] = {{0}}, max[SIDE_ROWS], *denominator = lane[0];
    for (size_t r = 0; r < SIDE_ROWS; r++) {
        const float *from = z + (r < rows ? r : 0) * ld;
        max[r] = -INFINITY;
        for (size_t j = 0; j < o; j++)
            e[j][r] = from[j];
    }
    for (size_t j = 0; j < o; j++)
        for (size_t r = 0; (classes == NULL || classes[j] != 0) && r < SIDE_ROWS; r++)
            max[r] = e[j][r] > max[r] ? e[j][r] : max[r];
    for (size_t j = 0; j < o; j++) {
        const bool kept = classes == NULL || classes[j] != 0;
        for (size_t r = 0; r < SIDE_ROWS; r++) {
            float power = num_exp(e[j][r] - max[r]);
            e[j][r] = kept ? power : 0.0f;
            lane[j % NUM_LANES][r] += e[j][r];
        }
    }
    for (size_t half = NUM_LANES / 2; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++)
            for (size_t r = 0; r < SIDE_ROWS; r++)
                lane[i][r] += lane[i + half][r];
    for (size_t j = 0; j < o; j++)
        for (size_t r = 0; (classes == NULL || classes[j] != 0) && r < SIDE_ROWS; r++)
            e[j][r] /= denominator[r];
    for (size_t r = 0; r < SIDE_ROWS; r++)
        denominator[r] = num_log(denominator[r]);
    float sure = 1.0f - smoothing, share = smoothing > 0 ? class_share(smoothing, o, classes) : 0.0f;
    for (size_t j = 0; smoothing > 0 && j < o; j++)
        for (size_t r = 0; (classes == NULL || classes[j] != 0) && r < SIDE_ROWS; r++)
            e[j][r] -= share;
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < o; j++)
            dz[r * ld + j] = e[j][r];
        if (classes == NULL || classes[label[r]] != 0)
            dz[r * ld + label[r]] -= sure;
        float top = z[r * ld + label[r]] - max[r];
        if (smoothing > 0)
            top = fmaf(sure, top, share * total_below(o, z + r * ld, classes, max[r]));
        losses[r] = denominator[r] - top;
    }
}

/*
 * Terms of the loss and slopes times factor, of n outputs: of one row from output `first` on, or of the only output of
 * many rows. y: a target for each.
 */
static void
output_terms(const struct objective *objective, size_t first, float factor, size_t n, const float *z, const float *y,
             float *term, float *g)
{
    const float delta = objective->huber_delta, smoothing = objective->smoothing;
    switch (objective->loss) {
    case LOSS_MAE:
        for (size_t i = 0; i < n; i++) {
            float d = z[i] - y[i];
            term[i] = num_abs(d);
            g[i] = (d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : 0.0f) * factor;
        }
        break;
    case LOSS_HUBER:
        for (size_t i = 0; i < n; i++) {
            float d = z[i] - y[i], a = num_abs(d), inside = 0.5f * d * d, outside = delta * (a - 0.5f * delta);
            term[i] = a <= delta ? inside : outside;
            g[i] = (d > delta ? delta : d < -delta ? -delta : d) * factor;
        }
        break;
    case LOSS_BCE:
        for (size_t i = 0; i < n; i++) {
            float target = fmaf(y[i], 1.0f - smoothing, 0.5f * smoothing);
            term[i] = fmaf(-z[i], target, z[i] > 0.0f ? z[i] : 0.0f) + num_log1p(num_exp(-num_abs(z[i])));
            g[i] = (num_sigmoid(z[i]) - target) * factor;
        }
        break;
    case LOSS_POISSON:
        for (size_t i = 0; i < n; i++) {
            float mean = num_exp(z[i]), least = fmaf(y[i], num_log(y[i]), -y[i]);
            term[i] = fmaf(-y[i], z[i], mean) + (y[i] > 0.0f ? least : 0.0f);
            g[i] = (mean - y[i]) * factor;
        }
        break;
    case LOSS_QUANTILE:
        for (size_t i = 0; i < n; i++) {
            float t = objective->quantiles[(first + i) % objective->n_quantiles], over = 1.0f - t, d = z[i] - y[i];
            term[i] = d > 0.0f ? over * d : t * num_abs(d);
            g[i] = (d > 0.0f ? over : d < 0.0f ? -t : 0.0f) * factor;
        }
        break;
    default: /* mse: the terms are d, to be squared */
        for (size_t i = 0; i < n; i++) {
            term[i] = z[i] - y[i];
            g[i] = term[i] * factor;
        }
        break;
    }
}

enum { LOSS_GROUP = 64 };

/* Rows of one output. */
static void
loss_of_one(const struct objective *objective, float factor, size_t rows, const float *z, size_t ld, const float *y,
            float *dz, float *losses)
{
    float outputs[LOSS_GROUP], slopes[LOSS_GROUP];
    for (size_t r = 0; r < rows; r += LOSS_GROUP) {
        size_t n = rows - r < LOSS_GROUP ? rows - r : LOSS_GROUP;
        for (size_t i = 0; i < n; i++)
            outputs[i] = z[(r + i) * ld];
        output_terms(objective, 0, factor, n, outputs, y + r, losses + r, slopes);
        for (size_t i = 0; i < n; i++)
            dz[(r + i) * ld] = slopes[i];
        for (size_t i = 0; objective->loss == LOSS_MSE && i < n; i++)
            losses[r + i] *= losses[r + i];
    }
}

/* A row of several outputs; its loss. y: [o / each] */
static float
loss_of_outputs(const struct objective *objective, float factor, size_t o, size_t each, const float *z, const float *y,
                float *dz)
{
    float terms[LOSS_GROUP], targets[LOSS_GROUP];
    struct num_sum sum = {.n = 0};
    for (size_t j = 0; j < o; j += LOSS_GROUP) {
        size_t n = o - j < LOSS_GROUP ? o - j : LOSS_GROUP;
        for (size_t i = 0; each > 1 && i < n; i++)
            targets[i] = y[(j + i) / each];
        output_terms(objective, j, factor, n, z + j, each > 1 ? targets : y + j, terms, dz + j);
        for (size_t i = 0; i < n; i++) {
            if (objective->loss == LOSS_MSE)
                num_sum_fma(&sum, terms[i], terms[i]);
            else
                num_sum_add(&sum, terms[i]);
        }
    }
    return num_sum_total(&sum) / (float) o;
}

static void
loss_of_rows(const struct objective *objective, size_t rows, size_t o, const float *z, size_t ld, const float *y,
             const uint32_t *label, const uint8_t *classes, float *dz, float *losses)
{
    float factor = (float) ((objective->loss == LOSS_MSE ? 2.0 : 1.0) / (double) o), smoothing = objective->smoothing;
    size_t targets = objective_targets(objective, (uint32_t) o);
    if (objective->loss == LOSS_CE && o <= SIDE_OUTPUTS && rows > 1) {
        for (size_t r = 0; r < rows; r += SIDE_ROWS)
            cross_entropy_side(smoothing, rows - r < SIDE_ROWS ? rows - r : SIDE_ROWS, o, z + r * ld, ld, label + r,
                               classes, dz + r * ld, losses + r);
    } else if (objective->loss == LOSS_CE) {
        for (size_t r = 0; r < rows; r++)
            losses[r] = cross_entropy(smoothing, o, z + r * ld, label[r], classes, dz + r * ld);
    } else if (o == 1) {
        loss_of_one(objective, factor, rows, z, ld, y, dz, losses);
    } else {
        for (size_t r = 0; r < rows; r++)
            losses[r] = loss_of_outputs(objective, factor, o, o / targets, z + r * ld, y + r * targets, dz + r * ld);
    }
}

static void
scale_rows(size_t rows, size_t o, float factor, const float *w, const uint64_t *row, float *dz, size_t ld)
{
    for (size_t r = 0; r < rows; r++, dz += ld) {
        float f = w == NULL ? factor : factor * w[row[r]];
        for (size_t j = 0; j < o; j++)
            dz[j] *= f;
    }
}
