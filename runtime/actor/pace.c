/* pace.c -- a small table of those who had records in this minute. */
#include "actor/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 512 };

struct slot {
    char who[JV_PACE_NAME], user_id[JV_PACE_NAME];
    int64_t since_ms;
    unsigned n, left_out;
};

struct jv_pace {
    struct slot slots[SLOTS];
    unsigned turn;
};

struct jv_pace *jv_pace_new(void)
{
    struct jv_pace *p = calloc(1, sizeof(*p));

    if (!p)
        abort();
    return p;
}

struct jv_pace *jv_pace_free(struct jv_pace *p)
{
    free(p);
    return NULL;
}

bool jv_pace_counts(const char *action)
{
    static const char *const changing_nothing[] = { "denied",       "missed",         "login",
                                                    "login_failed", "refresh_failed", "logout",
                                                    "audit_read" };

    for (size_t i = 0; i < JV_COUNT(changing_nothing); i++)
        if (strcmp(action, changing_nothing[i]) == 0)
            return true;
    return false;
}

static bool is_over(const struct slot *s, int64_t now)
{
    return now - s->since_ms >= JV_PACE_MS || now < s->since_ms;
}

/* Theirs, or one whose minute is over and told. With none, so many are about that each shares one:
 * too many people in a minute leave out more, never less. */
static struct slot *slot_of(struct jv_pace *p, const char *user_id, int64_t now, bool *ret_goes_on)
{
    struct slot *ours = NULL;

    *ret_goes_on = true;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *s = &p->slots[i];

        if (s->n && strcmp(s->user_id, user_id) == 0)
            return s;
        if (!ours && (!s->n || (is_over(s, now) && !s->left_out)))
            ours = s;
    }
    *ret_goes_on = !ours;
    return ours ? ours : &p->slots[p->turn++ % SLOTS];
}

bool jv_pace_lets(struct jv_pace *p, const char *who, const char *user_id, int64_t now,
                  bool *ret_first)
{
    char name[JV_PACE_NAME];
    struct slot *s;
    bool goes_on;

    snprintf(name, sizeof(name), "%s", user_id ? user_id : "");
    s = slot_of(p, name, now, &goes_on);
    *ret_first = false;
    if (!goes_on) {
        snprintf(s->who, sizeof(s->who), "%s", who ? who : "");
        memcpy(s->user_id, name, sizeof(name));
        s->n = 0;
        s->left_out = 0;
    }
    if (!s->n || is_over(s, now)) {
        s->since_ms = now;
        s->n = 0;
    }
    if (s->n++ < JV_PACE_MOST)
        return true;
    *ret_first = s->left_out++ == 0;
    return false;
}

unsigned jv_pace_take(struct jv_pace *p, char who[JV_PACE_NAME], char user_id[JV_PACE_NAME])
{
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *s = &p->slots[i];
        unsigned n = s->left_out;

        if (!n)
            continue;
        memcpy(who, s->who, JV_PACE_NAME);
        memcpy(user_id, s->user_id, JV_PACE_NAME);
        s->left_out = 0;
        return n;
    }
    return 0;
}
