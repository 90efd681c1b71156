/* test_people.c -- people as administrators add, change and remove them, and what becomes of their
 * tokens. */
#include "actors/asking.h"

extern const struct jv_actor auth_actor;

#define ADD       "svc.auth.AddPerson"
#define CHANGE    "svc.auth.ChangePerson"
#define REMOVE    "svc.auth.RemovePerson"
#define NORA      "{\"username\":\"nora\",\"password\":\"password456\",\"role\":\"admin\"}"
#define MINUTE    ((int64_t)60000)
#define IS_OVER   "this sign-in has ended"
#define IS_BAD    JV_INVALID_ARGUMENT
#define NAME_RULE "beginning with a letter or digit"

struct stage {
    struct world *w;
    const char *admin, *vishal;
};

static struct stage stage(void)
{
    struct stage s = { .w = world_new() };

    world_db(jv_migration_files, NULL);
    world_sql(s.w, "truncate auth.people, auth.keys, auth.families, auth.refresh_tokens, "
                   "auth.revocations, auth.attempts, auth.ended_people restart identity cascade");
    setenv("JARVIS_DEMO", "1", 1);
    world_listen(s.w, "audit.auth.*");
    world_start(s.w, &auth_actor);
    s.admin = token_of(s.w, "admin", "admin123");
    s.vishal = token_of(s.w, "vishal", "password123");
    return s;
}

static bool told(struct stage *s, const char *subject, const char *part)
{
    const char *record, *at;

    for (size_t i = 0; (record = world_heard(s->w, i, &at)); i++)
        if (strcmp(at, subject) == 0 && strstr(record, part))
            return true;
    return false;
}

static int me(struct stage *s, const char *token)
{
    return world_ask(s->w, token, "svc.auth.Me", "{}").code;
}

TEST(added_and_in)
{
    struct stage s = stage();
    struct world_reply r = world_ask(s.w, s.admin, ADD, NORA), again;

    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "username"), "nora");
    CHECK_HAS(member(s.w, &r, "user_id"), "user_");
    CHECK(told(&s, "audit.auth.person_added", "\"who\":\"admin\""));
    again = world_ask(s.w, token_of(s.w, "NORA", "password456"), "svc.auth.Me", "{}");
    CHECK_STR(member(s.w, &again, "user_id"), member(s.w, &r, "user_id"));
    CHECK_STR(member(s.w, &again, "role"), "admin");
    r = world_ask(s.w, s.admin, ADD, "{\"username\":\"Will.I-am_2\",\"password\":\"password456\"}");
    CHECK_STR(member(s.w, &r, "username"), "will.i-am_2");
    CHECK_STR(member(s.w, &r, "role"), "user");
    world_free(s.w);
}

TEST(bad_requests_change_nothing)
{
    static const struct ask_case cases[] = {
        { ADD, "{}", IS_BAD, { "username" } },
        { ADD, "{\"username\":\"x\"}", IS_BAD, { "password" } },
        { ADD, "{\"username\":\"\",\"password\":\"password456\"}", IS_BAD, { "username" } },
        { ADD, "{\"username\":\"-x\",\"password\":\"password456\"}", IS_BAD, { NAME_RULE } },
        { ADD,
          "{\"username\":\"user_007\",\"password\":\"password456\"}",
          IS_BAD,
          { "username", "user_" } },
        { ADD, "{\"username\":\"a b\",\"password\":\"password456\"}", IS_BAD, { NAME_RULE } },
        { ADD, "{\"username\":\"a'b\",\"password\":\"password456\"}", IS_BAD, { NAME_RULE } },
        { ADD, "{\"username\":\"\\u00e9\",\"password\":\"password456\"}", IS_BAD, { NAME_RULE } },
        { ADD,
          "{\"username\":\"x\",\"password\":\"1234567\"}",
          IS_BAD,
          { "password", "8 to 256" } },
        { ADD,
          "{\"username\":\"x\",\"password\":\"password456\",\"role\":\"king\"}",
          IS_BAD,
          { "role", "developer" } },
        { ADD, "{\"username\":\"x\",\"password\":\"password456\",\"also\":1}", IS_BAD, { "also" } },
        { ADD, "{\"username\":\"vishal\",\"password\":\"password456\"}", JV_ALREADY_EXISTS },
        { ADD, "{\"username\":\"VISHAL\",\"password\":\"password456\"}", JV_ALREADY_EXISTS },
        { CHANGE, "{\"username\":\"vishal\"}", IS_BAD, { "role", "nothing to change" } },
        { CHANGE, "{\"username\":\"vishal\",\"role\":\"king\"}", IS_BAD, { "role" } },
        { CHANGE, "{\"username\":\"vishal\",\"password\":\"x\"}", IS_BAD, { "password" } },
        { CHANGE, "{\"username\":\"nobody\",\"role\":\"admin\"}", JV_NOT_FOUND },
        { REMOVE, "{}", IS_BAD, { "username" } },
        { REMOVE, "{\"username\":\"nobody\"}", JV_NOT_FOUND },
        { "svc.auth.ListPeople", "{\"limit\":-1}", IS_BAD, { "limit" } },
        { "svc.auth.ListPeople", "{\"limit\":201}", IS_BAD, { "limit" } },
    };
    const char *sql = "select string_agg(p::text, ' ' order by id) from auth.people p";
    struct stage s = stage();
    const char *before = world_sql(s.w, sql);

    CHECK_ASKS(s.w, s.admin, cases);
    CHECK_STR(world_sql(s.w, sql), before);
    world_free(s.w);
}

TEST(for_administrators_only)
{
    static const char *const asked[][2] = {
        { ADD, NORA },
        { CHANGE, "{\"username\":\"vishal\",\"role\":\"admin\"}" },
        { REMOVE, "{\"username\":\"happy\"}" },
        { "svc.auth.ListPeople", "{}" },
    };
    struct stage s = stage();

    for (size_t i = 0; i < JV_COUNT(asked); i++) {
        CHECK_INT(world_ask(s.w, s.vishal, asked[i][0], asked[i][1]).code, JV_PERMISSION_DENIED);
        CHECK_INT(world_ask(s.w, NULL, asked[i][0], asked[i][1]).code, JV_UNAUTHENTICATED);
    }
    CHECK_STR(world_sql(s.w, "select count(*) from auth.people"), "5");
    CHECK(told(&s, "audit.auth.denied", "\"about\":\"users:write\""));
    CHECK(told(&s, "audit.auth.denied", "\"about\":\"no token\""));
    world_free(s.w);
}

/* Whatever the token says that is no longer so: it is refused at once, also by who comes later. */
TEST(a_change_ends_what_was_said_before)
{
    static const struct {
        const char *json;
        bool ends;
    } changes[] = {
        { "{\"username\":\"nora\",\"role\":\"developer\"}", true },
        { "{\"username\":\"nora\",\"role\":\"developer\"}", false }, /* is so already */
        { "{\"username\":\"nora\",\"email\":\"n@example.com\"}", false },
        { "{\"username\":\"nora\",\"password\":\"password789\"}", true },
        { "{\"username\":\"nora\",\"enabled\":true}", false },
        { "{\"username\":\"NORA\",\"role\":\"admin\"}", true },
    };
    struct stage s = stage();
    const char *password = "password456";

    CHECK_INT(world_ask(s.w, s.admin, ADD, NORA).code, JV_OK);
    for (size_t i = 0; i < JV_COUNT(changes); i++) {
        struct world_reply pair = sign_in(s.w, "nora", password), r;
        const char *token = member(s.w, &pair, "access_token");

        CHECK_INT(me(&s, token), JV_OK);
        CHECK_INT(world_ask(s.w, s.admin, CHANGE, changes[i].json).code, JV_OK);
        r = world_ask(s.w, token, "svc.auth.Me", "{}");
        CHECK_INT(r.code, changes[i].ends ? JV_UNAUTHENTICATED : JV_OK);
        if (changes[i].ends)
            CHECK_STR(r.text, IS_OVER);
        r = ask(s.w, NULL, "svc.auth.Refresh", "{\"refresh_token\":\"%s\"}",
                member(s.w, &pair, "refresh_token"));
        CHECK_INT(r.code, changes[i].ends ? JV_UNAUTHENTICATED : JV_OK);
        if (strstr(changes[i].json, "789"))
            password = "password789";
        CHECK_INT(me(&s, token_of(s.w, "nora", password)), JV_OK); /* in the same second */
    }
    CHECK_INT(me(&s, s.vishal), JV_OK);
    CHECK(told(&s, "audit.auth.person_changed", "role developer"));
    CHECK(!told(&s, "audit.auth.person_changed", "password789"));
    world_free(s.w);
}

TEST(switched_off_and_on)
{
    struct stage s = stage();
    const char *off = "{\"username\":\"vishal\",\"enabled\":false}";
    struct world_reply list;

    CHECK_INT(world_ask(s.w, s.admin, CHANGE, off).code, JV_OK);
    CHECK_INT(me(&s, s.vishal), JV_UNAUTHENTICATED);
    CHECK_INT(sign_in(s.w, "vishal", "password123").code, JV_UNAUTHENTICATED);
    list = world_ask(s.w, NULL, "svc.auth.Revocations", "{}"); /* for who starts now */
    CHECK_HAS(list.json, "\"user_id\":\"user_001\"");
    CHECK_INT(world_ask(s.w, s.admin, CHANGE, "{\"username\":\"vishal\",\"enabled\":true}").code,
              JV_OK);
    CHECK_INT(me(&s, s.vishal), JV_UNAUTHENTICATED);
    CHECK_INT(me(&s, token_of(s.w, "vishal", "password123")), JV_OK);
    world_advance(s.w, 61 * MINUTE); /* nothing to tell when no token can be good any more */
    list = world_ask(s.w, NULL, "svc.auth.Revocations", "{}");
    CHECK(!strstr(list.json, "user_001"));
    CHECK_STR(world_sql(s.w, "select count(*) from auth.ended_people"), "1"); /* for late tasks */
    world_free(s.w);
}

/* A name is nobody else's afterwards: what is kept by it is not theirs. */
TEST(removed_for_good)
{
    struct stage s = stage();
    const char *token;
    struct world_reply r;

    CHECK_INT(world_ask(s.w, s.admin, ADD, NORA).code, JV_OK);
    token = token_of(s.w, "nora", "password456");
    CHECK_INT(world_ask(s.w, s.admin, REMOVE, "{\"username\":\"Nora\"}").code, JV_OK);
    CHECK_INT(me(&s, token), JV_UNAUTHENTICATED);
    CHECK_INT(sign_in(s.w, "nora", "password456").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(s.w, s.admin, ADD, NORA).code, JV_ALREADY_EXISTS);
    CHECK_INT(world_ask(s.w, s.admin, REMOVE, "{\"username\":\"nora\"}").code, JV_NOT_FOUND);
    CHECK_INT(world_ask(s.w, s.admin, CHANGE, "{\"username\":\"nora\",\"enabled\":true}").code,
              JV_NOT_FOUND);
    CHECK_INT(world_ask(s.w, s.admin, "svc.auth.GetUser", "{\"username\":\"nora\"}").code,
              JV_NOT_FOUND);
    r = world_ask(s.w, s.admin, "svc.auth.ListPeople", "{}");
    CHECK(!strstr(r.json, "nora"));
    CHECK_STR(world_sql(s.w, "select password_hash || email from auth.people "
                             "where username = 'nora'"),
              "");
    CHECK(told(&s, "audit.auth.person_removed", "nora"));
    world_free(s.w);
}

TEST(the_last_administrator_stays)
{
    static const char *const asked[][2] = {
        { REMOVE, "{\"username\":\"admin\"}" },
        { CHANGE, "{\"username\":\"admin\",\"role\":\"user\"}" },
        { CHANGE, "{\"username\":\"admin\",\"enabled\":false}" },
    };
    struct stage s = stage();
    struct world_reply a, b;
    const char *nora;

    for (size_t i = 0; i < JV_COUNT(asked); i++) {
        CHECK_INT(world_ask(s.w, s.admin, asked[i][0], asked[i][1]).code, JV_FAILED_PRECONDITION);
        CHECK_INT(me(&s, s.admin), JV_OK);
    }
    CHECK_INT(world_ask(s.w, s.admin, ADD, NORA).code, JV_OK);
    nora = token_of(s.w, "nora", "password456");
    world_send(s.w, s.admin, CHANGE, "{\"username\":\"nora\",\"role\":\"user\"}");
    world_send(s.w, nora, CHANGE, "{\"username\":\"admin\",\"role\":\"user\"}");
    a = world_collect(s.w);
    b = world_collect(s.w);
    CHECK((a.code == JV_OK) + (b.code == JV_OK) == 1); /* not both */
    CHECK_STR(world_sql(s.w, "select count(*) from auth.people where role = 'admin'"), "1");
    world_free(s.w);
}

/* Whoever signs in while their role is taken away gets no token of that role. */
TEST(a_sign_in_beside_a_change)
{
    struct stage s = stage();

    CHECK_INT(world_ask(s.w, s.admin, ADD, NORA).code, JV_OK);
    for (int i = 0; i < 10; i++) {
        struct world_reply in[4], r;

        for (int k = 0; k < 4; k++)
            world_send(s.w, NULL, "svc.auth.Login",
                       "{\"username\":\"nora\",\"password\":\"password456\"}");
        world_send(s.w, s.admin, CHANGE,
                   i % 2 ? "{\"username\":\"nora\",\"role\":\"admin\"}"
                         : "{\"username\":\"nora\",\"role\":\"developer\"}");
        for (int k = 0; k < 4; k++)
            in[k] = world_collect(s.w);
        CHECK_INT(world_collect(s.w).code, JV_OK);
        for (int k = 0; k < 4; k++) {
            const char *token = member(s.w, &in[k], "access_token");

            if (in[k].code || me(&s, token))
                continue; /* told to try again, or it has ended already */
            r = world_ask(s.w, token, "svc.auth.Verify", "{}");
            CHECK_STR(member(s.w, &r, "role"), i % 2 ? "admin" : "developer");
        }
    }
    world_free(s.w);
}

TEST(listed_by_page)
{
    struct stage s = stage();
    struct world_reply r = world_ask(s.w, s.admin, "svc.auth.ListPeople", "{\"limit\":3}");

    CHECK_INT(count_of(r.json, "\"username\""), 3);
    CHECK_STR(member(s.w, &r, "next_cursor"), "happy");
    r = world_ask(s.w, s.admin, "svc.auth.ListPeople", "{\"limit\":3,\"cursor\":\"happy\"}");
    CHECK_INT(count_of(r.json, "\"username\""), 2);
    CHECK_STR(member(s.w, &r, "username"), "sarah");
    CHECK_STR(member(s.w, &r, "next_cursor"), "");
    CHECK(!strstr(r.json, "argon2"));
    world_free(s.w);
}

TEST_MAIN()
