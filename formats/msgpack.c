#include "msgpack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <msgpack/pack.h>

static uint64_t
big_endian(const uint8_t *p, unsigned n)
{
    uint64_t u = 0;
    for (unsigned i = 0; i < n; i++)
        u = u << 8 | p[i];
    return u;
}

static void
unsigned_token(struct msgpack_token *token, uint64_t u)
{
    token->kind = u <= INT64_MAX ? VALUE_INT : VALUE_UINT;
    token->u = u;
}

int
msgpack_token(const void *bytes, size_t n, struct msgpack_token *token)
{
    /* Bytes behind the type byte 0xc0 + i that belong to the token. */
    static const uint8_t operands[0x20] = {
        0, 0, 0, 0, 1, 2, 4, 2, 3, 5, 4, 8, 1, 2, 4, 8, /* nil - false true bin.. ext.. float.. uint.. */
        1, 2, 4, 8, 1, 1, 1, 1, 1, 1, 2, 4, 2, 4, 2, 4, /* int.. fixext.. str.. array.. map.. */
    };
    const uint8_t *p = bytes;
    if (n == 0)
        return 0;
    uint8_t type = p[0];
    *token = (struct msgpack_token){.kind = VALUE_NIL};
    if (type < 0x80 || type >= 0xe0) {
        token->kind = VALUE_INT;
        token->i = (int8_t) type;
        return 1;
    }
    if (type < 0xc0) {
        token->kind = type < 0x90 ? VALUE_MAP : type < 0xa0 ? VALUE_ARRAY : VALUE_STRING;
        token->n = type < 0xa0 ? type & 0x0f : type & 0x1f;
        return 1;
    }
    unsigned size = operands[type - 0xc0];
    if (n < 1 + (size_t) size)
        return 0;
    uint64_t u = big_endian(p + 1, size < 8 ? size : 8);
    switch (type) {
    case 0xc0:
        break;
    case 0xc1:
        return -1;
    case 0xc2:
    case 0xc3:
        token->kind = VALUE_BOOL;
        token->boolean = type == 0xc3;
        break;
    case 0xc4:
    case 0xc5:
    case 0xc6:
        token->kind = VALUE_BINARY;
        token->n = (uint32_t) u;
        break;
    case 0xc7:
    case 0xc8:
    case 0xc9: /* the length, then one byte of type */
        token->kind = VALUE_EXT;
        token->n = (uint32_t) (u >> 8);
        token->ext_type = (int8_t) (u & 0xff);
        break;
    case 0xca: {
        uint32_t bits = (uint32_t) u;
        float f;
        memcpy(&f, &bits, sizeof f);
        token->kind = VALUE_FLOAT;
        token->f = (double) f;
        break;
    }
    case 0xcb:
        token->kind = VALUE_FLOAT;
        memcpy(&token->f, &u, sizeof token->f);
        break;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        unsigned_token(token, u);
        break;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: {
        unsigned shift = 64 - 8 * size; /* moves the sign bit to the top and back */
        token->kind = VALUE_INT;
        token->i = (int64_t) (u << shift) >> shift;
        break;
    }
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        token->kind = VALUE_EXT;
        token->n = 1u << (type - 0xd4);
        token->ext_type = (int8_t) u;
        break;
    case 0xd9:
    case 0xda:
    case 0xdb:
        token->kind = VALUE_STRING;
        token->n = (uint32_t) u;
        break;
    case 0xdc:
    case 0xdd:
        token->kind = VALUE_ARRAY;
        token->n = (uint32_t) u;
        break;
    default: /* 0xde, 0xdf */
        token->kind = VALUE_MAP;
        token->n = (uint32_t) u;
        break;
    }
    return 1 + (int) size;
}

static bool
is_container(enum value_kind kind)
{
    return kind == VALUE_ARRAY || kind == VALUE_MAP;
}

static bool
has_bytes(enum value_kind kind)
{
    return kind == VALUE_STRING || kind == VALUE_BINARY || kind == VALUE_EXT;
}

int
msgpack_scan(struct msgpack_scan *scan, const void *bytes, size_t n, struct error *error)
{
    const uint8_t *p = bytes;
    while (!scan->done) {
        struct msgpack_token token;
        int head = msgpack_token(p + scan->at, n - scan->at, &token);
        if (head < 0)
            return error_set(error, STATUS_DATA, "0xc1 begins no MessagePack value");
        if (head == 0)
            return 0;
        struct msgpack_level *level = scan->depth > 0 ? &scan->levels[scan->depth - 1] : NULL;
        if (level != NULL && level->map && level->left % 2 == 0 && token.kind != VALUE_STRING)
            return error_set(error, STATUS_DATA, "a map key is not a string");
        uint64_t size = (uint64_t) head + (has_bytes(token.kind) ? token.n : 0);
        if (size > MSGPACK_MAX_BYTES || scan->at + size > MSGPACK_MAX_BYTES)
            return error_set(error, STATUS_DATA, "a value of more than %d bytes", MSGPACK_MAX_BYTES);
        if (size > n - scan->at)
            return 0;
        uint64_t children = token.kind == VALUE_MAP ? 2 * (uint64_t) token.n : token.kind == VALUE_ARRAY ? token.n : 0;
        if (children + scan->items >= MSGPACK_MAX_ITEMS)
            return error_set(error, STATUS_DATA, "a value of more than %d items", MSGPACK_MAX_ITEMS);
        if (is_container(token.kind) && scan->depth == MSGPACK_MAX_DEPTH)
            return error_set(error, STATUS_DATA, "a value nested more than %d levels deep", MSGPACK_MAX_DEPTH);
        scan->at += size;
        scan->items += children;
        if (level != NULL)
            level->left--;
        if (children > 0)
            scan->levels[scan->depth++] = (struct msgpack_level){.left = children, .map = token.kind == VALUE_MAP};
        while (scan->depth > 0 && scan->levels[scan->depth - 1].left == 0)
            scan->depth--;
        scan->done = scan->depth == 0;
    }
    return 1;
}

static int
compare_keys(const void *a, const void *b)
{
    const struct value *x = *(struct value *const *) a, *y = *(struct value *const *) b;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return memcmp(x->bytes, y->bytes, x->n);
}

/* A key that the map has twice, or NULL. Pairwise for the usual few, sorted for many. */
static const struct value *
repeated_key(const struct value *map)
{
    enum { FEW = 16 };
    const struct value *found = NULL;
    if (map->n <= FEW) {
        for (size_t i = 1; i < map->n; i++)
            for (size_t j = 0; j < i; j++)
                if (compare_keys(&map->items[2 * i], &map->items[2 * j]) == 0)
                    return map->items[2 * i];
        return NULL;
    }
    struct value **keys = mem_array(map->n, sizeof *keys);
    for (size_t i = 0; i < map->n; i++)
        keys[i] = map->items[2 * i];
    qsort(keys, map->n, sizeof *keys, compare_keys);
    for (size_t i = 1; i < map->n && found == NULL; i++)
        if (compare_keys(&keys[i - 1], &keys[i]) == 0)
            found = keys[i];
    free(keys);
    return found;
}

/* One value without its items: containers get room for them. Returns the bytes used. */
static size_t
build_one(const uint8_t *p, size_t n, struct arena *arena, struct value **built)
{
    struct msgpack_token token;
    int head = msgpack_token(p, n, &token);
    assert(head > 0);
    struct value *value = arena_zalloc(arena, 1, sizeof *value);
    value->kind = token.kind;
    value->ext_type = token.ext_type;
    value->u = token.u;
    size_t used = (size_t) head;
    if (has_bytes(token.kind)) {
        assert(token.n <= n - used);
        value->bytes = arena_strndup(arena, (const char *) p + used, token.n);
        value->n = token.n;
        used += token.n;
    } else if (is_container(token.kind) && token.n > 0) {
        value->cap = token.kind == VALUE_MAP ? 2 * (size_t) token.n : token.n;
        value->items = arena_array(arena, value->cap, sizeof *value->items);
        value->n = token.n;
    }
    *built = value;
    return used;
}

ptrdiff_t
msgpack_decode(const void *bytes, size_t n, struct arena *arena, struct value **value, struct error *error)
{
    struct msgpack_scan scan = {0};
    int whole = msgpack_scan(&scan, bytes, n, error);
    if (whole < 0)
        return error_prefix(error, "byte %zu", scan.at);
    if (whole == 0)
        return 0;

    struct {
        struct value *container;
        size_t filled;
    } levels[MSGPACK_MAX_DEPTH];
    unsigned depth = 0;
    size_t at = 0;
    const uint8_t *p = bytes;
    do {
        struct value *item;
        at += build_one(p + at, scan.at - at, arena, &item);
        if (depth == 0)
            *value = item;
        else
            levels[depth - 1].container->items[levels[depth - 1].filled++] = item;
        if (item->cap > 0) {
            levels[depth].container = item;
            levels[depth++].filled = 0;
        }
        while (depth > 0 && levels[depth - 1].filled == levels[depth - 1].container->cap) {
            const struct value *closed = levels[--depth].container;
            const struct value *twice = closed->kind == VALUE_MAP ? repeated_key(closed) : NULL;
            if (twice != NULL) {
                char name[256];
                return error_set(error, STATUS_DATA, "byte %zu: a map has the key '%s' twice", at,
                                 error_quote(name, sizeof name, twice->bytes, twice->n, 64));
            }
        }
    } while (depth > 0);
    assert(at == scan.at);
    return (ptrdiff_t) at;
}

static int
append(void *data, const char *bytes, size_t n)
{
    struct packed *packed = data;
    mem_grow(&packed->bytes, &packed->cap, packed->n + n, 1);
    memcpy(packed->bytes + packed->n, bytes, n);
    packed->n += n;
    return 0;
}

static msgpack_packer
packer(struct packed *packed)
{
    return (msgpack_packer){.data = packed, .callback = append};
}

static void
pack_value(msgpack_packer *to, const struct value *value)
{
    size_t n = value->n;
    /* msgpack-c 4.0.0 cuts longer lengths silently. */
    assert(n <= UINT32_MAX);
    switch (value->kind) {
    case VALUE_NIL:
        msgpack_pack_nil(to);
        break;
    case VALUE_BOOL:
        if (value->boolean)
            msgpack_pack_true(to);
        else
            msgpack_pack_false(to);
        break;
    case VALUE_INT:
        msgpack_pack_int64(to, value->i);
        break;
    case VALUE_UINT:
        msgpack_pack_uint64(to, value->u);
        break;
    case VALUE_FLOAT:
        msgpack_pack_double(to, value->f);
        break;
    case VALUE_STRING:
        msgpack_pack_str(to, n);
        msgpack_pack_str_body(to, value->bytes, n);
        break;
    case VALUE_BINARY:
        msgpack_pack_bin(to, n);
        msgpack_pack_bin_body(to, value->bytes, n);
        break;
    case VALUE_EXT:
        msgpack_pack_ext(to, n, value->ext_type);
        msgpack_pack_ext_body(to, value->bytes, n);
        break;
    case VALUE_ARRAY:
        msgpack_pack_array(to, n);
        for (size_t i = 0; i < n; i++)
            pack_value(to, value->items[i]);
        break;
    case VALUE_MAP:
        msgpack_pack_map(to, n);
        for (size_t i = 0; i < 2 * n; i++)
            pack_value(to, value->items[i]);
        break;
    }
}

void
msgpack_encode(struct packed *packed, const struct value *value)
{
    msgpack_packer to = packer(packed);
    pack_value(&to, value);
}

void
msgpack_encode_array_head(struct packed *packed, uint32_t n)
{
    msgpack_packer to = packer(packed);
    msgpack_pack_array(&to, n);
}

void
msgpack_encode_bin_head(struct packed *packed, uint32_t n)
{
    msgpack_packer to = packer(packed);
    msgpack_pack_bin(&to, n);
}

void
msgpack_encode_string(struct packed *packed, const char *s, size_t n)
{
    msgpack_packer to = packer(packed);
    assert(n <= UINT32_MAX);
    msgpack_pack_str(&to, n);
    msgpack_pack_str_body(&to, s, n);
}
