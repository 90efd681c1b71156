/* audit.c -- tokens that the gateway refuses are on record, before their answer.
 *
 * Anybody can send them, so only some a second have a record; the next one tells how many had none.
 * What cannot be written down now is tried again each second. */
#include "gw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actor/record.h"
#include "base/log.h"

enum { KEEP_MS = 1000, MAX_WAITING = 256, ARENA = 1 << 20 };

struct waiting {
    char id[24], *json;
};

struct audit {
    pthread_mutex_t lock;
    struct jv_flood flood;
    struct waiting waiting[MAX_WAITING];
    size_t n;
};

struct audit *audit_new(void)
{
    struct audit *s = calloc(1, sizeof(*s));

    if (!s)
        abort();
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

struct audit *audit_free(struct audit *s)
{
    for (size_t i = 0; s && i < s->n; i++)
        free(s->waiting[i].json);
    if (s)
        pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

static int64_t real_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool written(struct gw *gw, const struct waiting *w)
{
    return jv_client_keep(gw->client, "audit.gateway.denied", w->id, w->json, strlen(w->json),
                          KEEP_MS) == JV_OK;
}

/* Takes it over. */
static void wait_for_better(struct audit *s, const struct waiting *w)
{
    bool room;

    pthread_mutex_lock(&s->lock);
    room = s->n < MAX_WAITING;
    if (room)
        s->waiting[s->n++] = *w;
    pthread_mutex_unlock(&s->lock);
    if (room)
        return;
    jv_logf(JV_LOG_WARN, "an audit record is not kept: %s", w->json);
    free(w->json);
}

static void keep(struct gw *gw, struct jv_record *r)
{
    struct jv_arena *a = jv_arena_new(ARENA);
    struct waiting w;
    uint64_t id;
    size_t len;

    r->actor = "gateway";
    r->action = "denied";
    r->rule = "token";
    r->at_ms = real_ms();
    jv_random(&id, sizeof(id));
    snprintf(w.id, sizeof(w.id), "%016llx", (unsigned long long)id);
    w.json = strdup(jv_record_json(a, r, &len));
    if (!w.json)
        abort();
    jv_log(JV_LOG_INFO, "audit", "action", r->action, "text", r->text, "trace", r->trace_id, NULL);
    if (written(gw, &w))
        free(w.json);
    else
        wait_for_better(gw->audit, &w);
    jv_arena_free(a);
}

void audit_refused(struct request *rq, const char *why)
{
    struct jv_flood *flood = &rq->gw->audit->flood;
    struct jv_record r = { .trace_id = rq->trace_id, .about = why };
    bool lets;

    pthread_mutex_lock(&rq->gw->audit->lock);
    lets = jv_flood_lets(flood, real_ms(), &r.left_out);
    pthread_mutex_unlock(&rq->gw->audit->lock);
    if (!lets)
        return;
    r.method = rq->route ? jv_arena_printf(rq->a, "%s %s", rq->route->method, rq->route->path)
                         : jv_arena_strndup(rq->a, rq->head.method, 16);
    r.claimed = rq->target.token ? jv_record_claimed(rq->a, rq->target.token) : NULL;
    r.text = jv_arena_printf(rq->a, "token: %s, from %s", why, rq->client);
    keep(rq->gw, &r);
}

static void tell_left_out(struct gw *gw)
{
    struct jv_record r = { .text = "token: more of the same" };

    pthread_mutex_lock(&gw->audit->lock);
    if (gw->audit->flood.second + 1 < real_ms() / 1000)
        r.left_out = jv_flood_take(&gw->audit->flood);
    pthread_mutex_unlock(&gw->audit->lock);
    if (r.left_out)
        keep(gw, &r);
}

void audit_tick(struct gw *gw)
{
    struct audit *s = gw->audit;
    struct waiting w;
    bool some = true;

    tell_left_out(gw);
    while (some) {
        pthread_mutex_lock(&s->lock);
        some = s->n > 0;
        if (some)
            w = s->waiting[--s->n];
        pthread_mutex_unlock(&s->lock);
        if (some && written(gw, &w)) {
            free(w.json);
        } else if (some) {
            wait_for_better(s, &w);
            return;
        }
    }
}
