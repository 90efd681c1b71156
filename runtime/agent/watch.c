/* watch.c -- what is committed is published, and heard by those who follow a task.
 *
 * Every instance of an agent hears the events of all its tasks on one subscription, its own without
 * waiting for the bus. A task that somebody follows here has a watch: the last events, and who
 * waits. Events that were missed (the bus was away, the ring was too short) are read from the
 * table; a watch looks there by itself now and then. */
#include "agent/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 32, POLL_MS = 2000, LAST_POLL_MS = 200, BUCKETS = 256, MAX_TOLD = 4096 };

struct heard {
    struct jv_tevent e;
    void *body;
};

struct watch {
    char id[65];
    int32_t top; /* the highest number that is known of */
    struct heard ring[RING];
    size_t at; /* the next place */
    struct jv_follower *followers;
    int64_t polled_ms; /* mono */
    struct watch *next;
};

struct jv_follower {
    struct jv_ctx *ctx;
    struct watch *watch;
    int32_t seen;
    int64_t since_ms; /* real: its caller was let in before */
    uint64_t revocations;
    bool to_the_last; /* who gets one answer cannot go on with it elsewhere: waits while we drain */
    struct jv_tevent *read; /* from the table */
    size_t n_read, at_read;
    struct jv_arena *aside; /* holds them */

    struct jv_follower *next;
};

struct told {
    char id[65];
    int32_t seq;
};

struct watches {
    struct watch *buckets[BUCKETS];
    struct told *told;
    size_t n_told;
};

static const char *const kind_names[] = { "", "message", "status", "artifact" };

/* ---- hearing --------------------------------------------------------------------------------- */

static struct watch **watch_at(struct watches *w, const char *id)
{
    uint32_t h = 2166136261u;
    struct watch **at;

    for (const char *p = id; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    for (at = &w->buckets[h % BUCKETS]; *at && strcmp((*at)->id, id) != 0;)
        at = &(*at)->next;
    return at;
}

static void wake_all(struct watch *w)
{
    for (struct jv_follower *f = w->followers; f; f = f->next)
        jv_fiber_wake(f->ctx->fiber);
}

static bool is_heard(const struct watch *w, int32_t seq)
{
    for (size_t i = 0; i < RING; i++)
        if (w->ring[i].body && w->ring[i].e.seq == seq)
            return true;
    return false;
}

static void keep(struct watch *w, const struct jv_tevent *e)
{
    struct heard *h = &w->ring[w->at++ % RING];

    free(h->body);
    h->body = malloc(e->len);
    if (!h->body)
        abort();
    memcpy(h->body, e->body, e->len);
    h->e = *e;
    h->e.body = h->body;
}

/* One without a body is to be read. Our own come twice: at once, and from the bus. */
static void hear(struct watch *w, const struct jv_tevent *e)
{
    if (is_heard(w, e->seq))
        return;
    if (e->len)
        keep(w, e);
    if (e->seq > w->top)
        w->top = e->seq;
    wake_all(w);
}

/* ---- telling --------------------------------------------------------------------------------- */

/* When there are too many the table is read again by the relay: they are told twice. */
static void note_told(struct watches *w, const char *id, int32_t seq)
{
    if (w->n_told && strcmp(w->told[w->n_told - 1].id, id) == 0) {
        w->told[w->n_told - 1].seq = seq;
    } else if (w->n_told < MAX_TOLD) {
        snprintf(w->told[w->n_told].id, sizeof(w->told->id), "%s", id);
        w->told[w->n_told++].seq = seq;
    }
}

static char *event_subject(struct jv_ctx *ctx, const char *id, const char *kind)
{
    return jv_arena_printf(ctx->arena, "%s.task.%s.%s.%s", ctx->node->prefix,
                           ctx->node->actor->agent->token, id, kind);
}

/* An event that is too large for this server is told without its body. */
static int tell(struct jv_ctx *ctx, const char *id, const struct jv_tevent *e)
{
    const struct jv_header h = { JV_H_EVENT_ID, jv_arena_printf(ctx->arena, "%d", e->seq) };
    const char *subject = event_subject(ctx, id, kind_names[e->kind]);
    int r = jv_bus_publish(ctx->node->bus, subject, NULL, &h, 1, e->body, e->len);

    return r == JV_RESOURCE_EXHAUSTED ? jv_bus_publish(ctx->node->bus, subject, NULL, &h, 1, "", 0)
                                      : r;
}

void jv_tell(struct jv_ctx *ctx, const char *id, const struct jv_tevent *events, size_t n)
{
    struct watch *w = *watch_at(ctx->node->tasks->watches, id);
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        ok = !tell(ctx, id, &events[i]) && ok;
        if (w)
            hear(w, &events[i]);
    }
    if (ok && n)
        note_told(ctx->node->tasks->watches, id, events[n - 1].seq);
}

void jv_tell_cancel(struct jv_ctx *ctx, const char *id)
{
    jv_may_fail(
            jv_bus_publish(ctx->node->bus, event_subject(ctx, id, "cancel"), NULL, NULL, 0, "", 0));
}

size_t jv_told_take(struct jv_ctx *ctx, const char *const **ret_ids, const char *const **ret_seqs)
{
    struct watches *w = ctx->node->tasks->watches;
    const char **ids = JV_NEW_ARRAY(ctx->arena, const char *, w->n_told + 1);
    const char **seqs = JV_NEW_ARRAY(ctx->arena, const char *, w->n_told + 1);
    size_t n = w->n_told;

    for (size_t i = 0; i < n; i++) {
        ids[i] = jv_arena_strdup(ctx->arena, w->told[i].id);
        seqs[i] = jv_arena_printf(ctx->arena, "%d", w->told[i].seq);
    }
    w->n_told = 0;
    *ret_ids = ids;
    *ret_seqs = seqs;
    return n;
}

/* ---- the bus --------------------------------------------------------------------------------- */

static enum jv_kind kind_of(const char *name)
{
    for (size_t i = 1; i < JV_COUNT(kind_names); i++)
        if (strcmp(kind_names[i], name) == 0)
            return (enum jv_kind)i;
    return 0;
}

/* <prefix>.task.<token>.<id>.<kind> */
static void on_event(void *arg, struct jv_bus_msg *m)
{
    struct jv_node *n = arg;
    const char *kind = strrchr(m->subject, '.') + 1, *seq = jv_bus_header(m, JV_H_EVENT_ID);
    struct watch *w;
    const char *id;
    char name[65];

    for (id = kind - 2; id > m->subject && id[-1] != '.';)
        id--;
    if (!seq || !kind_of(kind) || kind - 1 - id >= (ptrdiff_t)sizeof(name))
        return;
    snprintf(name, sizeof(name), "%.*s", (int)(kind - 1 - id), id);
    w = *watch_at(n->tasks->watches, name);
    if (w)
        hear(w,
             &(struct jv_tevent){ (int32_t)strtol(seq, NULL, 10), kind_of(kind), m->data, m->len });
}

bool jv_watches_start(struct jv_node *n)
{
    struct watches *w = calloc(1, sizeof(*w));

    if (!w || !(w->told = calloc(MAX_TOLD, sizeof(*w->told))))
        abort();
    n->tasks->watches = w;
    return jv_bus_subscribe(
                   n->bus,
                   jv_arena_printf(n->keep, "%s.task.%s.>", n->prefix, n->actor->agent->token),
                   NULL, on_event, n) != NULL;
}

void jv_watches_free(struct watches *w)
{
    if (w)
        free(w->told);
    free(w); /* watches end with their followers */
}

/* Whoever waits looks up: the instance is stopping. */
void jv_watches_wake(struct jv_node *n)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct watch *w = n->tasks->watches->buckets[i]; w; w = w->next)
            wake_all(w);
}

/* ---- following ------------------------------------------------------------------------------- */

struct jv_follower *jv_follower_new(struct jv_ctx *ctx, const char *id, int32_t after, bool fresh)
{
    struct jv_follower *f = JV_NEW(ctx->arena, struct jv_follower);
    struct watch **at = watch_at(ctx->node->tasks->watches, id);

    if (!*at) {
        *at = calloc(1, sizeof(**at));
        if (!*at)
            abort();
        snprintf((*at)->id, sizeof((*at)->id), "%s", id);
        /* The first one looks into the table: what came before this watch is only there. */
        (*at)->polled_ms = fresh ? jv_loop_mono_ms(ctx->node->loop) : -POLL_MS;
    }
    f->ctx = ctx;
    f->watch = *at;
    f->seen = after;
    f->since_ms = ctx->auth_ms ? ctx->auth_ms : jv_real_ms(ctx);
    f->revocations = jv_identity_revocations(ctx->node->identity);
    f->next = f->watch->followers;
    f->watch->followers = f;
    return f;
}

static void watch_free(struct watches *all, struct watch *w)
{
    struct watch **at = watch_at(all, w->id);

    *at = w->next;
    for (size_t i = 0; i < RING; i++)
        free(w->ring[i].body);
    free(w);
}

void jv_follower_free(struct jv_follower *f)
{
    struct jv_follower **at = &f->watch->followers;

    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    jv_arena_free(f->aside);
    if (!f->watch->followers)
        watch_free(f->ctx->node->tasks->watches, f->watch);
}

static bool from_ring(struct jv_follower *f, struct jv_tevent *ret)
{
    for (size_t i = 0; i < RING; i++) {
        struct heard *h = &f->watch->ring[i];

        if (!h->body || h->e.seq != f->seen + 1)
            continue;
        *ret = h->e;
        return true;
    }
    return false;
}

static bool from_table(struct jv_follower *f, struct jv_tevent *ret)
{
    while (f->at_read < f->n_read && f->read[f->at_read].seq <= f->seen)
        f->at_read++;
    if (f->at_read == f->n_read)
        return false;
    *ret = f->read[f->at_read++];
    return true;
}

static int read_table(struct jv_follower *f)
{
    struct jv_ctx *ctx = f->ctx;
    struct jv_arena *whole = ctx->arena;
    int r;

    jv_arena_free(f->aside);
    ctx->arena = f->aside = jv_arena_new(JV_ARENA_LIMIT);
    r = jv_store_events(ctx, f->watch->id, f->seen, &f->read, &f->n_read);
    ctx->arena = whole;
    f->at_read = 0;
    if (!r && !f->n_read && f->watch->top > f->seen)
        f->watch->top = f->seen; /* a number that is not there (any more): the table knows */
    return r;
}

/* One of those who wait looks for all. */
static int poll_table(struct jv_follower *f, int64_t now)
{
    struct watch *w = f->watch;
    struct jv_arena *whole;
    int32_t last;
    int r;

    w->polled_ms = now;
    whole = jv_aside(f->ctx);
    r = jv_store_last_seq(f->ctx, w->id, &last);
    jv_aside_end(f->ctx, whole);
    if (r)
        return r;
    if (!last)
        return jv_no_task(f->ctx, w->id);
    if (last > w->top) {
        w->top = last;
        wake_all(w);
    }
    return JV_OK;
}

static int wait_for_more(struct jv_follower *f)
{
    struct jv_ctx *ctx = f->ctx;
    /* Who drains is told nothing any more. */
    int64_t every = ctx->node->draining ? LAST_POLL_MS : POLL_MS;
    int64_t now = jv_loop_mono_ms(ctx->node->loop), poll = f->watch->polled_ms + every;
    int r;

    if (now >= poll)
        return poll_table(f, now);
    r = jv_ctx_wait(ctx, poll < ctx->deadline ? poll : ctx->deadline);
    if (r == JV_CANCELLED)
        return jv_fail(ctx, r, "cancelled");
    if (jv_loop_mono_ms(ctx->node->loop) >= ctx->deadline)
        return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "task %s goes on; so may the listener",
                       f->watch->id);
    return JV_OK;
}

/* Whoever is signed out, or somebody else by now, hears no more. */
static int check_caller(struct jv_follower *f)
{
    uint64_t n = jv_identity_revocations(f->ctx->node->identity);

    if (n == f->revocations)
        return JV_OK;
    f->revocations = n;
    return jv_still_in(f->ctx, f->since_ms);
}

int jv_follower_next(struct jv_follower *f, struct jv_tevent *ret)
{
    int r = check_caller(f);

    while (!r && !from_table(f, ret) && !from_ring(f, ret)) {
        if (f->watch->top > f->seen)
            r = read_table(f);
        else if (f->ctx->node->draining && !f->to_the_last)
            r = jv_fail(f->ctx, JV_UNAVAILABLE, "this instance is stopping");
        else
            r = wait_for_more(f);
        if (!r)
            r = check_caller(f);
    }
    if (!r)
        f->seen = ret->seq;
    return r;
}

/* The state that a status event tells of. */
static A2a__TaskState state_in(const struct jv_tevent *e)
{
    struct jv_arena *a = jv_arena_new(JV_ARENA_LIMIT);
    const A2a__StreamResponse *s =
            (void *)jv_unpack(&a2a__stream_response__descriptor, e->body, e->len, a, NULL);
    A2a__TaskState state = s && s->payload_case == A2A__STREAM_RESPONSE__PAYLOAD_STATUS_UPDATE
                                   ? s->status_update->status->state
                                   : A2A__TASK_STATE__TASK_STATE_UNSPECIFIED;

    jv_arena_free(a);
    return state;
}

static int follow_until(struct jv_ctx *ctx, const char *id, int32_t after, unsigned flags)
{
    struct jv_follower *f = jv_follower_new(ctx, id, after, flags & JV_FOLLOW_FRESH);
    bool to_question = flags & JV_FOLLOW_TO_QUESTION;
    A2a__TaskState state = 0;
    struct jv_tevent e;
    int r = JV_OK;

    f->to_the_last = !(flags & JV_FOLLOW_EMIT);
    while (!r && !jv_is_terminal(state) && !(to_question && jv_is_interrupted(state))) {
        r = jv_follower_next(f, &e);
        if (!r && e.kind == JV_KIND_STATUS)
            state = state_in(&e);
        if (!r && (flags & JV_FOLLOW_EMIT) && e.kind != JV_KIND_MESSAGE)
            r = jv_emit_packed(ctx, e.body, e.len, e.seq);
    }
    jv_follower_free(f);
    return r;
}

/* Whoever only listens takes no place from those who ask. */
static int sit_down(struct jv_ctx *ctx)
{
    if (ctx->node->listening >= JV_MAX_LISTENING)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too many listen already");
    ctx->node->listening++;
    ctx->node->inflight--;
    return JV_OK;
}

static void stand_up(struct jv_ctx *ctx)
{
    ctx->node->inflight++;
    ctx->node->listening--;
}

int jv_follow_until(struct jv_ctx *ctx, const char *id, int32_t after, unsigned flags)
{
    int r = sit_down(ctx);

    if (!r) {
        r = follow_until(ctx, id, after, flags);
        stand_up(ctx);
    }
    return r;
}
