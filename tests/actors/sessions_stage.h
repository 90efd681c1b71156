/* sessions_stage.h -- a world with sessions in it, and short hands for its calls. */
#ifndef SESSIONS_STAGE_H
#define SESSIONS_STAGE_H

#include "actors/asking.h"

extern const struct jv_actor sessions_actor;

#define MINUTE  ((int64_t)60000)
#define HOUR    (60 * MINUTE)
#define DAY     (24 * HOUR)
#define NO_SUCH "00000000-0000-4000-8000-000000000000"

struct stage {
    struct world *w;
    const char *vishal, *happy, *admin;
};

static inline struct stage stage_new(void)
{
    struct stage s = { .w = world_new() };

    world_db(jv_migration_files, NULL);
    world_sql(s.w, "truncate sessions.sessions cascade");
    world_start(s.w, &sessions_actor);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.happy = world_person(s.w, "user_002", "happy", "developer");
    s.admin = world_person(s.w, "user_admin", "admin", "admin");
    return s;
}

static inline const char *create(struct stage *s, const char *token)
{
    struct world_reply r = ask(s->w, token, "svc.sessions.Create", "{}");

    CHECK_INT(r.code, JV_OK);
    return member(s->w, &r, "session_id");
}

static inline struct world_reply get(struct stage *s, const char *token, const char *id)
{
    return ask(s->w, token, "svc.sessions.Get", "{\"session_id\":\"%s\"}", id);
}

static inline int say(struct stage *s, const char *token, const char *id, const char *role,
                      const char *json_text)
{
    return ask(s->w, token, "svc.sessions.AddMessage",
               "{\"session_id\":\"%s\",\"role\":\"%s\",\"content\":%s}", id, role, json_text)
            .code;
}

static inline const char *current(struct stage *s, const char *token)
{
    struct world_reply r = ask(s->w, token, "svc.sessions.Active", "{}");

    return r.code ? "" : member(s->w, &r, "session_id");
}

/* A turn that was begun; its names are there when that went well. */
struct begun {
    const char *session_id, *message_id;
    struct world_reply r;
};

static inline struct world_reply resolve(struct stage *s, const char *token, const char *id)
{
    return ask(s->w, token, "svc.sessions.Resolve", "{\"session_id\":\"%s\"}", id);
}

static inline struct begun begin_in(struct stage *s, const char *token, const char *session_id,
                                    const char *message_id, const char *text)
{
    struct begun b = { session_id, message_id, { 0 } };

    b.r = ask(s->w, token, "svc.sessions.Begin",
              "{\"session_id\":\"%s\",\"message_id\":\"%s\",\"text\":\"%s\"}", session_id,
              message_id, text);
    return b;
}

/* As a chat without a session id does it. */
static inline struct begun begin(struct stage *s, const char *token)
{
    static int n;
    struct world_reply r = resolve(s, token, "");

    CHECK_INT(r.code, JV_OK);
    return begin_in(s, token, member(s->w, &r, "session_id"),
                    jv_arena_printf(world_arena(s->w), "turn-%d", ++n), "show my tickets");
}

static inline struct world_reply finish(struct stage *s, const char *token, const struct begun *b,
                                        const char *more)
{
    return ask(s->w, token, "svc.sessions.Finish",
               "{\"session_id\":\"%s\",\"message_id\":\"%s\"%s}", b->session_id, b->message_id,
               more);
}

#endif
