/* Schemas as JSON: what is taken is written again, and that is taken and comes to the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schema_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema schema = {0}, again = {0};
    struct schema_reading reading, same;
    struct error error;
    struct text first = {0}, second = {0};
    if (schema_from_json(&schema, &reading, (const char *) data, size, "fuzz", &error) < 0) {
        if (error.status != STATUS_DATA || error.text[0] == '\0')
            abort();
        return 0;
    }
    if (schema_to_json(&first, &schema, &reading, &error) == 0 &&
        (schema_from_json(&again, &same, first.bytes, first.n, "fuzz", &error) < 0 ||
         schema_to_json(&second, &again, &same, &error) < 0 || strcmp(first.bytes, second.bytes) != 0))
        abort();
    free(first.bytes);
    free(second.bytes);
    schema_free(&schema);
    schema_free(&again);
    return 0;
}
