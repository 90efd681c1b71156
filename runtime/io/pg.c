/* pg.c -- the pool: who gets which connection, and making new ones with back-off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/pg_conn.h"

enum {
    take_ms = 5000,
    first_pause_ms = 50,
    last_pause_ms = 2000,
};

struct waiter {
    struct jv_fiber *fiber;
    struct jv_pg_conn *conn; /* handed over */
    struct waiter *next;
};

struct jv_pg {
    struct jv_loop *loop;
    char *url, *schema;
    struct jv_pg_conn **conns;
    unsigned n_conns, size;
    struct waiter *first, **last; /* in the order they came */
    struct jv_loop_timer retry;
    int64_t retry_at, pause_ms; /* no new connection before; how long the last pause was */
    bool down;                  /* said so in the log */
};

static void serve(struct jv_pg *p);

static struct jv_pg_conn *idle(const struct jv_pg *p)
{
    for (unsigned i = 0; i < p->n_conns; i++)
        if (p->conns[i]->state == PG_READY)
            return p->conns[i];
    return NULL;
}

static void drop(struct jv_pg *p, struct jv_pg_conn *c)
{
    unsigned i = 0;

    while (p->conns[i] != c)
        i++;
    p->conns[i] = p->conns[--p->n_conns];
    pg_conn_free(c);
}

/* Several connections that fail at once are one failure. */
static void failed(struct jv_pg *p, const char *reason)
{
    int64_t now = jv_loop_mono_ms(p->loop);

    if (!p->down)
        jv_logf(JV_LOG_WARN, "the database cannot be reached, trying again: %s", reason);
    p->down = true;
    if (p->retry_at > now)
        return;
    p->pause_ms = p->pause_ms ? 2 * p->pause_ms : first_pause_ms;
    if (p->pause_ms > last_pause_ms)
        p->pause_ms = last_pause_ms;
    p->retry_at = now + p->pause_ms;
}

static void succeeded(struct jv_pg *p)
{
    if (p->down)
        jv_logf(JV_LOG_INFO, "the database is there again");
    p->down = false;
    p->pause_ms = p->retry_at = 0;
}

static void changed(struct jv_pg_conn *c)
{
    struct jv_pg *p = c->owner;
    char reason[200];

    if (c->broken) {
        pg_one_line(reason, sizeof(reason), PQerrorMessage(c->pg));
        if (!c->was_ready)
            failed(p, reason[0] ? reason : "no answer in time");
        drop(p, c);
    } else if (p->pause_ms) {
        succeeded(p);
    }
    serve(p);
}

static bool start_one(struct jv_pg *p)
{
    struct jv_err err;
    struct jv_pg_conn *c = pg_conn_start(p->loop, p->url, p->schema, changed, p, &err);

    if (c)
        p->conns[p->n_conns++] = c;
    else
        failed(p, err.text);
    return c;
}

/* As many connections under way as there are callers without one. */
static void grow(struct jv_pg *p)
{
    unsigned wanted = 0;

    for (const struct waiter *w = p->first; w; w = w->next)
        wanted++;
    for (unsigned i = 0; i < p->n_conns && wanted; i++)
        wanted -= p->conns[i]->state == PG_CONNECTING;
    while (wanted && p->n_conns < p->size && jv_loop_mono_ms(p->loop) >= p->retry_at)
        wanted -= start_one(p);
    if (wanted && p->n_conns < p->size)
        jv_loop_timer_start(p->loop, &p->retry, p->retry_at);
}

static void serve(struct jv_pg *p)
{
    struct jv_pg_conn *c;

    while (p->first && (c = idle(p))) {
        struct waiter *w = p->first;

        p->first = w->next;
        if (!p->first)
            p->last = &p->first;
        pg_conn_take(c);
        w->conn = c;
        jv_fiber_wake(w->fiber);
    }
    grow(p);
}

static void on_retry(struct jv_loop_timer *t)
{
    serve(t->arg);
}

struct jv_pg *jv_pg_new(struct jv_loop *l, const char *url, const char *schema, unsigned size)
{
    struct jv_pg *p = calloc(1, sizeof(*p));

    if (!p)
        abort();
    p->loop = l;
    p->url = strdup(url);
    p->schema = strdup(schema);
    p->size = size ? size : 1;
    p->conns = calloc(p->size, sizeof(struct jv_pg_conn *));
    if (!p->url || !p->schema || !p->conns)
        abort();
    p->last = &p->first;
    p->retry = (struct jv_loop_timer){ .fn = on_retry, .arg = p };
    return p;
}

struct jv_pg *jv_pg_free(struct jv_pg *p)
{
    if (!p)
        return NULL;
    jv_loop_timer_stop(p->loop, &p->retry);
    while (p->n_conns)
        drop(p, p->conns[0]);
    free(p->conns);
    free(p->url);
    free(p->schema);
    free(p);
    return NULL;
}

static void leave_queue(struct jv_pg *p, struct waiter *w)
{
    struct waiter **at = &p->first;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (!w->next)
        p->last = at;
}

/* A connection that arrives together with the deadline or a cancellation is taken all the same. */
static int wait_for_conn(struct jv_pg *p, int64_t until, struct waiter *w, struct jv_err *err)
{
    int64_t limit = jv_loop_mono_ms(p->loop) + take_ms;
    int r = JV_OK;

    *p->last = w;
    p->last = &w->next;
    serve(p);
    while (!w->conn && !r)
        r = jv_fiber_wait(until < limit ? until : limit);
    if (w->conn)
        return JV_OK;
    leave_queue(p, w);
    if (r == JV_CANCELLED)
        return jv_err_set(err, r, "cancelled");
    return jv_err_set(err, JV_UNAVAILABLE, "%s",
                      p->down ? "the database cannot be reached"
                              : "all database connections are busy");
}

int jv_pg_take(struct jv_pg *p, int64_t until, struct jv_pg_conn **ret, struct jv_err *err)
{
    struct waiter w = { .fiber = jv_fiber_self() };
    struct jv_pg_conn *c = p->first ? NULL : idle(p);
    int r;

    if (c) {
        pg_conn_take(c);
        *ret = c;
        return JV_OK;
    }
    r = wait_for_conn(p, until, &w, err);
    if (!r)
        *ret = w.conn;
    return r;
}

void jv_pg_give(struct jv_pg *p, struct jv_pg_conn *c)
{
    (void)p;
    pg_conn_return(c);
}

bool jv_pg_is_down(struct jv_pg *p)
{
    if (p->down && !p->n_conns && jv_loop_mono_ms(p->loop) >= p->retry_at)
        start_one(p);
    return p->down;
}

int jv_pg_ping(struct jv_pg *p, int64_t until, struct jv_err *err)
{
    struct jv_pg_conn *c;
    int r = jv_pg_take(p, until, &c, err);

    if (r)
        return r;
    r = jv_pg_exec(c, until, NULL, NULL, "select 1", NULL, err);
    jv_pg_give(p, c);
    return r;
}
