/* notices_stage.h -- a world with the notifier, the agents that find notices, and a receiver. */
#ifndef NOTICES_STAGE_H
#define NOTICES_STAGE_H

#include "actors/notifier_stage.h"

extern const struct jv_actor tickets_actor, finops_actor, oxygen_actor;

#define LIST    "svc.notifier.ListNotices"
#define TAKE    "svc.notifier.TakeNotice"
#define NOTHING "{\"notifications\":[]}"
#define HOOK    "svc.notifier.AddHook"

enum { round_ms = 61000, posted_ms = 2000 };

struct people {
    struct stage s;
    const char *happy, *nobody;
    struct jv_node *agents[3];
};

static inline void forget_all(struct stage *s)
{
    world_sql(s->w, "truncate notifier.notices, notifier.told, notifier.mutes, notifier.hooks, "
                    "notifier.looks, notifier.rounds, tickets.tickets, finops.costs, "
                    "finops.looks, finops.jumps, finops.budgets, finops.allocations, "
                    "oxygen.learners, oxygen.courses, oxygen.exams");
}

static inline struct people people_new(void)
{
    struct people p;

    setenv("JARVIS_NOTICES_EVERY", "60s", 1);
    p.s = stage_new();
    forget_all(&p.s);
    world_listen(p.s.w, "evt.notifier.Noticed");
    p.agents[0] = world_start(p.s.w, &tickets_actor);
    p.agents[1] = world_start(p.s.w, &finops_actor);
    p.agents[2] = world_start(p.s.w, &oxygen_actor);
    p.happy = world_person(p.s.w, "user_002", "happy", "developer");
    p.nobody = world_token(p.s.w, "user_001", "vishal", "oxygen:read");
    return p;
}

static inline void people_free(struct people *p)
{
    stage_free(&p->s);
    unsetenv("JARVIS_NOTICES_EVERY");
}

/* What the day is for exams and the like; tokens live on. */
static inline void today(struct people *p, const char *rfc3339)
{
    int64_t s;
    int32_t ns;

    CHECK_INT(jv_time_parse(rfc3339, &s, &ns), JV_OK);
    jv_loop_freeze_wall(world_loop(p->s.w), s * 1000);
}

static inline void exam(struct people *p, const char *username, const char *name,
                        const char *deadline)
{
    world_sql(p->s.w, jv_arena_printf(world_arena(p->s.w),
                                      "insert into oxygen.learners (username) values ('%s') "
                                      "on conflict do nothing",
                                      username));
    world_sql(p->s.w, jv_arena_printf(world_arena(p->s.w),
                                      "insert into oxygen.exams values ('%s', '%s', %s)", username,
                                      name, deadline));
}

static inline void ticket(struct people *p, const char *username, const char *status,
                          const char *created)
{
    world_sql(p->s.w, jv_arena_printf(world_arena(p->s.w),
                                      "insert into tickets.tickets (operation, username, status, "
                                      "created_at, updated_at) values ('vpn_access', '%s', '%s', "
                                      "'%s', '%s')",
                                      username, status, created, created));
}

static inline void budget(struct people *p, const char *username, int spent)
{
    world_sql(p->s.w,
              jv_arena_printf(world_arena(p->s.w),
                              "insert into finops.budgets (username, monthly_cents, "
                              "spent_cents) values ('%s', 10000, %d) on conflict (username) "
                              "do update set spent_cents = excluded.spent_cents",
                              username, spent));
}

static inline const char *list(struct people *p, const char *token)
{
    struct world_reply r = world_ask(p->s.w, token, LIST, "{}");

    CHECK_INT(r.code, JV_OK);
    return r.code ? "" : r.json;
}

static inline size_t heard(struct people *p, const char *username)
{
    const char *part =
            jv_arena_printf(world_arena(p->s.w), "\x0a%c%s", (int)strlen(username), username);
    const char *data, *subject;
    size_t n = 0;

    for (size_t i = 0; (data = world_heard(p->s.w, i, &subject)); i++)
        n += strcmp(subject, "evt.notifier.Noticed") == 0 && strcmp(data, part) == 0;
    return n;
}

static inline int id_of(struct people *p, const char *token)
{
    struct world_reply r = world_ask(p->s.w, token, LIST, "{}");

    return atoi(member(p->s.w, &r, "id"));
}

#endif
