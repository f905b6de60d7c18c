#include "settings.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "model.h"
#include "options.h"
#include "strategy.h"

/* In the order of the enums they stand for; `auto` first where there is one. */
const char *const settings_activations[] = {"relu", "leaky-relu", "tanh", "sigmoid", "gelu", "silu", NULL};
const char *const settings_inits[] = {"auto", "glorot-uniform", "glorot-normal", "he-uniform", "he-normal", NULL};
const char *const settings_losses[] = {"auto", "mse", "mae", "huber", "bce", "ce", "poisson", "quantile", NULL};
const char *const settings_optimizers[] = {"sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "muon", NULL};
const char *const settings_schedules[] = {"constant", "step", "cosine", "plateau", NULL};
const char *const settings_class_weights[] = {"none", "balanced", NULL};
const char *const settings_new_classes[] = {"grow", "error", "other", NULL};
const char *const settings_new_columns[] = {"ignore", "add", "error", NULL};
const char *const settings_replay_weights[] = {"share", "equal", "root", "rows", NULL};
const char *const settings_memory_by[] = {"auto", "rows", "class", "run", NULL};

/* NaN in a FIELD_DOUBLE: by other settings. In a FIELD_AUTO: "auto", until it is found. */
enum field_kind { FIELD_STRING, FIELD_CHOICE, FIELD_U64, FIELD_DOUBLE, FIELD_AUTO, FIELD_BOOL, FIELD_NET };

struct field {
    const char *name; /* of the option and of the key in a record */
    enum field_kind kind;
    unsigned scope; /* of enum settings_scope */
    size_t offset;
    const char *const *choices;
};

#define FIELD(name, kind, scope, member) \
    { \
        name, kind, scope, offsetof(struct settings, member), NULL \
    }
#define CHOICE(name, scope, member, choices) \
    { \
        name, FIELD_CHOICE, scope, offsetof(struct settings, member), choices \
    }

static const struct field fields[] = {
    FIELD("net", FIELD_NET, SETTINGS_NETWORK, net),
    FIELD("hidden", FIELD_STRING, SETTINGS_NETWORK, hidden),
    CHOICE("activation", SETTINGS_NETWORK, activation, settings_activations),
    CHOICE("init", SETTINGS_NETWORK, init, settings_inits),
    CHOICE("loss", SETTINGS_NETWORK, loss, settings_losses),
    FIELD("huber-delta", FIELD_DOUBLE, SETTINGS_NETWORK, huber_delta),
    FIELD("quantiles", FIELD_STRING, SETTINGS_NETWORK, quantiles),
    FIELD("dropout", FIELD_DOUBLE, SETTINGS_OPTIMISER, dropout),
    CHOICE("optimizer", SETTINGS_OPTIMISER, optimizer, settings_optimizers),
    FIELD("lr", FIELD_AUTO, SETTINGS_RUN, lr),
    FIELD("momentum", FIELD_DOUBLE, SETTINGS_OPTIMISER, momentum),
    FIELD("dampening", FIELD_DOUBLE, SETTINGS_OPTIMISER, dampening),
    FIELD("beta1", FIELD_DOUBLE, SETTINGS_OPTIMISER, beta1),
    FIELD("beta2", FIELD_DOUBLE, SETTINGS_OPTIMISER, beta2),
    FIELD("epsilon", FIELD_DOUBLE, SETTINGS_OPTIMISER, epsilon),
    FIELD("weight-decay", FIELD_AUTO, SETTINGS_OPTIMISER, weight_decay),
    FIELD("decoupled", FIELD_BOOL, SETTINGS_OPTIMISER, decoupled),
    FIELD("clip", FIELD_DOUBLE, SETTINGS_OPTIMISER, clip),
    FIELD("ema", FIELD_DOUBLE, SETTINGS_OPTIMISER, ema),
    CHOICE("schedule", SETTINGS_RUN, schedule, settings_schedules),
    FIELD("schedule-step", FIELD_U64, SETTINGS_RUN, schedule_step),
    FIELD("schedule-factor", FIELD_DOUBLE, SETTINGS_RUN, schedule_factor),
    FIELD("schedule-patience", FIELD_U64, SETTINGS_RUN, schedule_patience),
    FIELD("lr-min", FIELD_DOUBLE, SETTINGS_RUN, lr_min),
    FIELD("warmup", FIELD_U64, SETTINGS_RUN, warmup),
    FIELD("batch", FIELD_STRING, SETTINGS_OPTIMISER, batch),
    FIELD("epochs", FIELD_U64, SETTINGS_RUN, epochs),
    FIELD("steps", FIELD_U64, SETTINGS_RUN, steps),
    FIELD("valid", FIELD_DOUBLE, SETTINGS_RUN, valid),
    FIELD("patience", FIELD_U64, SETTINGS_RUN, patience),
    FIELD("tolerance", FIELD_DOUBLE, SETTINGS_RUN, tolerance),
    FIELD("until-loss", FIELD_DOUBLE, SETTINGS_RUN, until_loss),
    CHOICE("class-weights", SETTINGS_OPTIMISER, class_weights, settings_class_weights),
    FIELD("label-smoothing", FIELD_DOUBLE, SETTINGS_OPTIMISER, label_smoothing),
    FIELD("classes", FIELD_STRING, SETTINGS_RUN, classes),
    FIELD("among", FIELD_STRING, SETTINGS_RUN, among),
    FIELD("memory-rows", FIELD_U64, SETTINGS_RUN, memory_rows),
    CHOICE("memory-by", SETTINGS_RUN, memory_by, settings_memory_by),
    FIELD("seed", FIELD_U64, SETTINGS_RUN, seed),
    CHOICE("strategy", SETTINGS_RUN, strategy, strategy_names),
    CHOICE("new-class", SETTINGS_TUNE, new_class, settings_new_classes),
    CHOICE("new-columns", SETTINGS_TUNE, new_columns, settings_new_columns),
    FIELD("keep-optimiser", FIELD_BOOL, SETTINGS_TUNE, keep_optimiser),
    FIELD("strength", FIELD_DOUBLE, SETTINGS_TUNE | SETTINGS_STRATEGY, strength),
    FIELD("ewc-gamma", FIELD_DOUBLE, SETTINGS_TUNE | SETTINGS_STRATEGY, ewc_gamma),
    FIELD("si-xi", FIELD_DOUBLE, SETTINGS_RUN | SETTINGS_STRATEGY, si_xi),
    FIELD("temperature", FIELD_DOUBLE, SETTINGS_TUNE | SETTINGS_STRATEGY, temperature),
    FIELD("features", FIELD_U64, SETTINGS_RUN, features),
    FIELD("widen", FIELD_U64, SETTINGS_RUN, widen),
    FIELD("ridge", FIELD_AUTO, SETTINGS_RUN | SETTINGS_STRATEGY, ridge),
    CHOICE("replay-weights", SETTINGS_TUNE | SETTINGS_STRATEGY, replay_weights, settings_replay_weights),
    FIELD("freeze", FIELD_U64, SETTINGS_TUNE, freeze),
    FIELD("head-epochs", FIELD_U64, SETTINGS_TUNE, head_epochs),
    FIELD("head-lr", FIELD_DOUBLE, SETTINGS_TUNE, head_lr),
    FIELD("lr-decay", FIELD_DOUBLE, SETTINGS_TUNE, lr_decay),
    FIELD("reinit-head", FIELD_BOOL, SETTINGS_TUNE, reinit_head),
    FIELD("shrink-perturb", FIELD_DOUBLE, SETTINGS_TUNE, shrink_perturb),
    FIELD("perturb", FIELD_DOUBLE, SETTINGS_TUNE, perturb),
    FIELD("update-rows", FIELD_U64, SETTINGS_ONLINE, update_rows),
    FIELD("replay", FIELD_DOUBLE, SETTINGS_ONLINE, replay),
    FIELD("id", FIELD_STRING, SETTINGS_ONLINE, id),
    FIELD("window", FIELD_U64, SETTINGS_ONLINE, window),
    FIELD("adapt", FIELD_BOOL, SETTINGS_ONLINE, adapt),
    FIELD("detector", FIELD_STRING, SETTINGS_ONLINE, detector),
    FIELD("shrink", FIELD_DOUBLE, SETTINGS_ONLINE, shrink),
};
enum { N_FIELDS = sizeof fields / sizeof *fields };
_Static_assert((int) N_FIELDS == (int) SETTINGS_COUNT, "one `given` flag per field");

void
settings_default(struct settings *settings)
{
    *settings = (struct settings){
        .hidden = "auto",
        .activation = ACT_RELU - 1,
        .init = INIT_AUTO,
        .huber_delta = 1,
        .optimizer = OPT_ADAMW,
        .lr = SETTINGS_LR_OPEN,
        .momentum = 0.9,
        .dampening = NAN,
        .beta1 = 0.9,
        .beta2 = NAN,
        .epsilon = 1e-8,
        .weight_decay = NAN,
        .ema = NAN,
        .schedule = SCHEDULE_CONSTANT,
        .schedule_step = 30,
        .schedule_factor = 0.1,
        .schedule_patience = 5,
        .batch = "auto",
        .epochs = 100,
        .valid = 0.1,
        .patience = 10,
        .memory_rows = UINT64_MAX,
        .seed = 1,
        .strength = NAN,
        .replay_weights = REPLAY_ROOT,
        .ewc_gamma = 1,
        .si_xi = 0.1,
        .temperature = 2,
        .features = UINT64_MAX,
        .ridge = NAN,
        .head_lr = NAN,
        .lr_decay = 1,
        .shrink_perturb = 1,
        .perturb = 0.1,
        .update_rows = 8,
        .window = 10000,
        .detector = "adwin",
        .shrink = 1,
    };
}

static const void *
field_at(const struct settings *settings, const struct field *field)
{
    return (const char *) settings + field->offset;
}

bool *
settings_given_flag(struct settings *settings, const void *address)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (field_at(settings, &fields[i]) == address)
            return &settings->given[i];
    return NULL;
}

bool
settings_given(const struct settings *settings, const void *address)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (field_at(settings, &fields[i]) == address)
            return settings->given[i];
    return false;
}

/* ---- what options say about each other ---- */

/* Numbers that only some strategies have. */
static const struct {
    size_t offset;
    unsigned flag;
    const char *sentence;
} of_strategies[] = {
    {offsetof(struct settings, strength), STRATEGY_TAKES_STRENGTH,
     "--strength is for strategies that have one, such as l2sp"},
    {offsetof(struct settings, ewc_gamma), STRATEGY_TAKES_GAMMA, "--ewc-gamma is for --strategy online-ewc"},
    {offsetof(struct settings, si_xi), STRATEGY_TAKES_XI, "--si-xi is for --strategy si"},
    {offsetof(struct settings, temperature), STRATEGY_TAKES_TEMPERATURE, "--temperature is for --strategy lwf"},
    {offsetof(struct settings, features), STRATEGY_TAKES_RIDGE, "--features is for --strategy analytic"},
    {offsetof(struct settings, widen), STRATEGY_TAKES_RIDGE, "--widen is for --strategy analytic"},
    {offsetof(struct settings, ridge), STRATEGY_TAKES_RIDGE, "--ridge is for --strategy analytic"},
    {offsetof(struct settings, replay_weights), STRATEGY_TAKES_WEIGHTS,
     "--replay-weights is for strategies that weigh what is old: lwf, replay and der"},
};

/* Options that mean nothing to some optimisers or schedules: refused there, not ignored. */
static const char *
check_reach(const struct settings *s)
{
    const bool muon = s->optimizer == OPT_MUON;
    const bool momentum = s->optimizer == OPT_MOMENTUM || s->optimizer == OPT_NESTEROV || muon;
    const bool adam = s->optimizer == OPT_ADAM || s->optimizer == OPT_ADAMW || muon;
    const bool adaptive = adam || s->optimizer == OPT_RMSPROP;
    const bool net = settings_given(s, &s->net);
    const bool plateau = s->schedule == SCHEDULE_PLATEAU, step = s->schedule == SCHEDULE_STEP;
    const struct {
        const void *field;
        bool fits;
        const char *sentence;
    } reach[] = {
        {&s->hidden, !net, "--hidden and --net both describe the layers: give one of them"},
        {&s->activation, !net, "--activation and --net both describe the layers ('dense 64 gelu' in --net)"},
        {&s->dropout, !net, "--dropout and --net both describe the layers ('dense 64, dropout 0.1' in --net)"},
        {&s->momentum, momentum, "--momentum is for --optimizer momentum, nesterov and muon"},
        {&s->dampening, s->optimizer == OPT_MOMENTUM, "--dampening is for --optimizer momentum"},
        {&s->beta1, adam, "--beta1 is for --optimizer adam, adamw and muon"},
        {&s->beta2, adaptive, "--beta2 is for --optimizer adam, adamw, muon and rmsprop"},
        {&s->epsilon, adaptive, "--epsilon is for --optimizer adam, adamw, muon and rmsprop"},
        {&s->schedule_step, step, "--schedule-step is for --schedule step"},
        {&s->schedule_factor, step || plateau, "--schedule-factor is for --schedule step and plateau"},
        {&s->schedule_patience, plateau, "--schedule-patience is for --schedule plateau"},
        {&s->lr_min, plateau || s->schedule == SCHEDULE_COSINE, "--lr-min is for --schedule cosine and plateau"},
        {&s->tolerance, s->patience > 0, "--tolerance is for --patience, and 0 never stops"},
        {&s->head_lr, s->head_epochs > 0 || s->reinit_head, "--head-lr is for --head-epochs and --reinit-head"},
        {&s->perturb, s->shrink_perturb < 1, "--perturb is for --shrink-perturb"},
        {&s->keep_optimiser, !s->reinit_head,
         "--keep-optimiser: there are no moments for the new output layer of "
         "--reinit-head"},
        {&s->new_class, !s->reinit_head, "--new-class: with --reinit-head all classes are new"},
        {&s->huber_delta, s->loss == 1 + LOSS_HUBER, "--huber-delta is for --loss huber"},
        {&s->quantiles, s->loss == 1 + LOSS_QUANTILE, "--quantiles is for --loss quantile"},
        {&s->memory_by, s->memory_rows > 0, "--memory-by: --memory-rows 0 keeps no rows to share out"},
    };
    for (size_t i = 0; i < sizeof reach / sizeof *reach; i++)
        if (settings_given(s, reach[i].field) && !reach[i].fits)
            return reach[i].sentence;
    for (size_t i = 0; i < sizeof of_strategies / sizeof *of_strategies; i++)
        if (settings_given(s, (const char *) s + of_strategies[i].offset) &&
            !(strategy_at(s->strategy)->flags & of_strategies[i].flag))
            return of_strategies[i].sentence;
    return NULL;
}

/* Two different names in a list of classes. */
static bool
names_two(const char *list)
{
    size_t n, same = 0;
    char **names = split_list(list, &n);
    while (same < n && strcmp(names[same], names[0]) == 0)
        same++;
    free(names);
    return same < n;
}

/* No name of a list is empty. */
static bool
names_all(const char *list)
{
    size_t n, i = 0;
    char **names = split_list(list, &n);
    while (i < n && names[i][0] != '\0')
        i++;
    free(names);
    return n > 0 && i == n;
}

const char *
settings_check(const struct settings *s, struct error *error)
{
    struct network_spec spec;
    double quantiles[MODEL_MAX_QUANTILES];
    uint32_t n;
    const char *sentence = check_reach(s);
    if (sentence != NULL)
        return sentence;
    if (settings_network(s, &spec, error) < 0)
        return error->text;
    if (spec.n_hidden == 0 && s->dropout > 0)
        return "--dropout drops hidden units, and --hidden none has none";
    if (strcmp(s->batch, "all") != 0 && strcmp(s->batch, "auto") != 0 && settings_batch(s) == 0)
        return "--batch is 'auto', 'all' or a number of rows from 1 to 16777216";
    if (settings_given(s, &s->steps) && settings_given(s, &s->epochs))
        return "--steps and --epochs both say how long to train: give one of them";
    if (s->classes != NULL && !names_all(s->classes))
        return "--classes is a list of names, as in 0,1,2";
    if (s->among != NULL && !names_two(s->among))
        return "--among needs two classes or more";
    if (settings_quantiles(s, quantiles, &n) < 0)
        return "--quantiles are up to 100 numbers between 0 and 1, ascending, as in 0.1,0.5,0.9";
    if (s->lr_min > settings_open_lr(s))
        return "--lr-min is larger than --lr";
    return NULL;
}

/* Widths separated by commas, as layers without trimmings. */
static int
hidden_parse(struct network_spec *spec, const char *list, struct error *error)
{
    for (;; list++) {
        char *end;
        unsigned long width = *list >= '0' && *list <= '9' ? strtoul(list, &end, 10) : 0;
        if (width < 1 || width > NETWORK_SPEC_WIDTH || spec->n_hidden == NETWORK_SPEC_LAYERS ||
            (*end != ',' && *end != '\0'))
            return error_set(error, STATUS_USAGE,
                             "--hidden is 'auto', 'none' or up to 64 widths from 1 to 1048576, as in 64,32");
        spec->hidden[spec->n_hidden++] = (struct hidden){.width = (uint32_t) width, .skip = -1};
        if (*end == '\0')
            return 0;
        list = end;
    }
}

int
settings_network(const struct settings *settings, struct network_spec *spec, struct error *error)
{
    if (settings->net != NULL)
        return network_spec_parse(spec, settings->net, error) < 0 ? error_prefix(error, "--net") : 0;
    memset(spec, 0, sizeof *spec);
    if (strcmp(settings->hidden, "none") == 0)
        return 0;
    if (strcmp(settings->hidden, "auto") == 0) { /* until defaults_choose() knows the data */
        spec->n_hidden = 2;
        return 0;
    }
    if (hidden_parse(spec, settings->hidden, error) < 0)
        return -1;
    for (uint32_t l = 0; l < spec->n_hidden; l++) {
        spec->hidden[l].activation = (enum activation)(settings->activation + 1);
        spec->hidden[l].dropout = (float) settings->dropout;
    }
    return 0;
}

int
settings_quantiles(const struct settings *settings, double *quantiles, uint32_t *n)
{
    size_t count;
    char **words = split_list(settings->quantiles == NULL ? SETTINGS_AUTO_QUANTILES : settings->quantiles, &count);
    bool good = count >= 1 && count <= MODEL_MAX_QUANTILES;
    *n = good ? (uint32_t) count : 0;
    for (uint32_t q = 0; q < *n; q++)
        good = good && parse_double(words[q], &quantiles[q]) &&
               (float) quantiles[q] > (q == 0 ? 0 : (float) quantiles[q - 1]) && (float) quantiles[q] < 1;
    free(words);
    return good ? 0 : -1;
}

uint32_t
settings_batch(const struct settings *settings)
{
    char *end;
    const char *s = settings->batch;
    unsigned long rows = *s >= '0' && *s <= '9' ? strtoul(s, &end, 10) : 0;
    return rows < 1 || rows > 1 << 24 || *end != '\0' ? 0 : (uint32_t) rows;
}

struct optimiser
settings_optimiser(const struct settings *s)
{
    struct optimiser optimiser = {
        .kind = (enum optimiser_kind) s->optimizer,
        .momentum = s->momentum,
        .dampening = s->dampening,
        .beta1 = s->beta1,
        .beta2 = s->beta2,
        .epsilon = s->epsilon,
        .weight_decay = s->weight_decay,
        .decoupled = s->decoupled || s->optimizer == OPT_ADAMW || s->optimizer == OPT_MUON,
    };
    if (isnan(s->dampening))
        optimiser.dampening = s->optimizer == OPT_MOMENTUM || s->optimizer == OPT_MUON ? s->momentum : 0;
    if (isnan(s->beta2))
        optimiser.beta2 = s->optimizer == OPT_RMSPROP ? 0.9 : 0.999;
    return optimiser;
}

double
settings_open_lr(const struct settings *s)
{
    bool adam = s->optimizer == OPT_ADAM || s->optimizer == OPT_ADAMW || s->optimizer == OPT_MUON;
    return s->lr != SETTINGS_LR_OPEN ? s->lr : adam ? 0.002 : 0.001;
}

struct schedule
settings_schedule(const struct settings *s)
{
    return (struct schedule){
        .kind = (enum schedule_kind) s->schedule,
        .lr = s->lr,
        .lr_min = s->lr_min,
        .factor = s->schedule_factor,
        .every = s->schedule_step,
        .patience = s->schedule_patience,
        .warmup = s->warmup,
    };
}

struct strategy_options
settings_strategy(const struct settings *s)
{
    return (struct strategy_options){
        .strength = s->strength,
        .ewc_gamma = s->ewc_gamma,
        .si_xi = s->si_xi,
        .temperature = s->temperature,
        .replay_weights = (enum replay_weights) s->replay_weights,
        .seed = s->seed,
    };
}

/* ---- records ---- */

/* NULL for what is not set (defaults that depend on others). */
static struct value *
field_value(const struct settings *settings, const struct field *field, struct arena *arena)
{
    const void *at = field_at(settings, field);
    switch (field->kind) {
    case FIELD_STRING: {
        const char *s = *(const char *const *) at;
        return s == NULL ? NULL : value_string(arena, s);
    }
    case FIELD_NET: { /* in the one form of all that mean the same */
        const char *s = *(const char *const *) at;
        struct network_spec spec;
        struct error error;
        if (s == NULL || network_spec_parse(&spec, s, &error) < 0)
            return s == NULL ? NULL : value_string(arena, s);
        return value_string(arena, network_spec_text(&spec, arena));
    }
    case FIELD_CHOICE:
        return value_string(arena, field->choices[*(const int *) at]);
    case FIELD_U64: {
        uint64_t u = *(const uint64_t *) at;
        return u == UINT64_MAX ? NULL : value_uint(arena, u);
    }
    case FIELD_DOUBLE:
    case FIELD_AUTO: {
        double f = *(const double *) at;
        return !isnan(f) ? value_float(arena, f) : field->kind == FIELD_AUTO ? value_string(arena, "auto") : NULL;
    }
    default:
        return value_bool(arena, *(const bool *) at);
    }
}

/* What --net says is not said again by its short forms. (cl-tune may be given another --dropout.) */
static bool
field_is_silent(const struct settings *settings, size_t i)
{
    const void *at = field_at(settings, &fields[i]);
    bool short_form = at == &settings->hidden || at == &settings->activation || at == &settings->dropout;
    if ((at == &settings->label_smoothing && settings->label_smoothing == 0) ||
        (at == &settings->ema && settings->ema == 0) ||
        (at == &settings->memory_by && settings->memory_by == 1 + BALANCE_ROWS))
        return true; /* models without keep the record they had before there was any */
    if (at == &settings->strategy && settings->strategy == STRATEGY_AUTO)
        return true; /* of cl-train: ready for anything */
    if ((at == &settings->head_lr && settings->head_epochs == 0) ||
        (at == &settings->lr_decay && settings->lr_decay == 1) ||
        (at == &settings->reinit_head && !settings->reinit_head) ||
        (at == &settings->new_columns && settings->new_columns == NEW_COLUMNS_IGNORE) ||
        ((at == &settings->shrink_perturb || at == &settings->perturb) && settings->shrink_perturb == 1))
        return true; /* as it was before there was any */
    for (size_t r = 0; r < sizeof of_strategies / sizeof *of_strategies; r++)
        if (fields[i].offset == of_strategies[r].offset)
            return !(strategy_at(settings->strategy)->flags & of_strategies[r].flag);
    return settings->net != NULL && short_form && !settings->given[i];
}

void
settings_record(const struct settings *settings, unsigned scopes, struct value *map, struct arena *arena)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (!(fields[i].scope & scopes) || field_is_silent(settings, i))
            continue;
        struct value *value = field_value(settings, &fields[i], arena);
        if (value != NULL)
            value_set(arena, map, fields[i].name, value);
    }
}

/* False when the value is not of the field's kind. */
static bool
field_set(struct settings *settings, const struct field *field, const struct value *value)
{
    void *at = (char *) settings + field->offset;
    if (field->kind == FIELD_U64)
        return value_to_u64(value, at);
    if (field->kind == FIELD_AUTO && value->kind == VALUE_STRING) {
        *(double *) at = NAN;
        return strcmp(value->bytes, "auto") == 0;
    }
    if (field->kind == FIELD_DOUBLE || field->kind == FIELD_AUTO)
        return value_to_double(value, at);
    if (field->kind == FIELD_BOOL) {
        if (value->kind != VALUE_BOOL)
            return false;
        *(bool *) at = value->boolean;
        return true;
    }
    if (value->kind != VALUE_STRING)
        return false;
    if (field->kind == FIELD_STRING || field->kind == FIELD_NET) {
        *(const char **) at = value->bytes;
        return true;
    }
    for (int i = 0; field->choices[i] != NULL; i++)
        if (strcmp(field->choices[i], value->bytes) == 0) {
            *(int *) at = i;
            return true;
        }
    return false;
}

static const char *
field_text(const struct value *value, char buffer[64])
{
    if (value == NULL)
        return "nothing";
    if (value->kind == VALUE_STRING)
        return error_quote(buffer, 64, value->bytes, value->n, 40);
    if (value->kind == VALUE_BOOL)
        return value->boolean ? "yes" : "no";
    if (value->kind == VALUE_FLOAT)
        snprintf(buffer, 64, "%.10g", value->f);
    else
        snprintf(buffer, 64, "%llu", (unsigned long long) value->u);
    return buffer;
}

/* The name of a number that is out of its range, or NULL. Those of a record have passed no option table. */
static const char *
out_of_range(const struct settings *s)
{
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"huber-delta", s->huber_delta, 1e-30, 1e30},
        {"momentum", s->momentum, 0, 1},
        {"dampening", isnan(s->dampening) ? 0 : s->dampening, 0, 1},
        {"beta1", s->beta1, 0, 0.999999},
        {"beta2", isnan(s->beta2) ? 0 : s->beta2, 0, 0.999999},
        {"epsilon", s->epsilon, 1e-30, 1},
        {"weight-decay", isnan(s->weight_decay) ? 0 : s->weight_decay, 0, 1e6},
        {"ema", isnan(s->ema) ? 0 : s->ema, 0, 0.999999},
        {"dropout", s->dropout, 0, 0.95},
        {"clip", s->clip, 0, 1e30},
        {"label-smoothing", s->label_smoothing, 0, 0.9},
        {"strength", isnan(s->strength) ? 0 : s->strength, 0, 1e10},
        {"ewc-gamma", s->ewc_gamma, 0, 1},
        {"si-xi", s->si_xi, 1e-30, 1e30},
        {"temperature", s->temperature, 0.01, 1000},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (!(ranges[i].value >= ranges[i].low && ranges[i].value <= ranges[i].high))
            return ranges[i].name;
    return NULL;
}

int
settings_check_record(unsigned scopes, const struct value *record, const char *what, struct error *error)
{
    struct settings then;
    struct error found;
    settings_default(&then);
    if (settings_recall(&then, scopes, record, what, error) < 0)
        return -1;
    const char *name = out_of_range(&then), *sentence = settings_check(&then, &found);
    if (name != NULL)
        return error_set(error, STATUS_DATA, "%s was trained with options that cannot be: '%s' is out of range", what,
                         name);
    if (sentence != NULL)
        return error_set(error, STATUS_DATA, "%s was trained with options that cannot be: %s", what, sentence);
    return 0;
}

int
settings_recall(struct settings *settings, unsigned scopes, const struct value *record, const char *what,
                struct error *error)
{
    struct arena arena = {0};
    int status = 0;
    for (size_t i = 0; i < N_FIELDS && status == 0; i++) {
        const struct field *field = &fields[i];
        if (!(field->scope & scopes))
            continue;
        const struct value *then = value_get(record, field->name);
        const struct value *now = field_value(settings, field, &arena);
        bool automatic = now != NULL && now->kind == VALUE_STRING && strcmp(now->bytes, "auto") == 0;
        if (!settings->given[i] || automatic) {
            if (then != NULL && !field_set(settings, field, then))
                status = error_set(error, STATUS_DATA, "%s has no usable value of '%s'", what ? what : "the model",
                                   field->name);
            continue;
        }
        if (what == NULL || (then == NULL && field_is_silent(settings, i)) ||
            (now != NULL && then != NULL && value_equal(now, then)))
            continue;
        char a[64], b[64];
        status = then == NULL ? error_set(error, STATUS_USAGE, "--%s %s contradicts %s, which was trained without --%s",
                                          field->name, field_text(now, a), what, field->name)
                              : error_set(error, STATUS_USAGE, "--%s %s contradicts %s, which says %s", field->name,
                                          field_text(now, a), what, field_text(then, b));
    }
    arena_free(&arena);
    return status;
}
