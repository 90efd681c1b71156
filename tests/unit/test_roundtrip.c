/* test_roundtrip.c -- random messages of all our types: bytes, JSON and Struct, there and back. */
#include "unit/wire_help.h"

#include <pthread.h>

#include "google/protobuf/any.pb-c.h"

static uint64_t seed;

static uint64_t rnd(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static char *random_text(void)
{
    static const char *const pieces[] = { "a",  "Z",    "\"",       "\\",
                                          "\n", "\x01", "\xc3\xa9", "\xf0\x9f\x98\x80",
                                          "/",  " ",    "0",        "\xe2\x80\xa8" };
    struct jv_buf b = jv_buf_new(arena);

    for (uint64_t n = rnd(8); n; n--)
        jv_buf_str(&b, pieces[rnd(JV_COUNT(pieces))]);
    return b.data;
}

static double random_double(void)
{
    static const double some[] = { 0,
                                   -0.0,
                                   1,
                                   0.1,
                                   15234.5,
                                   1e15,
                                   1e22,
                                   1e-7,
                                   5e-324,
                                   -2.5,
                                   1 / 3.,
                                   9007199254740993.,
                                   1.7976931348623157e308 };

    return some[rnd(JV_COUNT(some))];
}

static void random_msg(ProtobufCMessage *msg, int depth);

static void *random_sub(const ProtobufCMessageDescriptor *type, int depth)
{
    ProtobufCMessage *m = jv_msg_new(type, arena);

    random_msg(m, depth + 1);
    return m;
}

static void random_one(const ProtobufCFieldDescriptor *f, void *at, int depth)
{
    const ProtobufCEnumDescriptor *e = f->descriptor;

    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
        *(int32_t *)at = (int32_t)rnd(UINT32_MAX);
        break;
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)at = (int64_t)(seed * rnd(3));
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)at = random_double();
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = (int)rnd(2);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int32_t *)at = rnd(9) ? e->values[rnd(e->n_values)].value : 12345;
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)at = random_text();
        break;
    case PROTOBUF_C_TYPE_BYTES:
        ((ProtobufCBinaryData *)at)->len = rnd(5);
        ((ProtobufCBinaryData *)at)->data = jv_arena_memdup(arena, "\0\xff\x80z", 4);
        if (!((ProtobufCBinaryData *)at)->len)
            ((ProtobufCBinaryData *)at)->data = NULL;
        else if (((ProtobufCBinaryData *)at)->len > 4)
            ((ProtobufCBinaryData *)at)->len = 4;
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(void **)at = random_sub(f->descriptor, depth);
        break;
    default:
        CHECK(!"a type that no .proto of ours has had");
    }
}

static size_t size_of(ProtobufCType t)
{
    return t == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
           : t == PROTOBUF_C_TYPE_BOOL || t == PROTOBUF_C_TYPE_ENUM || t == PROTOBUF_C_TYPE_INT32
                   ? 4
                   : 8;
}

static bool is_entry(const ProtobufCMessageDescriptor *d)
{
    size_t n = strlen(d->name);

    return d->n_fields == 2 && n > 5 && strcmp(d->name + n - 5, "Entry") == 0 &&
           strcmp(d->fields[0].name, "key") == 0;
}

static void random_list(ProtobufCMessage *msg, const ProtobufCFieldDescriptor *f, int depth)
{
    size_t n = rnd(4), size = size_of(f->type);
    char *items = jv_arena_alloc(arena, (n + 1) * size);

    for (size_t i = 0; i < n; i++) {
        random_one(f, items + i * size, depth);
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && is_entry(f->descriptor)) {
            char *entry = *(char **)(void *)(items + i * size);
            const ProtobufCFieldDescriptor *v =
                    &((const ProtobufCMessageDescriptor *)f->descriptor)->fields[1];

            *(char **)(void *)(entry + ((const ProtobufCMessageDescriptor *)f->descriptor)
                                               ->fields[0]
                                               .offset) =
                    jv_arena_printf(arena, "k%zu%s", i, random_text());
            if (v->type == PROTOBUF_C_TYPE_MESSAGE && !*(void **)(void *)(entry + v->offset))
                *(void **)(void *)(entry + v->offset) = random_sub(v->descriptor, depth);
        }
    }
    *(size_t *)(void *)((char *)msg + f->quantifier_offset) = n;
    *(char **)(void *)((char *)msg + f->offset) = items;
}

static void random_value(Google__Protobuf__Value *v, int depth)
{
    v->kind_case = 1 + rnd(depth > 6 ? 4 : 6);
    switch (v->kind_case) {
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        v->number_value = random_double();
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        v->string_value = random_text();
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
        v->bool_value = (int)rnd(2);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        v->struct_value = random_sub(&google__protobuf__struct__descriptor, depth);
        break;
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        v->list_value = random_sub(&google__protobuf__list_value__descriptor, depth);
        break;
    default:
        break;
    }
}

static void random_any(Google__Protobuf__Any *any)
{
    Rpc__ErrorInfo info = RPC__ERROR_INFO__INIT;

    info.reason = random_text();
    any->type_url = (char *)(uintptr_t) "type.googleapis.com/google.rpc.ErrorInfo";
    any->value.data = jv_pack(&info, arena, &any->value.len);
}

static void random_msg(ProtobufCMessage *msg, int depth)
{
    const ProtobufCMessageDescriptor *d = msg->descriptor;

    if (strcmp(d->name, "google.protobuf.Value") == 0) {
        random_value((void *)msg, depth);
        return;
    }
    if (strcmp(d->name, "google.protobuf.Any") == 0) {
        random_any((void *)msg);
        return;
    }
    if (strcmp(d->name, "google.protobuf.Timestamp") == 0) {
        ((Google__Protobuf__Timestamp *)(void *)msg)->seconds = (int64_t)rnd(4000000000);
        ((Google__Protobuf__Timestamp *)(void *)msg)->nanos = (int32_t)(rnd(1000) * 1000000);
        return;
    }
    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        uint32_t *which = (void *)((char *)msg + f->quantifier_offset);
        bool oneof = f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;

        if ((depth > 4 && f->type == PROTOBUF_C_TYPE_MESSAGE) || !rnd(3) || (oneof && *which))
            continue;
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            random_list(msg, f, depth);
            continue;
        }
        random_one(f, (char *)msg + f->offset, depth);
        if (oneof)
            *which = f->id;
    }
}

static void round_trip(const ProtobufCMessage *msg)
{
    static const unsigned flags[] = { JV_JSON_CAMEL, JV_JSON_SNAKE, JV_JSON_DEFAULTS,
                                      JV_JSON_SNAKE | JV_JSON_DEFAULTS };
    const ProtobufCMessageDescriptor *type = msg->descriptor;
    const char *want = packed_hex(msg);
    struct jv_err err = { 0 };
    ProtobufCMessage *again;
    size_t n;
    const uint8_t *bytes = jv_pack(msg, arena, &n);

    again = jv_unpack(type, bytes, n, arena, &err);
    CHECK_OR(again, printf("# %s: %s\n", type->name, err.text); return );
    CHECK_STR(packed_hex(again), want);
    for (size_t i = 0; i < JV_COUNT(flags); i++) {
        const char *json = jv_msg_to_json(msg, flags[i], arena, &n);

        again = jv_json_to_msg(type, json, n, JV_JSON_STRICT, arena, &err);
        CHECK_OR(again, printf("# %s: %s\n# %s\n", type->name, err.text, json); return );
        CHECK_STR(packed_hex(again), want);
        if (json[0] != '{' || strcmp(type->name, "google.protobuf.Value") == 0)
            continue;
        again = jv_struct_to_msg(type, jv_msg_to_struct(msg, flags[i], arena), JV_JSON_STRICT,
                                 arena, &err);
        CHECK_OR(again, printf("# %s: %s\n# %s\n", type->name, err.text, json); return );
        CHECK_STR(packed_hex(again), want);
    }
}

/* First, while no type has been used: the tables behind the codec are made by all at once. */
static void *use_all_types(void *unused)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };

    (void)unused;
    for (size_t i = 0; i < n_all_types; i++) {
        const char *json;
        size_t n;

        jv_arena_reset(a);
        if (is_entry(all_types[i]) || strncmp(all_types[i]->name, "google.protobuf.", 16) == 0)
            continue;
        json = jv_msg_to_json(jv_msg_new(all_types[i], a), JV_JSON_DEFAULTS, a, &n);
        if (!jv_json_to_msg(all_types[i], json, n, JV_JSON_STRICT, a, &err))
            return (void *)(uintptr_t)all_types[i]->name;
    }
    jv_arena_free(a);
    return NULL;
}

TEST(many_threads_at_once)
{
    pthread_t threads[4];
    void *failed;

    collect_types();
    for (size_t i = 0; i < JV_COUNT(threads); i++)
        CHECK_OR(pthread_create(&threads[i], NULL, use_all_types, NULL) == 0, return );
    for (size_t i = 0; i < JV_COUNT(threads); i++) {
        pthread_join(threads[i], &failed);
        CHECK_OR(!failed, printf("# %s\n", (const char *)failed));
    }
}

TEST(round_trips)
{
    collect_types();
    CHECK(n_all_types > 100 && n_all_types < JV_COUNT(all_types));
    seed = 0x9e3779b97f4a7c15;
    for (int round = 0; round < 8; round++)
        for (size_t i = 0; i < n_all_types; i++) {
            int failures = check_failures;
            uint64_t this_seed = seed;
            ProtobufCMessage *msg;

            if (is_entry(all_types[i]))
                continue;
            fresh_arena();
            msg = jv_msg_new(all_types[i], arena);
            random_msg(msg, 0);
            round_trip(msg);
            CHECK_OR(check_failures == failures,
                     printf("# seed %llx\n", (unsigned long long)this_seed);
                     return );
        }
}

TEST_MAIN()
