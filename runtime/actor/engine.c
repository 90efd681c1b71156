/* engine.c -- one message: from the bus to a handler and back. */
#include "actor/engine.h"

#include <stdio.h>
#include <string.h>

#include <google/protobuf/empty.pb-c.h>

#include "actor/audit.h"
#include "actor/message.h"
#include "base/log.h"

/* ---- answering ------------------------------------------------------------------------------ */

bool jv_may_answer(const struct jv_bus_msg *m)
{
    static const char inbox[] = "_INBOX.";

    if (!m->reply || strncmp(m->reply, inbox, sizeof(inbox) - 1) == 0)
        return true;
    jv_logf(JV_LOG_WARN, "a question on %s is dropped: it wants its answer on %.64s", m->subject,
            m->reply);
    return false;
}

static int answer(struct jv_ctx *ctx, const struct jv_header *headers, size_t n, const void *data,
                  size_t len)
{
    if (!ctx->msg->reply)
        return JV_OK;
    ctx->out_len += len;
    return jv_bus_publish(ctx->node->bus, ctx->msg->reply, NULL, headers, n, data, len);
}

/* protobuf without headers, JSON with its type. An empty part of a stream is told from the stream's
 * end by its header. */
static int answer_msg(struct jv_ctx *ctx, const void *msg, bool part, int64_t event_id)
{
    struct jv_header headers[2];
    char id[24];
    size_t len, n = 0;
    const void *data =
            ctx->env.json ? (const void *)jv_msg_to_json(msg, ctx->method->json, ctx->arena, &len)
                          : jv_pack(msg, ctx->arena, &len);

    if (ctx->env.json)
        headers[n++] = (struct jv_header){ JV_H_CONTENT_TYPE, "application/json" };
    else if (part && !len)
        headers[n++] = (struct jv_header){ JV_H_CONTENT_TYPE, "application/protobuf" };
    if (event_id) {
        snprintf(id, sizeof(id), "%lld", (long long)event_id);
        headers[n++] = (struct jv_header){ JV_H_EVENT_ID, id };
    }
    return answer(ctx, headers, n, data, len);
}

/* A2A has 400 for every bad request. */
static int http_number(const struct jv_ctx *ctx)
{
    int http = jv_code_http(ctx->err.code);

    return http == 422 && strcmp(ctx->method->service, "a2a") == 0 ? 400 : http;
}

static int answer_error(struct jv_ctx *ctx)
{
    char code[12];
    const void *status = jv_err_to_status(&ctx->err, ctx->env.trace_id, ctx->arena);
    const char *text = jv_get_text(status, "message");
    struct jv_header headers[] = {
        { JV_H_ERROR, text ? text : "" },
        { JV_H_ERROR_CODE, code },
        { JV_H_CONTENT_TYPE, ctx->env.json ? "application/json" : "application/protobuf" },
    };
    const void *data;
    size_t len;

    snprintf(code, sizeof(code), "%d", http_number(ctx));
    data = ctx->env.json ? (const void *)jv_msg_to_json(status, JV_JSON_CAMEL, ctx->arena, &len)
                         : jv_pack(status, ctx->arena, &len);
    return answer(ctx, headers, JV_COUNT(headers), data, len);
}

static int not_sent(struct jv_ctx *ctx, int code)
{
    if (code == JV_RESOURCE_EXHAUSTED)
        return jv_fail(ctx, code, "the answer is larger than one message may be");
    return jv_fail(ctx, JV_UNAVAILABLE, "the bus is away");
}

int jv_emit(struct jv_ctx *ctx, const void *part)
{
    return jv_emit_event(ctx, part, 0);
}

/* May a part be said now? */
static int may_emit(struct jv_ctx *ctx)
{
    if (!ctx->method || !ctx->method->streams || !ctx->msg)
        return jv_fail(ctx, JV_INTERNAL, "this method does not stream");
    if (jv_fiber_cancelled(ctx->fiber))
        return jv_fail(ctx, JV_CANCELLED, "cancelled");
    if (jv_left_ms(ctx) == 0)
        return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "out of time");
    return JV_OK;
}

int jv_emit_event(struct jv_ctx *ctx, const void *part, int64_t event_id)
{
    int r = may_emit(ctx);

    if (r)
        return r;
    ctx->told_ms = jv_loop_mono_ms(ctx->node->loop);
    r = answer_msg(ctx, part, true, event_id);
    return r ? not_sent(ctx, r) : JV_OK;
}

static int emit_as_json(struct jv_ctx *ctx, const void *data, size_t len, int64_t event_id)
{
    struct jv_arena *whole = ctx->arena;
    ProtobufCMessage *msg;
    int r;

    ctx->arena = jv_arena_new(JV_ARENA_LIMIT); /* of this part alone: a stream may be long */
    msg = jv_unpack(ctx->method->out, data, len, ctx->arena, &ctx->err);
    r = msg ? jv_emit_event(ctx, msg, event_id) : ctx->err.code;
    jv_arena_free(ctx->arena);
    ctx->arena = whole;
    return r;
}

int jv_emit_packed(struct jv_ctx *ctx, const void *data, size_t len, int64_t event_id)
{
    struct jv_header h[2];
    char id[24];
    int r = may_emit(ctx);

    if (r)
        return r;
    if (ctx->env.json)
        return emit_as_json(ctx, data, len, event_id);
    snprintf(id, sizeof(id), "%lld", (long long)event_id);
    h[0] = (struct jv_header){ JV_H_EVENT_ID, id };
    h[1] = (struct jv_header){ JV_H_CONTENT_TYPE, "application/protobuf" };
    ctx->told_ms = jv_loop_mono_ms(ctx->node->loop);
    r = answer(ctx, h, 2, data, len);
    return r ? not_sent(ctx, r) : JV_OK;
}

/* Streams that have said nothing for a while say that they are still there. */
void jv_streams_alive(struct jv_node *n)
{
    static const struct jv_header alive[] = { { JV_H_ALIVE, "1" } };
    int64_t now = jv_loop_mono_ms(n->loop);

    for (struct jv_ctx *ctx = n->alive; ctx; ctx = ctx->next)
        if (ctx->method && ctx->method->streams && ctx->msg && !ctx->answered &&
            now - ctx->told_ms >= JV_ALIVE_MS) {
            ctx->told_ms = now;
            jv_may_fail(answer(ctx, alive, 1, "", 0));
        }
}

/* Answers for a handler that ended with `code`; returns what came of it. An answer that cannot
 * leave is followed by silence: UNAVAILABLE would say that nothing was done. So is an error in a
 * stream: the end alone would look like success. */
static int finish(struct jv_ctx *ctx, int code, const ProtobufCMessage *ret)
{
    bool streams = ctx->method->streams;
    int r = JV_OK;

    ctx->answered = true;
    if (!code && !streams) {
        r = answer_msg(ctx, ret, false, 0);
        code = r ? not_sent(ctx, r) : JV_OK;
    }
    ctx->err.code = code;
    if (code && r != JV_UNAVAILABLE)
        r = answer_error(ctx);
    if (streams && !r)
        (void)answer(ctx, NULL, 0, "", 0);
    return code;
}

/* ---- counting ------------------------------------------------------------------------------- */

static void count(struct jv_ctx *ctx, int code)
{
    struct jv_method *m = ctx->method;
    int64_t us = jv_mono_us() - ctx->began_us;
    char spent[24], in[24], out[24];

    snprintf(spent, sizeof(spent), "%lld", (long long)us);
    snprintf(in, sizeof(in), "%zu", ctx->msg->len);
    snprintf(out, sizeof(out), "%zu", ctx->out_len);
    jv_log(code == JV_INTERNAL || code == JV_DATA_LOSS ? JV_LOG_ERROR : JV_LOG_INFO, "msg",
           "method", m->name, "code", jv_code_name(code), "us", spent, "who",
           ctx->caller.signed_in ? ctx->caller.username : NULL, "trace", ctx->env.trace_id, "in",
           in, "out", out, "err", code ? ctx->err.text : NULL, NULL);
    m->n_requests++;
    m->processing_ns += (uint64_t)us * 1000;
    if (code) {
        m->n_errors++;
        snprintf(m->last_error, sizeof(m->last_error), "%d:%.110s", jv_code_http(code),
                 ctx->err.text);
    }
}

/* ---- handling ------------------------------------------------------------------------------- */

ProtobufCMessage *jv_decode(struct jv_ctx *ctx, const struct jv_method *m)
{
    unsigned strict = strcmp(m->service, "svc") == 0 ? JV_JSON_STRICT : 0;
    const char *data = ctx->msg->len ? ctx->msg->data : "";
    ProtobufCMessage *req;

    if (ctx->msg->len > JV_MAX_BODY) {
        jv_err_set(&ctx->err, JV_RESOURCE_EXHAUSTED, "the message is larger than %d bytes",
                   JV_MAX_BODY);
        return NULL;
    }
    if (ctx->env.json && !ctx->msg->len)
        req = jv_msg_new(m->in, ctx->arena);
    else if (ctx->env.json)
        req = jv_json_to_msg(m->in, data, ctx->msg->len, m->json | strict, ctx->arena, &ctx->err);
    else
        req = jv_unpack(m->in, data, ctx->msg->len, ctx->arena, &ctx->err);
    return req;
}

/* An agent's messages are for everybody when it says so; its tools' own rules hold all the same. */
static bool is_open(const struct jv_ctx *ctx, const struct jv_method *m)
{
    const struct jv_agent *g = ctx->node->actor->agent;

    return m->row->allow.kind == JV_ACCESS_ANYONE || m->row->allow.kind == JV_ACCESS_ACTOR ||
           (g && g->flags & JV_AGENT_OPEN && strcmp(m->service, "a2a") == 0);
}

int jv_check_tool(struct jv_ctx *ctx, const struct jv_method *m, ProtobufCMessage *req)
{
    const struct jv_method *before = ctx->serving;
    int r;

    ctx->serving = m;
    r = is_open(ctx, m) ? JV_OK : jv_authorize(ctx, m->row, req);
    if (!r)
        r = jv_validate_as(req, m->json, &ctx->err);
    ctx->serving = before;
    return r;
}

int jv_invoke_tool(struct jv_ctx *ctx, const struct jv_method *m, const void *req, void *ret)
{
    const struct jv_method *before = ctx->serving;
    uint32_t limit = m->row->timeout_ms, usual = ctx->node->actor->timeout_ms;
    int64_t deadline = ctx->deadline;
    int r;

    ctx->serving = m;
    if (!limit && !(m->row->flags & JV_TOOL_LONG))
        limit = usual ? usual : JV_DEFAULT_TIMEOUT_MS;
    if (limit)
        jv_within(ctx, limit);
    r = m->row->handler(ctx, req, ret);
    jv_db_settle(ctx);
    ctx->deadline = deadline;
    ctx->serving = before;
    return r;
}

int jv_run_tool(struct jv_ctx *ctx, const struct jv_method *m, ProtobufCMessage *req, void *ret)
{
    int r = jv_check_tool(ctx, m, req);

    return r ? r : jv_invoke_tool(ctx, m, req, ret);
}

static const char *header(void *arg, const char *name)
{
    return jv_bus_header(arg, name);
}

static int open_envelope(struct jv_ctx *ctx)
{
    struct jv_node *n = ctx->node;
    const struct jv_bus_msg *m = ctx->msg;
    uint32_t limit = ctx->method->row->timeout_ms;
    int first = m->len ? *(const unsigned char *)m->data : 0, r;
    int64_t now = jv_loop_mono_ms(n->loop);

    r = jv_envelope_read(&ctx->env, header, ctx->msg, first, &ctx->err);
    if (!limit)
        limit = n->actor->timeout_ms ? n->actor->timeout_ms : JV_DEFAULT_TIMEOUT_MS;
    ctx->deadline = now + limit;
    if (!r && ctx->env.deadline_ms) {
        int64_t left = ctx->env.deadline_ms - jv_loop_real_ms(n->loop);

        if (left <= 0)
            return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "the deadline had passed before it began");
        if (left < limit)
            ctx->deadline = now + left;
    }
    return r;
}

static int handle(struct jv_ctx *ctx, ProtobufCMessage **ret)
{
    struct jv_method *m = ctx->method;
    ProtobufCMessage *req;
    int r = open_envelope(ctx);

    if (r == JV_UNAUTHENTICATED)
        jv_audit_token(ctx);
    if (!r && !is_open(ctx, m))
        r = jv_authenticate(ctx);
    if (!r && strcmp(m->service, "a2a") == 0)
        r = jv_agent_admit(ctx);
    if (r)
        return r;
    req = jv_decode(ctx, m);
    if (!req)
        return ctx->err.code;
    *ret = jv_msg_new(m->out, ctx->arena);
    r = jv_run_tool(ctx, m, req, *ret);
    if (!r && jv_arena_overflowed(ctx->arena))
        r = jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "the answer needs too much memory");
    return r;
}

static void message_main(void *arg)
{
    struct jv_ctx *ctx = arg;
    struct jv_node *n = ctx->node;
    ProtobufCMessage *ret = NULL;
    int r;

    ctx->fiber = jv_fiber_self();
    atomic_store_explicit(&n->running, ctx->method->name, memory_order_relaxed);
    r = handle(ctx, &ret);
    r = finish(ctx, r, ret);
    count(ctx, r);
    jv_ctx_end(ctx);
    n->inflight--;
    jv_node_idle(n);
}

/* A stream's end is told, too: stream is of the method that is asked for. */
static void refuse(struct jv_node *n, struct jv_bus_msg *m, int code, const char *why, bool stream)
{
    struct jv_header headers[2];
    char number[12];

    if (!m->reply)
        return;
    snprintf(number, sizeof(number), "%d", jv_code_http(code));
    headers[0] = (struct jv_header){ JV_H_ERROR, why };
    headers[1] = (struct jv_header){ JV_H_ERROR_CODE, number };
    jv_may_fail(jv_bus_publish(n->bus, m->reply, NULL, headers, 2, "", 0));
    if (stream)
        jv_may_fail(jv_bus_publish(n->bus, m->reply, NULL, NULL, 0, "", 0));
}

/* jarvis.<svc|a2a>.<name>.<Method> */
void jv_on_request(void *arg, struct jv_bus_msg *m)
{
    struct jv_node *n = arg;
    const char *name = strrchr(m->subject, '.') + 1;
    const char *tree = m->subject + strlen(n->prefix) + 1;
    struct jv_method *method =
            jv_find_method(n, strncmp(tree, "a2a.", 4) == 0 ? "a2a" : "svc", name);
    uint32_t limit = n->actor->max_inflight ? n->actor->max_inflight : JV_DEFAULT_INFLIGHT;
    struct jv_ctx *ctx;

    if (!jv_may_answer(m))
        return;
    if (!method) {
        refuse(n, m, JV_UNIMPLEMENTED, "there is no such method", false);
        return;
    }
    if (n->inflight >= limit) {
        method->n_requests++;
        method->n_errors++;
        refuse(n, m, JV_RESOURCE_EXHAUSTED, "too many messages are under way", method->streams);
        return;
    }
    n->inflight++;
    ctx = jv_ctx_new(n);
    ctx->method = method;
    ctx->msg = jv_bus_keep(m);
    ctx->told_ms = jv_loop_mono_ms(n->loop);
    ctx->fiber = jv_fiber_start(n->loop, message_main, ctx);
}
