/* sse.c -- events out of a stream of bytes: "event:" and "data:" lines up to an empty one. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

static const char mark[] = "\xef\xbb\xbf";

void sse_init(struct sse *s, struct jv_arena *a)
{
    *s = (struct sse){ .line = jv_buf_new(a), .data = jv_buf_new(a) };
}

static void forget(struct jv_buf *b)
{
    b->len = 0;
    b->data[0] = '\0';
}

struct taker {
    int (*take)(void *arg, const char *event, const char *data, size_t len);
    void *arg;
};

static int end_event(struct sse *s, const struct taker *t)
{
    int r = s->some ? t->take(t->arg, s->event, s->data.data, s->data.len) : JV_OK;

    forget(&s->data);
    s->some = false;
    s->event[0] = '\0';
    return r;
}

/* "name: value"; one space after the colon is not of the value. */
static int end_line(struct sse *s, const struct taker *t)
{
    const char *line = s->line.data, *value = line + s->line.len;
    size_t name = strcspn(line, ":");

    if (!s->line.len)
        return end_event(s, t);
    if (name < s->line.len)
        value = line + name + 1 + (line[name + 1] == ' ');
    if (name == 4 && memcmp(line, "data", 4) == 0) {
        size_t n = (size_t)(line + s->line.len - value);

        if (s->data.len + n + 1 > max_event)
            return JV_RESOURCE_EXHAUSTED;
        if (s->some)
            jv_buf_char(&s->data, '\n');
        jv_buf_add(&s->data, value, n);
        s->some = true;
    } else if (name == 5 && memcmp(line, "event", 5) == 0) {
        snprintf(s->event, sizeof(s->event), "%s", value);
    }
    forget(&s->line);
    return JV_OK;
}

/* Bytes at p that are of this line; where it ends is not among them. */
static size_t line_part(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && p[i] != '\n' && p[i] != '\r')
        i++;
    return i;
}

/* The mark at the beginning is left out, once; a stream that only begins like it is kept. */
static size_t skip_mark(struct sse *s, const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && s->bom < 3 && p[i] == mark[s->bom]) {
        s->bom++;
        i++;
    }
    if (i < n && s->bom < 3) {
        jv_buf_add(&s->line, mark, s->bom);
        s->bom = 3;
    }
    return i;
}

int sse_feed(struct sse *s, const char *p, size_t n,
             int (*take)(void *arg, const char *event, const char *data, size_t len), void *arg)
{
    const struct taker t = { take, arg };
    size_t i = skip_mark(s, p, n);
    int r = JV_OK;

    while (i < n && !r) {
        size_t part = line_part(p + i, n - i);

        if (s->cr && !part && p[i] == '\n') { /* of CR LF */
            s->cr = false;
            i++;
            continue;
        }
        if (s->line.len + part > max_event)
            return JV_RESOURCE_EXHAUSTED;
        jv_buf_add(&s->line, p + i, part);
        i += part;
        s->cr = i < n && p[i] == '\r';
        if (i < n) {
            i++;
            r = end_line(s, &t);
        }
    }
    return r;
}
