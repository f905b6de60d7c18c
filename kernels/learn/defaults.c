#include "defaults.h"

#include <math.h>
#include <string.h>

#include "network_spec.h"

enum { FEW_ROWS = 1000, SMALL_ROWS = 2000, WIDE_ROWS = 10000, MANY_ROWS = 20000, ENCODED_COLUMNS = 256 };
#define FEW_RATE 0.001

/* How the last transform found its numbers: "standard", "pixels", ...; "none" without one. */
static const char *
scaled_by(const struct schema *schema)
{
    return schema->n_transforms == 0 ? "none" : schema->transforms[schema->n_transforms - 1].method;
}

/* A number that many rows say: what keeps a network from learning rows by heart costs more than it saves. */
static bool
is_plain(const struct schema *schema, uint64_t n)
{
    return schema->task != TASK_CLASS && n >= MANY_ROWS;
}

static const char *
choose_net(const struct settings *s, const struct schema *schema, uint64_t n, struct arena *arena)
{
    const char *method = scaled_by(schema);
    const bool gelu = !settings_given(s, &s->activation);
    const double dropout = settings_given(s, &s->dropout) ? s->dropout : is_plain(schema, n) ? 0 : 0.1;
    struct network_spec spec = {.n_hidden = 2};
    for (uint32_t l = 0; l < spec.n_hidden; l++)
        spec.hidden[l] = (struct hidden){.width = (n < WIDE_ROWS ? 128 : 256) >> l,
                                         .activation = gelu ? ACT_GELU : (enum activation)(s->activation + 1),
                                         .dropout = (float) dropout,
                                         .skip = -1};
    if (strcmp(method, "standard") == 0 || strcmp(method, "robust") == 0)
        spec.softclip = 3;
    if (strcmp(method, "pixels") != 0 && schema->n_x > 0 && schema->n_x <= ENCODED_COLUMNS)
        spec.bins = n < MANY_ROWS ? 16 : 32;
    if (schema->n_x == 0)
        spec.softclip = 0;
    return network_spec_text(&spec, arena);
}

void
defaults_choose(struct settings *s, const struct schema *schema, uint64_t n, struct arena *arena)
{
    const bool decays = s->optimizer == OPT_ADAMW || s->optimizer == OPT_MUON;
    if (s->net == NULL && strcmp(s->hidden, "auto") == 0)
        s->net = choose_net(s, schema, n, arena);
    if (strcmp(s->batch, "auto") == 0)
        s->batch = n < SMALL_ROWS ? "32" : "128";
    if (s->lr == SETTINGS_LR_OPEN) {
        s->lr = settings_open_lr(s);
        if (n < FEW_ROWS && s->lr > FEW_RATE) /* of adam and its kin */
            s->lr = fmax(FEW_RATE, s->lr_min);
    }
    if (isnan(s->weight_decay))
        s->weight_decay = decays && !is_plain(schema, n) ? fmin(0.3, 3000.0 / (double) n) : 0;
    if (isnan(s->ema) && s->schedule == SCHEDULE_CONSTANT)
        s->ema = 0.999;
}
