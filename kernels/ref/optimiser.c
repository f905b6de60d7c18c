#include <string.h>

#include "numerics.h"
#include "ref.h"

/*
 * One element: theta, its gradient g, moments m and v. Every + - * / below rounds once; fmaf where it stands.
 *
 *   sgd       theta -= lr g
 *   momentum  v = gamma v + (1 - dampening) g;  theta -= lr v              (Polyak 1964; dampening = gamma: a mean)
 *   nesterov  v as above;  theta -= lr ((1 - dampening) g + gamma v)       (Nesterov 1983, as in Sutskever et al. 2013)
 *   rmsprop   v = rho v + (1 - rho) g^2;  theta -= lr g / (sqrt v + eps)   (Tieleman and Hinton 2012)
 *   adam      m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 *             theta -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps)   (Kingma and Ba 2015, algorithm 1)
 *   adamw     the same, weight decay always decoupled                      (Loshchilov and Hutter 2019, algorithm 2)
 *   muon     adamw here; orthogonal.c for weights between hidden layers
 *
 * The velocity of momentum and nesterov is kept as m.
 */
static void
update_element(const struct plan_update *u, float decay, float shrink, float *theta, float g, float *m, float *v)
{
    if (decay != 0)
        g = fmaf(decay, *theta, g);
    if (shrink != 0)
        *theta = fmaf(-shrink, *theta, *theta);
    switch (u->kind) {
    case OPT_SGD:
        *theta = fmaf(-u->lr, g, *theta);
        break;
    case OPT_MOMENTUM:
        *m = fmaf(u->fresh, g, u->gamma * *m);
        *theta = fmaf(-u->lr, *m, *theta);
        break;
    case OPT_NESTEROV:
        *m = fmaf(u->fresh, g, u->gamma * *m);
        *theta = fmaf(-u->lr, fmaf(u->gamma, *m, u->fresh * g), *theta);
        break;
    case OPT_RMSPROP:
        *v = fmaf(u->beta2_rest, g * g, u->beta2 * *v);
        *theta = fmaf(-u->lr, g / (sqrtf(*v) + u->epsilon), *theta);
        break;
    default: /* adam, adamw; muon where it does not orthogonalise */
        *m = fmaf(u->beta1_rest, g, u->beta1 * *m);
        *v = fmaf(u->beta2_rest, g * g, u->beta2 * *v);
        *theta = fmaf(-u->rate, *m / fmaf(sqrtf(*v), u->root, u->epsilon), *theta);
        break;
    }
}

/* Which rows of a category table have a gradient: the others are left as they are. */
static void
find_touched(const struct param *param, const float *gradient, uint8_t *touched)
{
    memset(touched, 0, param->rows);
    for (uint64_t row = 0; row < param->rows; row++)
        for (uint64_t j = 0; j < param->cols; j++)
            if (gradient[row * param->cols + j] != 0)
                touched[row] = 1;
}

/* Penalty lambda / 2 * sum omega (theta - theta*)^2: Kirkpatrick et al. 2017, equation 3. */
static void
add_anchor(struct engine_state *state, uint32_t p, float lambda, uint64_t i)
{
    if (state->values[ENGINE_OMEGA] == NULL || state->values[ENGINE_ANCHOR] == NULL)
        return;
    float omega = state->values[ENGINE_OMEGA][p][i], star = state->values[ENGINE_ANCHOR][p][i];
    float *g = &state->values[ENGINE_GRADIENT][p][i];
    *g = fmaf(lambda * omega, state->values[ENGINE_PARAM][p][i] - star, *g);
}

/* Sum of squares of one gradient by rule 3. */
static float
sum_of_squares(const float *g, uint64_t n)
{
    struct num_sum sum = {.n = 0};
    for (uint64_t i = 0; i < n; i++)
        num_sum_fma(&sum, g[i], g[i]);
    return num_sum_total(&sum);
}

void
ref_update(struct engine_state *state)
{
    const struct network *network = state->network;
    const float anchor = state->updates[0].anchor, most = state->updates[0].clip;
    float **gradient = state->values[ENGINE_GRADIENT];
    double squares = 0;
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        if (!plan_trainable(network, p))
            continue;
        if (param->kind == PARAM_CATEGORY)
            find_touched(param, gradient[p], state->touched[p]);
        for (uint64_t i = 0; anchor != 0 && i < param->rows * param->cols; i++)
            if (param->kind != PARAM_CATEGORY || state->touched[p][i / param->cols])
                add_anchor(state, p, anchor, i);
        squares += (double) sum_of_squares(gradient[p], param->rows * param->cols);
    }
    float norm = (float) sqrt(squares);
    bool clip = most > 0 && norm > most;
    float factor = most / norm; /* Pascanu, Mikolov and Bengio 2013, algorithm 1 */
    for (uint32_t p = 0; p < network->n_params; p++) {
        const struct param *param = &network->params[p];
        const struct plan_update *update = &state->updates[param->layer];
        bool decays = param_decays(param);
        if (!plan_trainable(network, p))
            continue;
        if (plan_muon(network, update->kind, p)) {
            for (uint64_t i = 0; clip && i < param->rows * param->cols; i++)
                gradient[p][i] = gradient[p][i] * factor;
            ref_muon(update, param, gradient[p], state->values[ENGINE_M][p], state->values[ENGINE_PARAM][p]);
            continue;
        }
        for (uint64_t i = 0; i < param->rows * param->cols; i++) {
            if (param->kind == PARAM_CATEGORY && !state->touched[p][i / param->cols])
                continue;
            float g = clip ? gradient[p][i] * factor : gradient[p][i];
            update_element(update, decays ? update->decay : 0, decays ? update->shrink : 0,
                           &state->values[ENGINE_PARAM][p][i], g,
                           update->uses_m ? &state->values[ENGINE_M][p][i] : NULL,
                           update->uses_v ? &state->values[ENGINE_V][p][i] : NULL);
        }
    }
}
