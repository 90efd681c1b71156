/* ends.c -- a table by name, with open addressing; it grows up to a limit and is swept before. */
#include "actor/ends.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 256 };

struct end {
    char name[JV_MAX_USER_ID + 2]; /* "s" and a session, "u" and a user id; "": free */
    int64_t issued, until_ms;
};

struct jv_ends {
    struct end *slots; /* a power of two, at most half full */
    size_t n_slots, n, most;
    int64_t all_until_ms;
};

static struct end *new_slots(size_t n)
{
    struct end *slots = calloc(n, sizeof(*slots));

    if (!slots)
        abort();
    return slots;
}

struct jv_ends *jv_ends_new(size_t most)
{
    struct jv_ends *e = calloc(1, sizeof(*e));

    if (!e)
        abort();
    e->most = most;
    e->n_slots = FIRST;
    e->slots = new_slots(FIRST);
    return e;
}

struct jv_ends *jv_ends_free(struct jv_ends *e)
{
    if (e)
        free(e->slots);
    free(e);
    return NULL;
}

/* Its slot, or the free one where it would be. */
static struct end *slot_of(const struct jv_ends *e, char kind, const char *name)
{
    uint64_t h = 1469598103934665603u ^ (uint64_t)kind;
    size_t i;

    for (const char *p = name; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    for (i = (h ^ h >> 32) & (e->n_slots - 1); e->slots[i].name[0]; i = (i + 1) & (e->n_slots - 1))
        if (e->slots[i].name[0] == kind && strcmp(e->slots[i].name + 1, name) == 0)
            break;
    return &e->slots[i];
}

/* Without what has run out; larger if that is not enough. */
static void rebuild(struct jv_ends *e, int64_t now_ms)
{
    struct end *old = e->slots;
    size_t n_old = e->n_slots, live = 0;

    for (size_t i = 0; i < n_old; i++)
        live += old[i].name[0] && old[i].until_ms > now_ms;
    while (e->n_slots < 4 * live)
        e->n_slots *= 2;
    e->slots = new_slots(e->n_slots);
    e->n = live;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].name[0] && old[i].until_ms > now_ms)
            *slot_of(e, old[i].name[0], old[i].name + 1) = old[i];
    free(old);
}

static struct end *take(struct jv_ends *e, char kind, const char *name, int64_t now_ms)
{
    struct end *slot = slot_of(e, kind, name);

    if (slot->name[0])
        return slot;
    if (2 * (e->n + 1) > e->n_slots || e->n >= e->most) {
        rebuild(e, now_ms);
        slot = slot_of(e, kind, name);
    }
    if (e->n >= e->most)
        return NULL;
    slot->name[0] = kind;
    memcpy(slot->name + 1, name, strlen(name) + 1);
    e->n++;
    return slot;
}

static void end_tokens(struct jv_ends *e, char kind, const char *name, int64_t issued,
                       int64_t until_ms, int64_t now_ms)
{
    struct end *slot = take(e, kind, name, now_ms);

    if (!slot) {
        jv_ends_all(e, until_ms);
        return;
    }
    if (slot->issued < issued)
        slot->issued = issued;
    if (slot->until_ms < until_ms)
        slot->until_ms = until_ms;
}

void jv_ends_session(struct jv_ends *e, const char *sid, int64_t until_ms, int64_t now_ms)
{
    end_tokens(e, 's', sid, INT64_MAX, until_ms, now_ms);
}

void jv_ends_person(struct jv_ends *e, const char *user_id, int64_t issued, int64_t until_ms,
                    int64_t now_ms)
{
    end_tokens(e, 'u', user_id, issued, until_ms, now_ms);
}

void jv_ends_all(struct jv_ends *e, int64_t until_ms)
{
    if (e->all_until_ms < until_ms)
        e->all_until_ms = until_ms;
}

static bool covers(const struct end *s, int64_t issued, int64_t now_ms)
{
    return s->name[0] && s->until_ms > now_ms && issued <= s->issued;
}

bool jv_ends_has(const struct jv_ends *e, const char *user_id, const char *sid, int64_t issued,
                 int64_t exp_ms, int64_t now_ms)
{
    return exp_ms <= e->all_until_ms || covers(slot_of(e, 'u', user_id), issued, now_ms) ||
           covers(slot_of(e, 's', sid), issued, now_ms);
}
