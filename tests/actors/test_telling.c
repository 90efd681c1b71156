/* test_telling.c -- what others must hear of: ended sign-ins by the hundred, and changes whose
 * process died before it said so. */
#include "actors/asking.h"

extern const struct jv_actor auth_actor;

#define CHANGE     "svc.auth.ChangePerson"
#define DEVELOPER  "{\"username\":\"nora\",\"role\":\"developer\"}"
#define NORA       "{\"username\":\"nora\",\"password\":\"password456\",\"role\":\"admin\"}"
#define SOON_MS    8000
#define HOUR_MS    ((int64_t)3600 * 1000)
#define OF_HAPPY   "join auth.families using (sid) where user_id = 'user_002'"
#define ENDED_ONES "{\"user_id\":\"%s\",\"sid\":\"%s\",\"issued\":\"%lld\"}"

static struct world *stage(void)
{
    struct world *w = world_new();

    world_db(jv_migration_files, NULL);
    world_sql(w, "truncate auth.people, auth.keys, auth.families, auth.refresh_tokens, "
                 "auth.revocations, auth.attempts, auth.ended_people, auth.outbox "
                 "restart identity cascade");
    setenv("JARVIS_DEMO", "1", 1);
    world_listen(w, "audit.auth.*");
    world_listen(w, "evt.auth.Revoked");
    world_start(w, &auth_actor);
    return w;
}

static size_t heard(struct world *w, const char *subject, const char *part)
{
    const char *record, *at;
    size_t n = 0;

    for (size_t i = 0; (record = world_heard(w, i, &at)); i++)
        n += strcmp(at, subject) == 0 && (!part || strstr(record, part));
    return n;
}

static int me(struct world *w, const char *token)
{
    return world_ask(w, token, "svc.auth.Me", "{}").code;
}

/* ---- many ----------------------------------------------------------------------------------- */

/* Sign-ins that could still be good, as if somebody had signed in all day. */
static void sign_in_often(struct world *w, const char *user_id, int n)
{
    world_sql(w, jv_arena_printf(world_arena(w),
                                 "insert into auth.families (sid, user_id, created_at, "
                                 "access_until, issued) select gen_random_uuid(), '%s', "
                                 "'2025-01-10', '2025-01-10 00:15', 0 "
                                 "from generate_series(1, %d)",
                                 user_id, n));
}

TEST(a_persons_ends_are_bounded_and_nothing_is_forgotten)
{
    struct world *w = stage();
    const char *first = token_of(w, "happy", "password123"), *gone, *vishal;
    struct world_reply other = sign_in(w, "happy", "password123"), r;

    vishal = token_of(w, "vishal", "password123");
    CHECK_INT(world_ask(w, vishal, "svc.auth.Logout", "{}").code, JV_OK);
    sign_in_often(w, "user_002", 63);
    world_sql(w, "insert into auth.revocations (sid, until) select sid, access_until "
                 "from auth.families where user_id = 'user_002' and issued = 0");
    CHECK_INT(world_ask(w, first, "svc.auth.Logout", "{}").code, JV_OK); /* the 64th */
    CHECK_INT(me(w, member(w, &other, "access_token")), JV_OK);
    for (int i = 0; i < 3; i++) {
        world_advance(w, 2000);
        gone = token_of(w, "happy", "password123");
        CHECK_INT(world_ask(w, gone, "svc.auth.Logout", "{}").code, JV_OK);
        CHECK_INT(me(w, gone), JV_UNAUTHENTICATED);
    }
    CHECK_STR(world_sql(w, "select count(*) from auth.revocations " OF_HAPPY), "64");
    CHECK_STR(world_sql(w, "select count(*) from auth.ended_people"), "1");
    CHECK_INT(me(w, first), JV_UNAUTHENTICATED);
    CHECK_INT(me(w, vishal), JV_UNAUTHENTICATED);
    CHECK_INT(me(w, member(w, &other, "access_token")), JV_UNAUTHENTICATED); /* and a new one: */
    r = ask(w, NULL, "svc.auth.Refresh", "{\"refresh_token\":\"%s\"}",
            member(w, &other, "refresh_token"));
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(me(w, member(w, &r, "access_token")), JV_OK);
    world_free(w);
}

/* Whoever starts while more have ended than one message holds refuses more than that. */
TEST(a_list_that_is_too_long_says_so)
{
    struct world *w = stage();
    const char *vishal = token_of(w, "vishal", "password123");
    struct world_reply r;

    world_sql(w, "with p as (insert into auth.people (user_id, username, role, email, "
                 "password_hash, created_at) select 'user_x' || i, 'x' || i, 'user', '', '', now() "
                 "from generate_series(1, 7000) i returning user_id), "
                 "f as (insert into auth.families (sid, user_id, created_at, access_until) "
                 "select gen_random_uuid(), user_id, '2025-01-10', '2025-01-10 00:10' from p "
                 "returning sid, access_until) "
                 "insert into auth.revocations (sid, until) select sid, access_until from f");
    r = world_ask(w, NULL, "svc.auth.Revocations", "{}");
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(count_of(r.json, "\"sid\""), 6001);
    CHECK_INT(count_of(r.json, "\"sid\":\"\""), 1); /* everybody's, up to then */
    CHECK_INT(me(w, vishal), JV_OK);
    world_free(w);
}

/* ---- said again ----------------------------------------------------------------------------- */

/* As it is when auth was killed between the commit and what it says then. */
TEST(a_change_is_told_though_its_process_died)
{
    struct world *w = stage();
    const char *nora, *admin = token_of(w, "admin", "admin123");

    CHECK_INT(world_ask(w, admin, "svc.auth.AddPerson", NORA).code, JV_OK);
    nora = token_of(w, "nora", "password456");
    world_sql(w, "update auth.people set role = 'user' where username = 'nora'");
    world_sql(w, "insert into auth.ended_people select user_id, 1736467200 + 60, "
                 "'2025-01-10 00:15' from auth.people where username = 'nora'");
    world_sql(w, "insert into auth.outbox values (77, '2025-01-10', 'person_changed', "
                 "'nora: role user', 'admin', 'user_admin', 'ChangePerson', 'abc')");
    CHECK_INT(me(w, nora), JV_OK); /* nobody has heard of it */
    world_advance(w, SOON_MS);
    CHECK_INT(me(w, nora), JV_UNAUTHENTICATED);
    CHECK_INT(heard(w, "audit.auth.person_changed", "nora: role user"), 1);
    CHECK_STR(world_sql(w, "select count(*) from auth.outbox"), "0");
    CHECK_STR(world_sql(w, "select count(*) from auth.ended_people where not told"), "0");
    world_free(w);
}

TEST(what_was_told_is_told_once_more_after_a_start)
{
    struct world *w = stage();
    const char *admin = token_of(w, "admin", "admin123");
    size_t before;

    CHECK_INT(world_ask(w, admin, CHANGE, "{\"username\":\"alex\",\"role\":\"user\"}").code, JV_OK);
    world_advance(w, SOON_MS);
    before = heard(w, "evt.auth.Revoked", NULL);
    world_advance(w, SOON_MS);
    CHECK_INT(heard(w, "evt.auth.Revoked", NULL), before);
    world_start(w, &auth_actor);
    world_advance(w, SOON_MS);
    CHECK(heard(w, "evt.auth.Revoked", NULL) > before);
    world_free(w);
}

TEST(the_same_change_again_is_told_again)
{
    struct world *w = stage();
    const char *admin = token_of(w, "admin", "admin123");
    size_t before;

    CHECK_INT(world_ask(w, admin, "svc.auth.AddPerson", NORA).code, JV_OK);
    CHECK_INT(world_ask(w, admin, CHANGE, DEVELOPER).code, JV_OK);
    before = heard(w, "evt.auth.Revoked", NULL);
    CHECK_INT(world_ask(w, admin, CHANGE, DEVELOPER).code, JV_OK);
    CHECK_INT(heard(w, "evt.auth.Revoked", NULL), before + 1);
    CHECK_INT(world_ask(w, admin, "svc.auth.RemovePerson", "{\"username\":\"nora\"}").code, JV_OK);
    before = heard(w, "evt.auth.Revoked", NULL);
    CHECK_INT(world_ask(w, admin, "svc.auth.RemovePerson", "{\"username\":\"nora\"}").code,
              JV_NOT_FOUND);
    CHECK_INT(heard(w, "evt.auth.Revoked", NULL), before + 1);
    CHECK_INT(heard(w, "audit.auth.person_removed", NULL), 1);
    CHECK_STR(world_sql(w, "select count(*) from auth.outbox"), "0");
    world_free(w);
}

/* A change that does not come to pass has no record. */
TEST(no_change_no_record)
{
    struct world *w = stage();
    const char *admin = token_of(w, "admin", "admin123");

    CHECK_INT(world_ask(w, admin, "svc.auth.RemovePerson", "{\"username\":\"admin\"}").code,
              JV_FAILED_PRECONDITION);
    world_advance(w, SOON_MS);
    CHECK_INT(heard(w, "audit.auth.person_removed", NULL), 0);
    CHECK_STR(world_sql(w, "select count(*) from auth.outbox"), "0");
    world_free(w);
}

/* ---- long after ----------------------------------------------------------------------------- */

static bool has_ended(struct world *w, const char *user_id, const char *sid, long long issued)
{
    struct world_reply r = ask(w, NULL, "svc.auth.HasEnded", ENDED_ONES, user_id, sid, issued);

    CHECK_INT(r.code, JV_OK);
    return strstr(r.json, "true") != NULL;
}

TEST(an_end_is_known_for_good)
{
    struct world *w = stage();
    const char *admin = token_of(w, "admin", "admin123"), *vishal, *sid, *other;
    struct world_reply r;
    long long issued;

    vishal = token_of(w, "vishal", "password123");
    r = world_ask(w, vishal, "svc.auth.Verify", "{}");
    sid = member(w, &r, "sid");
    issued = atoll(member(w, &r, "iat"));
    r = world_ask(w, token_of(w, "alex", "password123"), "svc.auth.Verify", "{}");
    other = member(w, &r, "sid");
    CHECK(issued > 0);
    CHECK(!has_ended(w, "user_001", sid, issued));
    CHECK(!has_ended(w, "user_003", other, issued));
    CHECK(has_ended(w, "user_001", "none", issued));
    CHECK(has_ended(w, "user_002", sid, issued)); /* somebody else's */
    CHECK_INT(world_ask(w, admin, CHANGE, "{\"username\":\"vishal\",\"role\":\"user\"}").code,
              JV_OK);
    world_advance(w, 30 * HOUR_MS);
    CHECK(has_ended(w, "user_001", sid, issued));
    CHECK(!has_ended(w, "user_003", other, issued));
    world_free(w);
}

TEST_MAIN()
