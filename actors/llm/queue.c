/* queue.c -- whose turn it is: those that somebody waits for before those that nobody does, and
 * within each the people in turn, whoever has how many.
 *
 * A call's tag says in which round it is: one behind the person's last, and for somebody who has
 * none one behind the round that is being served. The list is in the order of service. */
#include "house.h"

#include <string.h>

static bool is_before(const struct waiting *a, const struct waiting *b)
{
    if (a->background != b->background)
        return b->background;
    return a->tag < b->tag;
}

static void insert(struct queue *q, struct waiting *w)
{
    struct waiting **at = &q->first;

    while (*at && !is_before(w, *at))
        at = &(*at)->next;
    w->next = *at;
    *at = w;
    q->n++;
}

static int64_t tag_for(const struct queue *q, const struct waiting *w)
{
    int64_t last = q->served[w->background];

    for (const struct waiting *o = q->first; o; o = o->next)
        if (o->background == w->background && o->tag > last && strcmp(o->person, w->person) == 0)
            last = o->tag;
    return last + 1;
}

static int64_t count_of(const struct queue *q, const char *person)
{
    int64_t n = 0;

    for (const struct waiting *o = q->first; o; o = o->next)
        n += strcmp(o->person, person) == 0;
    return n;
}

int queue_enter(struct queue *q, struct waiting *w, struct jv_err *err)
{
    if (!w->again && q->n >= q->max)
        return jv_err_set(err, JV_RESOURCE_EXHAUSTED,
                          "language models are busy: %lld calls wait already", (long long)q->n);
    if (!w->again && count_of(q, w->person) >= q->per_person)
        return jv_err_set(err, JV_RESOURCE_EXHAUSTED,
                          "language models are busy: %lld calls of yours wait already",
                          (long long)q->per_person);
    w->turn = TURN_WAITS;
    w->tag = w->again ? 0 : tag_for(q, w);
    insert(q, w);
    return JV_OK;
}

static bool unlink_it(struct queue *q, struct waiting *w)
{
    struct waiting **at = &q->first;

    while (*at && *at != w)
        at = &(*at)->next;
    if (!*at)
        return false;
    *at = w->next;
    w->next = NULL;
    q->n--;
    return true;
}

void queue_leave(struct queue *q, struct waiting *w)
{
    unlink_it(q, w);
}

void queue_promote(struct queue *q, struct waiting *w)
{
    if (!w->background || !unlink_it(q, w))
        return;
    w->background = false;
    w->tag = tag_for(q, w);
    insert(q, w);
}

/* ---- serving -------------------------------------------------------------------------------- */

struct choice {
    enum turn turn;
    size_t model;
    int64_t wait_ms; /* INT64_MAX: not for the time, for a place */
};

/* The first that is not passed by is the one, also when it has to be waited for. */
static struct choice choose(struct queue *q, const struct waiting *w, int64_t now)
{
    for (size_t i = 0; i < q->n_models; i++) {
        int64_t wait = 0;

        if (!(w->models & 1u << i))
            continue;
        wait = health_wait(&q->models[i], w->tokens, now);
        if (wait == health_away || wait > pass_by_ms)
            continue;
        if (!health_room(&q->models[i], w->background))
            return (struct choice){ TURN_WAITS, i, INT64_MAX };
        return (struct choice){ wait ? TURN_WAITS : TURN_GRANTED, i, wait };
    }
    return (struct choice){ TURN_REFUSED, 0, 0 };
}

static bool has_place(const struct queue *q, const struct waiting *w)
{
    return q->running < q->parallel - (w->background && q->parallel > 1);
}

static void settle(struct queue *q, struct waiting *w, const struct choice *c, int64_t now)
{
    unlink_it(q, w);
    w->turn = c->turn;
    w->model = c->model;
    if (c->turn == TURN_GRANTED) {
        q->running++;
        w->probe = health_begin(&q->models[c->model], w->tokens, now);
        if (w->tag > q->served[w->background])
            q->served[w->background] = w->tag;
    }
    if (w->ctx)
        jv_wake(w->ctx);
}

/* A call that waits for a model keeps those behind it from taking what it waits for: small ones
 * would starve a large one. */
int64_t queue_serve(struct queue *q, int64_t now_ms)
{
    int64_t soonest = INT64_MAX;
    uint32_t waited_for = 0;

    for (struct waiting *w = q->first, *next; w; w = next) {
        struct choice c = choose(q, w, now_ms);

        next = w->next;
        if (c.turn == TURN_GRANTED && (!has_place(q, w) || waited_for & 1u << c.model))
            c = (struct choice){ TURN_WAITS, c.model, INT64_MAX };
        if (c.turn == TURN_WAITS) {
            waited_for |= 1u << c.model;
            soonest = c.wait_ms < soonest ? c.wait_ms : soonest;
        } else {
            settle(q, w, &c, now_ms);
        }
    }
    return soonest;
}

void queue_done(struct queue *q, const struct waiting *w, const struct verdict *v, int64_t now_ms)
{
    q->running--;
    health_end(&q->models[w->model], v, w->probe, now_ms);
    queue_serve(q, now_ms);
}
