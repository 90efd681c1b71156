/* notifier_stage.h -- a world with the notifier and a receiver in it, for its tests. */
#ifndef NOTIFIER_STAGE_H
#define NOTIFIER_STAGE_H

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "actors/asking.h"
#include "receiver.h"

extern const struct jv_actor notifier_actor;

/* Auth, as far as it is asked about a webhook's owner. */
struct owners {
    struct jv_bus *bus;
    bool ended, away;
    size_t n;
};

struct stage {
    struct owners *owners;
    struct world *w;
    struct jv_node *node;
    struct receiver *r;
    const char *admin, *vishal;
};

static inline void settings(unsigned port, const char *ca)
{
    char allow[64];

    snprintf(allow, sizeof(allow), "127.0.0.1:%u", port);
    setenv("JARVIS_PUSH_ALLOW", allow, 1);
    setenv("JARVIS_PUSH_CA", ca, 1);
    setenv("JARVIS_PUSH_TIMEOUT", "5s", 0);
}

static inline void on_has_ended(void *arg, struct jv_bus_msg *m)
{
    struct owners *o = arg;
    char yes[] = { 0x08, 0x01 }; /* a HasEndedReply */

    o->n++;
    if (!o->away)
        CHECK_INT(jv_bus_publish(o->bus, m->reply, NULL, NULL, 0, yes, o->ended ? 2 : 0), JV_OK);
}

static inline struct stage stage_on(struct receiver *r, const char *ca)
{
    struct stage s = { .w = world_new(), .r = r };

    world_db(jv_migration_files, NULL);
    world_sql(s.w, "truncate notifier.queues, notifier.deliveries");
    settings(r->port, ca);
    world_listen(s.w, "audit.notifier.*");
    s.owners = JV_NEW(world_arena(s.w), struct owners);
    s.owners->bus = jv_bus_mem(world_broker(s.w), "auth");
    jv_bus_subscribe(s.owners->bus, "jarvis.svc.auth.HasEnded", NULL, on_has_ended, s.owners);
    s.node = world_start(s.w, &notifier_actor);
    s.admin = world_person(s.w, "user_admin", "admin", "admin");
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    return s;
}

static inline struct stage stage_new(void)
{
    return stage_on(receiver_new(NULL), "");
}

static inline void stage_free(struct stage *s)
{
    jv_bus_free(s->owners->bus);
    world_free(s->w);
    receiver_free(s->r);
}

/* ---- asking --------------------------------------------------------------------------------- */

#define EVENT(task)                                                                                \
    "{\"status_update\":{\"task_id\":\"" task "\",\"context_id\":\"c\",\"status\":{\"state\":"     \
    "\"TASK_STATE_WORKING\"}}}"

struct event {
    const char *task;
    int seq;
    const char *path; /* what stands in the URL */
    const char *more; /* members of the configuration; begins with a comma */
    const char *owner;
};

static inline const char *delivery(struct stage *s, const struct event *e)
{
    return jv_arena_printf(world_arena(s->w),
                           "{\"agent\":\"tickets\",\"task_id\":\"%s\",\"seq\":%d,\"owner\":\"%s\","
                           "\"config\":{\"id\":\"c1\",\"url\":\"http%s://127.0.0.1:%u%s\"%s},"
                           "\"event\":" EVENT("t") "}",
                           e->task, e->seq, e->owner ? e->owner : "", s->r->tls ? "s" : "",
                           s->r->port, e->path, e->more ? e->more : "");
}

static inline void enqueue(struct stage *s, const struct event *e)
{
    struct world_reply r =
            ask(s->w, NULL, "svc.notifier.Enqueue", "{\"deliveries\":[%s]}", delivery(s, e));

    CHECK_INT(r.code, JV_OK);
    if (r.code)
        printf("# %s %s\n", r.field, r.text);
}

/* Events 1 to n of a task, at once. */
static inline void enqueue_all(struct stage *s, const char *task, int n, const char *path)
{
    struct jv_buf b = jv_buf_new(world_arena(s->w));

    for (int i = 1; i <= n; i++)
        jv_buf_printf(&b, "%s%s", i > 1 ? "," : "",
                      delivery(s, &(struct event){ task, i, path, NULL, NULL }));
    CHECK_INT(ask(s->w, NULL, "svc.notifier.Enqueue", "{\"deliveries\":[%s]}", b.data).code, JV_OK);
}

static inline struct world_reply dead(struct stage *s, const char *filter)
{
    return ask(s->w, s->admin, "svc.notifier.ListDead", "{%s}", filter);
}

static inline const char *sql(struct stage *s, const char *statement)
{
    return world_sql(s->w, statement);
}

/* Nothing waits any more. */
static inline void check_empty(struct stage *s)
{
    CHECK_STR(sql(s, "select count(*) from notifier.deliveries where state = 'waiting'"), "0");
    CHECK_STR(sql(s, "select count(*) from notifier.queues where lease is not null"), "0");
}

/* The n-th request of this task says this number; how many there are. */
static inline size_t numbers(struct stage *s, const char *task, int *ret, size_t max)
{
    char key[80];
    size_t n = 0;

    snprintf(key, sizeof(key), "A2A-Event-ID: tickets/%s/", task);
    pthread_mutex_lock(&s->r->lock);
    for (size_t i = 0; i < s->r->n && n < max; i++) {
        const char *at = strstr(s->r->seen[i].head, key);

        if (at)
            ret[n++] = (int)strtol(at + strlen(key), NULL, 10);
    }
    pthread_mutex_unlock(&s->r->lock);
    return n;
}

#endif
