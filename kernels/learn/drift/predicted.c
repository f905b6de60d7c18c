#include "predicted.h"

#include <stdlib.h>

void
predicted_open(struct predicted *predicted, const struct decision *decision)
{
    *predicted = (struct predicted){.decision = decision};
    struct schema *schema = &predicted->schema;
    const bool classes = decision->n_classes > 0;
    schema->n_columns = classes ? 1 : decision->n_outputs;
    schema->columns = arena_zalloc(&schema->arena, schema->n_columns, sizeof *schema->columns);
    for (uint32_t t = 0; t < schema->n_columns; t++)
        schema->columns[t] =
            (struct column){.name = classes ? "prediction" : decision_name(decision, t, &schema->arena),
                            .type = classes ? COLUMN_CAT : COLUMN_NUM,
                            .role = ROLE_FEATURE};
    if (classes)
        dict_copy(&schema->columns[0].dict, decision->names);
    schema_count(schema);
    predicted->batch.schema = schema;
}

const struct batch *
predicted_rows(struct predicted *predicted, const float *z, uint64_t n)
{
    const struct decision *decision = predicted->decision;
    struct batch *batch = &predicted->batch;
    const uint32_t o = decision->n_outputs;
    if (n > predicted->room) {
        free(predicted->p);
        free(batch->x);
        free(batch->c);
        predicted->room = n;
        predicted->p = mem_array(n * decision->n_classes, sizeof *predicted->p);
        batch->x = decision->n_classes > 0 ? NULL : mem_array(n * o, sizeof *batch->x);
        batch->c = decision->n_classes > 0 ? mem_array(n, sizeof *batch->c) : NULL;
    }
    batch->n = n;
    if (decision->n_classes > 0)
        decide_classes(decision, n, z, predicted->p, batch->c);
    for (uint64_t i = 0; i < n; i++)
        if (decision->n_classes > 0)
            batch->c[i]++; /* codes count from 1 */
        else
            decide_numbers(decision, z + i * o, batch->x + i * o);
    return batch;
}

void
predicted_close(struct predicted *predicted)
{
    free(predicted->p);
    free(predicted->batch.x);
    free(predicted->batch.c);
    schema_free(&predicted->schema);
    *predicted = (struct predicted){0};
}
