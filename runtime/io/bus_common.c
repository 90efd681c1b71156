/* bus_common.c -- what both back ends share: checks, subjects, and the way to them. */
#include "io/bus_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <google/protobuf/struct.pb-c.h>

#include "jv/wire.h"

bool jv_bus_is_subject(const char *subject, bool pattern)
{
    size_t len = subject ? strnlen(subject, JV_BUS_MAX_SUBJECT + 1) : 0;
    size_t token = 0; /* bytes of the token so far */

    if (!len || len > JV_BUS_MAX_SUBJECT)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = subject[i];
        bool last = i + 1 == len, ends = last || subject[i + 1] == '.';

        if ((unsigned char)c <= ' ' || c == 0x7f)
            return false;
        if ((c == '*' || c == '>') && (!pattern || token || !ends || (c == '>' && !last)))
            return false;
        if (c == '.' && (!token || last))
            return false;
        token = c == '.' ? 0 : token + 1;
    }
    return true;
}

bool jv_bus_matches(const char *pattern, const char *subject)
{
    for (;;) {
        size_t p = strcspn(pattern, "."), s = strcspn(subject, ".");

        if (p == 1 && *pattern == '>')
            return true;
        if (!(p == 1 && *pattern == '*') && (p != s || memcmp(pattern, subject, p) != 0))
            return false;
        if (!pattern[p] || !subject[s])
            return !pattern[p] && !subject[s];
        pattern += p + 1;
        subject += s + 1;
    }
}

bool jv_bus_make_inbox(struct jv_bus *b, const char *name)
{
    uint8_t random[11];
    char hex[2 * sizeof(random) + 1];

    if (!name || !jv_is_token(name))
        return false;
    jv_random(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(hex + 2 * i, 3, "%02x", random[i]);
    snprintf(b->inbox, sizeof(b->inbox), "_INBOX.%s.%s", name, hex);
    return true;
}

bool jv_bus_is_own(const struct jv_bus *b, const char *subject)
{
    size_t n = strlen(b->inbox);

    return strncmp(subject, b->inbox, n) == 0 && (subject[n] == '.' || !subject[n]);
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

bool jv_bus_is_clean(const char *value)
{
    while (*value && !is_control(*value))
        value++;
    return !*value;
}

bool jv_bus_is_blank(const char *value)
{
    while (*value == ' ' || (*value && is_control(*value)))
        value++;
    return !*value;
}

char *jv_bus_header_value(const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        abort();
    for (char *c = copy; *c; c++)
        if (is_control(*c))
            *c = ' ';
    return copy;
}

/* ---- the face of bus.h ------------------------------------------------------------------- */

const char *jv_bus_header(const struct jv_bus_msg *m, const char *name)
{
    const struct jv_bus_foreign *f = m->foreign_;

    return f->header(m, name);
}

struct jv_bus_msg *jv_bus_keep(struct jv_bus_msg *m)
{
    const struct jv_bus_foreign *f = m->foreign_;

    return f->keep(m);
}

void jv_bus_release(struct jv_bus_msg *m)
{
    const struct jv_bus_foreign *f = m ? m->foreign_ : NULL;

    if (f)
        f->release(m);
}

struct jv_bus *jv_bus_free(struct jv_bus *b)
{
    if (b)
        b->ops->free(b);
    return NULL;
}

const char *jv_bus_inbox(const struct jv_bus *b)
{
    return b->inbox;
}

bool jv_bus_connected(const struct jv_bus *b)
{
    return b->ops->connected(b);
}

static int check_headers(const struct jv_header *headers, size_t n)
{
    size_t size = 0;

    if (n > JV_BUS_MAX_HEADERS)
        return JV_RESOURCE_EXHAUSTED;
    for (size_t i = 0; i < n; i++) {
        if (!headers[i].value || !jv_is_token(headers[i].name))
            return JV_INVALID_ARGUMENT;
        size += strlen(headers[i].name) + strlen(headers[i].value);
    }
    return size > JV_BUS_HEADER_SIZE ? JV_RESOURCE_EXHAUSTED : JV_OK;
}

int jv_bus_publish(struct jv_bus *b, const char *subject, const char *reply,
                   const struct jv_header *headers, size_t n_headers, const void *data, size_t len)
{
    const struct jv_bus_out out = { subject, reply, headers, n_headers, data, len };
    int r = check_headers(headers, n_headers);

    if (!jv_bus_is_subject(subject, false) || (reply && !jv_bus_is_subject(reply, false)))
        return JV_INVALID_ARGUMENT;
    if (len > JV_BUS_MAX_BODY)
        return JV_RESOURCE_EXHAUSTED;
    return r ? r : b->ops->publish(b, &out);
}

struct jv_bus_sub *jv_bus_subscribe(struct jv_bus *b, const char *subject, const char *queue,
                                    jv_bus_fn fn, void *arg)
{
    if (!jv_bus_is_subject(subject, true) || (queue && !jv_bus_is_subject(queue, false)))
        return NULL;
    return b->ops->subscribe(b, subject, queue, fn, arg, false);
}

struct jv_bus_sub *jv_bus_subscribe_direct(struct jv_bus *b, const char *subject, jv_bus_fn fn,
                                           void *arg)
{
    if (!jv_bus_is_subject(subject, true) || !jv_bus_is_own(b, subject))
        return NULL;
    return b->ops->subscribe(b, subject, NULL, fn, arg, true);
}

void jv_bus_unsubscribe(struct jv_bus *b, struct jv_bus_sub *s)
{
    if (s)
        b->ops->unsubscribe(b, s);
}

void jv_bus_drain(struct jv_bus *b, struct jv_bus_sub *s, void (*done)(void *), void *arg)
{
    b->ops->drain(b, s, done, arg);
}

bool jv_bus_thread_safe_publish(const struct jv_bus *b)
{
    return b->ops->thread_safe_publish;
}

bool jv_bus_has_streams(const struct jv_bus *b)
{
    return b->ops->stream;
}

/* {"stream":"JARVIS_AUDIT","seq":17} */
bool jv_bus_is_kept(const struct jv_bus_msg *m)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    const Google__Protobuf__Struct *s = NULL;
    const Google__Protobuf__Value *seq = NULL;
    bool yes;

    if (!m->status && m->len)
        s = (const void *)jv_json_to_msg(&google__protobuf__struct__descriptor, m->data, m->len,
                                         JV_JSON_SNAKE, a, NULL);
    if (s && !jv_struct_get(s, "error"))
        seq = jv_struct_get(s, "seq");
    /* 0: the same one was said before and is still on its way */
    yes = seq && seq->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
          seq->number_value > 0;
    jv_arena_free(a);
    return yes;
}

int jv_bus_stream(struct jv_bus *b, const char *stream, const char *const *subjects,
                  const struct jv_stream_limits *limits, struct jv_err *err)
{
    if (!jv_is_token(stream))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "a stream's name is letters, digits, _ and -");
    if (!b->ops->stream)
        return jv_err_set(err, JV_UNIMPLEMENTED, "this bus has no JetStream");
    return b->ops->stream(b, stream, subjects, limits, err);
}
