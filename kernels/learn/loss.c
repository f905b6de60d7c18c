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
            p[j] = loss == LOSS_BCE ? num_sigmoid(z[j]) : z[j];
    }
}

/* log D - (z_label - max); g = softmax - one-hot. The mean log-likelihood of the multinomial logit model. */
static float
cross_entropy(const float *z, uint32_t n_outputs, uint32_t label, const uint8_t *classes, float *g)
{
    float max = softmax_max(z, n_outputs, classes);
    float denominator = softmax_denominator(z, n_outputs, classes, max);
    for (uint32_t j = 0; g != NULL && j < n_outputs; j++) {
        float p = softmax_term(z, j, classes, max) / denominator;
        g[j] = takes_part(classes, j) ? p - (j == label ? 1.0f : 0.0f) : 0.0f;
    }
    return num_log(denominator) - (z[label] - max);
}

/* One output of the losses that are means over outputs: its term. */
static float
output_term(enum loss loss, float delta, float z, float y)
{
    float d = z - y, a = num_abs(d);
    switch (loss) {
    case LOSS_MSE:
        return d * d;
    case LOSS_MAE:
        return a;
    case LOSS_HUBER: /* Huber 1964 */
        return a <= delta ? 0.5f * d * d : delta * (a - 0.5f * delta);
    default: /* bce: -(y log p + (1 - y) log(1 - p)) with p = sigmoid(z) */
        return fmaf(-z, y, z > 0 ? z : 0.0f) + num_log1p(num_exp(-num_abs(z)));
    }
}

/* Its slope, before the division by o; of mse half of it. */
static float
output_slope(enum loss loss, float delta, float z, float y)
{
    float d = z - y;
    switch (loss) {
    case LOSS_MSE:
        return d;
    case LOSS_MAE:
        return d > 0 ? 1.0f : d < 0 ? -1.0f : 0.0f;
    case LOSS_HUBER:
        return d > delta ? delta : d < -delta ? -delta : d;
    default:
        return num_sigmoid(z) - y;
    }
}

static float
row_loss(enum loss loss, float huber_delta, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
         const uint8_t *classes, float *g)
{
    if (loss == LOSS_CE)
        return cross_entropy(z, n_outputs, label, classes, g);
    float inverse = (float) (1.0 / n_outputs), twice = (float) (2.0 / n_outputs);
    for (uint32_t j = 0; g != NULL && j < n_outputs; j++)
        g[j] = output_slope(loss, huber_delta, z[j], y[j]) * (loss == LOSS_MSE ? twice : inverse);
    if (n_outputs == 1) /* the sum of one term and fifteen zeros */
        return output_term(loss, huber_delta, z[0], y[0]);
    struct num_sum sum = {.n = 0};
    for (uint32_t j = 0; j < n_outputs; j++)
        if (loss == LOSS_MSE)
            num_sum_fma(&sum, z[j] - y[j], z[j] - y[j]);
        else
            num_sum_add(&sum, output_term(loss, huber_delta, z[j], y[j]));
    return num_sum_total(&sum) / (float) n_outputs;
}

float
loss_row(enum loss loss, float huber_delta, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
         const uint8_t *classes)
{
    return row_loss(loss, huber_delta, z, n_outputs, y, label, classes, NULL);
}

float
loss_gradient(enum loss loss, float huber_delta, const float *z, uint32_t n_outputs, const float *y, uint32_t label,
              const uint8_t *classes, float *g)
{
    return row_loss(loss, huber_delta, z, n_outputs, y, label, classes, g);
}

uint32_t
loss_outputs(enum loss loss, uint32_t n_classes, uint32_t n_labels)
{
    switch (loss) {
    case LOSS_BCE:
        return 1;
    case LOSS_CE:
        return n_classes;
    default:
        return n_labels;
    }
}
