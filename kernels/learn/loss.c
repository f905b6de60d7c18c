#include "loss.h"

#include <stddef.h>

#include "numerics.h"

static bool
takes_part(const uint8_t *classes, uint32_t j)
{
    return classes == NULL || classes[j] != 0;
}

/* The largest output that takes part. */
static float
softmax_max(const float *z, uint32_t n_outputs, const uint8_t *classes)
{
    float max = -INFINITY;
    for (uint32_t j = 0; j < n_outputs; j++)
        if (takes_part(classes, j))
            max = z[j] > max ? z[j] : max;
    return max;
}

static float
softmax_term(const float *z, uint32_t j, const uint8_t *classes, float max)
{
    return takes_part(classes, j) ? num_exp(z[j] - max) : 0.0f;
}

static float
softmax_denominator(const float *z, uint32_t n_outputs, const uint8_t *classes, float max)
{
    struct num_sum sum = {.n = 0};
    for (uint32_t j = 0; j < n_outputs; j++)
        num_sum_add(&sum, softmax_term(z, j, classes, max));
    return num_sum_total(&sum);
}

void
loss_link(enum loss loss, const float *z, uint32_t n_outputs, const uint8_t *classes, float *p)
{
    float max = 0, denominator = 1;
    if (loss == LOSS_CE) {
        max = softmax_max(z, n_outputs, classes);
        denominator = softmax_denominator(z, n_outputs, classes, max);
    }
    for (uint32_t j = 0; j < n_outputs; j++) {
        if (loss == LOSS_CE)
            p[j] = softmax_term(z, j, classes, max) / denominator;
        else
            p[j] = loss == LOSS_BCE ? num_sigmoid(z[j]) : loss == LOSS_POISSON ? num_exp(z[j]) : z[j];
    }
}

/* sum over the classes that take part of t_j (log D - (z_j - max)), t_j = e / C, and 1 - e more at the label. */
static float
smooth_cross_entropy(const float *z, uint32_t n_outputs, uint32_t label, const uint8_t *classes, float max,
                     float denominator, float smoothing, float *g)
{
    struct num_sum sum = {.n = 0};
    uint32_t n_classes = 0;
    for (uint32_t j = 0; j < n_outputs; j++)
        n_classes += takes_part(classes, j);
    float share = (float) ((double) smoothing / n_classes), sure = 1.0f - smoothing;
    for (uint32_t j = 0; j < n_outputs; j++)
        num_sum_add(&sum, takes_part(classes, j) ? z[j] - max : 0.0f);
    for (uint32_t j = 0; g != NULL && j < n_outputs; j++)
        g[j] = takes_part(classes, j) ? g[j] - share : 0.0f;
    if (g != NULL && takes_part(classes, label))
        g[label] -= sure;
    return num_log(denominator) - fmaf(sure, z[label] - max, share * num_sum_total(&sum));
}

/* log D - (z_label - max); g = softmax - one-hot. The mean log-likelihood of the multinomial logit model. */
static float
cross_entropy(float smoothing, const float *z, uint32_t n_outputs, uint32_t label, const uint8_t *classes, float *g)
{
    float max = softmax_max(z, n_outputs, classes);
    float denominator = softmax_denominator(z, n_outputs, classes, max);
    for (uint32_t j = 0; g != NULL && j < n_outputs; j++)
        g[j] = softmax_term(z, j, classes, max) / denominator;
    if (smoothing > 0)
        return smooth_cross_entropy(z, n_outputs, label, classes, max, denominator, smoothing, g);
    for (uint32_t j = 0; g != NULL && j < n_outputs; j++)
        g[j] = takes_part(classes, j) ? g[j] - (j == label ? 1.0f : 0.0f) : 0.0f;
    return num_log(denominator) - (z[label] - max);
}

/* The target of bce. */
static float
smooth(const struct objective *objective, float y)
{
    return fmaf(y, 1.0f - objective->smoothing, 0.5f * objective->smoothing);
}

/* Output j of the losses that are means over outputs: its term. */
static float
output_term(const struct objective *objective, uint32_t j, float z, float y)
{
    float d = z - y, a = num_abs(d), delta = objective->huber_delta;
    switch (objective->loss) {
    case LOSS_MSE:
        return d * d;
    case LOSS_MAE:
        return a;
    case LOSS_HUBER: /* Huber 1964 */
        return a <= delta ? 0.5f * d * d : delta * (a - 0.5f * delta);
    case LOSS_POISSON: /* e^z - y z, less what that is at its smallest, z = log y */
        return fmaf(-y, z, num_exp(z)) + (y > 0 ? fmaf(y, num_log(y), -y) : 0.0f);
    case LOSS_QUANTILE: { /* Koenker and Bassett 1978 */
        float t = objective->quantiles[j % objective->n_quantiles];
        return d > 0 ? (1.0f - t) * d : t * a;
    }
    default: /* bce: -(y log p + (1 - y) log(1 - p)) with p = sigmoid(z) */
        return fmaf(-z, smooth(objective, y), z > 0 ? z : 0.0f) + num_log1p(num_exp(-num_abs(z)));
    }
}

/* Its slope, before the division by o; of mse half of it. */
static float
output_slope(const struct objective *objective, uint32_t j, float z, float y)
{
    float d = z - y, delta = objective->huber_delta;
    switch (objective->loss) {
    case LOSS_MSE:
        return d;
    case LOSS_MAE:
        return d > 0 ? 1.0f : d < 0 ? -1.0f : 0.0f;
    case LOSS_HUBER:
        return d > delta ? delta : d < -delta ? -delta : d;
    case LOSS_POISSON:
        return num_exp(z) - y;
    case LOSS_QUANTILE: {
        float t = objective->quantiles[j % objective->n_quantiles];
        return d > 0 ? 1.0f - t : d < 0 ? -t : 0.0f;
    }
    default:
        return num_sigmoid(z) - smooth(objective, y);
    }
}

static float
row_loss(const struct objective *objective, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
         const uint8_t *classes, float *g)
{
    enum loss loss = objective->loss;
    if (loss == LOSS_CE)
        return cross_entropy(objective->smoothing, z, n_outputs, label, classes, g);
    uint32_t each = loss == LOSS_QUANTILE ? objective->n_quantiles : 1; /* outputs of a target */
    float inverse = (float) (1.0 / n_outputs), twice = (float) (2.0 / n_outputs);
    for (uint32_t j = 0; g != NULL && j < n_outputs; j++)
        g[j] = output_slope(objective, j, z[j], y[j / each]) * (loss == LOSS_MSE ? twice : inverse);
    if (n_outputs == 1) /* the sum of one term and fifteen zeros */
        return output_term(objective, 0, z[0], y[0]);
    struct num_sum sum = {.n = 0};
    for (uint32_t j = 0; j < n_outputs; j++)
        if (loss == LOSS_MSE)
            num_sum_fma(&sum, z[j] - y[j], z[j] - y[j]);
        else
            num_sum_add(&sum, output_term(objective, j, z[j], y[j / each]));
    return num_sum_total(&sum) / (float) n_outputs;
}

float
loss_row(const struct objective *objective, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
         const uint8_t *classes)
{
    return row_loss(objective, z, n_outputs, y, label, classes, NULL);
}

float
loss_gradient(const struct objective *objective, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
              const uint8_t *classes, float *g)
{
    return row_loss(objective, z, n_outputs, y, label, classes, g);
}

uint32_t
loss_outputs(enum loss loss, uint32_t n_classes, uint32_t n_labels, uint32_t n_quantiles)
{
    switch (loss) {
    case LOSS_BCE:
        return 1;
    case LOSS_CE:
        return n_classes;
    case LOSS_QUANTILE:
        return n_labels * n_quantiles;
    default:
        return n_labels;
    }
}

bool
loss_of_classes(enum loss loss)
{
    return loss == LOSS_BCE || loss == LOSS_CE;
}
