#include "network_spec.h"

#include <string.h>

#include "options.h"

enum { ITEM_BYTES = 128, ITEM_WORDS = 4 };

/* One item on its way into the spec. */
struct item {
    unsigned number; /* from 1 */
    char text[ITEM_BYTES], bytes[ITEM_BYTES];
    const char *word[ITEM_WORDS];
    size_t n_words;
    uint32_t first; /* layers from here on are those of the item before */
};

static int
refuse(const struct item *item, struct error *error, const char *format, const char *what)
{
    char quoted[ITEM_BYTES], word[ITEM_BYTES];
    error_quote(quoted, sizeof quoted, item->text, strlen(item->text), 60);
    error_quote(word, sizeof word, what, strlen(what), 30);
    error_set(error, STATUS_USAGE, format, word);
    return error_prefix(error, "item %u, '%s'", item->number, quoted);
}

/* Copies an item and finds its words. */
static int
item_read(struct item *item, const char *text, size_t n, struct error *error)
{
    static const char blanks[] = " \t\n";
    for (; n > 0 && strchr(blanks, text[0]) != NULL; text++)
        n--;
    while (n > 0 && strchr(blanks, text[n - 1]) != NULL)
        n--;
    if (n == 0)
        return error_set(error, STATUS_USAGE, "item %u is empty (an example is: dense 64 gelu, dropout 0.1)",
                         item->number);
    size_t kept = n < ITEM_BYTES ? n : ITEM_BYTES - 1;
    memcpy(item->text, text, kept);
    item->text[kept] = '\0';
    memcpy(item->bytes, item->text, sizeof item->bytes);
    item->n_words = 0;
    if (kept < n)
        return refuse(item, error, "it is too long", "");
    for (char *at = item->bytes; *at != '\0'; at += strspn(at, blanks)) {
        if (item->n_words < ITEM_WORDS) /* no item takes so many */
            item->word[item->n_words++] = at;
        at += strcspn(at, blanks);
        if (*at != '\0')
            *at++ = '\0';
    }
    return 0;
}

/* The word at `place` as a whole number from 1 to `most`; 0 when it is none. */
static uint32_t
item_number(const struct item *item, size_t place, uint64_t most)
{
    uint64_t value;
    bool good = place < item->n_words && parse_u64(item->word[place], &value) && value >= 1 && value <= most;
    return good ? (uint32_t) value : 0;
}

static int
read_softclip(struct network_spec *spec, struct item *item, struct error *error)
{
    double limit;
    if (item->n_words < 2 || !parse_double(item->word[1], &limit) || limit < 1e-3 || limit > 1e3)
        return refuse(item, error, "it needs a limit from 0.001 to 1000, as in 'softclip 3'", "");
    if (spec->n_hidden > 0)
        return refuse(item, error, "it is about the input and comes before the layers (softclip 3, dense 64)", "");
    if (spec->softclip > 0)
        return refuse(item, error, "the input has a softclip already", "");
    spec->softclip = (float) limit;
    return 0;
}

static int
read_ple(struct network_spec *spec, struct item *item, struct error *error)
{
    uint32_t bins = item_number(item, 1, NETWORK_SPEC_BINS);
    if (bins == 0)
        return refuse(item, error, "it needs a number of bins from 1 to 1024, as in 'ple 16'", "");
    if (spec->n_hidden > 0)
        return refuse(item, error, "it is about the input and comes before the layers (ple 16, dense 64)", "");
    if (spec->bins > 0)
        return refuse(item, error, "the input has bins already", "");
    spec->bins = bins;
    return 0;
}

static int
read_dense(struct network_spec *spec, struct item *item, struct error *error)
{
    struct hidden layer = {.width = item_number(item, 1, NETWORK_SPEC_WIDTH), .activation = ACT_RELU, .skip = -1};
    if (layer.width == 0)
        return refuse(item, error, "it needs a width from 1 to 1048576, as in 'dense 64'", "");
    if (item->n_words > 2 && !activation_parse(item->word[2], &layer.activation))
        return refuse(item, error, "there is no activation '%s' (relu, leaky-relu, tanh, sigmoid, gelu, silu, or none)",
                      item->word[2]);
    if (spec->n_hidden == NETWORK_SPEC_LAYERS)
        return refuse(item, error, "a network has at most 64 hidden layers", "");
    item->first = spec->n_hidden;
    spec->hidden[spec->n_hidden++] = layer;
    return 0;
}

static int
read_residual(struct network_spec *spec, struct item *item, struct error *error)
{
    uint32_t n = item_number(item, 1, UINT32_MAX), from = spec->n_hidden;
    if (n == 0)
        return refuse(item, error, "it needs a number of layers, as in 'residual 2'", "");
    if (from == 0)
        return refuse(item, error, "no layer stands before it, whose width it takes (dense 64, residual 2)", "");
    if (n > NETWORK_SPEC_LAYERS - from)
        return refuse(item, error, "a network has at most 64 hidden layers", "");
    item->first = from;
    for (; spec->n_hidden < from + n; spec->n_hidden++) {
        const struct hidden *before = &spec->hidden[from - 1];
        spec->hidden[spec->n_hidden] =
            (struct hidden){.width = before->width, .activation = before->activation, .skip = -1};
    }
    spec->hidden[spec->n_hidden - 1].skip = (int32_t) from - 1;
    return 0;
}

static int
read_layernorm(struct network_spec *spec, struct item *item, struct error *error)
{
    if (spec->n_hidden == 0)
        return refuse(item, error, "no layer stands before it (dense 64, layernorm)", "");
    for (uint32_t l = item->first; l < spec->n_hidden; l++) {
        if (spec->hidden[l].norm != NORM_NONE)
            return refuse(item, error, "the layer before it has a norm already", "");
        if (spec->hidden[l].width == 1)
            return refuse(item, error, "the layer before it has one unit, of which a norm leaves nothing", "");
        spec->hidden[l].norm = NORM_LAYER;
    }
    return 0;
}

static int
read_dropout(struct network_spec *spec, struct item *item, struct error *error)
{
    double share;
    if (item->n_words < 2 || !parse_double(item->word[1], &share) || share < 0 || share > NETWORK_SPEC_DROPOUT)
        return refuse(item, error, "it needs a share from 0 to 0.95, as in 'dropout 0.1'", "");
    if (spec->n_hidden == 0 && spec->dropout > 0)
        return refuse(item, error, "the input has dropout already", "");
    if (spec->n_hidden == 0)
        spec->dropout = (float) share + 0.0f; /* no -0 */
    for (uint32_t l = item->first; l < spec->n_hidden; l++) {
        if (spec->hidden[l].dropout > 0)
            return refuse(item, error, "the layer before it has dropout already", "");
        spec->hidden[l].dropout = (float) share + 0.0f;
    }
    return 0;
}

static int
item_parse(struct network_spec *spec, struct item *item, struct error *error)
{
    static const struct {
        const char *name;
        size_t most_words;
        int (*read)(struct network_spec *spec, struct item *item, struct error *error);
    } kinds[] = {
        {"softclip", 2, read_softclip},   {"ple", 2, read_ple},
        {"dense", 3, read_dense},         {"residual", 2, read_residual},
        {"layernorm", 1, read_layernorm}, {"dropout", 2, read_dropout},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, item->word[0]) != 0)
            continue;
        if (item->n_words > kinds[i].most_words)
            return refuse(item, error, "'%s' is one word too many (items are separated by commas)",
                          item->word[kinds[i].most_words]);
        return kinds[i].read(spec, item, error);
    }
    return refuse(item, error,
                  "there is no '%s' (items are: softclip C, ple BINS, dense WIDTH [ACTIVATION], residual N, layernorm, "
                  "dropout P)",
                  item->word[0]);
}

int
network_spec_parse(struct network_spec *spec, const char *text, struct error *error)
{
    struct item item = {.number = 1};
    memset(spec, 0, sizeof *spec);
    for (const char *end;; text = end + 1, item.number++) {
        end = text + strcspn(text, ",");
        if (item_read(&item, text, (size_t) (end - text), error) < 0 || item_parse(spec, &item, error) < 0)
            return -1;
        if (*end == '\0')
            return 0;
    }
}

/* ---- the way back ---- */

/* The fewest digits that read back to the same number. */
static const char *
number_text(float number, struct arena *arena)
{
    const char *text = "";
    double back = -1;
    for (int digits = 1; digits <= 9 && (float) back != number; digits++) {
        text = arena_printf(arena, "%.*g", digits, (double) number);
        parse_double(text, &back);
    }
    return text;
}

/* Layers that the item starting at layer l makes. */
static uint32_t
block_layers(const struct network_spec *spec, uint32_t l)
{
    for (uint32_t m = l; l > 0 && m < spec->n_hidden; m++)
        if (spec->hidden[m].skip == (int32_t) l - 1)
            return m - l + 1;
    return 1;
}

const char *
network_spec_text(const struct network_spec *spec, struct arena *arena)
{
    const char *text = "", *comma = "";
    if (spec->softclip > 0) {
        text = arena_printf(arena, "softclip %s", number_text(spec->softclip, arena));
        comma = ", ";
    }
    if (spec->bins > 0) {
        text = arena_printf(arena, "%s%sple %u", text, comma, spec->bins);
        comma = ", ";
    }
    if (spec->dropout > 0) {
        text = arena_printf(arena, "%s%sdropout %s", text, comma, number_text(spec->dropout, arena));
        comma = ", ";
    }
    for (uint32_t l = 0, n; l < spec->n_hidden; l += n, comma = ", ") {
        const struct hidden *layer = &spec->hidden[l];
        n = block_layers(spec, l);
        if (spec->hidden[l + n - 1].skip >= 0)
            text = arena_printf(arena, "%s%sresidual %u", text, comma, n);
        else
            text =
                arena_printf(arena, "%s%sdense %u %s", text, comma, layer->width, activation_name(layer->activation));
        if (layer->norm == NORM_LAYER)
            text = arena_printf(arena, "%s, layernorm", text);
        if (layer->dropout > 0)
            text = arena_printf(arena, "%s, dropout %s", text, number_text(layer->dropout, arena));
    }
    return text;
}
