/* fuzz_json.c -- JSON -> message -> JSON and bytes -> the same message; errors say something. */
#include "fuzz/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct jv_err *err)
{
    assert(err->code == JV_INVALID_ARGUMENT || err->code == JV_RESOURCE_EXHAUSTED);
    assert(err->text[0]);
    assert(jv_is_utf8(err->text, strlen(err->text)));
    assert(jv_is_utf8(err->field, strlen(err->field)));
}

/* What was printed is read again and is the same, in every style. */
static void check_message(const ProtobufCMessage *msg, struct jv_arena *a)
{
    static const unsigned styles[] = { JV_JSON_CAMEL, JV_JSON_SNAKE | JV_JSON_DEFAULTS };
    struct jv_err err = { 0 };
    size_t n, m, len;
    const uint8_t *bytes = jv_pack(msg, a, &n), *again;
    const ProtobufCMessage *back = jv_unpack(msg->descriptor, bytes, n, a, &err);

    assert(back);
    for (size_t i = 0; i < JV_COUNT(styles); i++) {
        const char *json = jv_msg_to_json(msg, styles[i], a, &len);

        back = jv_json_to_msg(msg->descriptor, json, len, JV_JSON_STRICT, a, &err);
        if (!back && len > JV_MAX_BODY) /* defaults and escapes may make it longer */
            continue;
        assert(back);
        again = jv_pack(back, a, &m);
        assert(n == m && memcmp(bytes, again, n) == 0);
    }
    if (jv_validate(msg, &err))
        check_error(&err);
}

/* What came in as a message has a canonical text, which is JSON and its own canonical text. */
static void check_canonical(const ProtobufCMessage *msg, struct jv_arena *a)
{
    struct jv_err err = { 0 };
    size_t n, m;
    const char *text = jv_jcs(jv_msg_to_struct(msg, JV_JSON_CAMEL, a), a, &n, &err), *again;
    const void *back;

    assert(text);
    back = jv_json_to_msg(&google__protobuf__struct__descriptor, text, n, 0, a, &err);
    if (!back && n > JV_MAX_BODY)
        return;
    assert(back);
    again = jv_jcs(back, a, &m, &err);
    assert(again && n == m && memcmp(text, again, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(256 << 20);
    struct jv_err err = { 0 };
    const ProtobufCMessage *msg;

    if (size) {
        msg = jv_json_to_msg(fuzz_type(*data), (const char *)data + 1, size - 1,
                             *data & 0x80 ? JV_JSON_STRICT : 0, a, &err);
        if (msg) {
            check_message(msg, a);
            check_canonical(msg, a);
        } else {
            check_error(&err);
        }
    }
    jv_arena_free(a);
    return 0;
}
