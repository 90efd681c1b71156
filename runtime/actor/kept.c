/* kept.c -- reading the audit stream with JetStream's own questions, in JSON (ADR-31 of NATS). */
#include "jv/kept.h"

#include <stdlib.h>
#include <string.h>

#include <google/protobuf/struct.pb-c.h>

#include "actor/engine.h"

enum { NO_MESSAGE = 10037, NOT_FOUND = 404, MOST = 2 * JV_AUDIT_MOST + 8192 };

/* The answer as an object; "error" in it is one. */
static int ask(struct jv_ctx *ctx, const char *what, const char *body,
               const Google__Protobuf__Struct **ret, const char **ret_raw)
{
    char *subject = jv_arena_printf(ctx->arena, "$JS.API.%s." JV_AUDIT_STREAM, what);
    struct jv_bus_msg *m;
    int r = jv_request_raw(ctx, subject, body, strlen(body), &m);

    if (r)
        return r;
    if (ret_raw)
        *ret_raw = m->data;
    if (m->len > MOST)
        return jv_fail(ctx, JV_DATA_LOSS, "JetStream's answer has %zu bytes", m->len);
    *ret = (const void *)jv_json_to_msg(&google__protobuf__struct__descriptor,
                                        m->len ? m->data : "", m->len, JV_JSON_SNAKE, ctx->arena,
                                        &ctx->err);
    return *ret ? JV_OK : jv_fail_at(ctx, JV_UNAVAILABLE, "the answer of JetStream");
}

static const Google__Protobuf__Struct *member(const Google__Protobuf__Struct *s, const char *name)
{
    const Google__Protobuf__Value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

static int64_t number(const Google__Protobuf__Struct *s, const char *name)
{
    const Google__Protobuf__Value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
                           v->number_value < 9007199254740992.0
                   ? (int64_t)v->number_value
                   : 0;
}

static int refused(struct jv_ctx *ctx, const Google__Protobuf__Struct *error)
{
    const char *why = jv_struct_text(error, "description");

    if (number(error, "err_code") == NO_MESSAGE || number(error, "code") == NOT_FOUND)
        return jv_fail(ctx, JV_NOT_FOUND, "nothing more is kept");
    return jv_fail(ctx, JV_UNAVAILABLE, "JetStream: %.80s", why ? why : "an error");
}

int jv_kept_made(struct jv_ctx *ctx, const char **ret)
{
    const Google__Protobuf__Struct *s, *error;
    int r = ask(ctx, "STREAM.INFO", "", &s, NULL);

    if (r)
        return r;
    error = member(s, "error");
    *ret = jv_struct_text(s, "created");
    if (error || !*ret)
        return jv_fail(ctx, JV_UNAVAILABLE, "the stream " JV_AUDIT_STREAM " is not there");
    return JV_OK;
}

static int read_message(struct jv_ctx *ctx, const Google__Protobuf__Struct *m, struct jv_kept *ret)
{
    const char *subject = jv_struct_text(m, "subject"), *data = jv_struct_text(m, "data");
    const char *at = jv_struct_text(m, "time");
    size_t prefix = strlen(ctx->node->prefix) + 1;
    uint8_t *bytes = NULL;
    int64_t len = data ? jv_base64_decode(ctx->arena, data, strlen(data), &bytes) : 0, s;
    int32_t ns;

    *ret = (struct jv_kept){ .seq = number(m, "seq"), .data = "" };
    if (!ret->seq || !subject || strlen(subject) <= prefix || len < 0)
        return jv_fail(ctx, JV_UNAVAILABLE, "the answer of JetStream cannot be read");
    ret->subject = subject + prefix;
    if (at && !jv_time_parse(at, &s, &ns))
        ret->at_ms = s * 1000 + ns / 1000000;
    if (len > 0) {
        ret->data = jv_arena_strndup(ctx->arena, (const char *)bytes, (size_t)len);
        ret->len = (size_t)len;
    }
    return JV_OK;
}

/* Larger than any record: it is one of no content, and the next ones are read. Its number stands
 * before its data. */
static int pass_by(struct jv_ctx *ctx, const char *raw, int64_t after, struct jv_kept *ret)
{
    const char *data = strstr(raw, "\"data\":"), *seq = strstr(raw, "\"seq\":");

    *ret = (struct jv_kept){ .subject = "", .data = "", .at_ms = jv_real_ms(ctx) };
    if (seq && data && seq < data)
        ret->seq = strtoll(seq + strlen("\"seq\":"), NULL, 10);
    if (ret->seq <= after)
        return jv_fail(ctx, JV_UNAVAILABLE, "the answer of JetStream cannot be read");
    jv_warn(ctx, "record %lld is too large to be one", (long long)ret->seq);
    return JV_OK;
}

int jv_kept_next(struct jv_ctx *ctx, int64_t after, struct jv_kept *ret)
{
    const Google__Protobuf__Struct *s, *error, *m;
    char *body = jv_arena_printf(ctx->arena, "{\"seq\":%lld,\"next_by_subj\":\"%s.audit.>\"}",
                                 (long long)after + 1, ctx->node->prefix);
    const char *raw;
    int r = ask(ctx, "STREAM.MSG.GET", body, &s, &raw);

    if (r == JV_DATA_LOSS)
        return pass_by(ctx, raw, after, ret);
    if (r)
        return r;
    error = member(s, "error");
    m = member(s, "message");
    if (error || !m)
        return refused(ctx, error ? error : s);
    return read_message(ctx, m, ret);
}
