/* envelope.c -- what travels beside a message: deadline, trace, token, content type. */
#include "wire/envelope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- trace ---------------------------------------------------------------------------------- */

static void random_hex(char *out, size_t bytes)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[16];

    do { /* all zero means none */
        jv_random(raw, bytes);
    } while (raw[0] == 0);
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = hex[raw[i] >> 4];
        out[2 * i + 1] = hex[raw[i] & 15];
    }
    out[2 * bytes] = '\0';
}

/* n lower-case hex digits, not all zero, ended by `end`. */
static bool is_id(const char *s, size_t n, char end)
{
    return strspn(s, "0123456789abcdef") == n && strspn(s, "0") < n && s[n] == end;
}

static bool is_flags(const char *s)
{
    return strspn(s, "0123456789abcdef") == 2 && s[2] == '\0';
}

void jv_trace_root(struct jv_envelope *e)
{
    random_hex(e->trace_id, 16);
    random_hex(e->span_id, 8);
    e->parent_id[0] = '\0';
    e->sampled = true;
}

void jv_trace_child(struct jv_envelope *e, const struct jv_envelope *parent)
{
    memmove(e->trace_id, parent->trace_id, sizeof(e->trace_id));
    memmove(e->parent_id, parent->span_id, sizeof(e->parent_id));
    e->sampled = parent->sampled;
    random_hex(e->span_id, 8);
}

void jv_trace_print(const struct jv_envelope *e, char out[56])
{
    snprintf(out, 56, "00-%.32s-%.16s-%s", e->trace_id, e->span_id, e->sampled ? "01" : "00");
}

/* 00-<32 hex>-<16 hex>-<2 hex>; anything else starts a new trace. */
static void read_trace(struct jv_envelope *e, const char *s)
{
    if (!s || strncmp(s, "00-", 3) != 0 || !is_id(s + 3, 32, '-') || !is_id(s + 36, 16, '-') ||
        !is_flags(s + 53)) {
        jv_trace_root(e);
        return;
    }
    memcpy(e->trace_id, s + 3, 32);
    e->trace_id[32] = '\0';
    memcpy(e->parent_id, s + 36, 16);
    e->parent_id[16] = '\0';
    e->sampled = strchr("13579bdf", s[54]) != NULL;
    random_hex(e->span_id, 8);
}

/* ---- the rest ------------------------------------------------------------------------------- */

/* A header that is a number, if it is there. */
static int read_number(int64_t *ret, const char *s, const char *name, const char *what,
                       struct jv_err *err)
{
    size_t n = s ? strspn(s, "0123456789") : 0;

    *ret = 0;
    if (!s)
        return JV_OK;
    if (!n || n > 15 || s[n])
        return jv_err_field(err, JV_INVALID_ARGUMENT, name, "header %s is no %s", name, what);
    *ret = strtoll(s, NULL, 10);
    return JV_OK;
}

static int read_token(struct jv_envelope *e, const char *s, struct jv_err *err)
{
    static const char scheme[] = "Bearer ";
    const char *token;

    e->token = NULL;
    if (!s)
        return JV_OK;
    token = s + sizeof(scheme) - 1;
    if (strncasecmp(s, scheme, sizeof(scheme) - 1) != 0 || !*token ||
        token[strcspn(token, " \t\r\n,")])
        return jv_err_set(err, JV_UNAUTHENTICATED,
                          "header " JV_H_AUTHORIZATION " is not \"Bearer <token>\"");
    e->token = token;
    return JV_OK;
}

static bool is_json(const char *type, int first)
{
    static const struct {
        const char *name;
        bool json;
    } types[] = {
        { "application/json", true },
        { "application/a2a+json", true },
        { "application/protobuf", false },
        { "application/x-protobuf", false },
    };
    size_t n = type ? strcspn(type, "; \t") : 0;

    for (size_t i = 0; i < JV_COUNT(types); i++)
        if (n == strlen(types[i].name) && strncasecmp(type, types[i].name, n) == 0)
            return types[i].json;
    return first == '{';
}

int jv_envelope_read(struct jv_envelope *e, const char *(*get)(void *arg, const char *name),
                     void *arg, int first, struct jv_err *err)
{
    int r;

    *e = (struct jv_envelope){ 0 };
    read_trace(e, get(arg, JV_H_TRACEPARENT));
    e->json = is_json(get(arg, JV_H_CONTENT_TYPE), first);
    e->a2a_version = get(arg, JV_H_A2A_VERSION);
    e->a2a_extensions = get(arg, JV_H_A2A_EXTENSIONS);
    e->msg_id = get(arg, JV_H_MSG_ID);
    e->parent_task = get(arg, JV_H_PARENT_TASK);
    r = read_number(&e->deadline_ms, get(arg, JV_H_DEADLINE), JV_H_DEADLINE,
                    "unix time in milliseconds", err);
    if (!r)
        r = read_number(&e->last_event_id, get(arg, JV_H_LAST_EVENT_ID), JV_H_LAST_EVENT_ID,
                        "event's number", err);
    return r ? r : read_token(e, get(arg, JV_H_AUTHORIZATION), err);
}
