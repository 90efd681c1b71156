/* asking.h -- tables of calls for the house actors' tests, and a look into their answers. */
#ifndef ASKING_H
#define ASKING_H

#include <stdarg.h>

#include "check.h"
#include "jv/file.h"
#include "world/world.h"

extern const struct jv_file jv_migration_files[], jv_seed_files[];

struct ask_case {
    const char *subject, *json;
    int code;
    const char *has[6]; /* parts of the answer, or of the error's text or member */
    const char *lacks;
};

JV_PRINTF(4, 5)
static inline struct world_reply ask(struct world *w, const char *token, const char *subject,
                                     const char *fmt, ...)
{
    va_list args;
    const char *json;

    va_start(args, fmt);
    json = jv_arena_vprintf(world_arena(w), fmt, args);
    va_end(args);
    return world_ask(w, token, subject, json);
}

/* The value of the first member of that name, as text; "" when there is none. */
static inline const char *member(struct world *w, const struct world_reply *r, const char *name)
{
    const char *key = jv_arena_printf(world_arena(w), "\"%s\":", name);
    const char *p = r->json ? strstr(r->json, key) : NULL;

    if (!p)
        return "";
    p += strlen(key);
    if (*p == '"')
        return jv_arena_strndup(world_arena(w), p + 1, strcspn(p + 1, "\""));
    return jv_arena_strndup(world_arena(w), p, strcspn(p, ",}]"));
}

static inline struct world_reply sign_in(struct world *w, const char *name, const char *password)
{
    return ask(w, NULL, "svc.auth.Login", "{\"username\":\"%s\",\"password\":\"%s\"}", name,
               password);
}

static inline const char *token_of(struct world *w, const char *name, const char *password)
{
    struct world_reply r = sign_in(w, name, password);

    CHECK_INT(r.code, JV_OK);
    return member(w, &r, "access_token");
}

static inline size_t count_of(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *p = text; p && (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static inline void check_ask(struct world *w, const char *token, const struct ask_case *c)
{
    int before = check_failures;
    struct world_reply r = world_ask(w, token, c->subject, c->json);
    const char *text = r.json;

    if (r.code)
        text = jv_arena_printf(world_arena(w), "%s: %s", r.field, r.text);
    CHECK_INT(r.code, c->code);
    for (size_t i = 0; i < JV_COUNT(c->has) && c->has[i]; i++)
        CHECK_HAS(text, c->has[i]);
    CHECK(!c->lacks || !text || !strstr(text, c->lacks));
    if (check_failures > before)
        printf("# ^ %s %.200s\n#   gave %s\n", c->subject, c->json, text ? text : "(nothing)");
}

#define CHECK_ASKS(world, token, cases)                                                            \
    for (size_t i_ = 0; i_ < JV_COUNT(cases); i_++)                                                \
    check_ask((world), (token), &(cases)[i_])

#endif
