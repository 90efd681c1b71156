/* test_scan.c -- hostile bytes before the parsers: nesting, lengths, counts, text. All of it runs
 * on a stack as small as the gateway's threads have. */
#include "unit/wire_help.h"
#include "unit/wire_scalars.h"

#include <pthread.h>

static struct jv_buf repeat(const char *piece, size_t n)
{
    struct jv_buf b = jv_buf_new(arena);

    while (n--)
        jv_buf_str(&b, piece);
    return b;
}

static void add(struct jv_buf *b, const char *piece, size_t n)
{
    while (n--)
        jv_buf_str(b, piece);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void json_depth(void)
{
    struct jv_err err = { 0 };
    struct jv_buf b = repeat("[", 100000);

    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "JSON is nested deeper than 32 levels at byte 32");
    CHECK(!jv_json_to_msg(&google__protobuf__value__descriptor, b.data, b.len, 0, arena, &err));
    CHECK_STR(err.reason, "MALFORMED_JSON");

    b = repeat("{\"a\":", 33);
    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_INVALID_ARGUMENT);

    b = repeat("[", 32);
    add(&b, "]", 32);
    CHECK(jv_json_to_msg(&google__protobuf__value__descriptor, b.data, b.len, 0, arena, &err));

    b = repeat("[]}]", 1000); /* closing what was never opened earns nothing */
    add(&b, "[", 33);
    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_INVALID_ARGUMENT);
}

static void json_strings_hide_brackets(void)
{
    static const char text[] = "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\\\\\"]";
    struct jv_err err = { 0 };

    CHECK_INT(jv_json_scan(text, strlen(text), &err), JV_OK);
    CHECK_INT(jv_json_scan("\"abc", 4, &err), JV_OK); /* the parser's business */
    CHECK_INT(jv_json_scan("\"abc\\", 5, &err), JV_OK);
    CHECK(!jv_json_to_msg(&google__protobuf__value__descriptor, "\"abc\\", 5, 0, arena, &err));
}

static void json_counts(void)
{
    struct jv_err err = { 0 };
    struct jv_buf b = repeat("[", 1);

    add(&b, "0,", JV_MAX_ELEMENTS - 2);
    jv_buf_str(&b, "0]");
    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_OK);
    b.data[b.len - 1] = ',';
    jv_buf_str(&b, "0]");
    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "JSON has more than 65536 values");
    b = repeat("{}", JV_MAX_ELEMENTS);
    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_INVALID_ARGUMENT);
}

static void json_size(void)
{
    struct jv_err err = { 0 };
    struct jv_buf b = repeat(" ", JV_MAX_BODY);

    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_OK);
    jv_buf_str(&b, " ");
    CHECK_INT(jv_json_scan(b.data, b.len, &err), JV_RESOURCE_EXHAUSTED);
    CHECK_STR(err.text, "1048577 bytes are more than the limit of 1048576");
    CHECK_INT(jv_json_scan("", 0, &err), JV_OK);
}

/* ---- protobuf ------------------------------------------------------------------------------- */

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *bytes, *text; /* NULL: nothing is wrong */
} bad_wire[] = {
    { &a2a__part__descriptor, "0a", "text: is cut short (byte 1)" },
    { &a2a__part__descriptor, "0a05616263", "text: is cut short (byte 2)" },
    { &a2a__part__descriptor, "0affffffff0f61", "text: is cut short (byte 6)" },
    { &a2a__part__descriptor, "0affffffffffffffffff0161", "text: is cut short (byte 6)" },
    { &a2a__part__descriptor, "0a02c328", "text: is not UTF-8 text (byte 2)" },
    { &a2a__part__descriptor, "0a03610062", "text: is not UTF-8 text (byte 2)" },
    { &a2a__part__descriptor, "0a03eda080", "text: is not UTF-8 text (byte 2)" },
    { &a2a__part__descriptor, "0801", "text: has a wrong wire type (byte 1)" },
    { &a2a__part__descriptor, "0b0c", "text: has a wrong wire type (byte 1)" },
    { &a2a__part__descriptor, "f303f403", "has an unknown wire type (byte 2)" },
    { &a2a__part__descriptor, "f603", "has an unknown wire type (byte 2)" },
    { &a2a__part__descriptor, "f703", "has an unknown wire type (byte 2)" },
    { &a2a__part__descriptor, "0001", "a tag is broken (byte 1)" },
    { &a2a__part__descriptor, "80", "a tag is broken (byte 1)" },
    { &a2a__part__descriptor, "ffffffffff0f", "a tag is broken (byte 5)" },
    { &a2a__part__descriptor, "ffffffff7f", "a tag is broken (byte 5)" },
    { &a2a__part__descriptor, "f803ffffffffffffffffffff01", "is cut short (byte 12)" },
    { &a2a__part__descriptor, "f903000000", "is cut short (byte 2)" },
    { &a2a__part__descriptor, "fd03000000", "is cut short (byte 2)" },
    { &a2a__send_message_request__descriptor, "12032a010a",
      "message.parts.text: is cut short (byte 5)" },
    { &a2a__send_message_request__descriptor, "12052a030a0161", NULL },
    { &a2a__send_message_request__descriptor, "12052a030a01ff",
      "message.parts.text: is not UTF-8 text (byte 6)" },
    { &a2a__send_message_request__descriptor, "12001200", "message: is given twice (byte 4)" },
    { &a2a__send_message_request__descriptor, "12052a030a02", "message: is cut short (byte 2)" },
    { &orchestrator__explain_reply__descriptor, "120700000000000000",
      "confidence: is a broken packed list" },
    { &scalars_type, "82010180", "many: is a broken packed list" },
    { &scalars_type, "8201028001", NULL },
    { &scalars_type, "800105800106", NULL }, /* not packed: as good */
};

static void broken_wire(void)
{
    for (size_t i = 0; i < JV_COUNT(bad_wire); i++) {
        unsigned char bytes[64];
        size_t n = unhex(bad_wire[i].bytes, bytes);
        struct jv_err err = { 0 };
        int r = jv_wire_scan(bad_wire[i].type, bytes, n, &err);

        if (!bad_wire[i].text) {
            CHECK_OR(r == JV_OK, printf("# %s: %s\n", bad_wire[i].bytes, err.text));
            continue;
        }
        CHECK_OR(r == JV_INVALID_ARGUMENT, printf("# accepted: %s\n", bad_wire[i].bytes));
        CHECK_HAS(err.text, bad_wire[i].text);
        CHECK(!jv_unpack(bad_wire[i].type, bytes, n, arena, &err));
    }
}

/* n lists in lists, innermost empty: each is Value{list_value} { ListValue{values} ... } */
static size_t nested_lists(unsigned char *end, size_t n, unsigned char **start)
{
    unsigned char *p = end;
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) {
            unsigned char head[8];
            size_t h = 0, v = len;

            if (i == 0 && k == 0)
                continue; /* the innermost list is empty */
            head[h++] = k ? 0x32 : 0x0a;
            do
                head[h++] = (unsigned char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
            while (v >>= 7);
            p -= h;
            memcpy(p, head, h);
            len += h;
        }
    *start = p;
    return len;
}

static void wire_depth(void)
{
    static unsigned char room[1 << 20];
    const ProtobufCMessageDescriptor *type = &google__protobuf__value__descriptor;
    unsigned char *p;
    struct jv_err err = { 0 };
    size_t n = nested_lists(room + sizeof(room), 51, &p);

    CHECK(n <= 245);
    CHECK_INT(jv_wire_scan(type, p, n, &err), JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "is nested too deeply");
    CHECK_HAS(err.field, "list_value.values.list_value.values");
    n = nested_lists(room + sizeof(room), 100000, &p);
    CHECK_INT(jv_wire_scan(type, p, n, &err), JV_INVALID_ARGUMENT);
    CHECK(!jv_unpack(type, p, n, arena, &err));
    n = nested_lists(room + sizeof(room), 48, &p); /* as deep as is allowed: all the way through */
    CHECK_OR(jv_unpack(type, p, n, arena, &err), return );
    CHECK(jv_msg_to_json(jv_unpack(type, p, n, arena, &err), 0, arena, NULL));
    CHECK(jv_msg_to_struct(jv_unpack(type, p, n, arena, &err), 0, arena));
}

static void wire_counts(void)
{
    unsigned char *bytes = jv_arena_alloc(arena, 400000);
    struct jv_err err = { 0 };

    for (size_t i = 0; i < JV_MAX_ELEMENTS + 1; i++) { /* empty parts */
        bytes[2 * i] = 0x2a;
        bytes[2 * i + 1] = 0;
    }
    CHECK_INT(jv_wire_scan(&a2a__message__descriptor, bytes, 2 * JV_MAX_ELEMENTS, &err), JV_OK);
    CHECK_INT(jv_wire_scan(&a2a__message__descriptor, bytes, 2 * JV_MAX_ELEMENTS + 2, &err),
              JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "there are too many values");
    memcpy(bytes, "\x82\x01\x84\x80\x04", 5); /* a packed list of 65540 */
    memset(bytes + 5, 1, 65540);
    CHECK_INT(jv_wire_scan(&scalars_type, bytes, 5 + 65540, &err), JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "there are too many values");
    bytes[2] = 0x80;
    bytes[3] = 0xff;
    bytes[4] = 0x03; /* 65408 */
    CHECK_INT(jv_wire_scan(&scalars_type, bytes, 5 + 65408, &err), JV_OK);
    CHECK_INT(jv_wire_scan(&scalars_type, bytes, JV_MAX_BODY + 1, &err), JV_RESOURCE_EXHAUSTED);
    CHECK_INT(jv_wire_scan(&scalars_type, NULL, 0, &err), JV_OK);
}

/* Bytes that one element of the list costs, the value that a map's entry is given included. */
static size_t cost(const ProtobufCFieldDescriptor *f)
{
    const ProtobufCMessageDescriptor *d = f->descriptor, *value;

    if (f->label != PROTOBUF_C_LABEL_REPEATED || f->type != PROTOBUF_C_TYPE_MESSAGE || f->id > 15)
        return 0;
    value = d->n_fields == 2 && d->fields[1].type == PROTOBUF_C_TYPE_MESSAGE
                    ? d->fields[1].descriptor
                    : NULL;
    return d->sizeof_message + (value ? value->sizeof_message : 0);
}

/* The most memory that a message within the limits can ask for is less than a handler has. */
static void amplification(void)
{
    const ProtobufCMessageDescriptor *worst = NULL;
    uint8_t *bytes = jv_arena_alloc(arena, 2 * JV_MAX_ELEMENTS);
    struct jv_arena *a = jv_arena_new(64 << 20);
    struct jv_err err = { 0 };
    size_t most = 0;

    collect_types();
    for (size_t i = 0; i < n_all_types; i++)
        for (unsigned j = 0; j < all_types[i]->n_fields; j++) {
            const ProtobufCFieldDescriptor *f = &all_types[i]->fields[j];

            if (cost(f) <= most)
                continue;
            most = cost(f);
            worst = all_types[i];
            for (size_t k = 0; k < JV_MAX_ELEMENTS; k++)
                bytes[2 * k] = (uint8_t)(f->id << 3 | 2);
        }
    CHECK_OR(worst && most > 200, return );
    /* A map of nothing but one key is refused, but only after it was unpacked. */
    CHECK(jv_unpack(worst, bytes, 2 * JV_MAX_ELEMENTS, a, &err) || strstr(err.text, "twice"));
    CHECK_OR(jv_arena_used(a) < 32 << 20,
             printf("# %s takes %zu bytes\n", worst->name, jv_arena_used(a)));
    jv_arena_free(a);
}

/* ---- maps ----------------------------------------------------------------------------------- */

static void maps(void)
{
    unsigned char bytes[64];
    struct jv_err err = { 0 };
    Google__Protobuf__Struct *s;
    size_t n = unhex("0a030a0161", bytes); /* a key without a value */

    s = (void *)jv_unpack(&google__protobuf__struct__descriptor, bytes, n, arena, &err);
    CHECK_OR(s && s->n_fields == 1 && s->fields[0]->value, return );
    CHECK_STR(jv_msg_to_json(&s->base, 0, arena, NULL), "{\"a\":null}");
    n = unhex("0a030a0161"
              "0a030a0162"
              "0a030a0161",
              bytes);
    CHECK(!jv_unpack(&google__protobuf__struct__descriptor, bytes, n, arena, &err));
    CHECK_STR(err.text, "fields: has the key \"a\" twice");
    n = unhex("0a00"
              "0a00",
              bytes);
    CHECK(!jv_unpack(&google__protobuf__struct__descriptor, bytes, n, arena, &err));
}

static void *on_small_stack(void *fn)
{
    ((void (*)(void))(uintptr_t)fn)();
    return NULL;
}

static void run_small(void (*fn)(void))
{
    pthread_attr_t attr;
    pthread_t t;

    fresh_arena();
    pthread_attr_init(&attr);
    CHECK_INT(pthread_attr_setstacksize(&attr, 100 * 1024), 0);
    CHECK_OR(pthread_create(&t, &attr, on_small_stack, (void *)(uintptr_t)fn) == 0, return );
    pthread_join(t, NULL);
    pthread_attr_destroy(&attr);
}

TEST(json_depth)
{
    run_small(json_depth);
}
TEST(json_strings_hide_brackets)
{
    run_small(json_strings_hide_brackets);
}
TEST(json_counts)
{
    run_small(json_counts);
}
TEST(json_size)
{
    run_small(json_size);
}
TEST(broken_wire)
{
    run_small(broken_wire);
}
TEST(wire_depth)
{
    run_small(wire_depth);
}
TEST(wire_counts)
{
    run_small(wire_counts);
}
TEST(amplification)
{
    run_small(amplification);
}
TEST(maps)
{
    run_small(maps);
}

/* Long text is looked at eight bytes at a time. */
TEST(bad_bytes_are_found_at_every_place)
{
    static const char bad[] = { '\0', '\x80', '\xff', '\xc3' };
    char text[26] = "abcdefghijklmnopqrstuvwxyz";

    CHECK(jv_is_utf8(text, sizeof(text)));
    for (size_t i = 0; i < sizeof(text); i++)
        for (size_t j = 0; j < sizeof(bad); j++) {
            char saved = text[i];

            text[i] = bad[j];
            CHECK_OR(!jv_is_utf8(text, sizeof(text)), printf("# %zu %zu\n", i, j));
            text[i] = saved;
        }
}

/* Members seen are kept in 64 bits. */
TEST(types_have_at_most_64_members)
{
    collect_types();
    for (size_t i = 0; i < n_all_types; i++)
        CHECK_OR(all_types[i]->n_fields <= 64, printf("# %s\n", all_types[i]->name));
}

TEST_MAIN()
