/* fuzz_envelope.c -- headers and error bodies from anybody. The input is lines: one per header in
 * the order of `names`, then the body. */
#include <assert.h>
#include <string.h>

#include "jv/wire.h"
#include "wire/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { JV_H_TRACEPARENT,  JV_H_DEADLINE, JV_H_AUTHORIZATION,
                                     JV_H_CONTENT_TYPE, JV_H_ERROR,    JV_H_ERROR_CODE };

struct input {
    const char *values[JV_COUNT(names)];
    const char *body;
    size_t len;
};

static const char *get(void *arg, const char *name)
{
    const struct input *in = arg;

    for (size_t i = 0; i < JV_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return in->values[i];
    return NULL;
}

static void split(struct input *in, struct jv_arena *a, const char *data, size_t size)
{
    for (size_t i = 0; i < JV_COUNT(names); i++) {
        const char *end = size ? memchr(data, '\n', size) : NULL;
        size_t n = end ? (size_t)(end - data) : 0;

        if (!end)
            break;
        in->values[i] = n ? jv_arena_strndup(a, data, n) : NULL;
        data += n + 1;
        size -= n + 1;
    }
    in->body = data;
    in->len = size;
}

static void check_error(const struct input *in, struct jv_arena *a)
{
    struct jv_err err = { 0 }, back = { 0 };
    const uint8_t *bytes;
    size_t n;

    jv_err_from_status(&err, get((void *)(uintptr_t)in, JV_H_ERROR_CODE),
                       get((void *)(uintptr_t)in, JV_H_ERROR), in->body, in->len);
    assert(err.code > JV_OK && err.code <= JV_UNAUTHENTICATED && err.text[0]);
    bytes = jv_pack(jv_err_to_status(&err, "t", a), a, &n);
    jv_err_from_status(&back, NULL, NULL, bytes, n);
    assert(back.code == err.code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(64 << 20);
    struct input in = { 0 };
    struct jv_envelope e;
    struct jv_err err = { 0 };
    char trace[56];

    split(&in, a, (const char *)data, size);
    if (jv_envelope_read(&e, get, &in, in.len ? (unsigned char)in.body[0] : 0, &err))
        assert(err.text[0] && !e.token);
    assert(strlen(e.trace_id) == 32 && strlen(e.span_id) == 16);
    jv_trace_print(&e, trace);
    assert(strlen(trace) == 55);
    check_error(&in, a);
    jv_arena_free(a);
    return 0;
}
