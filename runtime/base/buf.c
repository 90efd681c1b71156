/* buf.c -- text or bytes that grow in an arena. */
#include "jv/base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { first_cap = 64 };

struct jv_buf jv_buf_new(struct jv_arena *a)
{
    return (struct jv_buf){ a, jv_arena_alloc(a, first_cap), 0, first_cap };
}

/* Room for n more bytes and the NUL. */
static void reserve(struct jv_buf *b, size_t n)
{
    size_t cap = b->cap;
    char *data;

    assert(n < SIZE_MAX / 4);
    if (b->len + n + 1 <= cap)
        return;
    while (b->len + n + 1 > cap)
        cap *= 2;
    data = jv_arena_alloc(b->arena, cap);
    memcpy(data, b->data, b->len);
    b->data = data;
    b->cap = cap;
}

void jv_buf_add(struct jv_buf *b, const void *p, size_t n)
{
    if (!n)
        return;
    reserve(b, n);
    memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void jv_buf_str(struct jv_buf *b, const char *s)
{
    jv_buf_add(b, s, strlen(s));
}

void jv_buf_char(struct jv_buf *b, char c)
{
    jv_buf_add(b, &c, 1);
}

void jv_buf_printf(struct jv_buf *b, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
    va_end(args);
    assert(n >= 0);
    if ((size_t)n >= b->cap - b->len) {
        reserve(b, (size_t)n);
        va_start(args, fmt);
        vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
        va_end(args);
    }
    b->len += (size_t)n;
}
