/*
 * Everything a user can set about training and that can change the result: one struct, and one table of its fields.
 *
 * The table gives the record in a checkpoint (settings_record), reading it back for --resume and cl-tune, and the
 * check that nobody contradicts it (settings_recall). Command-line tables of cl-train and cl-tune point into the struct
 * (tools/training_options.h). What cannot change the result (threads, files, intervals) is not here.
 *
 *     struct settings settings;
 *     settings_default(&settings);
 *     ... options_parse() ...
 *     if ((sentence = settings_check(&settings, &error)) != NULL)
 *         usage_error("%s", sentence);
 */
#ifndef CL_SETTINGS_H
#define CL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "error.h"
#include "init.h"
#include "model.h"
#include "network.h"
#include "network_spec.h"
#include "schedule.h"
#include "strategy.h"
#include "value.h"

enum { SETTINGS_COUNT = 65 };

/* A learning rate that was not given: settings_open_lr(). */
#define SETTINGS_LR_OPEN (-1.0)
/* What --loss quantile learns when no --quantiles are given: the median, and where four of five labels lie. */
#define SETTINGS_AUTO_QUANTILES "0.1,0.5,0.9"

enum new_class { NEW_CLASS_GROW, NEW_CLASS_ERROR, NEW_CLASS_OTHER };
enum new_columns { NEW_COLUMNS_IGNORE, NEW_COLUMNS_ADD, NEW_COLUMNS_ERROR };
enum class_weights { CLASS_WEIGHTS_NONE, CLASS_WEIGHTS_BALANCED };

struct settings {
    /* the network: fixed once trained */
    const char *net;    /* a network_spec, or NULL: by hidden, activation and dropout, which are its short forms */
    const char *hidden; /* "auto", "none", or widths "64,32" */
    int activation;     /* enum activation - 1: a hidden layer has one */
    int init;           /* enum init */
    int loss;           /* 0 = auto, else 1 + enum loss */
    double huber_delta;
    const char *quantiles; /* of loss quantile: "0.1,0.5,0.9"; NULL = these */
    double dropout;
    /* the optimiser */
    int optimizer; /* enum optimiser_kind */
    double lr;     /* SETTINGS_LR_OPEN; NaN: auto, until a range test has found it */
    double momentum;
    double dampening; /* when not given: momentum for `momentum`, 0 for nesterov */
    double beta1, beta2, epsilon;
    double weight_decay; /* NaN: auto, by the rows (defaults.h) */
    bool decoupled;
    double clip; /* 0 = none */
    double ema;  /* decay of the mean of weights; when not given: defaults.h */
    /* the schedule */
    int schedule; /* enum schedule_kind */
    uint64_t schedule_step, schedule_patience;
    double schedule_factor, lr_min;
    uint64_t warmup;
    /* the run */
    const char *batch;      /* rows, or "all" */
    uint64_t epochs, steps; /* steps 0 = by epochs */
    double valid;
    uint64_t patience;
    double tolerance, until_loss; /* until_loss 0 = off */
    int class_weights;            /* enum class_weights */
    double label_smoothing;
    const char *classes;  /* comma-separated, besides those that occur; or NULL */
    const char *among;    /* comma-separated classes, NULL = all */
    uint64_t memory_rows; /* when not given: max(500, 50 per class) */
    int memory_by;        /* 0 = auto, else 1 + enum balance */
    uint64_t seed;
    /* cl-tune only */
    int strategy;        /* of strategy_at() */
    int new_class;       /* enum new_class */
    int new_columns;     /* enum new_columns */
    bool keep_optimiser; /* go on with the model's moments */
    double strength;     /* NaN: the strategy's own */
    double ewc_gamma, si_xi, temperature;
    int replay_weights;       /* enum replay_weights */
    uint64_t features, widen; /* of analytic: hidden layers that stay (UINT64_MAX = all), random units */
    double ridge;             /* of analytic; NaN: auto */
    uint64_t freeze, head_epochs;
    double head_lr;                 /* NaN: by lr and the model */
    double lr_decay;                /* of the rate from layer to layer below, 1 = none */
    bool reinit_head;               /* another label */
    double shrink_perturb, perturb; /* factor of the parameters before the run, 1 = none; and of the noise */
    /* cl-tune --online only */
    uint64_t update_rows;
    double replay;  /* rows of memory for each new one */
    const char *id; /* column by which late labels are joined, or NULL */
    uint64_t window;
    bool adapt;
    const char *detector;       /* words of detector_open() */
    double shrink;              /* factor of shrink-and-perturb, 1 = none */
    bool given[SETTINGS_COUNT]; /* by field: stands on the command line */
};

/* NULL-terminated, for OPT_CHOICE. */
extern const char *const settings_activations[], *const settings_inits[], *const settings_losses[];
extern const char *const settings_optimizers[], *const settings_schedules[], *const settings_class_weights[];
extern const char *const settings_new_classes[], *const settings_replay_weights[], *const settings_memory_by[];
extern const char *const settings_new_columns[];

enum settings_scope {
    SETTINGS_NETWORK = 1,   /* net .. quantiles */
    SETTINGS_OPTIMISER = 2, /* optimizer, momentum .. clip, batch, class-weights, dropout: what cl-tune inherits */
    SETTINGS_RUN = 4,       /* the rest of cl-train */
    SETTINGS_TUNE = 8,      /* what only cl-tune has */
    SETTINGS_ONLINE = 16,   /* what only cl-tune --online has */
    SETTINGS_STRATEGY = 32, /* numbers of strategies: what cl-tune inherits with a strategy */
    SETTINGS_TRAIN = 7,
    SETTINGS_ALL = 15,
};

void settings_default(struct settings *settings);
/* Whether the field at this address was given. */
bool settings_given(const struct settings *settings, const void *field);
/* The `given` flag of the field at this address, or NULL when the address is no field. */
bool *settings_given_flag(struct settings *settings, const void *field);
/* Ranges are checked by the option table; here what options say about each other. NULL, or a sentence, which may be
 * that of `error`. */
const char *settings_check(const struct settings *settings, struct error *error);

/* Sets one key per field of these scopes in a map. */
void settings_record(const struct settings *settings, unsigned scopes, struct value *map, struct arena *arena);
/* Whether the options of a record can be: what is wrong with them is no fault of the command line. STATUS_DATA: "WHAT
 * was trained with options that cannot be: ...". */
int settings_check_record(unsigned scopes, const struct value *record, const char *what, struct error *error);
/*
 * Fields that were not given, or given as auto, become those of the record (strings point into it). One that differs is
 * STATUS_USAGE: "--lr 0.1 contradicts WHAT, which says 0.01". Keys that are missing leave the field alone.
 */
int settings_recall(struct settings *settings, unsigned scopes, const struct value *record, const char *what,
                    struct error *error);

/* The network that --net, or --hidden, --activation and --dropout ask for. */
int settings_network(const struct settings *settings, struct network_spec *spec, struct error *error);
/* Of loss quantile: 0, or -1 when the list is none. quantiles: [MODEL_MAX_QUANTILES] */
int settings_quantiles(const struct settings *settings, double *quantiles, uint32_t *n);
/* Rows a step; 0 = all, or auto. */
uint32_t settings_batch(const struct settings *settings);
struct optimiser settings_optimiser(const struct settings *settings);
/* lr, or what it is when it was not given: by the optimiser. */
double settings_open_lr(const struct settings *settings);
struct schedule settings_schedule(const struct settings *settings);
struct strategy_options settings_strategy(const struct settings *settings);

#endif
