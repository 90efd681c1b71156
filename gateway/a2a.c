/* a2a.c -- an A2A operation: negotiated, carried out on the bus, answered in its binding. */
#include "a2a.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

#include "v03.h"

/* ---- by the path ---------------------------------------------------------------------------- */

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static bool is_card(const char *path)
{
    return strstr(path, "/.well-known/") != NULL;
}

/* What the agent's interface has at the root of a conformance gateway. */
static bool is_root_operation(const struct head *h)
{
    return begins(h->path, "/message:") || begins(h->path, "/tasks") ||
           begins(h->path, "/extendedAgentCard") ||
           (strcmp(h->path, "/") == 0 && strcmp(h->method, "POST") == 0);
}

enum binding a2a_binding(const struct head *h, bool conformance)
{
    const char *agent = h->path + strlen("/a2a/"), *rest;

    if (is_card(h->path))
        return BINDING_OWN;
    if (!begins(h->path, "/a2a/")) {
        if (!conformance || !is_root_operation(h))
            return BINDING_OWN;
        return h->path[1] ? BINDING_A2A_REST : BINDING_A2A_RPC;
    }
    rest = strchr(agent, '/');
    return !rest || !rest[1] ? BINDING_A2A_RPC : BINDING_A2A_REST;
}

bool a2a_agent(struct a2a *op)
{
    struct request *rq = op->rq;
    struct jv_err err = { 0 };
    int r = JV_NOT_FOUND;

    op->agent = rq->members[0];
    if (jv_is_token(op->agent))
        r = card_known(rq->gw, op->agent, &err);
    if (r == JV_OK)
        return true;
    if (r == JV_NOT_FOUND)
        reply_problem(rq, 404, JV_NOT_FOUND, NULL, "there is no agent %.64s", op->agent);
    else
        reply_error(rq, &err);
    return false;
}

/* ---- negotiation ---------------------------------------------------------------------------- */

/* Several headers are one list, as always in HTTP, and a list is no version. */
static const char *version_said(const struct request *rq)
{
    const struct head *h = &rq->head;
    const char *said = NULL;

    for (size_t i = 0; i < h->n_headers; i++)
        if (strcasecmp(h->headers[i].name, "A2A-Version") == 0)
            said = said && strcmp(said, h->headers[i].value) != 0
                           ? jv_arena_printf(rq->a, "%s, %s", said, h->headers[i].value)
                           : h->headers[i].value;
    for (size_t i = 0; !said && i < rq->target.n_params; i++)
        if (strcasecmp(rq->target.params[i].name, "A2A-Version") == 0)
            said = rq->target.params[i].value;
    return said ? said : "";
}

/* "1.0" and "1.0.7" are 1.0: a patch is not looked at. */
static bool is_version(const char *said, const char *version)
{
    size_t n = strlen(version);

    if (strncmp(said, version, n) != 0)
        return false;
    if (said[n] == '.' && said[n + 1])
        n += 1 + strspn(said + n + 1, "0123456789");
    return said[n + strspn(said + n, " \t")] == '\0';
}

const char *a2a_version(const struct request *rq, struct jv_err *err)
{
    static const char *const known[] = { "", "1.0", "0.3" };
    const char *said = version_said(rq);

    said += strspn(said, " \t");
    for (size_t i = 0; i < JV_COUNT(known); i++)
        if (is_version(said, known[i]))
            return known[i];
    jv_err_field(err, JV_FAILED_PRECONDITION, "A2A-Version",
                 "A2A-Version: %.32s is not spoken here; 1.0 and 0.3 are", said);
    if (err)
        snprintf(err->reason, sizeof(err->reason), "VERSION_NOT_SUPPORTED");
    return NULL;
}

static bool is_media_type(const char *type, const char *name)
{
    size_t n = strcspn(type, "; \t");

    return strlen(name) == n && strncasecmp(type, name, n) == 0;
}

/* The kit of the protocol sends JSON as text/plain and takes an answer or 1.0.0's 415, not 1.0.1's
 * 400: there any JSON will do. */
static bool is_json_anyway(const struct request *rq)
{
    return rq->gw->set.conformance && jv_json_to_msg(&google__protobuf__value__descriptor, rq->body,
                                                     rq->body_len, 0, rq->a, NULL);
}

bool a2a_takes_type(struct request *rq)
{
    const char *type = head_get(&rq->head, "Content-Type");
    struct jv_err err = { .code = JV_INVALID_ARGUMENT,
                          .field = "Content-Type",
                          .text = "Content-Type: must be application/json or application/a2a+json",
                          .reason = "CONTENT_TYPE_NOT_SUPPORTED" };

    if (!type || !rq->body_len || is_media_type(type, "application/json") ||
        is_media_type(type, "application/a2a+json") || is_json_anyway(rq))
        return true;
    reply_error(rq, &err);
    return false;
}

/* Of one member of Accept: its weight in thousandths; 0 when it is another type. */
static int weight(const char *item, size_t len, const char *type)
{
    size_t n = strcspn(item, ",; \t");
    const char *q;
    double w;

    if (n != strlen(type) || strncasecmp(item, type, n) != 0)
        return 0;
    q = memmem(item, len, "q=", 2);
    w = q ? strtod(q + 2, NULL) : 1;
    return !(w > 0) ? 0 : w < 1 ? (int)(w * 1000) : 1000; /* any number may be said, and none */
}

static int accepts(const char *accept, const char *type, size_t *ret_at)
{
    *ret_at = 0;
    for (const char *p = accept; *p; (*ret_at)++) {
        size_t n;
        int w;

        p += strspn(p, ", \t");
        n = strcspn(p, ",");
        w = weight(p, n, type);
        if (w > 0)
            return w;
        p += n;
    }
    return 0;
}

/* application/a2a+json for those who name it before the other; all else can read plain JSON. */
const char *a2a_json_type(const struct request *rq)
{
    const char *accept = head_get(&rq->head, "Accept");
    size_t own_at, plain_at;
    int own, plain;

    if (!accept || rq->binding == BINDING_A2A_RPC)
        return "application/json";
    own = accepts(accept, "application/a2a+json", &own_at);
    plain = accepts(accept, "application/json", &plain_at);
    return own > plain || (own && own == plain && own_at < plain_at) ? "application/a2a+json"
                                                                     : "application/json";
}

/* 0.3 clients have a header of their own. */
static void take_extensions(struct a2a *op)
{
    struct jv_buf b = jv_buf_new(op->rq->a);
    const struct head *h = &op->rq->head;

    for (size_t i = 0; i < h->n_headers; i++)
        if (strcasecmp(h->headers[i].name, "A2A-Extensions") == 0 ||
            strcasecmp(h->headers[i].name, "X-A2A-Extensions") == 0)
            jv_buf_printf(&b, "%s%s", b.len ? "," : "", h->headers[i].value);
    op->extensions = b.len ? b.data : NULL;
}

static void tell_extensions(struct a2a *op)
{
    struct request *rq = op->rq;
    const char *active;

    if (!op->extensions)
        return;
    active = card_extensions(rq->gw, op->agent, op->extensions, rq->a);
    if (active)
        reply_header(rq, op->legacy ? "X-A2A-Extensions" : "A2A-Extensions", active);
}

bool a2a_last_event_id(struct request *rq, int64_t *ret)
{
    const char *id = head_get(&rq->head, "Last-Event-ID");
    size_t len = id ? strlen(id) : 0;
    struct jv_err err = { 0 };

    *ret = 0;
    if (!len)
        return true;
    if (len <= 15 && strspn(id, "0123456789") == len) { /* as on the bus */
        *ret = strtoll(id, NULL, 10);
        return true;
    }
    jv_err_field(&err, JV_INVALID_ARGUMENT, "Last-Event-ID",
                 "Last-Event-ID: is not the id of an event");
    reply_error(rq, &err);
    return false;
}

/* ---- answers -------------------------------------------------------------------------------- */

void a2a_reply_error(struct request *rq, int http, const struct jv_err *err)
{
    struct jv_buf b = jv_buf_new(rq->a);

    if (rq->binding == BINDING_A2A_RPC) {
        const char *error = a2a_error_rpc(err, rq->legacy, rq->trace_id, rq->a);

        a2a_rpc_envelope(rq, &b, "error", error, strlen(error));
    } else {
        jv_buf_str(&b, a2a_error_rest(err, http, rq->trace_id, rq->a));
    }
    reply(rq, http, a2a_json_type(rq), b.data, b.len);
}

static void answer(struct a2a *op, const ProtobufCMessage *msg)
{
    struct request *rq = op->rq;
    struct jv_buf b = jv_buf_new(rq->a);
    size_t len;
    char *json;

    if (op->silent) {
        reply(rq, 204, NULL, NULL, 0);
        return;
    }
    json = op->legacy ? v03_result(op->method, msg, rq->a, &len)
                      : jv_msg_to_json(msg, JV_JSON_CAMEL, rq->a, &len);
    if (rq->binding == BINDING_A2A_RPC)
        a2a_rpc_envelope(rq, &b, "result", json, len);
    else
        jv_buf_add(&b, json, len);
    reply(rq, 200, a2a_json_type(rq), b.data, b.len);
}

static void call(struct a2a *op)
{
    struct request *rq = op->rq;
    const struct gw_settings *set = &rq->gw->set;
    bool waits = strcmp(op->method, "SendMessage") == 0;
    const struct jv_call_options o = { .token = rq->caller.token,
                                       .traceparent = rq->traceparent,
                                       .timeout_ms = (int)(waits ? set->chat_ms : set->request_ms),
                                       .a2a_version = "1.0",
                                       .a2a_extensions = op->extensions };
    struct jv_err err = { 0 };
    ProtobufCMessage *ret = NULL;
    int r = jv_client_call(rq->gw->client, &a2a__a2_aservice__descriptor, op->agent, op->method,
                           op->msg, &ret, &o, rq->a, &err);

    if (r && !op->silent) {
        reply_error(rq, &err);
        return;
    }
    if (!r && strcmp(op->method, "GetExtendedAgentCard") == 0)
        card_complete(rq->gw, op->agent, (A2a__AgentCard *)ret, rq->a);
    tell_extensions(op);
    answer(op, ret);
}

void a2a_run(struct a2a *op)
{
    take_extensions(op);
    if (!jv_method_streams(&a2a__a2_aservice__descriptor, op->method)) {
        call(op);
        return;
    }
    tell_extensions(op);
    a2a_stream(op);
}
