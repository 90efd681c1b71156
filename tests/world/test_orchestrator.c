/* test_orchestrator.c -- the orchestrator among fake peers. */
#include "world/peers.h"

static void check_agent(const Orchestrator__ChatReply *reply, size_t i, const char *name,
                        const char *state)
{
    CHECK_OR(i < reply->n_agents, return );
    CHECK_STR(reply->agents[i]->name, name);
    CHECK_STR(reply->agents[i]->state, state);
}

/* ---- answers --------------------------------------------------------------------------------- */

TEST(one_agent_is_given_as_it_is)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "show my tickets");

    CHECK_OUTCOME(r, answered);
    CHECK_HAS(r->response, "12301");
    CHECK_HAS(r->response, "12303");
    CHECK_HAS_NOT(r->response, "##");
    CHECK_INT(r->n_agents, 1);
    check_agent(r, 0, "TicketsAgent", "answered");
    CHECK_STR(r->session_id, SESSION);
    CHECK_STR(r->message_id, fake.turn);
    CHECK(!r->degraded);
    CHECK_INT(fake.tickets.calls, 1);
    CHECK_INT(fake.finishes, 1);
    CHECK_STR(fake.response, r->response);
    CHECK_STR(fake.invocation,
              "TicketsAgent {\"tool\":\"get_my_tickets\",\"arguments\":{},\"agent\":\"tickets\"}");
    CHECK(fake.invocation_ok);
    CHECK_HAS(fake.plan, "get_my_tickets");
    town_free(&t);
}

TEST(several_agents_stand_under_headings)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "show my courses, tickets and aws cost");
    const char *oxygen = strstr(r->response, "## Oxygen\n");
    const char *tickets = strstr(r->response, "\n\n## Tickets\n");
    const char *finops = strstr(r->response, "\n\n## FinOps\n");

    CHECK_OUTCOME(r, answered);
    CHECK(oxygen == r->response && tickets > oxygen && finops > tickets);
    CHECK_HAS(r->response, "USD 15,234.50");
    CHECK_INT(r->n_agents, 3);
    CHECK_INT(fake.n_invocations, 3);
    town_free(&t);
}

TEST(agents_are_asked_side_by_side)
{
    struct town t = town_new();
    int64_t began = jv_loop_mono_ms(world_loop(t.w)), took;

    fake.tickets.delay_ms = fake.finops.delay_ms = fake.oxygen.delay_ms = 1500;
    CHECK_OUTCOME(ask(&t, t.vishal, "show my courses, tickets and aws cost"), answered);
    took = jv_loop_mono_ms(world_loop(t.w)) - began;
    CHECK_OR(took >= 1500 && took < 1600, printf("# %lld ms\n", (long long)took));
    town_free(&t);
}

/* What looks waits for what changes, also when it was said before; the answer keeps the order. */
TEST(changes_are_made_before_anybody_looks)
{
    struct town t = town_new();
    int64_t began = jv_loop_mono_ms(world_loop(t.w)), took;
    const Orchestrator__ChatReply *r;
    const char *courses, *created;

    fake.tickets.delay_ms = fake.finops.delay_ms = fake.oxygen.delay_ms = 1000;
    r = ask(&t, t.vishal, "show my courses and aws cost and create a ticket for vpn access");
    CHECK_OUTCOME(r, answered);
    took = jv_loop_mono_ms(world_loop(t.w)) - began;
    CHECK_OR(took >= 2000 && took < 2200, printf("# %lld ms\n", (long long)took));
    courses = strstr(r->response, "enrolled in");
    created = strstr(r->response, "was created");
    CHECK_OR(courses && created && courses < created, printf("# %s\n", r->response));
    CHECK_INT(r->n_agents, 3);
    fake.tickets.code = JV_UNAVAILABLE; /* looks do not hang on it */
    r = ask(&t, t.vishal, "create a ticket for gitlab access and show my courses");
    CHECK_OUTCOME(r, partial);
    CHECK_HAS(r->response, "I could not reach TicketsAgent");
    CHECK_HAS(r->response, "enrolled in");
    town_free(&t);
}

TEST(the_best_state_of_an_agent_counts)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.happy, "my tickets and vishal's tickets");

    CHECK_OUTCOME(r, partial);
    CHECK_INT(r->n_agents, 1);
    check_agent(r, 0, "TicketsAgent", "answered");
    town_free(&t);
}

TEST(not_found_is_an_answer)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "get ticket 99999");

    CHECK_OUTCOME(r, answered);
    CHECK_STR(r->response, "Ticket 99999 was not found. Please check the number.");
    check_agent(r, 0, "TicketsAgent", "answered");
    town_free(&t);
}

TEST(differences_are_computed)
{
    struct town t = town_new();

    CHECK_HAS(ask(&t, t.vishal, "Show AWS costs")->response, "15,234.50");
    CHECK_HAS(ask(&t, t.vishal, "What about GCP?")->response, "12,450.75");
    CHECK_HAS(ask(&t, t.vishal, "And which is cheaper?")->response,
              "**GCP** is cheaper than **AWS** by USD 2,783.75.");
    town_free(&t);
}

/* One sentence and one table; the services of either are not told. */
TEST(alternatives_stand_in_one_table)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "compare aws and gcp");

    CHECK_STR(r->response, "**GCP** is cheaper than **AWS** by USD 2,783.75.\n\n"
                           "| Provider | Cost | Share of all | More than GCP |\n"
                           "|---|---:|---:|---:|\n"
                           "| GCP | USD 12,450.75 | 34.01 % | |\n"
                           "| AWS | USD 15,234.50 | 41.62 % | USD 2,783.75 (22.36 %) |");
    CHECK_INT(r->n_data, 2);
    CHECK_STR(fake.response, r->response);
    CHECK_STR(ask(&t, t.vishal, "compare aws, gcp and azure")->response,
              "**Azure** is the cheapest with USD 8,920.25, **AWS** the most expensive with USD "
              "15,234.50.\n\n"
              "| Provider | Cost | Share of all | More than Azure |\n"
              "|---|---:|---:|---:|\n"
              "| Azure | USD 8,920.25 | 24.37 % | |\n"
              "| GCP | USD 12,450.75 | 34.01 % | USD 3,530.50 (39.58 %) |\n"
              "| AWS | USD 15,234.50 | 41.62 % | USD 6,314.25 (70.79 %) |");
    CHECK_STR(ask(&t, t.vishal, "compare ec2 and s3")->response,
              "**S3** is cheaper than **EC2** by USD 4,265.50.\n\n"
              "| Service | Cost | More than S3 |\n"
              "|---|---:|---:|\n"
              "| S3 | USD 4,234.50 | |\n"
              "| EC2 | USD 8,500.00 | USD 4,265.50 (100.73 %) |");
    town_free(&t);
}

/* What is no cost is called by its name; what cannot be compared is told beside. */
TEST(other_alternatives)
{
    struct town t = town_new();
    const char *admin = world_person(t.w, "user_admin", "admin", "admin");
    const Orchestrator__ChatReply *r;

    CHECK_STR(ask(&t, admin, "compare the budgets of vishal and alex")->response,
              "The monthly budget of **alex** is lower than that of **vishal** by USD 200.00.\n\n"
              "| Person | Monthly budget | More than alex |\n"
              "|---|---:|---:|\n"
              "| alex | USD 300.00 | |\n"
              "| vishal | USD 500.00 | USD 200.00 (66.67 %) |");
    CHECK_STR(ask(&t, admin, "compare the budgets of vishal and sarah")->response,
              "The monthly budget of **vishal** is the same as that of **sarah**.\n\n"
              "| Person | Monthly budget | More than vishal |\n"
              "|---|---:|---:|\n"
              "| vishal | USD 500.00 | |\n"
              "| sarah | USD 500.00 | USD 0.00 (0.00 %) |");
    fake.finops.code = JV_UNAVAILABLE;
    r = ask(&t, t.vishal, "compare aws and gcp");
    CHECK_STR(r->response, "I could not reach FinOpsAgent just now, so the cloud cost part is "
                           "missing. Please try again in a moment.");
    town_free(&t);
}

/* ---- data ------------------------------------------------------------------------------------ */

static const char *data_json(struct town *t, const Orchestrator__ChatReply *r, size_t i)
{
    size_t len;

    CHECK_OR(i < r->n_data, return "");
    return jv_msg_to_json(&r->data[i]->base, JV_JSON_SNAKE, world_arena(t->w), &len);
}

TEST(what_agents_answered_is_in_the_reply)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "show my tickets and aws cost");

    CHECK_INT(r->n_data, 2);
    CHECK_HAS(data_json(&t, r, 0),
              "{\"agent\":\"TicketsAgent\",\"tool\":\"get_my_tickets\",\"result\":{");
    CHECK_HAS(data_json(&t, r, 0), "\"id\":12301");
    CHECK_HAS(data_json(&t, r, 1),
              "{\"agent\":\"FinOpsAgent\",\"tool\":\"get_cloud_cost\",\"result\":{");
    CHECK_HAS(data_json(&t, r, 1), "\"total_cents\":\"1523450\"");
    r = ask(&t, t.happy, "show vishal's tickets");
    CHECK_INT(r->n_data, 0);
    r = ask(&t, t.vishal, "hello");
    CHECK_INT(r->n_data, 0);
    town_free(&t);
}

/* A list that is too long for the reply is left out of it, and told in words all the same. */
TEST(data_that_is_too_big_is_left_out)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r;

    fake.tickets.bulk = 100 * 1024;
    r = ask(&t, t.vishal, "show my tickets and aws cost");
    CHECK_OUTCOME(r, answered);
    CHECK_HAS(r->response, "USD 15,234.50");
    CHECK_INT(r->n_data, 1);
    CHECK_HAS(data_json(&t, r, 0), "FinOpsAgent");
    town_free(&t);
}

TEST(no_agent_is_asked_for_talk)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "What can you do for me?");

    CHECK_OUTCOME(r, answered);
    CHECK_HAS(r->response, "TicketsAgent");
    CHECK_HAS_NOT(r->response, "JarvisAgent");
    CHECK_INT(r->n_suggestions, 5);
    r = ask(&t, t.vishal, "foobar nonsense query");
    CHECK_OUTCOME(r, not_understood);
    CHECK_INT(r->n_suggestions, 5);
    CHECK_INT(r->n_agents, 0);
    CHECK_INT(fake.finishes, 2);
    CHECK_INT(fake.tickets.calls + fake.finops.calls + fake.oxygen.calls, 0);
    town_free(&t);
}

TEST(a_question_back_is_completed)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "create new ticket");

    CHECK_OUTCOME(r, needs_input);
    CHECK_HAS(r->response, "operation");
    CHECK_INT(fake.tickets.calls, 0);
    r = ask(&t, t.vishal, "vpn access");
    CHECK_OUTCOME(r, answered);
    CHECK_HAS(r->response, "12306");
    CHECK_INT(fake.tickets.calls, 1);
    town_free(&t);
}

TEST(a_question_back_stands_beside_answers)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.vishal, "create a ticket and show my courses");

    CHECK_OUTCOME(r, partial);
    CHECK_HAS(r->response, "I need to know one more thing, the **operation**");
    check_agent(r, 0, "OxygenAgent", "answered");
    CHECK_OUTCOME(ask(&t, t.vishal, "vpn access"), answered);
    CHECK_INT(fake.tickets.calls, 1);
    town_free(&t);
}

/* ---- what is denied or missing --------------------------------------------------------------- */

TEST(a_denial_says_why)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.happy, "show vishal's tickets");

    CHECK_OUTCOME(r, denied);
    CHECK_HAS(r->response, "Access denied");
    CHECK_HAS(r->response, "vishal");
    CHECK_HAS(r->response, "own data");
    CHECK_HAS(r->response, "administrator");
    CHECK_HAS_NOT(r->response, "1230");
    check_agent(r, 0, "TicketsAgent", "denied");
    CHECK_INT(fake.tickets.calls, 0);
    CHECK(!fake.invocation_ok);
    r = ask(&t, t.happy, "delete ticket 12301");
    CHECK_OUTCOME(r, denied);
    CHECK_HAS(r->response, "delete ticket");
    r = ask(&t, t.happy, "create a ticket for alex to get vpn access");
    CHECK_OUTCOME(r, denied);
    CHECK_HAS(r->response, "only do this for yourself, not for alex");
    CHECK_INT(fake.tickets.calls, 0);
    town_free(&t);
}

/* Two calls of one agent: each says what it is about, and nothing is said twice. */
TEST(calls_of_one_agent_are_told_apart)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.happy, "show vishal's courses and exams");

    CHECK_OUTCOME(r, denied);
    CHECK_HAS(r->response, "not vishal's courses.");
    CHECK_HAS(r->response, "not vishal's pending exams.");
    fake.oxygen.code = JV_NOT_FOUND;
    r = ask(&t, t.vishal, "show my courses and exams");
    CHECK_OUTCOME(r, answered);
    CHECK_STR(r->response, "The reason is made up.");
    fake.oxygen.code = JV_UNAVAILABLE;
    r = ask(&t, t.vishal, "show my courses and exams");
    CHECK_HAS(r->response, "so the courses part is missing");
    CHECK_HAS(r->response, "so the exams part is missing");
    town_free(&t);
}

TEST(a_mixed_wish_is_answered_in_part)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.happy, "vishal's tickets and aws cost");

    CHECK_OUTCOME(r, partial);
    CHECK_HAS(r->response, "Access denied");
    CHECK_HAS(r->response, "15,234.50");
    CHECK_HAS_NOT(r->response, "1230");
    check_agent(r, 0, "TicketsAgent", "denied");
    check_agent(r, 1, "FinOpsAgent", "answered");
    town_free(&t);
}

TEST(an_agent_that_is_away_is_missed)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r;

    world_kill(t.w, t.oxygen);
    r = ask(&t, t.vishal, "show my tickets and courses");
    CHECK_OUTCOME(r, partial);
    CHECK_HAS(r->response, "12301");
    CHECK_HAS(r->response, "I could not reach OxygenAgent just now");
    check_agent(r, 1, "OxygenAgent", "unavailable");
    town_free(&t);
}

TEST(a_slow_agent_is_not_waited_for)
{
    struct town t = town_new();
    int64_t began = jv_loop_mono_ms(world_loop(t.w)), took;
    const Orchestrator__ChatReply *r;

    fake.oxygen.delay_ms = 9000;
    r = ask(&t, t.vishal, "show my courses and tickets");
    took = jv_loop_mono_ms(world_loop(t.w)) - began;
    CHECK_OR(took >= 5000 && took < 5200, printf("# %lld ms\n", (long long)took));
    CHECK_OUTCOME(r, partial);
    check_agent(r, 0, "OxygenAgent", "unavailable");
    check_agent(r, 1, "TicketsAgent", "answered");
    town_free(&t);
}

TEST(a_fault_in_an_agent_stays_there)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r;

    fake.tickets.code = JV_INTERNAL;
    r = ask(&t, t.vishal, "show my tickets and courses");
    CHECK_OUTCOME(r, partial);
    CHECK_HAS(r->response, "Something went wrong at TicketsAgent");
    CHECK_HAS_NOT(r->response, "made up");
    check_agent(r, 0, "TicketsAgent", "failed");
    town_free(&t);
}

TEST(an_unclear_change_is_said_to_be_so)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r;

    fake.tickets.delay_ms = 9000;
    r = ask(&t, t.vishal, "create a ticket for vpn access");
    CHECK_OUTCOME(r, partial);
    CHECK_HAS(r->response, "cannot tell whether");
    town_free(&t);
}

/* ---- what must be kept ----------------------------------------------------------------------- */

TEST(without_sessions_nothing_is_asked)
{
    struct town t = town_new();
    struct world_reply r;

    world_kill(t.w, t.sessions);
    r = say(&t, t.vishal, "show my tickets", "");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_INT(fake.tickets.calls, 0);
    town_free(&t);
}

TEST(an_answer_that_is_not_kept_is_not_given)
{
    struct town t = town_new();
    struct world_reply r;

    fake.finish_code = JV_INTERNAL;
    r = say(&t, t.vishal, "create a ticket for vpn access", "");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "TicketsAgent did its part");
    r = say(&t, t.vishal, "show my tickets", "");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "keeping the answer");
    town_free(&t);
}

TEST(a_refused_turn_is_refused)
{
    struct town t = town_new();
    struct world_reply r = say(&t, t.vishal, "show my tickets", ",\"contextId\":\"x\"");

    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.contextId");
    CHECK_STR(r.text, "message.contextId is no session of yours");
    CHECK_INT(fake.begins, 0);
    fake.resolve_code = JV_RESOURCE_EXHAUSTED;
    CHECK_INT(say(&t, t.vishal, "show my tickets", "").code, JV_RESOURCE_EXHAUSTED);
    fake.resolve_code = 0;
    fake.begin_code = JV_NOT_FOUND;
    CHECK_INT(say(&t, t.vishal, "show my tickets", ",\"contextId\":\"" SESSION "\"").code,
              JV_NOT_FOUND);
    CHECK_INT(fake.tickets.calls, 0);
    town_free(&t);
}

/* ---- the catalogue --------------------------------------------------------------------------- */

TEST(the_last_good_catalogue_serves)
{
    struct town t = town_new();

    CHECK_OUTCOME(ask(&t, t.vishal, "show my tickets"), answered);
    world_kill(t.w, t.registry);
    world_advance(t.w, 20000);
    CHECK_OUTCOME(ask(&t, t.vishal, "show my tickets"), answered);
    town_free(&t);
}

TEST(without_any_catalogue_nothing_is_begun)
{
    struct world *w = world_new();
    struct town t = { .w = w };

    t.sessions = world_start(
            w, fake_service(w, "sessions", &sessions__sessions__descriptor, session_rows));
    world_start(w, without_tasks(w));
    t.vishal = world_person(w, "user_001", "vishal", "developer");
    CHECK_INT(say(&t, t.vishal, "show my tickets", "").code, JV_UNAVAILABLE);
    CHECK_INT(fake.begins, 0);
    town_free(&t);
}

TEST(changes_of_the_catalogue_are_seen_at_once)
{
    struct town t = town_new();
    struct jv_bus *operator= jv_bus_mem(world_broker(t.w), "operator");
    uint8_t *card = fake.cards[0];

    CHECK_OUTCOME(ask(&t, t.vishal, "show my tickets"), answered);
    fake.cards[0] = fake.cards[--fake.n_cards];
    fake.card_sizes[0] = fake.card_sizes[fake.n_cards];
    free(card);
    fake.digest++;
    CHECK_INT(jv_bus_publish(operator, "jarvis.evt.registry.Changed", NULL, NULL, 0, "", 0), 0);
    CHECK_OUTCOME(ask(&t, t.vishal, "show my tickets"), not_understood);
    jv_bus_free(operator);
    town_free(&t);
}

/* ---- the rest -------------------------------------------------------------------------------- */

TEST(suggestions)
{
    struct town t = town_new();
    struct world_reply r = world_ask(t.w, t.vishal, "svc.orchestrator.Suggest", "{}");
    const Orchestrator__ChatReply *reply;

    CHECK_STR(r.json, "{\"suggestions\":[\"show my tickets\",\"show my courses\","
                      "\"show my pending exams\",\"show AWS cost\",\"show GCP cost\"]}");
    reply = ask(&t, t.vishal, "show my tickets");
    CHECK_INT(reply->n_suggestions, 5);
    CHECK_STR(reply->suggestions[0], "what's the status of ticket 12301?");
    CHECK_STR(reply->suggestions[1], "show my budget");
    r = world_ask(t.w, t.vishal, "svc.orchestrator.Suggest", "{}");
    CHECK_HAS(r.json, "show my budget");
    CHECK_HAS_NOT(r.json, "\"show my tickets\"");
    town_free(&t);
}

/* Short, and nothing that its reader may not ask, or that names what they were not shown. */
static void check_suggestions(const Orchestrator__ChatReply *r, bool admin)
{
    static const char *const foreign[] = { "12301",  "12302", "12303", "12304", "12305", "12306",
                                           "vishal", "alex",  "sarah", "happy", "delete" };

    CHECK(r->n_suggestions > 0 && r->n_suggestions <= 5);
    for (size_t i = 0; i < r->n_suggestions; i++) {
        const char *text = r->suggestions[i];
        size_t words = 1;

        for (const char *p = text; *p; p++)
            words += *p == ' ';
        CHECK_OR(words <= 7, printf("# %s\n", text));
        CHECK_OR(admin || !strstr(text, "all tickets"), printf("# %s\n", text));
        for (size_t k = 0; k < JV_COUNT(foreign); k++)
            CHECK_OR(!strstr(text, foreign[k]) || strstr(r->response, foreign[k]),
                     printf("# %s\n", text));
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(text, r->suggestions[k]) != 0);
    }
}

static bool suggests(const Orchestrator__ChatReply *r, const char *text)
{
    for (size_t i = 0; i < r->n_suggestions; i++)
        if (strcmp(r->suggestions[i], text) == 0)
            return true;
    return false;
}

TEST(suggestions_are_what_the_asker_may_ask)
{
    static const struct {
        const char *question;
        bool admin;
        const char *has, *lacks;
    } cases[] = {
        { "show my tickets", false, "show my budget", "show my tickets" },
        { "Show my tickets!", false, "show my courses", "show my tickets" },
        { "show my tickets", true, "show all tickets", "show my tickets" },
        { "show vishal's tickets", false, "show my tickets", NULL },
        { "delete ticket 12301", false, "show my tickets", NULL },
        { "get ticket 99999", false, "show my tickets", NULL },
        { "show AWS cost", false, "show GCP breakdown", "show AWS cost" },
        { "compare aws and gcp", false, "how much do we pay for azure?", "show AWS cost" },
        { "my learning progress", false, "what are my pending exams", NULL },
        { "show my budget", false, "show my cost allocation", "show my budget" },
        { "create a ticket for vpn access", false, "show my tickets", NULL },
        { "hello", false, "show my tickets", NULL },
        { "hello", true, "show all tickets", NULL },
        { "foobar nonsense query", false, "show my courses", NULL },
    };
    struct town t = town_new();
    const char *admin = world_person(t.w, "user_admin", "admin", "admin");

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        int before = check_failures;
        const Orchestrator__ChatReply *r;

        free(fake.plan); /* what was suggested before */
        fake.plan = NULL;
        r = ask(&t, cases[i].admin ? admin : t.happy, cases[i].question);
        check_suggestions(r, cases[i].admin);
        CHECK(suggests(r, cases[i].has));
        CHECK(!cases[i].lacks || !suggests(r, cases[i].lacks));
        if (check_failures > before)
            printf("# ^ %s: lacks \"%s\", or has \"%s\"\n", cases[i].question, cases[i].has,
                   cases[i].lacks ? cases[i].lacks : "");
    }
    town_free(&t);
}

/* What was suggested a turn ago, or asked, is not suggested again. */
TEST(suggestions_differ_turn_by_turn)
{
    static const char *const questions[] = { "show my tickets", "show AWS cost", "show my courses",
                                             "thanks" };
    struct town t = town_new();
    const Orchestrator__ChatReply *before = NULL;

    for (size_t i = 0; i < JV_COUNT(questions); i++) {
        const Orchestrator__ChatReply *r = ask(&t, t.vishal, questions[i]);

        CHECK_INT(r->n_suggestions, 5);
        for (size_t k = 0; before && k < r->n_suggestions; k++)
            CHECK_OR(!suggests(before, r->suggestions[k]),
                     printf("# %s: %s\n", questions[i], r->suggestions[k]));
        before = r;
    }
    town_free(&t);
}

/* Whoever looks after others is sent to them, and not to what they do not have themselves. */
TEST(suggestions_for_an_administrator)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r = ask(&t, t.admin, "show vishal's tickets");

    CHECK(suggests(r, "what's the status of ticket 12301?"));
    CHECK(suggests(r, "show vishal's budget"));
    CHECK_HAS_NOT(world_ask(t.w, t.admin, "svc.orchestrator.Suggest", "{}").json, " my ");
    r = ask(&t, t.admin, "hello");
    for (size_t i = 0; i < r->n_suggestions; i++)
        CHECK_OR(!strstr(r->suggestions[i], "my budget") && !strstr(r->suggestions[i], "my exams"),
                 printf("# %s\n", r->suggestions[i]));
    town_free(&t);
}

TEST(explain_asks_nobody)
{
    struct town t = town_new();
    struct world_reply r = world_ask(t.w, t.vishal, "svc.orchestrator.Explain",
                                     "{\"message\":\"show my tickets and aws cost\"}");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "\"tool\":\"get_my_tickets\"");
    CHECK_HAS(r.json, "{\"provider\":\"aws\"}");
    CHECK_HAS(r.json, "\"outcome\":\"answered\"");
    CHECK_INT(fake.tickets.calls + fake.begins, 0);
    town_free(&t);
}

TEST(jarvis_is_an_agent)
{
    struct town t = town_new();
    struct world_reply r = world_say(t.w, t.vishal, "jarvis", "show my tickets");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "12301");
    CHECK_HAS(r.json, "\"outcome\":\"answered\"");
    CHECK_INT(fake.finishes, 1);
    r = world_tool(t.w, t.vishal, "jarvis", "ask", "{}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    town_free(&t);
}

TEST(bad_questions)
{
    struct town t = town_new();
    char *big = jv_arena_alloc(world_arena(t.w), 16 * 1024 + 2);
    struct world_reply r = say(&t, t.vishal, " \n\t", "");

    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.parts");
    memset(big, 'x', 16 * 1024 + 1);
    r = say(&t, t.vishal, big, "");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.parts");
    big[16 * 1024] = '\0';
    CHECK_INT(say(&t, t.vishal, big, "").code, JV_OK);
    r = world_ask(t.w, t.vishal, "a2a.jarvis.SendMessage",
                  "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":"
                  "\"show my tickets\"},{\"url\":\"http://x\"}]}}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.parts[1]");
    CHECK_INT(say(&t, NULL, "show my tickets", "").code, JV_UNAUTHENTICATED);
    CHECK_INT(fake.begins, 1);
    town_free(&t);
}

TEST_MAIN()
