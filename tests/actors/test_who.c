/* test_who.c -- who is meant by a name: known people, user ids, slips of the pen, people who left,
 * and nobody; with the real auth, and without any. */
#include "actors/cases.h"

extern const struct jv_actor auth_actor, tickets_actor, finops_actor, oxygen_actor;

/* The agent with the real auth, which has the demo's people and nora, who left. */
static struct stage who_stage(const struct jv_actor *actor)
{
    struct stage s = { .w = world_new(), .actor = actor };

    world_db_reset(jv_migration_files, jv_seed_files);
    setenv("JARVIS_DEMO", "1", 1);
    world_start(s.w, &auth_actor);
    world_start(s.w, actor);
    world_sql(s.w, "insert into auth.people (user_id, username, role, email, password_hash, "
                   "disabled, created_at, removed_at) values ('user_900', 'nora', 'user', '', '', "
                   "true, now(), now())");
    s.tokens[VISHAL] = world_person(s.w, "user_001", "vishal", "developer");
    s.tokens[ADMIN] = world_person(s.w, "user_admin", "admin", "admin");
    s.tokens[HAPPY] = /* sees everybody's tickets, but not who there is */
            world_token(s.w, "user_002", "happy",
                        "tickets:read tickets:read:all tickets:write tickets:write:all");
    return s;
}

#define OF     "get_user_tickets"
#define CREATE "create_ticket"

TEST(tickets_of_whom)
{
    static const struct call_case cases[] = {
        { ADMIN, OF, "{\"username\":\"user_002\"}", 0, { "\"username\":\"happy\"", "12302" } },
        { ADMIN, OF, "{\"username\":\"USER_002\"}", 0, { "\"username\":\"happy\"", "12302" } },
        { ADMIN, OF, "{\"username\":\"Vishal\"}", 0, { "12301", "12303" } },
        { ADMIN,
          OF,
          "{\"username\":\"vishl\"}",
          JV_NOT_FOUND,
          { "I know nobody called vishl. Do you mean vishal?" } },
        { ADMIN, OF, "{\"username\":\"zaphod\"}", JV_NOT_FOUND, { "nobody called zaphod" }, "?" },
        { ADMIN, OF, "{\"username\":\"nora\"}", 0, { "\"total\":0" } },
        { ADMIN, OF, "{\"username\":\"' or true --\"}", JV_NOT_FOUND },
        { HAPPY, OF, "{\"username\":\"vishl\"}", JV_NOT_FOUND, { "called vishl" }, "vishal" },
        { HAPPY, OF, "{\"username\":\"vishal\"}", 0, { "12301" } },
    };
    struct stage s = who_stage(&tickets_actor);

    CHECK_CASES(&s, cases);
    world_free(s.w);
}

/* Whoever may not see others learns nothing of who there is. */
TEST(all_names_are_denied_alike)
{
    static const char *const names[] = {
        "happy", "zaphod", "user_002", "user_777", "nora", "vishl"
    };
    struct stage s = who_stage(&tickets_actor);

    for (size_t i = 0; i < JV_COUNT(names); i++) {
        const char *want = jv_arena_printf(world_arena(s.w), "this is %s's, and", names[i]);
        struct world_reply r =
                call_service(&s, VISHAL, OF,
                             jv_arena_printf(world_arena(s.w), "{\"username\":\"%s\"}", names[i]));

        CHECK_INT(r.code, JV_PERMISSION_DENIED);
        CHECK_HAS(r.text, want);
        r = call_service(&s, VISHAL, CREATE,
                         jv_arena_printf(world_arena(s.w), "{\"user\":\"%s\",\"operation\":\"x\"}",
                                         names[i]));
        CHECK_INT(r.code, JV_PERMISSION_DENIED);
        CHECK_HAS(r.text, want);
    }
    world_free(s.w);
}

TEST(nothing_is_written_for_nobody)
{
    static const struct call_case cases[] = {
        { ADMIN, CREATE, "{\"operation\":\"x\",\"user\":\"bob\"}", JV_NOT_FOUND, { "bob" } },
        { ADMIN, CREATE, "{\"operation\":\"x\",\"user\":\"nora\"}", JV_NOT_FOUND, { "nora" } },
        { ADMIN, CREATE, "{\"operation\":\"x\",\"user\":\"user_777\"}", JV_NOT_FOUND },
        { ADMIN, CREATE, "{\"operation\":\"x\",\"user\":\"a b\"}", JV_NOT_FOUND },
    };
    struct stage s = who_stage(&tickets_actor);
    struct world_reply r;

    CHECK_CASES(&s, cases);
    CHECK_STR(world_sql(s.w, "select count(*) from tickets.tickets"), "5");
    r = call_agent(&s, ADMIN, CREATE, "{\"operation\":\"x\",\"user\":\"user_004\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(world_sql(s.w, "select username from tickets.tickets where id = 12306"), "sarah");
    world_free(s.w);
}

/* By the name as it is one can look; nothing is written for somebody nobody knows. */
TEST(while_auth_is_away)
{
    struct stage s = { .w = world_new(), .actor = &tickets_actor };
    struct world_reply r;

    world_db_reset(jv_migration_files, jv_seed_files);
    world_start(s.w, &tickets_actor);
    s.tokens[ADMIN] = world_person(s.w, "user_admin", "admin", "admin");
    r = call_service(&s, ADMIN, OF, "{\"username\":\"Vishal\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "12301");
    r = call_service(&s, ADMIN, CREATE, "{\"operation\":\"x\",\"user\":\"vishal\"}");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "auth does not answer");
    CHECK_STR(world_sql(s.w, "select count(*) from tickets.tickets"), "5");
    r = call_service(&s, ADMIN, "create_my_ticket", "{\"operation\":\"x\"}");
    CHECK_INT(r.code, JV_OK);
    world_free(s.w);
}

TEST(budgets_and_courses_of_whom)
{
    static const struct call_case budgets[] = {
        { ADMIN, "get_user_budget", "{\"username\":\"user_004\"}", 0, { "\"sarah\"" } },
        { ADMIN, "get_user_budget", "{\"username\":\"zaphod\"}", JV_NOT_FOUND, { "nobody" } },
        { ADMIN,
          "get_user_cost_allocation",
          "{\"username\":\"sarha\"}",
          JV_NOT_FOUND,
          { "Do you mean sarah?" } },
    };
    static const struct call_case courses[] = {
        { ADMIN, "get_user_courses", "{\"username\":\"user_001\"}", 0, { "\"vishal\"" } },
        { ADMIN, "get_pending_exams", "{\"username\":\"zaphod\"}", JV_NOT_FOUND, { "nobody" } },
    };
    struct stage s = who_stage(&finops_actor);

    CHECK_CASES(&s, budgets);
    world_free(s.w);
    s = who_stage(&oxygen_actor);
    CHECK_CASES(&s, courses);
    world_free(s.w);
}

/* ---- auth itself ----------------------------------------------------------------------------- */

TEST(names_that_are_alike)
{
    static const struct {
        const char *request, *want;
    } cases[] = {
        { "{\"name\":\"VISHAL\"}", "\"username\":\"vishal\"" },
        { "{\"name\":\"user_admin\"}", "\"username\":\"admin\"" },
        { "{\"name\":\"nora\"}", "\"removed\":true" },
        { "{\"name\":\"ale\",\"alike\":true}", "\"alike\":[\"alex\"]" },
        { "{\"name\":\"vihsal\",\"alike\":true}", "\"alike\":[\"vishal\"]" },
        { "{\"name\":\"vishalx\",\"alike\":true}", "\"alike\":[\"vishal\"]" },
        { "{\"name\":\"nor\",\"alike\":true}", "\"alike\":[]" },
        { "{\"name\":\"vihsal\"}", "\"alike\":[]" },
        { "{\"name\":\"xy\",\"alike\":true}", "\"alike\":[]" },
    };
    struct stage s = who_stage(&tickets_actor);
    const char *big = jv_arena_printf(world_arena(s.w), "{\"name\":\"%0200d\",\"alike\":true}", 7);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r = world_ask(s.w, NULL, "svc.auth.FindPerson", cases[i].request);

        CHECK_INT(r.code, JV_OK);
        CHECK_HAS(r.json, cases[i].want);
    }
    CHECK_HAS(world_ask(s.w, NULL, "svc.auth.FindPerson", big).json, "\"username\":\"\"");
    CHECK_INT(world_ask(s.w, NULL, "svc.auth.FindPerson", "{}").code, JV_INVALID_ARGUMENT);
    world_free(s.w);
}

TEST_MAIN()
