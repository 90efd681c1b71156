/* test_auth.c -- sign-in, lockout, tokens, refreshing, signing out, keys, on a real database. */
#include "actors/asking.h"

#include <sodium.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jv/password.h"

extern const struct jv_actor auth_actor;

#define WRONG  "Invalid username or password"
#define MINUTE ((int64_t)60000)
#define DAY    (24 * 60 * MINUTE)

/* A world with auth in it and nothing in its tables but the demo's people. */
static struct world *auth_world(void)
{
    struct world *w = world_new();

    world_db(jv_migration_files, NULL);
    world_sql(w, "truncate auth.people, auth.keys, auth.families, auth.refresh_tokens, "
                 "auth.revocations, auth.attempts restart identity cascade");
    setenv("JARVIS_DEMO", "1", 1);
    world_listen(w, "audit.auth.*");
    world_listen(w, "evt.auth.Revoked");
    world_start(w, &auth_actor);
    return w;
}

static struct world_reply login(struct world *w, const char *name, const char *password)
{
    return ask(w, NULL, "svc.auth.Login", "{\"username\":\"%s\",\"password\":\"%s\"}", name,
               password);
}

static struct world_reply refresh(struct world *w, const char *token)
{
    return ask(w, NULL, "svc.auth.Refresh", "{\"refresh_token\":\"%s\"}", token);
}

/* A jump of the clock: no timer in between runs. */
static void later(struct world *w, int64_t ms)
{
    jv_loop_set_wall(world_loop(w), jv_loop_real_ms(world_loop(w)) + ms);
}

static bool heard(struct world *w, const char *subject)
{
    const char *s;

    for (size_t i = 0; world_heard(w, i, &s); i++)
        if (strcmp(s, subject) == 0)
            return true;
    return false;
}

TEST(the_five_sign_in)
{
    static const struct {
        const char *name, *password, *user_id, *username, *role;
    } people[] = {
        { "vishal", "password123", "user_001", "vishal", "developer" },
        { "HAPPY", "password123", "user_002", "happy", "developer" },
        { "Alex", "password123", "user_003", "alex", "devops" },
        { "sarah", "password123", "user_004", "sarah", "data_scientist" },
        { "aDmIn", "admin123", "user_admin", "admin", "admin" },
    };
    struct world *w = auth_world();

    for (size_t i = 0; i < JV_COUNT(people); i++) {
        struct world_reply r = login(w, people[i].name, people[i].password);
        const char *access = member(w, &r, "access_token");

        CHECK_INT(r.code, JV_OK);
        CHECK_STR(member(w, &r, "token_type"), "bearer");
        CHECK_STR(member(w, &r, "expires_in"), "900");
        CHECK_INT(strlen(member(w, &r, "refresh_token")), 43);
        CHECK_STR(member(w, &r, "username"), people[i].username);
        CHECK_STR(member(w, &r, "user_id"), people[i].user_id);
        CHECK_STR(member(w, &r, "role"), people[i].role);
        CHECK_HAS(member(w, &r, "email"), "@company.com");
        CHECK(!strstr(r.json, "argon2"));

        r = world_ask(w, access, "svc.auth.Verify", "{}");
        CHECK_STR(member(w, &r, "valid"), "true");
        CHECK_STR(member(w, &r, "iss"), "jarvis-auth");
        CHECK_STR(member(w, &r, "aud"), "jarvis-api");
        CHECK_STR(member(w, &r, "sub"), people[i].user_id);
        CHECK_STR(member(w, &r, "username"), people[i].username);
        CHECK_STR(member(w, &r, "role"), people[i].role);
        CHECK_INT(strlen(member(w, &r, "jti")), 36);
        CHECK_INT(strlen(member(w, &r, "sid")), 36);
        CHECK_INT(atoll(member(w, &r, "exp")) - atoll(member(w, &r, "iat")), 900);
        CHECK_HAS(member(w, &r, "scope"), "tickets:read tickets:write finops:read oxygen:read");
        CHECK((strstr(member(w, &r, "scope"), "registry:approve") != NULL) ==
              (strcmp(people[i].role, "admin") == 0));

        r = world_ask(w, access, "svc.auth.Me", "{}");
        CHECK_STR(member(w, &r, "user_id"), people[i].user_id);
        CHECK_STR(member(w, &r, "role"), people[i].role);
    }
    CHECK(heard(w, "audit.auth.login"));
    world_free(w);
}

/* Whatever is wrong, code and text are the same; only malformed requests say what is missing. */
TEST(bad_sign_ins)
{
    struct world *w = auth_world();
    static const char *const refused[][2] = {
        { "vishal", "password124" },
        { "vishal", "PASSWORD123" },
        { "vishal", "password123 " },
        { "nobody", "password123" },
        { "vishal' or '1'='1", "x' or '1'='1" },
        { "vishal'; drop table auth.people; --", "password123" },
        { "user_001", "password123" },
        { "vishal%", "password123" },
        { "\\u0432\\u0438\\u0448\\u0430\\u043b \\ud83d\\ude00", "\\ud83d\\ude00" },
        { "sarah", "password123" }, /* disabled below */
    };
    char *name = jv_arena_alloc(world_arena(w), 66),
         *password = jv_arena_alloc(world_arena(w), 258);
    const char *long_name, *long_password;

    memset(name, 'n', 65);
    memset(password, 'p', 257);
    long_name = jv_arena_printf(world_arena(w), "{\"username\":\"%s\",\"password\":\"x\"}", name);
    long_password = jv_arena_printf(world_arena(w), "{\"username\":\"vishal\",\"password\":\"%s\"}",
                                    password);
    world_sql(w, "update auth.people set disabled = true where username = 'sarah'");
    for (size_t i = 0; i < JV_COUNT(refused); i++) {
        struct world_reply r = login(w, refused[i][0], refused[i][1]);

        CHECK_INT(r.code, JV_UNAUTHENTICATED);
        CHECK_INT(r.http, 401);
        CHECK_STR(r.text, WRONG);
        CHECK_STR(r.field, "");
        if (i == 2) /* three in a row lock nothing */
            CHECK_INT(login(w, "vishal", "password123").code, JV_OK);
    }
    const struct ask_case malformed[] = {
        { "svc.auth.Login", "{\"username\":\"vishal\"}", JV_INVALID_ARGUMENT, { "password" } },
        { "svc.auth.Login", "{\"password\":\"password123\"}", JV_INVALID_ARGUMENT, { "username" } },
        { "svc.auth.Login", "{}", JV_INVALID_ARGUMENT, { "username" } },
        { "svc.auth.Login",
          "{\"username\":7,\"password\":\"x\"}",
          JV_INVALID_ARGUMENT,
          { "username" } },
        { "svc.auth.Login",
          "{\"username\":\"vishal\",\"password\":\"a\\u0000b\"}",
          JV_INVALID_ARGUMENT,
          { "password" } },
        { "svc.auth.Login", "{\"username\":\"vishal\"", JV_INVALID_ARGUMENT, { 0 } },
        { "svc.auth.Login", long_name, JV_INVALID_ARGUMENT, { "username", "64" } },
        { "svc.auth.Login", long_password, JV_INVALID_ARGUMENT, { "password", "256" } },
    };

    CHECK_ASKS(w, NULL, malformed);
    CHECK_INT(login(w, "alex", "password123").code, JV_OK);
    CHECK(heard(w, "audit.auth.login_failed"));
    world_free(w);
}

/* The dummy hash of unknown people costs what a real one does. */
TEST(unknown_people_cost_the_same)
{
    struct world *w = auth_world();
    const char *hash = world_sql(w, "select password_hash from auth.people limit 1");

    CHECK_HAS(hash, "$argon2id$v=19$m=19456,t=2,p=1$");
    CHECK(!jv_password_outdated("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    world_free(w);
}

TEST(lockout)
{
    struct world *w = auth_world();

    for (int i = 0; i < 4; i++)
        CHECK_INT(login(w, "vishal", "wrong").code, JV_UNAUTHENTICATED);
    CHECK_INT(login(w, "vishal", "password123").code, JV_OK); /* forgets the four */
    for (int i = 0; i < 5; i++)
        CHECK_STR(login(w, i % 2 ? "Vishal" : "vishal", "wrong").text, WRONG);
    CHECK_STR(login(w, "vishal", "password123").text, WRONG);
    CHECK_INT(login(w, "happy", "password123").code, JV_OK);
    later(w, 14 * MINUTE);
    CHECK_STR(login(w, "vishal", "wrong").text, WRONG); /* not counted: it opens all the same */
    CHECK_STR(login(w, "vishal", "password123").text, WRONG);
    later(w, MINUTE + 1000);
    CHECK_INT(login(w, "vishal", "password123").code, JV_OK);
    world_free(w);
}

TEST(names_that_nobody_has_lock_too)
{
    struct world *w = auth_world();

    for (int i = 0; i < 6; i++)
        CHECK_STR(login(w, "ghost", "wrong").text, WRONG);
    CHECK_STR(world_sql(w, "select failed from auth.attempts where username = 'ghost'"), "5");
    /* Old wrong ones do not add up. */
    for (int i = 0; i < 4; i++)
        login(w, "alex", "wrong");
    later(w, 16 * MINUTE);
    login(w, "alex", "wrong");
    CHECK_INT(login(w, "alex", "password123").code, JV_OK);
    world_advance(w, 121 * MINUTE);
    CHECK_STR(world_sql(w, "select count(*) from auth.attempts"), "0");
    world_free(w);
}

/* The right guess among many at once is refused once five wrong ones are through. */
TEST(parallel_guesses)
{
    struct world *w = auth_world();
    int ok = 0;

    for (int i = 0; i < 24; i++)
        world_send(w, NULL, "svc.auth.Login",
                   jv_arena_printf(world_arena(w), "{\"username\":\"vishal\",\"password\":\"%s\"}",
                                   i == 23 ? "password123" : "guess"));
    for (int i = 0; i < 24; i++)
        ok += world_collect(w).code == JV_OK;
    CHECK_INT(ok, 0);
    CHECK_STR(world_sql(w, "select failed from auth.attempts where username = 'vishal'"), "5");
    world_free(w);
}

TEST(parallel_sign_ins)
{
    struct world *w = auth_world();
    int ok = 0;

    for (int i = 0; i < 16; i++)
        world_send(w, NULL, "svc.auth.Login",
                   "{\"username\":\"vishal\",\"password\":\"password123\"}");
    for (int i = 0; i < 16; i++)
        ok += world_collect(w).code == JV_OK;
    CHECK_INT(ok, 16);
    CHECK_STR(world_sql(w, "select count(distinct sid) from auth.families"), "16");
    world_free(w);
}

/* More than can be hashed in time are told so at once; nobody waits for ever. */
TEST(a_flood_of_sign_ins)
{
    struct world *w = auth_world();
    int ok = 0, refused = 0;

    for (int i = 0; i < 150; i++)
        world_send(w, NULL, "svc.auth.Login",
                   "{\"username\":\"vishal\",\"password\":\"password123\"}");
    for (int i = 0; i < 150; i++) {
        struct world_reply r = world_collect(w);

        ok += r.code == JV_OK;
        refused += r.code == JV_RESOURCE_EXHAUSTED && r.http == 429;
    }
    CHECK(ok >= 60);
    CHECK(refused > 0);
    CHECK_INT(ok + refused, 150);
    CHECK_INT(login(w, "vishal", "password123").code, JV_OK);
    world_free(w);
}

TEST(access_tokens)
{
    struct world *w = auth_world();
    struct world_reply r = login(w, "vishal", "password123");
    const char *token = member(w, &r, "access_token");
    char *tampered = jv_arena_strdup(world_arena(w), token);
    const char *dot = strchr(token, '.');

    CHECK_INT(world_ask(w, token, "svc.auth.Verify", "{}").code, JV_OK);
    CHECK_INT(world_ask(w, NULL, "svc.auth.Verify", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, NULL, "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, "invalid", "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    tampered[dot - token + 20] ^= 1;
    CHECK_INT(world_ask(w, tampered, "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, "invalid", "svc.auth.Verify", "{}").code, JV_UNAUTHENTICATED);
    later(w, 15 * MINUTE - 2000);
    CHECK_INT(world_ask(w, token, "svc.auth.Me", "{}").code, JV_OK);
    later(w, 4000);
    CHECK_INT(world_ask(w, token, "svc.auth.Verify", "{}").code, JV_UNAUTHENTICATED);
    world_free(w);
}

TEST(refreshing)
{
    struct world *w = auth_world();
    struct world_reply r = login(w, "vishal", "password123"), second;
    const char *first = member(w, &r, "refresh_token"), *access;

    later(w, 20 * MINUTE);
    second = refresh(w, first);
    CHECK_INT(second.code, JV_OK);
    access = member(w, &second, "access_token");
    CHECK_STR(member(w, &second, "username"), "vishal");
    CHECK(strcmp(member(w, &second, "refresh_token"), first) != 0);
    CHECK_INT(world_ask(w, access, "svc.auth.Me", "{}").code, JV_OK);
    CHECK_STR(world_sql(w, "select count(*) from auth.families"), "1");
    CHECK(!strstr(world_sql(w, "select string_agg(encode(hash, 'escape'), ' ') "
                               "from auth.refresh_tokens"),
                  first));
    /* Unused for longer than 30 days it is nothing any more. */
    later(w, 30 * DAY + 1000);
    r = refresh(w, member(w, &second, "refresh_token"));
    CHECK_INT(r.code, JV_UNAUTHENTICATED);
    CHECK_HAS(r.text, "refresh token is not valid");
    world_advance(w, 60 * MINUTE);
    CHECK_STR(world_sql(w, "select count(*) from auth.families"), "0");
    world_free(w);
}

/* A spent token that comes back ends the whole sign-in, and only that. */
TEST(reuse_of_a_spent_token)
{
    struct world *w = auth_world();
    struct world_reply stolen = login(w, "vishal", "password123");
    struct world_reply other = login(w, "vishal", "password123"), thief, r;
    const char *access;

    thief = refresh(w, member(w, &stolen, "refresh_token"));
    access = member(w, &thief, "access_token");
    CHECK_INT(thief.code, JV_OK);
    CHECK_INT(world_ask(w, access, "svc.auth.Me", "{}").code, JV_OK);
    r = refresh(w, member(w, &stolen, "refresh_token"));
    CHECK_INT(r.code, JV_UNAUTHENTICATED);
    CHECK_STR(r.text, refresh(w, "never-given-out").text);
    CHECK(heard(w, "audit.auth.refresh_reuse"));
    CHECK(heard(w, "evt.auth.Revoked"));
    CHECK_INT(world_ask(w, access, "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, member(w, &stolen, "access_token"), "svc.auth.Me", "{}").code,
              JV_UNAUTHENTICATED);
    CHECK_INT(refresh(w, member(w, &thief, "refresh_token")).code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, member(w, &other, "access_token"), "svc.auth.Me", "{}").code, JV_OK);
    CHECK_INT(refresh(w, member(w, &other, "refresh_token")).code, JV_OK);
    CHECK_STR(world_sql(w, "select reason from auth.families where ended_at is not null"),
              "refresh token used twice");
    world_free(w);
}

TEST(parallel_refreshes)
{
    struct world *w = auth_world();
    struct world_reply r = login(w, "vishal", "password123");
    const char *json = jv_arena_printf(world_arena(w), "{\"refresh_token\":\"%s\"}",
                                       member(w, &r, "refresh_token"));
    int ok = 0;

    for (int i = 0; i < 12; i++)
        world_send(w, NULL, "svc.auth.Refresh", json);
    for (int i = 0; i < 12; i++)
        ok += world_collect(w).code == JV_OK;
    CHECK_INT(ok, 1);
    CHECK_STR(world_sql(w, "select count(*) from auth.families where ended_at is null"), "0");
    world_free(w);
}

TEST(bad_refresh_tokens)
{
    struct world *w = auth_world();
    char *huge = jv_arena_alloc(world_arena(w), 5001);
    static const struct ask_case cases[] = {
        { "svc.auth.Refresh", "{}", JV_INVALID_ARGUMENT, { "refresh_token" } },
        { "svc.auth.Refresh",
          "{\"refresh_token\":\"\"}",
          JV_INVALID_ARGUMENT,
          { "refresh_token" } },
        { "svc.auth.Refresh", "{\"refresh_token\":[]}", JV_INVALID_ARGUMENT, { "refresh_token" } },
        { "svc.auth.Refresh", "{\"refresh_token\":\"x' or true --\"}", JV_UNAUTHENTICATED },
        { "svc.auth.Refresh", "{\"refresh_token\":\"\\u00e9\"}", JV_UNAUTHENTICATED },
    };

    CHECK_ASKS(w, NULL, cases);
    memset(huge, 'a', 5000);
    CHECK_INT(refresh(w, huge).code, JV_UNAUTHENTICATED);
    CHECK(heard(w, "audit.auth.refresh_failed"));
    world_free(w);
}

TEST(a_sign_in_does_not_last_for_ever)
{
    struct world *w;
    struct world_reply r;

    setenv("JARVIS_SIGNIN_TTL", "40d", 1);
    w = auth_world();
    r = login(w, "vishal", "password123");
    later(w, 25 * DAY);
    r = refresh(w, member(w, &r, "refresh_token"));
    CHECK_INT(r.code, JV_OK);
    later(w, 14 * DAY);
    r = refresh(w, member(w, &r, "refresh_token"));
    CHECK_INT(r.code, JV_OK);
    later(w, 2 * DAY);
    CHECK_INT(refresh(w, member(w, &r, "refresh_token")).code, JV_UNAUTHENTICATED);
    unsetenv("JARVIS_SIGNIN_TTL");
    world_free(w);
}

TEST(logout)
{
    struct world *w = auth_world();
    struct world_reply here = login(w, "vishal", "password123");
    struct world_reply there = login(w, "vishal", "password123");
    struct world_reply happy = login(w, "happy", "password123"), r;
    const char *access = member(w, &here, "access_token");

    CHECK_INT(world_ask(w, NULL, "svc.auth.Logout", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, access, "svc.auth.Logout", "{}").code, JV_OK);
    CHECK(heard(w, "audit.auth.logout"));
    CHECK(heard(w, "evt.auth.Revoked"));
    CHECK_INT(world_ask(w, access, "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(refresh(w, member(w, &here, "refresh_token")).code, JV_UNAUTHENTICATED);
    r = world_ask(w, NULL, "svc.auth.Revocations", "{}");
    CHECK_INT(count_of(r.json, "\"sid\""), 1);

    /* Somebody else's refresh token is left alone; one's own ends the session it belongs to. */
    access = member(w, &there, "access_token");
    r = ask(w, access, "svc.auth.Logout", "{\"refresh_token\":\"%s\"}",
            member(w, &happy, "refresh_token"));
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(refresh(w, member(w, &happy, "refresh_token")).code, JV_OK);
    CHECK_INT(refresh(w, member(w, &there, "refresh_token")).code, JV_UNAUTHENTICATED);
    here = login(w, "alex", "password123");
    there = login(w, "alex", "password123");
    r = ask(w, member(w, &here, "access_token"), "svc.auth.Logout", "{\"refresh_token\":\"%s\"}",
            member(w, &there, "refresh_token"));
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(refresh(w, member(w, &here, "refresh_token")).code, JV_UNAUTHENTICATED);
    CHECK_INT(refresh(w, member(w, &there, "refresh_token")).code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(w, member(w, &there, "access_token"), "svc.auth.Me", "{}").code,
              JV_UNAUTHENTICATED);
    world_advance(w, 61 * MINUTE);
    CHECK_STR(world_sql(w, "select count(*) from auth.revocations"), "0");
    world_free(w);
}

/* The list of ended sign-ins must fit into one message, whoever signs in and out all day. */
TEST(ended_sign_ins_of_one_person_do_not_crowd_out_others)
{
    struct world *w = auth_world();
    struct world_reply r = login(w, "happy", "password123");
    const char *access = member(w, &r, "access_token"), *sid;

    r = world_ask(w, access, "svc.auth.Verify", "{}");
    sid = member(w, &r, "sid");
    CHECK_INT(world_ask(w, access, "svc.auth.Logout", "{}").code, JV_OK);
    world_sql(w, "with f as (insert into auth.families (sid, user_id, created_at, access_until) "
                 "select gen_random_uuid(), 'user_001', '2025-01-10', '2025-01-10 00:15' "
                 "from generate_series(1, 20000) returning sid, access_until) "
                 "insert into auth.revocations (sid, until) select sid, access_until from f");
    r = world_ask(w, NULL, "svc.auth.Revocations", "{}");
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, sid);
    CHECK(strlen(r.json) < 10000);
    world_free(w);
}

TEST(looking_people_up)
{
    struct world *w = auth_world();
    struct world_reply r = login(w, "vishal", "password123"), nobodys, others;
    const char *vishal = member(w, &r, "access_token");
    const char *admin;

    r = login(w, "admin", "admin123");
    admin = member(w, &r, "access_token");
    r = ask(w, vishal, "svc.auth.GetUser", "{\"username\":\"Vishal\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(w, &r, "email"), "vishal@company.com");
    others = ask(w, vishal, "svc.auth.GetUser", "{\"username\":\"sarah\"}");
    nobodys = ask(w, vishal, "svc.auth.GetUser", "{\"username\":\"ghost\"}");
    CHECK_INT(others.code, JV_NOT_FOUND);
    CHECK_INT(nobodys.code, JV_NOT_FOUND);
    CHECK_STR(others.text, "user sarah not found");
    CHECK_STR(nobodys.text, "user ghost not found");
    CHECK_INT(ask(w, admin, "svc.auth.GetUser", "{\"username\":\"SARAH\"}").code, JV_OK);
    CHECK_INT(ask(w, admin, "svc.auth.GetUser", "{\"username\":\"ghost\"}").code, JV_NOT_FOUND);
    CHECK_INT(ask(w, NULL, "svc.auth.GetUser", "{\"username\":\"vishal\"}").code,
              JV_UNAUTHENTICATED);
    CHECK_INT(ask(w, admin, "svc.auth.GetUser", "{}").code, JV_INVALID_ARGUMENT);
    /* Whoever is gone is gone at once, but for what the token itself says. */
    world_sql(w, "update auth.people set disabled = true where username = 'vishal'");
    CHECK_INT(world_ask(w, vishal, "svc.auth.Me", "{}").code, JV_UNAUTHENTICATED);
    world_free(w);
}

TEST(keys)
{
    struct world *w = auth_world();
    struct world_reply r = world_ask(w, NULL, "svc.auth.Keys", "{}"), again;

    CHECK_INT(r.code, JV_OK);
    CHECK_INT(count_of(r.json, "\"kid\""), 2); /* for tokens, then for cards */
    CHECK_INT(count_of(r.json, "\"purpose\":\"card\""), 1);
    CHECK_STR(member(w, &r, "purpose"), "token");
    CHECK_STR(member(w, &r, "kty"), "EC");
    CHECK_STR(member(w, &r, "crv"), "P-256");
    CHECK_STR(member(w, &r, "alg"), "ES256");
    CHECK_STR(member(w, &r, "use"), "sig");
    CHECK_INT(strlen(member(w, &r, "x")), 43);
    CHECK(!strstr(r.json, "PRIVATE"));
    world_start(w, &auth_actor); /* a replica takes the same */
    again = world_ask(w, NULL, "svc.auth.Keys", "{}");
    CHECK_STR(again.json, r.json);
    CHECK_STR(world_sql(w, "select count(*) from auth.keys"), "2");
    world_free(w);
}

/* A retired key is shown while its tokens may still be good, or its cards for a month; the next one
 * signs. */
TEST(rotated_keys)
{
    struct world *w = auth_world();
    struct world_reply old = login(w, "vishal", "password123"), r;

    world_sql(w, "update auth.keys set retired_at = '2025-01-10T00:00:00Z'");
    world_start(w, &auth_actor);
    r = world_ask(w, NULL, "svc.auth.Keys", "{}");
    CHECK_INT(count_of(r.json, "\"kid\""), 4);
    CHECK_INT(world_ask(w, member(w, &old, "access_token"), "svc.auth.Me", "{}").code, JV_OK);
    world_advance(w, 3 * 60 * MINUTE);
    r = world_ask(w, NULL, "svc.auth.Keys", "{}");
    CHECK_INT(count_of(r.json, "\"kid\""), 3);
    CHECK_INT(count_of(r.json, "\"purpose\":\"card\""), 2);
    later(w, 30 * DAY);
    r = world_ask(w, NULL, "svc.auth.Keys", "{}");
    CHECK_INT(count_of(r.json, "\"kid\""), 2);
    CHECK_INT(login(w, "vishal", "password123").code, JV_OK);
    world_free(w);
}

/* Replicas that start at once on an empty database agree on one key of each kind and on five
 * people. */
TEST(replicas_that_start_at_once)
{
    struct world *w = world_new();
    pid_t pids[4];
    int status, failed = 0;

    world_db(jv_migration_files, NULL);
    world_sql(w, "truncate auth.people, auth.keys cascade");
    setenv("JARVIS_DEMO", "1", 1);
    for (size_t i = 0; i < JV_COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct world *mine = world_new();

            world_start(mine, &auth_actor);
            _exit(login(mine, "vishal", "password123").code);
        }
    }
    for (size_t i = 0; i < JV_COUNT(pids); i++)
        failed += waitpid(pids[i], &status, 0) != pids[i] || status != 0;
    CHECK_INT(failed, 0);
    CHECK_STR(world_sql(w, "select string_agg(purpose, ' ' order by purpose) from auth.keys "
                           "where retired_at is null"),
              "card token");
    CHECK_STR(world_sql(w, "select count(*) from auth.people"), "5");
    world_free(w);
}

TEST(demo_mode_only)
{
    struct world *w = auth_world();
    struct world_reply r = login(w, "vishal", "password123");
    char hash[JV_PASSWORD_HASH_SIZE], token[64];

    /* A second start changes nothing that people changed. */
    CHECK_INT(jv_password_hash("my own", hash), JV_OK);
    world_sql(w, jv_arena_printf(world_arena(w),
                                 "update auth.people set password_hash = '%s' "
                                 "where username = 'happy'",
                                 hash));
    world_sql(w, "delete from auth.people where username = 'alex'");
    world_start(w, &auth_actor);
    CHECK_INT(login(w, "happy", "my own").code, JV_OK);
    CHECK_STR(world_sql(w, "select count(*) from auth.people"), "5");
    snprintf(token, sizeof(token), "%s", member(w, &r, "refresh_token"));
    world_free(w);

    /* Without the demo mode its people are as if they were not there. */
    setenv("JARVIS_DEMO", "0", 1);
    w = world_new();
    world_start(w, &auth_actor);
    CHECK_STR(login(w, "vishal", "password123").text, WRONG);
    CHECK_INT(refresh(w, token).code, JV_UNAUTHENTICATED);
    world_sql(w, "truncate auth.people cascade");
    world_start(w, &auth_actor);
    CHECK_STR(world_sql(w, "select count(*) from auth.people"), "0");
    world_free(w);
}

/* A hash made with weaker parameters is renewed by a sign-in; nonsense lets nobody in. */
TEST(old_hashes_are_renewed)
{
    struct world *w = auth_world();
    char weak[crypto_pwhash_STRBYTES];
    const char *sql = "select password_hash from auth.people where username = 'happy'";

    CHECK_INT(crypto_pwhash_str(weak, "password123", 11, 1, 8 << 20), 0);
    CHECK(jv_password_outdated(weak));
    world_sql(w, jv_arena_printf(world_arena(w),
                                 "update auth.people set password_hash = '%s' "
                                 "where username = 'happy'",
                                 weak));
    CHECK_INT(login(w, "happy", "wrong").code, JV_UNAUTHENTICATED);
    CHECK_STR(world_sql(w, sql), weak);
    CHECK_INT(login(w, "happy", "password123").code, JV_OK);
    CHECK(!jv_password_outdated(world_sql(w, sql)));
    CHECK_INT(login(w, "happy", "password123").code, JV_OK);
    world_sql(w, "update auth.people set password_hash = 'none' where username = 'happy'");
    CHECK_STR(login(w, "happy", "password123").text, WRONG);
    world_free(w);
}

TEST_MAIN()
