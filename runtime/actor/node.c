/* node.c -- an actor's life on a loop: contract, init, subscriptions, timers, events, heartbeat,
 * drain. */
#include "actor/engine.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <a2a.pb-c.h>
#include <auth.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <registry.pb-c.h>

#include "actor/audit.h"
#include "actor/message.h"
#include "base/log.h"
#include "io/http.h"

struct jv_node_timer {
    struct jv_node *node;
    const struct jv_timer *timer;
    struct jv_loop_timer t;
    bool running;
};

/* ---- work without a caller ------------------------------------------------------------------ */

struct background {
    struct jv_ctx *ctx;
    const char *what;
    int (*fn)(struct jv_ctx *ctx, void *arg);
    void *arg;
};

static void background_main(void *arg)
{
    struct background *b = arg;
    struct jv_ctx *ctx = b->ctx;
    struct jv_node *n = ctx->node;
    int r;

    ctx->fiber = jv_fiber_self();
    r = b->fn(ctx, b->arg);
    if (r && r != JV_CANCELLED)
        jv_log(JV_LOG_WARN, "background", "what", b->what, "code", jv_code_name(r), "err",
               ctx->err.text, "trace", ctx->env.trace_id, NULL);
    jv_ctx_end(ctx);
    n->background--;
    jv_node_idle(n);
}

void jv_node_background(struct jv_node *n, const char *what,
                        int (*fn)(struct jv_ctx *ctx, void *arg), void *arg, uint32_t timeout_ms)
{
    struct jv_ctx *ctx = jv_ctx_new(n);
    struct background *b = JV_NEW(ctx->arena, struct background);

    *b = (struct background){ ctx, what, fn, arg };
    jv_trace_root(&ctx->env);
    ctx->deadline = jv_loop_mono_ms(n->loop) + timeout_ms;
    n->background++;
    ctx->fiber = jv_fiber_start(n->loop, background_main, b);
}

struct detached {
    int (*fn)(struct jv_ctx *ctx, void *arg);
    size_t size;
    max_align_t arg[];
};

static int run_detached(struct jv_ctx *ctx, void *arg)
{
    struct detached *d = arg;
    int (*fn)(struct jv_ctx *, void *) = d->fn;
    void *copy = jv_arena_memdup(ctx->arena, d->arg, d->size);

    free(d);
    return fn(ctx, copy);
}

int jv_background(struct jv_ctx *ctx, const char *what, int (*fn)(struct jv_ctx *ctx, void *arg),
                  const void *arg, size_t size, uint32_t timeout_ms)
{
    struct jv_node *n = ctx->node;
    struct detached *d;

    if (n->draining)
        return jv_fail(ctx, JV_UNAVAILABLE, "the actor is stopping");
    if (n->background >= JV_MAX_BACKGROUND)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too much work is under way");
    d = malloc(sizeof(*d) + size);
    if (!d)
        abort();
    d->fn = fn;
    d->size = size;
    if (size)
        memcpy(d->arg, arg, size);
    jv_node_background(n, what, run_detached, d, timeout_ms);
    return JV_OK;
}

/* ---- timers --------------------------------------------------------------------------------- */

static int run_timer(struct jv_ctx *ctx, void *arg)
{
    struct jv_node_timer *t = arg;
    int r = t->timer->run(ctx);

    t->running = false;
    return r;
}

static void on_timer(struct jv_loop_timer *lt)
{
    struct jv_node_timer *t = lt->arg;
    struct jv_node *n = t->node;

    if (n->draining)
        return;
    if (!t->running) { /* a run that is not over yet stands for this one */
        t->running = true;
        jv_node_background(n, t->timer->name, run_timer, t, JV_DEFAULT_TIMEOUT_MS);
    }
    jv_loop_timer_start(n->loop, lt, jv_loop_mono_ms(n->loop) + t->timer->every_ms);
}

static void start_timers(struct jv_node *n)
{
    const struct jv_timer *table = n->actor->timers;
    size_t count = 0;

    while (table && table[count].name)
        count++;
    n->timers = JV_NEW_ARRAY(n->keep, struct jv_node_timer, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct jv_node_timer *t = &n->timers[i];

        t->node = n;
        t->timer = &table[i];
        t->t.fn = on_timer;
        t->t.arg = t;
        jv_loop_timer_start(n->loop, &t->t, jv_loop_mono_ms(n->loop) + table[i].every_ms);
    }
}

/* ---- events --------------------------------------------------------------------------------- */

struct listener {
    struct jv_node *node;
    const struct jv_event *event;
};

struct event_run {
    const struct jv_event *event;
    const char *subject;
    uint8_t *data;
    size_t len;
};

static int run_event(struct jv_ctx *ctx, void *arg)
{
    struct event_run *e = arg;
    const void *msg = NULL;
    struct jv_arena *a = ctx->arena;
    const char *subject = jv_arena_strdup(a, e->subject);

    msg = jv_unpack(e->event->type, e->data, e->len, a, &ctx->err);
    int (*handle)(struct jv_ctx *, const char *, const void *) = e->event->handle;

    free(e->data);
    free(e);
    return msg ? handle(ctx, subject, msg) : ctx->err.code;
}

static void on_event(void *arg, struct jv_bus_msg *m)
{
    struct listener *l = arg;
    size_t subject = strlen(m->subject) + 1;
    struct event_run *e;
    uint8_t *data;

    if (l->node->background >= JV_MAX_BACKGROUND) {
        jv_logf(JV_LOG_WARN, "too much is under way: an event %s is dropped", l->event->subject);
        return;
    }
    e = malloc(sizeof(*e));
    data = malloc(m->len + subject);
    if (!e || !data)
        abort();
    if (m->len)
        memcpy(data, m->data, m->len);
    memcpy(data + m->len, m->subject, subject);
    *e = (struct event_run){ l->event, (char *)data + m->len + strlen(l->node->prefix) + 1, data,
                             m->len };
    jv_node_background(l->node, l->event->subject, run_event, e, JV_DEFAULT_TIMEOUT_MS);
}

/* ---- subscriptions -------------------------------------------------------------------------- */

static int subscribe(struct jv_node *n, const char *subject, const char *queue, jv_bus_fn fn,
                     void *arg, bool is_request)
{
    const char *full = jv_arena_printf(n->keep, "%s.%s", n->prefix, subject);
    struct jv_bus_sub *s = jv_bus_subscribe(n->bus, full, queue, fn, arg);

    if (!s) {
        jv_logf(JV_LOG_ERROR, "cannot subscribe to %s", full);
        return JV_UNAVAILABLE;
    }
    if (is_request) {
        struct jv_bus_sub **subs = JV_NEW_ARRAY(n->keep, struct jv_bus_sub *, n->n_subs + 1);

        if (n->n_subs)
            memcpy(subs, n->subs, n->n_subs * sizeof(*subs));
        subs[n->n_subs++] = s;
        n->subs = subs;
    }
    return JV_OK;
}

static void on_revoked(void *arg, struct jv_bus_msg *m)
{
    struct jv_node *n = arg;
    struct jv_arena *a = jv_arena_new(1 << 16);
    const Auth__Revocation *v =
            (const void *)jv_unpack(&auth__revocation__descriptor, m->data, m->len, a, NULL);

    if (v)
        jv_identity_revocation(n->identity, v);
    jv_arena_free(a);
    jv_tasks_wake(n);
}

/* What is asked for just now may be old already. */
static void on_keys_changed(void *arg, struct jv_bus_msg *m)
{
    struct jv_node *n = arg;

    (void)m;
    n->keys_changed++;
    n->keys_fresh = false;
}

static void heartbeat(struct jv_node *n, bool leaving);

static void on_registry_started(void *arg, struct jv_bus_msg *m)
{
    (void)m;
    heartbeat(arg, false);
}

static void drained_by_operator(void *arg)
{
    jv_loop_stop(((struct jv_node *)arg)->loop);
}

/* jarvis.ctl.<actor|all>.<instance|all>.<drain|loglevel> */
static void on_control(void *arg, struct jv_bus_msg *m)
{
    struct jv_node *n = arg;
    const char *verb = strrchr(m->subject, '.') + 1;
    char word[16] = "";
    enum jv_level level;

    jv_logf(JV_LOG_INFO, "control: %s", m->subject);
    if (strcmp(verb, "drain") == 0)
        jv_node_drain(n, drained_by_operator, n);
    if (strcmp(verb, "loglevel") == 0 && m->len < sizeof(word)) {
        memcpy(word, m->data, m->len);
        if (jv_log_parse(word, &level) == JV_OK)
            jv_log_level(level);
    }
}

static int subscribe_control(struct jv_node *n)
{
    const char *who[] = { n->actor->name, "all" }, *which[] = { n->instance, "all" };
    int r = JV_OK;

    for (size_t i = 0; !r && i < 2; i++)
        for (size_t j = 0; !r && j < 2; j++)
            r = subscribe(n, jv_arena_printf(n->keep, "ctl.%s.%s.*", who[i], which[j]), NULL,
                          on_control, n, false);
    return r;
}

static int subscribe_all(struct jv_node *n)
{
    const struct jv_actor *a = n->actor;
    int r = subscribe_control(n);

    if (!r)
        r = subscribe(n, "evt.auth.Revoked", NULL, on_revoked, n, false);
    if (!r)
        r = subscribe(n, "evt.auth.KeysChanged", NULL, on_keys_changed, n, false);
    if (!r)
        r = subscribe(n, "evt.registry.Started", NULL, on_registry_started, n, false);
    for (const struct jv_event *e = a->events; !r && e && e->subject; e++) {
        struct listener *l = JV_NEW(n->keep, struct listener);

        *l = (struct listener){ n, e };
        r = subscribe(n, e->subject, NULL, on_event, l, false);
    }
    if (!r)
        r = jv_service_subscribe(n);
    if (!r && a->service)
        r = subscribe(n, jv_arena_printf(n->keep, "svc.%s.*", a->name), a->name, jv_on_request, n,
                      true);
    if (!r && a->agent)
        r = subscribe(n, jv_arena_printf(n->keep, "a2a.%s.*", a->agent->token), a->agent->token,
                      jv_on_request, n, true);
    return r;
}

/* ---- heartbeat ------------------------------------------------------------------------------ */

static void heartbeat(struct jv_node *n, bool leaving)
{
    Registry__Heartbeat hb = REGISTRY__HEARTBEAT__INIT;
    Google__Protobuf__Timestamp started = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct jv_arena *a;
    size_t len;
    uint8_t *data;

    if (n->quiet || !n->ready || n->draining) /* who said good-bye is silent */
        return;
    a = jv_arena_new(1 << 20);
    started.seconds = n->started_ms / 1000;
    hb.actor = n->actor->name;
    hb.instance = n->instance;
    hb.version = n->actor->version;
    hb.started = &started;
    hb.card = n->card;
    if (n->actor->agent)
        hb.token = n->actor->agent->token;
    hb.leaving = leaving;
    data = jv_pack(&hb, a, &len);
    jv_may_fail(jv_bus_publish(
            n->bus, jv_arena_printf(a, "%s.hb.%s.%s", n->prefix, n->actor->name, n->instance), NULL,
            NULL, 0, data, len));
    jv_arena_free(a);
}

static void on_heartbeat(struct jv_loop_timer *t)
{
    struct jv_node *n = t->arg;

    if (n->draining)
        return;
    heartbeat(n, false);
    jv_loop_timer_start(n->loop, t, jv_loop_mono_ms(n->loop) + JV_HEARTBEAT_MS);
}

static void on_alive(struct jv_loop_timer *t)
{
    struct jv_node *n = t->arg;

    jv_streams_alive(n);
    jv_loop_timer_start(n->loop, t, jv_loop_mono_ms(n->loop) + JV_ALIVE_MS);
}

/* ---- life ----------------------------------------------------------------------------------- */

struct jv_node *jv_node_new(const struct jv_actor *actor, const struct jv_node_options *o,
                            struct jv_err *err)
{
    struct jv_node *n = calloc(1, sizeof(*n));
    uint8_t random[11];

    if (!n)
        abort();
    n->actor = actor;
    n->loop = o->loop;
    n->bus = o->bus;
    n->pg = o->pg;
    n->identity = o->identity;
    n->prefix = o->prefix;
    n->state = o->state;
    n->quiet = o->quiet;
    n->keep = jv_arena_new(64 << 20);
    n->started_ms = jv_loop_real_ms(o->loop);
    jv_random(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(n->instance + 2 * i, 3, "%02x", random[i]);
    if (jv_contract(n, err))
        return jv_node_free(n);
    n->slots = jv_slots_new(n);
    n->audits = jv_audits_new(n);
    if (actor->agent) {
        n->card = jv_agent_card(actor, n->methods, n->n_methods, n->prefix, n->keep);
        n->catalog = jv_catalog_new();
        jv_catalog_add(n->catalog, actor->agent->token, 0, n->card);
        jv_catalog_index(n->catalog);
    }
    return n;
}

struct start {
    void (*on_ready)(void *arg, int code, const struct jv_err *err);
    void *arg;
};

/* The actor's init, then its subscriptions: from there on messages come. */
static int start_main(struct jv_ctx *ctx, void *arg)
{
    struct jv_node *n = ctx->node;
    struct start *s = arg, start = *s;
    int r = n->pg ? jv_pg_ping(n->pg, ctx->deadline, &ctx->err) : JV_OK;

    free(s);
    if (!r && n->actor->init)
        r = n->actor->init(ctx);
    if (!r && subscribe_all(n))
        r = jv_fail(ctx, JV_UNAVAILABLE,
                    "cannot subscribe: does NATS permit this actor its subjects?");
    if (!r && jv_tasks_start(n))
        r = jv_fail(ctx, JV_UNAVAILABLE, "cannot subscribe to the events of its tasks");
    if (!r)
        r = jv_settle(ctx); /* ready means that whoever asks now is heard */
    if (!r) {
        n->ready = true;
        start_timers(n);
        n->heartbeat.fn = on_heartbeat;
        n->heartbeat.arg = n;
        on_heartbeat(&n->heartbeat);
        n->alive_timer.fn = on_alive;
        n->alive_timer.arg = n;
        on_alive(&n->alive_timer);
    }
    ctx->err.code = r;
    start.on_ready(start.arg, r, &ctx->err);
    return r;
}

void jv_node_start(struct jv_node *n,
                   void (*on_ready)(void *arg, int code, const struct jv_err *err), void *arg)
{
    struct start *s = malloc(sizeof(*s));

    if (!s)
        abort();
    *s = (struct start){ on_ready, arg };
    jv_node_background(n, "start", start_main, s, 30000);
}

void jv_node_idle(struct jv_node *n)
{
    void (*done)(void *) = n->on_drained;

    if (!n->draining || n->n_subs || n->inflight || n->listening || n->background || !done ||
        !jv_audits_written(n->audits))
        return;
    n->on_drained = NULL;
    jv_loop_timer_stop(n->loop, &n->drain_limit);
    done(n->on_drained_arg);
}

static void sub_drained(void *arg)
{
    struct jv_node *n = arg;

    n->n_subs--;
    jv_node_idle(n);
}

/* What does not even end when it is cancelled is cut off by the end of the process. */
static void cut_off(struct jv_loop_timer *t)
{
    struct jv_node *n = t->arg;

    n->n_subs = n->inflight = n->listening = n->background = 0;
    jv_audits_give_up(n->audits);
    jv_node_idle(n);
}

/* Time is up: whoever still waits for an answer is told. */
static void drain_over(struct jv_loop_timer *t)
{
    struct jv_node *n = t->arg;

    jv_logf(JV_LOG_WARN, "still %zu messages under way after %d ms of draining: cancelled",
            n->inflight + n->listening, JV_DRAIN_MS);
    for (struct jv_ctx *ctx = n->alive; ctx; ctx = ctx->next)
        jv_fiber_cancel(ctx->fiber);
    t->fn = cut_off;
    jv_loop_timer_start(n->loop, t, jv_loop_mono_ms(n->loop) + JV_CANCELLED_MS);
}

void jv_node_drain(struct jv_node *n, void (*done)(void *arg), void *arg)
{
    size_t count = n->n_subs;

    if (n->draining)
        return;
    heartbeat(n, true);
    n->draining = true;
    n->on_drained = done;
    n->on_drained_arg = arg;
    jv_loop_timer_stop(n->loop, &n->heartbeat);
    jv_tasks_wake(n);
    n->drain_limit.fn = drain_over;
    n->drain_limit.arg = n;
    jv_loop_timer_start(n->loop, &n->drain_limit, jv_loop_mono_ms(n->loop) + JV_DRAIN_MS);
    for (size_t i = 0; i < count; i++)
        jv_bus_drain(n->bus, n->subs[i], sub_drained, n);
    jv_node_idle(n);
}

struct jv_node *jv_node_free(struct jv_node *n)
{
    if (!n)
        return NULL;
    for (size_t i = 0; n->actor->timers && n->timers && n->actor->timers[i].name; i++)
        jv_loop_timer_stop(n->loop, &n->timers[i].t);
    jv_loop_timer_stop(n->loop, &n->heartbeat);
    jv_loop_timer_stop(n->loop, &n->alive_timer);
    jv_loop_timer_stop(n->loop, &n->drain_limit);
    jv_tasks_free(n);
    jv_slots_free(n->slots);
    jv_audits_free(n->audits);
    jv_fetches_free(n->fetches);
    jv_fetches_free(n->kept_fetches);
    jv_catalog_free(n->catalog);
    while (n->n_pool)
        jv_arena_free(n->pool[--n->n_pool]);
    jv_arena_free(n->keep);
    free(n);
    return NULL;
}
