#include "forgetting.h"

#include <stdio.h>

#include "bind.h"
#include "forget.h"
#include "program.h"
#include "stream.h"
#include "training.h"

/* What was given is not recorded: a digest of it would let others find out whether a row was among them. */
static void
record(struct model *model, uint64_t found)
{
    struct arena *arena = &model->arena;
    struct value *entry = value_map(arena);
    value_set(arena, entry, "program", value_string(arena, program_name()));
    value_set(arena, entry, "parent", value_string(arena, model->digest));
    value_set(arena, entry, "forgot", value_uint(arena, found));
    if (model->lineage == NULL)
        model->lineage = value_array(arena);
    value_push(arena, model->lineage, entry);
}

void
forgetting_run(struct model *model, const char *path)
{
    struct error error;
    struct binding *binding;
    struct forget forget;
    struct batch batch;
    struct rowset rows;
    int got;
    struct stream_reader *reader = stream_reader_open(&path, 1, &error);
    if (reader == NULL)
        die_error(&error);
    if (bind_open(&binding, model, stream_reader_schema(reader), false, &error) < 0)
        training_refuse(reader, &error);
    forget_open(&forget, model);
    while ((got = stream_read(reader, &batch, true, &error)) > 0) {
        if (bind_rows(binding, &batch, &rows, &error) < 0)
            training_refuse(reader, &error);
        forget_rows(&forget, &rows);
    }
    if (got < 0)
        die_error(&error);
    uint64_t waited;
    const uint64_t given = forget.given, found = forget_close(&forget, &waited);
    char waiting[80] = "";
    record(model, found);
    if (waited > 0)
        snprintf(waiting, sizeof waiting, " (%llu of them waited for an update or a label)",
                 (unsigned long long) waited);
    if (program_verbosity() != VERBOSITY_QUIET)
        warn("--forget: %llu kept row%s taken out of the memory%s, for %llu given; the weights still know what they "
             "learned "
             "from them (only a training without them does not)",
             (unsigned long long) found, found == 1 ? " was" : "s were", waiting, (unsigned long long) given);
    bind_close(binding);
    stream_reader_close(reader);
}
