/*
 * What penalties remember between runs: how important each parameter was for what is known (omega), and where it stood
 * (theta*). Tensors "omega.PARAMETER" and "anchor.PARAMETER" of role TENSOR_IMPORTANCE in a model. ewc, online-ewc and
 * si differ in what they call important, and read each other's:
 *
 *     loss += strength / 2 * sum_i omega_i (theta_i - theta*_i)^2
 *
 * The importance of one run has mean 1 over all parameters that learn, so a strength means the same for any network,
 * loss and number of rows.
 *
 * What grew since (outputs, categories, features) has omega 0; one sigmoid output that became two of a softmax passes
 * its omega on to both.
 */
#ifndef CL_IMPORTANCE_H
#define CL_IMPORTANCE_H

#include "strategy.h"

struct importance {
    bool known;     /* there is some: else all is 0 */
    float **omega;  // [n_params] each [rows, cols], >= 0
    float **anchor; // [n_params] each [rows, cols]
};

/*
 * The hook prepare: what the model remembers into run->own, which is made, or begins with a struct importance. Of a
 * model that remembers nothing, the Fisher information of the rows that it keeps. STATUS_DATA: neither; or the tensors
 * are not of this network.
 */
int importance_prepare(struct strategy_run *run, struct error *error);
/* The hook attach: the penalty, with the strength of the options, where there is something to go back to. */
int importance_attach(struct strategy_run *run, struct error *error);

/* Arrays like the parameters, of zeros, in run->arena. */
float **importance_zeros(const struct strategy_run *run);
/*
 * The diagonal of the Fisher information of rows for the parameters that the engine has, mean 1: of IMPORTANCE_ROWS of
 * them where there are more, drawn by the seed. classes: [o] that the softmax is over, or NULL.
 */
enum { IMPORTANCE_ROWS = 5000 };
int importance_fisher(struct strategy_run *run, const struct rowset *rows, const uint8_t *classes, float **to,
                      struct error *error);
/* Divides by the mean over all parameters but edges; zeros stay zeros. */
void importance_normalise(const struct network *network, float **omega);

/*
 * At the end of a run: `stays` times the older importance plus the new one into the model. merged: the anchor is the
 * mean of the older one and of where the parameters are, by their importance (several penalties in one, exactly: sum_t
 * w_t (x - a_t)^2 = W (x - A)^2 + constant, W = sum w_t, A = sum w_t a_t / W); else it is where they are.
 */
void importance_keep(struct strategy_run *run, double stays, float *const *fresh, bool merged);

#endif
