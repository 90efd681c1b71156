/* fuzz_wire.c -- any bytes -> scan, unpack; what passes can be printed, packed and read again. */
#include "fuzz/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const ProtobufCMessage *msg, struct jv_arena *a)
{
    struct jv_err err = { 0 };
    size_t n, m;
    const uint8_t *bytes = jv_pack(msg, a, &n), *again;
    const ProtobufCMessage *back;
    const char *json;

    if (n > JV_MAX_BODY) /* numbers of ten bytes that needed fewer */
        return;
    back = jv_unpack(msg->descriptor, bytes, n, a, &err);
    assert(back);
    again = jv_pack(back, a, &m);
    assert(n == m && memcmp(bytes, again, n) == 0);
    json = jv_msg_to_json(msg, JV_JSON_CAMEL | JV_JSON_DEFAULTS, a, &n);
    assert(jv_is_utf8(json, n));
    assert(jv_msg_to_struct(msg, JV_JSON_SNAKE, a));
    assert(!jv_validate(msg, &err) || err.field[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(256 << 20);
    struct jv_err err = { 0 };
    const ProtobufCMessage *msg;

    if (size) {
        msg = jv_unpack(fuzz_type(*data), data + 1, size - 1, a, &err);
        if (msg)
            check_message(msg, a);
        else
            assert(err.code && err.text[0] && jv_is_utf8(err.text, strlen(err.text)));
    }
    jv_arena_free(a);
    return 0;
}
