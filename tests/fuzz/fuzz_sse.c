/* fuzz_sse.c -- events are the same whether the bytes come at once or cut in two or one by one. */
#include <assert.h>
#include <string.h>

#include "actors/llm/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int note(void *arg, const char *event, const char *data, size_t len)
{
    struct jv_buf *b = arg;

    assert(data[len] == '\0');
    jv_buf_printf(b, "<%s|", event);
    jv_buf_add(b, data, len);
    jv_buf_char(b, '>');
    return JV_OK;
}

static struct jv_buf feed(struct jv_arena *a, const char *p, size_t n, size_t piece)
{
    struct jv_buf b = jv_buf_new(a);
    struct sse s;
    int r = JV_OK;

    sse_init(&s, a);
    for (size_t i = 0; i < n && !r; i += piece)
        r = sse_feed(&s, p + i, n - i < piece ? n - i : piece, note, &b);
    assert(!r || r == JV_RESOURCE_EXHAUSTED);
    return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jv_arena *a = jv_arena_new(256 << 20);
    const char *p = (const char *)data;
    struct jv_buf whole = feed(a, p, size, size + 1), ones = feed(a, p, size, 1),
                  halves = feed(a, p, size, size / 2 + 1);

    assert(whole.len == ones.len && memcmp(whole.data, ones.data, ones.len) == 0);
    assert(whole.len == halves.len && memcmp(whole.data, halves.data, halves.len) == 0);
    jv_arena_free(a);
    return 0;
}
