/* sink_text.c -- JSON text: quoting, numbers, commas. */
#include "wire/sink.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- strings -------------------------------------------------------------------------------- */

/* Bytes at s that can stand as they are. */
static size_t plain_run(const unsigned char *s, size_t n)
{
    size_t i = 0;

    while (i < n && s[i] >= 0x20 && s[i] < 0x80 && s[i] != '"' && s[i] != '\\')
        i++;
    return i;
}

/* Length of the valid UTF-8 character at s, 0 when it is none. */
static size_t character(const unsigned char *s, size_t n)
{
    size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

    return len <= n && jv_is_utf8((const char *)s, len) ? len : 0;
}

static void escape(struct jv_buf *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    static const char hex[] = "0123456789abcdef";
    const char *p = c ? strchr(from, c) : NULL;
    char out[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

    if (p)
        out[1] = to[p - from];
    jv_buf_add(b, out, p ? 2 : 6);
}

void jv_json_quote(struct jv_buf *b, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;

    jv_buf_char(b, '"');
    while (n) {
        size_t run = plain_run(s, n);

        if (!run && *s >= 0x80)
            run = character(s, n);
        if (run) {
            jv_buf_add(b, s, run);
        } else {
            run = 1;
            if (*s >= 0x80)
                jv_buf_str(b, "\xef\xbf\xbd"); /* no character: U+FFFD keeps the text valid */
            else
                escape(b, *s);
        }
        s += run;
        n -= run;
    }
    jv_buf_char(b, '"');
}

/* ---- numbers -------------------------------------------------------------------------------- */

static size_t print_integer(int64_t n, char out[32])
{
    char *p = out + 31, *end = p;
    uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    size_t len;

    do
        *--p = (char)('0' + u % 10);
    while (u /= 10);
    if (n < 0)
        *--p = '-';
    len = (size_t)(end - p);
    memmove(out, p, len);
    out[len] = '\0';
    return len;
}

size_t jv_print_real(double d, bool single, char out[32])
{
    if (d == 0 && signbit(d)) /* "-0" would be read as the integer */
        return (size_t)snprintf(out, 32, "-0.0");
    if (fabs(d) < 1e15 && d == (double)(int64_t)d)
        return print_integer((int64_t)d, out);
    for (int digits = single ? 6 : 15;; digits++) {
        int n = snprintf(out, 32, "%.*g", digits, d);

        if (digits >= (single ? 9 : 17) ||
            (single ? strtof(out, NULL) == (float)d : strtod(out, NULL) == d))
            return (size_t)n;
    }
}

/* ---- the sink ------------------------------------------------------------------------------- */

static struct jv_buf *next(struct jv_sink *sink)
{
    struct jv_text_sink *s = (struct jv_text_sink *)(void *)sink;

    if (s->comma)
        jv_buf_char(&s->buf, ',');
    s->comma = true;
    return &s->buf;
}

static void set_comma(struct jv_sink *sink, bool comma)
{
    ((struct jv_text_sink *)(void *)sink)->comma = comma;
}

static void begin(struct jv_sink *sink, bool object)
{
    jv_buf_char(next(sink), object ? '{' : '[');
    set_comma(sink, false);
}

static void end(struct jv_sink *sink, bool object)
{
    set_comma(sink, false);
    jv_buf_char(next(sink), object ? '}' : ']');
}

static void member(struct jv_sink *sink, const struct jv_name *name)
{
    jv_buf_add(next(sink), name->quoted, name->len + 3);
    set_comma(sink, false);
}

static void key(struct jv_sink *sink, const char *k)
{
    struct jv_buf *b = next(sink);

    jv_json_quote(b, k, strlen(k));
    jv_buf_char(b, ':');
    set_comma(sink, false);
}

static void text(struct jv_sink *sink, const char *p, size_t n)
{
    jv_json_quote(next(sink), p, n);
}

static void integer(struct jv_sink *sink, int64_t n)
{
    char out[32];
    size_t len = print_integer(n, out);

    jv_buf_add(next(sink), out, len);
}

static void real(struct jv_sink *sink, double d, bool single)
{
    char out[32];
    size_t len = jv_print_real(d, single, out);

    jv_buf_add(next(sink), out, len);
}

static void boolean(struct jv_sink *sink, bool b)
{
    jv_buf_str(next(sink), b ? "true" : "false");
}

static void null(struct jv_sink *sink)
{
    jv_buf_str(next(sink), "null");
}

static const struct jv_sink_ops ops = {
    begin, end, member, key, text, integer, real, boolean, null
};

void jv_text_sink_init(struct jv_text_sink *s, struct jv_arena *a)
{
    *s = (struct jv_text_sink){ .sink = { &ops, a }, .buf = jv_buf_new(a) };
}
