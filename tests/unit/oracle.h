/* msgpack-c as the judge of our decoder: compares what both made of the same bytes. */
#ifndef CL_TEST_ORACLE_H
#define CL_TEST_ORACLE_H

#include <stdbool.h>
#include <string.h>

/* Not <msgpack.h>: that name is ours on the include path. */
#include <msgpack/object.h>
#include <msgpack/unpack.h>

#include "value.h"

static bool
same_bytes(const struct value *value, const char *bytes, size_t n)
{
    return value->n == n && (n == 0 || memcmp(value->bytes, bytes, n) == 0) && value->bytes[n] == '\0';
}

static bool
oracle_agrees(const struct value *value, const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return value->kind == VALUE_NIL;
    case MSGPACK_OBJECT_BOOLEAN:
        return value->kind == VALUE_BOOL && value->boolean == object->via.boolean;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return value->kind == (object->via.u64 <= INT64_MAX ? VALUE_INT : VALUE_UINT) && value->u == object->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return value->kind == VALUE_INT && value->i == object->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return value->kind == VALUE_FLOAT && memcmp(&value->f, &object->via.f64, sizeof value->f) == 0;
    case MSGPACK_OBJECT_STR:
        return value->kind == VALUE_STRING && same_bytes(value, object->via.str.ptr, object->via.str.size);
    case MSGPACK_OBJECT_BIN:
        return value->kind == VALUE_BINARY && same_bytes(value, object->via.bin.ptr, object->via.bin.size);
    case MSGPACK_OBJECT_EXT:
        return value->kind == VALUE_EXT && value->ext_type == object->via.ext.type &&
               same_bytes(value, object->via.ext.ptr, object->via.ext.size);
    case MSGPACK_OBJECT_ARRAY:
        if (value->kind != VALUE_ARRAY || value->n != object->via.array.size)
            return false;
        for (uint32_t i = 0; i < object->via.array.size; i++)
            if (!oracle_agrees(value->items[i], &object->via.array.ptr[i]))
                return false;
        return true;
    case MSGPACK_OBJECT_MAP:
        if (value->kind != VALUE_MAP || value->n != object->via.map.size)
            return false;
        for (uint32_t i = 0; i < object->via.map.size; i++)
            if (!oracle_agrees(value->items[2 * i], &object->via.map.ptr[i].key) ||
                !oracle_agrees(value->items[2 * i + 1], &object->via.map.ptr[i].val))
                return false;
        return true;
    }
    return false;
}

#endif
