/* test_order.c -- several wishes at once, on a real database: what changes something is done in the
 * order said, what looks sees what was changed, and what fails stops only what hangs on it. */
#include "world/peers.h"

#include "jv/file.h"

extern const struct jv_file jv_migration_files[], jv_seed_files[];

static struct town order_stage(void)
{
    struct town t;

    world_db_reset(jv_migration_files, jv_seed_files);
    t = town_of(TICKETS_REAL);
    return t;
}

/* A planner that is not sure may ask before it changes anything. */
static const Orchestrator__ChatReply *ask_surely(struct town *t, const char *token,
                                                 const char *text)
{
    const Orchestrator__ChatReply *r = ask(t, token, text);

    return r->outcome == ORCHESTRATOR__OUTCOME__needs_input ? ask(t, token, "yes") : r;
}

static struct world_reply tell_agent(struct town *t, const char *text)
{
    struct world_reply r = world_say(t->w, t->admin, "tickets", text);
    const char *id = r.code ? NULL : strstr(r.json, "\"id\":\"");

    if (!id || !strstr(r.json, "INPUT_REQUIRED"))
        return r;
    return world_ask(t->w, t->admin, "a2a.tickets.SendMessage",
                     question(t, "yes",
                              jv_arena_printf(world_arena(t->w), ",\"taskId\":\"%.36s\"",
                                              id + strlen("\"id\":\""))));
}

/* The parts stand in the answer in that order. */
static void check_order(const char *have, const char *const *parts)
{
    const char *at = have;

    for (; *parts && at; parts++) {
        at = strstr(at, *parts);
        CHECK_OR(at, printf("# \"%s\" is not there, or too early, in:\n%s\n", *parts, have));
    }
}

struct order_case {
    bool admin;
    const char *text;
    const char *const *parts; /* of the answer, in order */
    const char *lacks;
    const char *left; /* the tickets then */
};

static void check_orders(const struct order_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct town t = order_stage();
        const struct order_case *c = &cases[i];
        int before = check_failures;
        const Orchestrator__ChatReply *r = ask_surely(&t, c->admin ? t.admin : t.vishal, c->text);

        check_order(r->response, c->parts);
        CHECK(!c->lacks || !strstr(r->response, c->lacks));
        CHECK_STR(world_sql(t.w, "select string_agg(id || ' ' || status, ', ' order by id) from "
                                 "tickets.tickets"),
                  c->left);
        if (check_failures > before)
            printf("# ^ \"%s\"\n%s\n", c->text, r->response);
        town_free(&t);
    }
}

#define T1 "12301 pending"
#define T2 "12302 completed"
#define T3 "12303 in_progress"
#define T4 "12304 pending"
#define T5 "12305 approved"

TEST(what_is_said_is_done_in_that_order)
{
    const struct order_case cases[] = {
        { true, "approve ticket 12304 and delete it",
          JV_TEXTS("12304 was changed: it is now approved", "12304 was deleted"), "not found",
          T1 ", " T2 ", " T3 ", " T5 },
        { true, "close tickets 12304 and 12301, then show all open tickets",
          JV_TEXTS("12304 was changed: it is now completed",
                   "12301 was changed: it is now completed", "2 open tickets", "12303", "12305"),
          "| 12304 |", "12301 completed, " T2 ", " T3 ", 12304 completed, " T5 },
        { false, "create a ticket for gpu and list my tickets",
          JV_TEXTS("Ticket 12306 was created", "You have 3 tickets", "12306"), NULL,
          T1 ", " T2 ", " T3 ", " T4 ", " T5 ", 12306 pending" },
        { true, "show ticket 12305 and delete it",
          JV_TEXTS("Ticket 12305 is approved", "12305 was deleted"), "not found",
          T1 ", " T2 ", " T3 ", " T4 },
    };

    check_orders(cases, JV_COUNT(cases));
}

TEST(a_change_that_fails_stops_what_hangs_on_it)
{
    const struct order_case cases[] = {
        { true, "delete ticket 99999 and delete ticket 12305",
          JV_TEXTS("Ticket 99999 was not found", "12305 was deleted"), "not tried",
          T1 ", " T2 ", " T3 ", " T4 },
        { true, "approve ticket 99999 and delete it",
          JV_TEXTS("Ticket 99999 was not found", "was not tried"), NULL,
          T1 ", " T2 ", " T3 ", " T4 ", " T5 },
    };

    check_orders(cases, JV_COUNT(cases));
}

/* After the first step somebody else takes the turn over: nothing is done twice or out of turn. */
TEST(the_order_survives_a_death)
{
    struct town t = order_stage();
    const Orchestrator__ChatReply *r;

    world_sql(t.w, "create function tickets.steal() returns trigger language plpgsql security "
                   "definer as $$ begin update orchestrator.tasks set lease = lease + 1, "
                   "lease_by = 'ghost', lease_until = 'epoch' where lease < 3; return new; end $$");
    world_sql(t.w, "create trigger thief after update on tickets.tickets for each row "
                   "execute function tickets.steal()");
    r = ask_surely(&t, t.admin, "approve ticket 12304 and delete it");
    check_order(r->response,
                JV_TEXTS("12304 was changed: it is now approved", "12304 was deleted"));
    CHECK_OUTCOME(r, answered);
    CHECK(atoi(world_sql(t.w, "select max(lease)::text from orchestrator.tasks")) > 1);
    CHECK_STR(world_sql(t.w, "select count(*) from tickets.tasks"), "2");
    CHECK_STR(world_sql(t.w, "select string_agg(id::text, ' ' order by id) from tickets.tickets"),
              "12301 12302 12303 12305");
    town_free(&t);
}

/* ---- an agent that is asked itself ----------------------------------------------------------- */

TEST(an_agent_keeps_the_order)
{
    const struct {
        const char *text;
        const char *const *parts;
        const char *left;
    } cases[] = {
        { "show all open tickets and close ticket 12304",
          JV_TEXTS("There are 3 open tickets", "12304 was changed: it is now completed"),
          T1 ", " T2 ", " T3 ", 12304 completed, " T5 },
        { "delete ticket 99999 and delete ticket 12305",
          JV_TEXTS("Ticket 99999 was not found.", "12305 was deleted"),
          T1 ", " T2 ", " T3 ", " T4 },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct town t = order_stage();
        struct world_reply r = tell_agent(&t, cases[i].text);

        CHECK_INT(r.code, JV_OK);
        if (!r.code)
            check_order(r.json, cases[i].parts);
        CHECK_STR(world_sql(t.w, "select string_agg(id || ' ' || status, ', ' order by id) from "
                                 "tickets.tickets"),
                  cases[i].left);
        town_free(&t);
    }
}

/* When nothing of it can be done it is an error, as of one. */
TEST(an_agent_that_can_do_nothing_of_it)
{
    struct town t = order_stage();
    struct world_reply r = tell_agent(&t, "delete ticket 99998 and delete ticket 99999");

    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_HAS(r.text, "99998");
    CHECK_STR(world_sql(t.w, "select count(*) from tickets.tasks"), "0");
    town_free(&t);
}

TEST_MAIN()
