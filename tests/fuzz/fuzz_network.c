/* Networks in words: what is taken has one text, which means the same network and has itself as its text. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "network_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static void
same_networks(const struct network_spec *a, const struct network_spec *b)
{
    must(a->n_hidden == b->n_hidden && a->bins == b->bins);
    must(memcmp(&a->softclip, &b->softclip, sizeof a->softclip) == 0);
    must(memcmp(&a->dropout, &b->dropout, sizeof a->dropout) == 0);
    for (uint32_t l = 0; l < a->n_hidden; l++) {
        const struct hidden *x = &a->hidden[l], *y = &b->hidden[l];
        must(x->width == y->width && x->activation == y->activation && x->norm == y->norm && x->skip == y->skip);
        must(memcmp(&x->dropout, &y->dropout, sizeof x->dropout) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct network_spec spec, again;
    struct arena arena = {NULL};
    struct error error = {0};
    const char *words = arena_strndup(&arena, (const char *) data, size);
    if (network_spec_parse(&spec, words, &error) < 0) {
        must(error.status == STATUS_USAGE && error.text[0] != '\0' && strchr(error.text, '\n') == NULL);
    } else {
        must(spec.n_hidden <= NETWORK_SPEC_LAYERS && spec.bins <= NETWORK_SPEC_BINS && isfinite(spec.softclip));
        must(spec.dropout >= 0 && (double) spec.dropout <= NETWORK_SPEC_DROPOUT);
        for (uint32_t l = 0; l < spec.n_hidden; l++) {
            const struct hidden *hidden = &spec.hidden[l];
            must(hidden->width > 0 && hidden->width <= NETWORK_SPEC_WIDTH && hidden->skip < (int32_t) l);
            must(hidden->skip < 0 || spec.hidden[hidden->skip].width == hidden->width);
            must(hidden->dropout >= 0 && (double) hidden->dropout <= NETWORK_SPEC_DROPOUT);
        }
        const char *text = network_spec_text(&spec, &arena);
        must(network_spec_parse(&again, text, &error) == 0);
        same_networks(&spec, &again);
        must(strcmp(text, network_spec_text(&again, &arena)) == 0);
    }
    arena_free(&arena);
    return 0;
}
