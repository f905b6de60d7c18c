#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "metrics.h"
#include "ranking.h"

static void
near(double a, double b)
{
    if (!(fabs(a - b) <= 1e-12 * (1 + fabs(b))))
        fail_msg("%.17g is not %.17g", a, b);
}

/* A decision without a model: metrics look at its shape only. */
struct fixture {
    struct model model;
    struct dict names;
    struct decision decision;
};

static void
make_classes(struct fixture *fixture, uint32_t n)
{
    static const char *const names[] = {"a", "b", "c]"};
    memset(fixture, 0, sizeof *fixture);
    for (uint32_t i = 0; i < n; i++)
        dict_add(&fixture->names, names[i], strlen(names[i]));
    fixture->model.schema.task = TASK_CLASS;
    fixture->decision = (struct decision){.model = &fixture->model,
                                          .names = &fixture->names,
                                          .n_classes = n,
                                          .n_outputs = n,
                                          .binary = n == 2,
                                          .positive = n - 1,
                                          .threshold = 0.5};
}

static void
make_numbers(struct fixture *fixture, uint32_t n)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->model.schema.task = TASK_REGRESSION;
    fixture->decision = (struct decision){.model = &fixture->model, .n_outputs = n, .n_labels = n};
}

/* Scores .1 .4 .35 .8 with labels 0 0 1 1: the example of every text book; 3 of 4 pairs are in order. */
static void
test_rankings(void **state)
{
    (void) state;
    const float scores[] = {0.1f, 0.4f, 0.35f, 0.8f}, ties[] = {0.5f, 0.5f, 0.5f, 0.5f}, zeros[] = {-0.0f, 0.0f, -1, 1};
    const uint32_t label[] = {0, 0, 1, 1};
    const double w[] = {1, 2, 3, 4};
    uint64_t scratch[8];
    struct ranking r = rank_scores(scores, 1, label, 1, NULL, 4, scratch);
    near(r.auc, 0.75);
    near(r.pr_auc, 0.5 * 1 + 0.5 * 2.0 / 3);
    r = rank_scores(scores, 1, label, 0, NULL, 4, scratch);
    near(r.auc, 0.25);
    r = rank_scores(ties, 1, label, 1, NULL, 4, scratch);
    near(r.auc, 0.5);
    near(r.pr_auc, 0.5);
    r = rank_scores(zeros, 1, label, 1, NULL, 4, scratch); /* -0 ties with 0 */
    near(r.auc, 0.5);
    /* pairs: (.35, .1) 3*1, (.35, .4) lost, (.8, both) 4*3; of 7*3 */
    r = rank_scores(scores, 1, label, 1, w, 4, scratch);
    near(r.auc, (3 * 1 + 4 * 3) / 21.0);
    near(r.pr_auc, 4.0 / 7 * 1 + 3.0 / 7 * (7.0 / 9));
    r = rank_scores(scores, 1, label, 5, NULL, 4, scratch); /* no positives */
    assert_true(r.auc == 0 && r.pr_auc == 0);
    r = rank_scores(scores, 1, label, 1, NULL, 0, scratch);
    assert_true(r.auc == 0 && r.pr_auc == 0);
}

/* Every pair counted by hand over random scores with ties. */
static void
test_rankings_by_pairs(void **state)
{
    (void) state;
    enum { N = 200 };
    float scores[2 * N];
    uint32_t label[N];
    uint64_t scratch[2 * N];
    unsigned seed = 1;
    double wins = 0, pairs = 0;
    for (int i = 0; i < N; i++) {
        seed = seed * 1103515245 + 12345;
        label[i] = seed >> 16 & 1;
        scores[2 * i] = (float) ((int) (seed >> 20 & 31) - 16) + (float) label[i];
        scores[2 * i + 1] = NAN;
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            if (label[i] == 1 && label[j] == 0) {
                pairs++;
                wins += scores[2 * i] > scores[2 * j] ? 1 : scores[2 * i] == scores[2 * j] ? 0.5 : 0;
            }
    near(rank_scores(scores, 2, label, 1, NULL, N, scratch).auc, wins / pairs);
}

/* Four rows of three classes: a as a, a as b, b as b, c] as a. */
static void
test_classes(void **state)
{
    (void) state;
    struct fixture f;
    make_classes(&f, 3);
    struct metrics *metrics = metrics_open(&f.decision);
    const float p[4][3] = {{0.5f, 0.25f, 0.25f}, {0.25f, 0.5f, 0.25f}, {0, 1, 0}, {0.5f, 0, 0.5f}};
    const uint32_t label[] = {0, 0, 1, 2}, predicted[] = {0, 1, 1, 0};
    for (int i = 0; i < 4; i++)
        metrics_add_class(metrics, p[i], predicted[i], label[i], 1, (float) i);
    const struct report *r = metrics_report(metrics);
    assert_int_equal(metrics_rows(metrics), 4);
    near(r->value[METRIC_N], 4);
    near(r->value[METRIC_LOSS], 1.5);
    near(r->value[METRIC_LOG_LOSS], 1.5);
    near(r->value[METRIC_ACCURACY], 0.5);
    near(r->value[METRIC_F1_MICRO], 0.5);
    near(r->classes[0].precision, 0.5);
    near(r->classes[0].recall, 0.5);
    near(r->classes[1].precision, 0.5);
    near(r->classes[1].recall, 1);
    near(r->classes[1].f1, 2.0 / 3);
    assert_true(r->classes[2].precision == 0 && r->classes[2].recall == 0 && r->classes[2].f1 == 0); /* 0 / 0 */
    near(r->value[METRIC_PRECISION_MACRO], 1.0 / 3);
    near(r->value[METRIC_RECALL_MACRO], 0.5);
    near(r->value[METRIC_F1_MACRO], (0.5 + 2.0 / 3) / 3);
    near(r->value[METRIC_BRIER], ((0.25 + 0.125) + (0.5625 + 0.25 + 0.0625) + 0 + (0.25 + 0.25)) / 4);
    /* bins: 0.5 (three rows, one right), 1 (one row, right) */
    near(r->value[METRIC_ECE], fabs(1 - 1.5) / 4);
    /* one against rest: a 2.5/4, b 3/3, c 3/3 */
    near(r->value[METRIC_AUC], (2.5 / 4 + 1 + 1) / 3);
    assert_false(r->others);
    assert_false(r->defined[METRIC_MSE]);
    metrics_close(metrics);
    dict_free(&f.names);
}

static void
test_weights_and_other_labels(void **state)
{
    (void) state;
    struct fixture f;
    make_classes(&f, 2);
    struct metrics *metrics = metrics_open(&f.decision);
    const float p[3][2] = {{0.25f, 0.75f}, {0.5f, 0.5f}, {1, 0}};
    metrics_add_class(metrics, p[0], 1, 1, 1, 0.5f);
    metrics_add_class(metrics, p[1], 1, 0, 3, 1);
    metrics_add_class(metrics, p[2], 0, METRICS_OTHER, 2, 1e30f /* not read */);
    const struct report *r = metrics_report(metrics);
    near(r->value[METRIC_N], 3);
    near(r->value[METRIC_ACCURACY], 1.0 / 6);
    near(r->value[METRIC_LOSS], (0.5 + 3 - 2 * log(1e-15)) / 6);
    near(r->value[METRIC_BRIER], (0.125 + 3 * 0.5 + 2 * 2) / 6);
    assert_true(r->others);
    near(r->confusion[4], 2);
    near(r->classes[1].precision, 0.25);
    near(r->classes[0].precision, 0);
    near(r->classes[0].n, 3);
    near(r->value[METRIC_AUC], 1);
    near(r->value[METRIC_PR_AUC], 1);
    metrics_close(metrics);

    /* One class only: nothing to rank against. Classes neither labelled nor predicted are not in the means. */
    metrics = metrics_open(&f.decision);
    metrics_add_class(metrics, p[0], 1, 1, 1, 0);
    r = metrics_report(metrics);
    assert_false(r->defined[METRIC_AUC]);
    assert_true(r->defined[METRIC_PR_AUC]);
    near(r->value[METRIC_F1_MACRO], 1);
    metrics_close(metrics);
    dict_free(&f.names);
}

static void
test_numbers(void **state)
{
    (void) state;
    struct fixture f;
    make_numbers(&f, 1);
    struct metrics *metrics = metrics_open(&f.decision);
    const double y[] = {3, -0.5, 2, 7, 0}, w[] = {1, 1, 1, 1, 1};
    const float p[] = {2.5f, 0, 2, 8, 0};
    for (int i = 0; i < 5; i++)
        metrics_add_numbers(metrics, &y[i], &p[i], w[i], 2);
    const struct report *r = metrics_report(metrics);
    near(r->value[METRIC_MSE], 1.5 / 5);
    near(r->value[METRIC_RMSE], sqrt(1.5 / 5));
    near(r->value[METRIC_MAE], 2.0 / 5);
    near(r->value[METRIC_R2], 1 - 1.5 / (9 + 0.25 + 4 + 49 - 11.5 * 11.5 / 5));
    near(r->value[METRIC_MAPE], (0.5 / 3 + 1 + 0 + 1.0 / 7) / 4);
    near(r->value[METRIC_LOSS], 2);
    assert_int_equal(r->zero_labels, 1);
    assert_false(r->defined[METRIC_ACCURACY]);
    metrics_close(metrics);

    /* All labels equal, and 0: r2 is 0, mape is not defined. Weights: rows of weight 2 count as two rows. */
    metrics = metrics_open(&f.decision);
    const double zero = 0, pair[] = {1, 4};
    const float one = 1;
    metrics_add_numbers(metrics, &zero, &one, 1, 0);
    r = metrics_report(metrics);
    assert_true(r->defined[METRIC_R2] && r->value[METRIC_R2] == 0);
    assert_false(r->defined[METRIC_MAPE]);
    metrics_close(metrics);
    metrics = metrics_open(&f.decision);
    metrics_add_numbers(metrics, &pair[0], &one, 2, 0);
    metrics_add_numbers(metrics, &pair[1], &one, 1, 0);
    r = metrics_report(metrics);
    near(r->value[METRIC_MSE], 3);
    near(r->value[METRIC_R2], 1 - 9 / 6.0);
    metrics_close(metrics);
}

/* Two labels of quantiles .25, .5 and .75: shares below, the loss by hand, and numbers of the median. */
static void
test_quantiles(void **state)
{
    (void) state;
    struct fixture f;
    double quantiles[] = {0.25, 0.5, 0.75};
    make_numbers(&f, 2);
    f.model.loss = LOSS_QUANTILE;
    f.model.n_quantiles = 3;
    f.model.quantiles = quantiles;
    f.decision.n_outputs = 6;
    struct metrics *metrics = metrics_open(&f.decision);
    const double y[2][2] = {{4, 10}, {0, 10}};
    const float p[2][6] = {{1, 2, 3, 10, 20, 30}, {1, 2, 4, 8, 9, 10}};
    for (int i = 0; i < 2; i++)
        metrics_add_numbers(metrics, y[i], p[i], 1, 0);
    const struct report *r = metrics_report(metrics);
    near(r->per_quantile[0].below, (0.5 + 0.5) / 2);
    near(r->per_quantile[1].below, (0.5 + 0.5) / 2);
    near(r->per_quantile[2].below, (0.5 + 1) / 2);
    near(r->per_quantile[0].pinball, ((0.75 + 0.75) / 2 + (0 + 0.5) / 2) / 2);
    near(r->per_quantile[1].pinball, ((1 + 1) / 2.0 + (5 + 0.5) / 2) / 2);
    near(r->per_quantile[2].pinball, ((0.75 + 1) / 2 + (5 + 0) / 2.0) / 2);
    near(r->value[METRIC_COVERAGE], (0 + 1) / 2.0);
    near(r->value[METRIC_WIDTH], ((2 + 3) / 2.0 + (20 + 2) / 2.0) / 2);
    near(r->value[METRIC_MAE], ((2 + 2) / 2.0 + (10 + 1) / 2.0) / 2);
    assert_false(r->defined[METRIC_DEVIANCE]);
    metrics_close(metrics);

    /* One quantile is no interval, and not the median no prediction. */
    f.model.n_quantiles = 1;
    f.decision.n_outputs = 2;
    metrics = metrics_open(&f.decision);
    metrics_add_numbers(metrics, y[0], p[0], 1, 0);
    r = metrics_report(metrics);
    assert_true(r->defined[METRIC_PINBALL]);
    assert_false(r->defined[METRIC_COVERAGE] || r->defined[METRIC_WIDTH] || r->defined[METRIC_MAE]);
    metrics_close(metrics);
}

/* Weighted, with a label of 0, and with a prediction too small to divide by. */
static void
test_deviance(void **state)
{
    (void) state;
    struct fixture f;
    make_numbers(&f, 1);
    f.model.loss = LOSS_POISSON;
    struct metrics *metrics = metrics_open(&f.decision);
    const double y[] = {0, 3, 5}, w[] = {1, 2, 1};
    const float p[] = {2, 1, 5};
    for (int i = 0; i < 3; i++)
        metrics_add_numbers(metrics, &y[i], &p[i], w[i], 0);
    near(metrics_report(metrics)->value[METRIC_DEVIANCE], (2 * 2 + 2 * 2 * (3 * log(3) - 3 + 1) + 0) / 4);
    const float none = 0;
    metrics_add_numbers(metrics, &y[1], &none, 1, 0);
    assert_true(isfinite(metrics_report(metrics)->value[METRIC_DEVIANCE]));
    metrics_close(metrics);
}

static void
test_several_labels_are_averaged(void **state)
{
    (void) state;
    struct fixture f;
    make_numbers(&f, 2);
    struct metrics *metrics = metrics_open(&f.decision);
    const double y[2][2] = {{1, 10}, {3, 30}};
    const float p[2][2] = {{1, 12}, {3, 30}};
    for (int i = 0; i < 2; i++)
        metrics_add_numbers(metrics, y[i], p[i], 1, 0);
    const struct report *r = metrics_report(metrics);
    near(r->value[METRIC_MSE], 1);
    near(r->value[METRIC_RMSE], sqrt(2) / 2);
    near(r->value[METRIC_R2], (1 + (1 - 4.0 / 200)) / 2);
    metrics_close(metrics);
}

static void
gate_must(const char *text, const struct decision *decision, const struct report *report, bool met)
{
    struct gate gate;
    struct error error = {.text = ""};
    if (gate_parse(&gate, text, &error) < 0 || gate_bind(&gate, decision, &error) < 0)
        fail_msg("%s: %s", text, error.text);
    if (gate_met(&gate, report) != met)
        fail_msg("%s", text);
}

static void
gate_wrong(const char *text, const struct decision *decision, const char *says)
{
    struct gate gate;
    struct error error = {.text = ""};
    if (gate_parse(&gate, text, &error) == 0 && gate_bind(&gate, decision, &error) == 0)
        fail_msg("%s is taken", text);
    assert_int_equal(error.status, STATUS_USAGE);
    if (strstr(error.text, says) == NULL)
        fail_msg("%s: %s", text, error.text);
}

static void
test_gates(void **state)
{
    (void) state;
    struct fixture f;
    make_classes(&f, 3);
    struct class_report classes[] = {{4, 0.5, 0.25, 0.1}, {1, 1, 1, 1}, {2, 0.75, 0, 0}};
    struct report report = {.n_classes = 3, .classes = classes};
    report.defined[METRIC_ACCURACY] = report.defined[METRIC_F1_MACRO] = true;
    report.value[METRIC_ACCURACY] = 0.5;
    report.value[METRIC_F1_MACRO] = NAN;
    gate_must("accuracy>=0.5", &f.decision, &report, true);
    gate_must("accuracy > .5", &f.decision, &report, false);
    gate_must(" accuracy<=0.5 ", &f.decision, &report, true);
    gate_must("accuracy<0.5", &f.decision, &report, false);
    gate_must("accuracy==5e-1", &f.decision, &report, true);
    gate_must("recall[a]>=.25", &f.decision, &report, true);
    gate_must("precision[c]]>.8", &f.decision, &report, false);
    gate_must("f1[b] == 1", &f.decision, &report, true);
    gate_must("f1_macro>=0", &f.decision, &report, false); /* NaN */
    gate_must("auc>=0", &f.decision, &report, false);      /* not defined */
    gate_wrong("acc>=1", &f.decision, "no metric 'acc'");
    gate_wrong("accuracy", &f.decision, "is missing");
    gate_wrong("accuracy=0.5", &f.decision, "is missing");
    gate_wrong("accuracy>=champion", &f.decision, "not a number");
    gate_wrong("accuracy>=", &f.decision, "not a number");
    gate_wrong("accuracy>=nan", &f.decision, "not a number");
    gate_wrong("recall>=1", &f.decision, "recall[CLASS]");
    gate_wrong("recall[d]>=1", &f.decision, "no such class");
    gate_wrong("accuracy[a]>=1", &f.decision, "by class");
    gate_wrong("recall[a]x>=1", &f.decision, "between ]");
    gate_wrong("rmse<1", &f.decision, "rmse");
    assert_true(gate_like("recall[a]>=1"));
    assert_false(gate_like("test.clt"));
    dict_free(&f.names);
    make_numbers(&f, 1);
    gate_wrong("accuracy>=1", &f.decision, "predict classes");
    gate_wrong("f1[a]>=1", &f.decision, "has no classes");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rankings),  cmocka_unit_test(test_rankings_by_pairs),
        cmocka_unit_test(test_classes),   cmocka_unit_test(test_weights_and_other_labels),
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_several_labels_are_averaged),
        cmocka_unit_test(test_quantiles), cmocka_unit_test(test_deviance),
        cmocka_unit_test(test_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
