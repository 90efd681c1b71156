/* test_first.c -- people that settings name: the first administrator, and the probe. */
#include "actors/asking.h"

#include <stdlib.h>

extern const struct jv_actor auth_actor;

#define ADD    "svc.auth.AddPerson"
#define CHANGE "svc.auth.ChangePerson"
#define REMOVE "svc.auth.RemovePerson"

static const char *const names[] = { "JARVIS_DEMO", "JARVIS_ADMIN", "JARVIS_ADMIN_PASSWORD",
                                     "JARVIS_PROBE", "JARVIS_PROBE_PASSWORD" };

/* In the order of names; NULL: not set. */
static void set(const char *const values[5])
{
    for (size_t i = 0; i < JV_COUNT(names); i++)
        values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]);
}

#define SET(...) set((const char *const[5]){ __VA_ARGS__ })

/* Nobody is there but whom the settings name. */
static struct world *empty_world(void)
{
    struct world *w = world_new();

    world_db(jv_migration_files, NULL);
    world_sql(w, "truncate auth.people, auth.keys, auth.families, auth.refresh_tokens, "
                 "auth.revocations, auth.attempts, auth.ended_people, auth.outbox "
                 "restart identity cascade");
    world_listen(w, "audit.auth.*");
    return w;
}

static size_t told(struct world *w, const char *subject, const char *part)
{
    const char *record, *at;
    size_t n = 0;

    for (size_t i = 0; (record = world_heard(w, i, &at)); i++)
        n += strcmp(at, subject) == 0 && strstr(record, part);
    return n;
}

static const char *people(struct world *w)
{
    return world_sql(w, "select coalesce(string_agg(username || ':' || role, ' ' order by id), '') "
                        "from auth.people");
}

/* Another start, as after a deploy. */
static struct world *again(struct world *w)
{
    world_free(w);
    w = world_new();
    world_listen(w, "audit.auth.*");
    world_start(w, &auth_actor);
    return w;
}

TEST(made_once)
{
    struct world *w = empty_world();
    const char *before;

    SET(NULL, "Boss", "correct horse", "probe", "battery staple");
    world_start(w, &auth_actor);
    world_start(w, &auth_actor);
    CHECK_STR(people(w), "boss:admin probe:user");
    CHECK_INT(told(w, "audit.auth.person_added", "boss"), 1);
    CHECK_INT(told(w, "audit.auth.person_added", "by the setting JARVIS_ADMIN"), 1);
    CHECK_INT(told(w, "audit.auth.person_added", "by the setting JARVIS_PROBE"), 1);
    CHECK_INT(told(w, "audit.auth.person_added", "horse"), 0);
    CHECK_INT(world_ask(w, token_of(w, "boss", "correct horse"), "svc.auth.ListPeople", "{}").code,
              JV_OK);
    CHECK_INT(
            world_ask(w, token_of(w, "probe", "battery staple"), "svc.auth.ListPeople", "{}").code,
            JV_PERMISSION_DENIED);
    before = world_sql(w, "select string_agg(p::text, ' ' order by id) from auth.people p");
    before = jv_arena_strdup(world_arena(w), before);
    world_start(w, &auth_actor);
    CHECK_STR(world_sql(w, "select string_agg(p::text, ' ' order by id) from auth.people p"),
              before);
    world_free(w);
}

/* Who is there already is not changed, whatever the settings say. */
TEST(an_administrator_is_never_changed)
{
    struct world *w = empty_world();
    const char *boss;

    SET(NULL, "boss", "correct horse");
    world_start(w, &auth_actor);
    SET(NULL, "boss", "another horse");
    w = again(w);
    CHECK_INT(sign_in(w, "boss", "another horse").code, JV_UNAUTHENTICATED);
    boss = token_of(w, "boss", "correct horse");
    SET(NULL, "chief", "another horse");
    w = again(w);
    CHECK_STR(people(w), "boss:admin");
    boss = token_of(w, "boss", "correct horse");
    CHECK_INT(world_ask(w, boss, ADD, "{\"username\":\"nora\",\"password\":\"password456\"}").code,
              JV_OK);
    SET(NULL, "nora", "another horse"); /* there is one, so that it is of no matter */
    w = again(w);
    CHECK_STR(people(w), "boss:admin nora:user");
    token_of(w, "nora", "password456");
    world_free(w);
}

/* The demo's administrator may not sign in where there is no demo: that is none. */
TEST(after_a_demo)
{
    struct world *w = empty_world();
    struct jv_err err = { 0 };

    SET("1");
    world_start(w, &auth_actor);
    SET(NULL, "admin", "correct horse");
    world_free(w);
    w = world_new();
    CHECK_INT(world_try(w, &auth_actor, &err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "JARVIS_ADMIN: admin is or was somebody's name");
    SET(NULL, "boss", "correct horse");
    w = again(w);
    token_of(w, "boss", "correct horse");
    CHECK_INT(sign_in(w, "admin", "admin123").code, JV_UNAUTHENTICATED);
    SET("1", "chief", "correct horse"); /* in the demo it is one */
    w = again(w);
    CHECK(!strstr(people(w), "chief"));
    world_free(w);
}

TEST(the_probes_password_is_the_settings)
{
    struct world *w = empty_world();
    struct world_reply pair;
    const char *boss;

    SET(NULL, "boss", "correct horse", "probe", "battery staple");
    world_start(w, &auth_actor);
    pair = sign_in(w, "probe", "battery staple");
    SET(NULL, "boss", "correct horse", "PROBE", "battery stapler");
    world_start(w, &auth_actor);
    CHECK_INT(world_ask(w, member(w, &pair, "access_token"), "svc.auth.Me", "{}").code,
              JV_UNAUTHENTICATED);
    CHECK_INT(sign_in(w, "probe", "battery staple").code, JV_UNAUTHENTICATED);
    token_of(w, "probe", "battery stapler");
    CHECK_INT(told(w, "audit.auth.person_changed", "by the setting JARVIS_PROBE_PASSWORD"), 1);
    CHECK_INT(told(w, "audit.auth.person_changed", "staple"), 0);
    boss = token_of(w, "boss", "correct horse");
    CHECK_INT(world_ask(w, boss, CHANGE, "{\"username\":\"probe\",\"enabled\":false}").code, JV_OK);
    w = again(w); /* an administrator's word stands */
    CHECK_INT(sign_in(w, "probe", "battery stapler").code, JV_UNAUTHENTICATED);
    boss = token_of(w, "boss", "correct horse");
    CHECK_INT(world_ask(w, boss, REMOVE, "{\"username\":\"probe\"}").code, JV_OK);
    w = again(w);
    CHECK_INT(sign_in(w, "probe", "battery stapler").code, JV_UNAUTHENTICATED);
    token_of(w, "boss", "correct horse"); /* everybody else may sign in all the same */
    world_free(w);
}

TEST(nobody_elses_password)
{
    struct world *w = empty_world();
    struct jv_err err = { 0 };
    const char *boss;

    SET(NULL, "boss", "correct horse");
    world_start(w, &auth_actor);
    boss = token_of(w, "boss", "correct horse");
    CHECK_INT(world_ask(w, boss, ADD, "{\"username\":\"nora\",\"password\":\"password456\"}").code,
              JV_OK);
    SET(NULL, NULL, NULL, "nora", "battery staple");
    CHECK_INT(world_try(w, &auth_actor, &err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "JARVIS_PROBE: nora is somebody else's name");
    token_of(w, "nora", "password456");
    world_free(w);
}

TEST(bad_settings)
{
    static const struct {
        const char *values[5], *says;
    } cases[] = {
        { { NULL, "boss" }, "JARVIS_ADMIN_PASSWORD: is not set" },
        { { NULL, NULL, "correct horse" }, "JARVIS_ADMIN: is not set" },
        { { NULL, NULL, NULL, "probe" }, "JARVIS_PROBE_PASSWORD: is not set" },
        { { NULL, NULL, NULL, NULL, "battery staple" }, "JARVIS_PROBE: is not set" },
        { { NULL, "boss", "1234567" }, "JARVIS_ADMIN_PASSWORD: must have 8 to 256 bytes" },
        { { NULL, "boss", "password123" }, "JARVIS_ADMIN_PASSWORD: everybody would guess" },
        { { "1", "boss", "admin123" }, "JARVIS_ADMIN_PASSWORD: everybody would guess" },
        { { NULL, "the-boss", "the-boss" }, "JARVIS_ADMIN_PASSWORD: everybody would guess" },
        { { NULL, "boss", "correct horse", "probe", "short" }, "JARVIS_PROBE_PASSWORD: must have" },
        { { NULL, "a b", "correct horse" }, "JARVIS_ADMIN: must be 1 to 64 of a to z" },
        { { NULL, "-boss", "correct horse" }, "JARVIS_ADMIN: must be 1 to 64 of a to z" },
        { { NULL, "b\xc3\xb6ss", "correct horse" }, "JARVIS_ADMIN: must be 1 to 64 of a to z" },
        { { NULL, "user_001", "correct horse" }, "JARVIS_ADMIN: must not begin with user_" },
        { { NULL, "boss", "correct horse", "Boss", "battery staple" },
          "JARVIS_PROBE: must be somebody else than JARVIS_ADMIN" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world *w = empty_world();
        struct jv_err err = { 0 };

        set(cases[i].values);
        CHECK_INT(world_try(w, &auth_actor, &err), JV_INVALID_ARGUMENT);
        CHECK_HAS(err.text, cases[i].says);
        CHECK(!strstr(err.text, "horse") && !strstr(err.text, "1234567"));
        CHECK_STR(world_sql(w, "select count(*) from auth.people"), "0");
        world_free(w);
    }
}

TEST_MAIN()
