/* call.c -- asking somebody else and waiting for the answer: one private inbox per node, a table of
 * waiting fibers, a token per request. */
#include "actor/engine.h"

#include <ctype.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <a2a.pb-c.h>

#include "jv/task.h"

enum { MAX_SLOTS = 4096, MAX_ARRIVED = 1024 };

struct arrival {
    struct arrival *next;
    struct jv_bus_msg *msg;
};

struct slot {
    uint64_t token;  /* random: nobody guesses where the next answer goes; late ones fit no more */
    bool busy, lost; /* lost: the bus went away with the question, or too much came at once */
    bool stream;     /* more than one message comes */
    struct jv_fiber *fiber;
    struct arrival *first, *last; /* not taken yet */
    size_t n;
};

struct jv_slots {
    struct jv_node *node;
    struct jv_bus_sub *sub;
    struct slot *slots;
    size_t n;
    uint32_t *free;
    size_t n_free;
};

static void arrive(struct slot *t, struct jv_bus_msg *m)
{
    struct arrival *a;

    if (t->lost || (t->first && !t->stream))
        return;
    if (t->n == MAX_ARRIVED) {
        t->lost = true;
        jv_fiber_wake(t->fiber);
        return;
    }
    a = calloc(1, sizeof(*a));
    if (!a)
        abort();
    a->msg = jv_bus_keep(m);
    if (t->first)
        t->last->next = a;
    else
        t->first = a;
    t->last = a;
    t->n++;
    jv_fiber_wake(t->fiber);
}

/* NULL: nothing came that was not taken. */
static struct jv_bus_msg *take_arrival(struct slot *t)
{
    struct arrival *a = t->first;
    struct jv_bus_msg *m = a ? a->msg : NULL;

    if (!a)
        return NULL;
    t->first = a->next;
    t->n--;
    free(a);
    return m;
}

static void on_reply(void *arg, struct jv_bus_msg *m)
{
    struct jv_slots *s = arg;
    const char *token = strrchr(m->subject, '.');
    char *end;
    unsigned long i = token ? strtoul(token + 1, &end, 16) : ULONG_MAX;

    if (i >= s->n || *end != '-' || !s->slots[i].busy ||
        strtoull(end + 1, NULL, 16) != s->slots[i].token)
        return; /* nobody waits for this any more */
    arrive(&s->slots[i], m);
}

struct jv_slots *jv_slots_new(struct jv_node *n)
{
    struct jv_slots *s = calloc(1, sizeof(*s));
    char *subject = jv_arena_printf(n->keep, "%s.*", jv_bus_inbox(n->bus));

    if (!s)
        abort();
    s->node = n;
    s->sub = jv_bus_subscribe(n->bus, subject, NULL, on_reply, s);
    return s;
}

struct jv_slots *jv_slots_free(struct jv_slots *s)
{
    if (!s)
        return NULL;
    if (s->sub)
        jv_bus_unsubscribe(s->node->bus, s->sub);
    free(s->slots);
    free(s->free);
    free(s);
    return NULL;
}

/* Whoever waits learns at once that no answer will come. */
void jv_slots_lose(struct jv_slots *s)
{
    for (size_t i = 0; s && i < s->n; i++)
        if (s->slots[i].busy && (s->slots[i].stream || !s->slots[i].first)) {
            s->slots[i].lost = true;
            jv_fiber_wake(s->slots[i].fiber);
        }
}

static void *grow(void *p, size_t n, size_t size)
{
    void *q = realloc(p, n * size);

    if (!q)
        abort();
    return q;
}

static bool slot_take(struct jv_slots *s, uint32_t *ret)
{
    if (!s->n_free) {
        size_t n = s->n ? s->n * 2 : 64;

        if (s->n >= MAX_SLOTS)
            return false;
        s->slots = grow(s->slots, n, sizeof(*s->slots));
        s->free = grow(s->free, n, sizeof(*s->free));
        memset(s->slots + s->n, 0, (n - s->n) * sizeof(*s->slots));
        for (size_t i = n; i > s->n; i--)
            s->free[s->n_free++] = (uint32_t)(i - 1);
        s->n = n;
    }
    *ret = s->free[--s->n_free];
    s->slots[*ret].busy = true;
    s->slots[*ret].stream = false;
    jv_random(&s->slots[*ret].token, sizeof(s->slots[*ret].token));
    s->slots[*ret].fiber = jv_fiber_self();
    return true;
}

static void slot_give(struct jv_slots *s, uint32_t i)
{
    struct jv_bus_msg *m;

    while ((m = take_arrival(&s->slots[i])))
        jv_bus_release(m);
    s->slots[i].busy = s->slots[i].lost = false;
    s->slots[i].fiber = NULL;
    s->free[s->n_free++] = i;
}

/* ---- one request ---------------------------------------------------------------------------- */

static int send_request(struct jv_ctx *ctx, const char *subject, const char *reply, const void *req)
{
    struct jv_node *n = ctx->node;
    struct jv_envelope child;
    struct jv_header headers[5];
    size_t n_headers = 0, len;
    char trace[56], deadline[24];
    const uint8_t *data = jv_pack(req, ctx->arena, &len);

    jv_trace_child(&child, &ctx->env);
    jv_trace_print(&child, trace);
    headers[n_headers++] = (struct jv_header){ JV_H_TRACEPARENT, trace };
    snprintf(deadline, sizeof(deadline), "%lld",
             (long long)(jv_loop_real_ms(n->loop) + jv_left_ms(ctx)));
    headers[n_headers++] = (struct jv_header){ JV_H_DEADLINE, deadline };
    if (ctx->env.token && ctx->caller.signed_in && !ctx->as_actor)
        headers[n_headers++] =
                (struct jv_header){ JV_H_AUTHORIZATION,
                                    jv_arena_printf(ctx->arena, "Bearer %s", ctx->env.token) };
    if (jv_task_id(ctx)[0])
        headers[n_headers++] =
                (struct jv_header){ JV_H_PARENT_TASK,
                                    jv_arena_printf(ctx->arena, "%s/%s", n->actor->agent->token,
                                                    jv_task_id(ctx)) };
    return jv_bus_publish(n->bus, jv_arena_printf(ctx->arena, "%s.%s", n->prefix, subject), reply,
                          headers, n_headers, data, len);
}

static void release_msg(void *m)
{
    jv_bus_release(m);
}

static int take_reply(struct jv_ctx *ctx, const char *subject, struct jv_bus_msg *m,
                      const ProtobufCMessageDescriptor *out, void *ret)
{
    const char *code = jv_bus_header(m, JV_H_ERROR_CODE);
    ProtobufCMessage *reply;

    jv_arena_defer(ctx->arena, release_msg, m);
    if (m->status == 503)
        return jv_fail(ctx, JV_UNAVAILABLE, "nobody serves %s just now", subject);
    if (code) {
        jv_err_from_status(&ctx->err, code, jv_bus_header(m, JV_H_ERROR), m->data, m->len);
        return ctx->err.code;
    }
    if (jv_arena_overflowed(ctx->arena)) /* what children gather is all in here */
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "the answers need too much memory");
    reply = jv_unpack(out, m->data, m->len, ctx->arena, &ctx->err);
    if (!reply)
        return jv_fail_at(ctx, JV_INTERNAL, "the answer of %s", subject);
    memcpy(ret, &reply, sizeof(reply));
    return JV_OK;
}

/* Until somebody's message is in slot i, the bus is lost, or time is up. */
static int await_slot(struct jv_ctx *ctx, uint32_t i, struct jv_bus_msg **ret)
{
    struct jv_slots *s = ctx->node->slots;
    int r = JV_OK;

    while (!s->slots[i].first && !s->slots[i].lost && !r)
        r = jv_ctx_wait(ctx, ctx->deadline);
    *ret = take_arrival(&s->slots[i]);
    slot_give(s, i);
    return r;
}

static char *reply_subject(struct jv_ctx *ctx, uint32_t i)
{
    return jv_arena_printf(ctx->arena, "%s.%x-%llx", jv_bus_inbox(ctx->node->bus), i,
                           (unsigned long long)ctx->node->slots->slots[i].token);
}

/* A message to ourselves comes back behind everything this connection said before. */
int jv_settle(struct jv_ctx *ctx)
{
    struct jv_bus_msg *m = NULL;
    uint32_t i;

    if (!slot_take(ctx->node->slots, &i))
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too many calls are under way");
    jv_may_fail(jv_bus_publish(ctx->node->bus, reply_subject(ctx, i), NULL, NULL, 0, "", 0));
    jv_may_fail(await_slot(ctx, i, &m));
    if (!m)
        return jv_fail(ctx, JV_UNAVAILABLE, "the bus does not answer");
    jv_bus_release(m);
    return JV_OK;
}

struct question {
    const char *subject; /* under the prefix, unless it is raw */
    const void *req;     /* NULL: raw bytes */
    const char *raw;
    size_t raw_len;
};

static int send_question(struct jv_ctx *ctx, const struct question *q, const char *reply)
{
    if (q->req)
        return send_request(ctx, q->subject, reply, q->req);
    return jv_bus_publish(ctx->node->bus, q->subject, reply, NULL, 0, q->raw, q->raw_len);
}

/* Sent, with a slot for what comes. */
static int begin(struct jv_ctx *ctx, const struct question *q, bool stream, uint32_t *ret)
{
    struct jv_slots *s = ctx->node->slots;
    int r;

    if (!jv_bus_connected(ctx->node->bus))
        return jv_fail(ctx, JV_UNAVAILABLE, "the bus is away");
    if (!slot_take(s, ret))
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too many calls are under way");
    s->slots[*ret].stream = stream;
    r = send_question(ctx, q, reply_subject(ctx, *ret));
    if (!r)
        return JV_OK;
    slot_give(s, *ret);
    if (r == JV_RESOURCE_EXHAUSTED)
        return jv_fail(ctx, r, "the question to %s is larger than one message may be", q->subject);
    return jv_fail(ctx, JV_UNAVAILABLE, "cannot reach %s: the bus is away", q->subject);
}

/* Why nothing came: what the wait ended with. */
static int not_heard(struct jv_ctx *ctx, int r, const char *subject)
{
    if (!r)
        return jv_fail(ctx, JV_UNAVAILABLE, "the bus was lost while waiting for %s", subject);
    return r == JV_CANCELLED ? jv_fail(ctx, r, "cancelled while waiting for %s", subject)
                             : jv_fail(ctx, r, "%s did not answer in time", subject);
}

static int ask(struct jv_ctx *ctx, const struct question *q, struct jv_bus_msg **ret)
{
    uint32_t i;
    int r = begin(ctx, q, false, &i);

    if (r)
        return r;
    r = await_slot(ctx, i, ret);
    return *ret ? JV_OK : not_heard(ctx, r, q->subject);
}

int jv_request(struct jv_ctx *ctx, const char *subject, const void *req,
               const ProtobufCMessageDescriptor *out, void *ret)
{
    const struct question q = { .subject = subject, .req = req };
    struct jv_bus_msg *m;
    int r = ask(ctx, &q, &m);

    return r ? r : take_reply(ctx, subject, m, out, ret);
}

int jv_request_raw(struct jv_ctx *ctx, const char *subject, const char *data, size_t len,
                   struct jv_bus_msg **ret)
{
    const struct question q = { .subject = subject, .raw = data, .raw_len = len };
    int r = ask(ctx, &q, ret);

    if (r)
        return r;
    jv_arena_defer(ctx->arena, release_msg, *ret);
    if ((*ret)->status == 503)
        return jv_fail(ctx, JV_UNAVAILABLE, "nobody serves %s just now", subject);
    return JV_OK;
}

/* ---- by service ----------------------------------------------------------------------------- */

static const ProtobufCMethodDescriptor *rpc_of(const ProtobufCServiceDescriptor *s,
                                               const char *method)
{
    for (unsigned i = 0; i < s->n_methods; i++)
        if (strcmp(s->methods[i].name, method) == 0)
            return &s->methods[i];
    return NULL;
}

char *jv_service_subject(struct jv_arena *a, const ProtobufCServiceDescriptor *s,
                         const char *method)
{
    return jv_arena_printf(a, "svc.%s.%s", jv_lower(a, s->short_name), method);
}

/* "a2a:*" in .calls stands for every agent. */
bool jv_may_call(const struct jv_actor *a, const char *what)
{
    for (const char *const *c = a->calls; c && *c; c++)
        if (strcmp(*c, what) == 0 || (strcmp(*c, "a2a:*") == 0 && strncmp(what, "a2a:", 4) == 0))
            return true;
    return false;
}

static int may_call(struct jv_ctx *ctx, const char *what, const char *subject,
                    const ProtobufCMethodDescriptor *rpc)
{
    if (!rpc)
        return jv_fail(ctx, JV_INTERNAL, "there is no rpc behind %s", subject);
    if (!jv_may_call(ctx->node->actor, what))
        return jv_fail(ctx, JV_INTERNAL, "%s is not in the calls of actor %s", what,
                       ctx->node->actor->name);
    return JV_OK;
}

static int call(struct jv_ctx *ctx, const char *what, const char *subject,
                const ProtobufCMethodDescriptor *rpc, const void *req, void *ret)
{
    int r = may_call(ctx, what, subject, rpc);

    return r ? r : jv_request(ctx, subject, req, rpc->output, ret);
}

int jv_call(struct jv_ctx *ctx, const ProtobufCServiceDescriptor *service, const char *method,
            const void *req, void *ret)
{
    return call(ctx, jv_lower(ctx->arena, service->short_name),
                jv_service_subject(ctx->arena, service, method), rpc_of(service, method), req, ret);
}

int jv_a2a(struct jv_ctx *ctx, const char *token, const char *method, const void *req, void *ret)
{
    if (!jv_is_token(token))
        return jv_fail(ctx, JV_INVALID_ARGUMENT, "an agent's token is letters, digits, _ and -");
    return call(ctx, jv_arena_printf(ctx->arena, "a2a:%s", token),
                jv_arena_printf(ctx->arena, "a2a.%s.%s", token, method),
                rpc_of(&a2a__a2_aservice__descriptor, method), req, ret);
}

/* ---- a stream -------------------------------------------------------------------------------- */

struct stream {
    struct jv_ctx *ctx;
    const char *subject;
    const ProtobufCMessageDescriptor *out;
    uint32_t slot;
    int64_t idle_ms, until; /* mono ms */
    int (*take)(void *arg, const void *part);
    void *arg;
};

/* The next message, until the deadline or for as long as a stream may say nothing. */
static int next_message(struct stream *s, struct jv_bus_msg **ret)
{
    struct slot *t;
    int64_t until = s->until;
    int r = JV_OK;

    if (s->idle_ms && jv_loop_mono_ms(s->ctx->node->loop) + s->idle_ms < until)
        until = jv_loop_mono_ms(s->ctx->node->loop) + s->idle_ms;
    for (;;) { /* the table may have grown meanwhile */
        t = &s->ctx->node->slots->slots[s->slot];
        *ret = take_arrival(t);
        if (*ret || t->lost || r)
            break;
        r = jv_ctx_wait(s->ctx, until);
    }
    return *ret ? JV_OK : not_heard(s->ctx, r, s->subject);
}

/* One message of it; *ret_end: it was the last. */
static int hear(struct stream *s, struct jv_bus_msg *m, bool *ret_end)
{
    const void *part = NULL;
    int r;

    *ret_end = m->len == 0 && !m->status && !jv_bus_header(m, JV_H_ERROR_CODE) &&
               !jv_bus_header(m, JV_H_ALIVE);
    if (*ret_end || jv_bus_header(m, JV_H_ALIVE)) {
        jv_bus_release(m);
        return JV_OK;
    }
    r = take_reply(s->ctx, s->subject, m, s->out, &part);
    return r ? r : s->take(s->arg, part);
}

static int listen(struct stream *s)
{
    struct jv_bus_msg *m;
    bool end = false;
    int r = JV_OK;

    while (!r && !end) {
        r = next_message(s, &m);
        if (!r)
            r = hear(s, m, &end);
    }
    slot_give(s->ctx->node->slots, s->slot);
    return r;
}

int jv_call_stream(struct jv_ctx *ctx, const ProtobufCServiceDescriptor *service,
                   const char *method, const void *req, struct jv_patience patience,
                   int (*take)(void *arg, const void *part), void *arg)
{
    const ProtobufCMethodDescriptor *rpc = rpc_of(service, method);
    struct stream s = { .ctx = ctx,
                        .subject = jv_service_subject(ctx->arena, service, method),
                        .idle_ms = patience.idle_ms,
                        .until = ctx->deadline,
                        .take = take,
                        .arg = arg };
    const struct question q = { .subject = s.subject, .req = req };
    int r = may_call(ctx, jv_lower(ctx->arena, service->short_name), s.subject, rpc);

    if (!r)
        r = begin(ctx, &q, true, &s.slot);
    if (r)
        return r;
    if (patience.total_ms && jv_loop_mono_ms(ctx->node->loop) + patience.total_ms < s.until)
        s.until = jv_loop_mono_ms(ctx->node->loop) + patience.total_ms;
    s.out = rpc->output;
    return listen(&s);
}
