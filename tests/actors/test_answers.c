/* test_answers.c -- what people read when all agents are real: refusals that help, comparisons,
 * whose data there is. */
#include "world/peers.h"

#include "jv/file.h"

extern const struct jv_file jv_migration_files[], jv_seed_files[];

struct answer_case {
    bool admin;
    const char *text;
    const char *has[3];
    const char *lacks;
};

static void check_answers(const struct answer_case *cases, size_t n)
{
    struct town t;

    world_db_reset(jv_migration_files, jv_seed_files);
    t = town_of(AGENTS_REAL);
    for (size_t i = 0; i < n; i++) {
        const struct answer_case *c = &cases[i];
        int before = check_failures;
        const Orchestrator__ChatReply *r = ask(&t, c->admin ? t.admin : t.vishal, c->text);

        for (size_t k = 0; k < JV_COUNT(c->has) && c->has[k]; k++)
            CHECK_HAS(r->response, c->has[k]);
        CHECK(!c->lacks || !strstr(r->response, c->lacks));
        if (check_failures > before || getenv("SHOW"))
            printf("# ^ \"%s\"\n%s\n", c->text, r->response);
    }
    CHECK_STR(world_sql(t.w, "select count(*) from tickets.tickets"), "5");
    town_free(&t);
}

TEST(whose_it_is_said_openly)
{
    static const struct answer_case cases[] = {
        { true,
          "show my exams",
          { "You have no learning record yet; I can show everybody's exams person by person, for "
            "example alex's." } },
        { true, "show my courses", { "everybody's courses person by person" } },
        { true, "show my budget", { "everybody's budgets person by person, for example alex's" } },
        { true, "show my tickets", { "*Show all tickets* lists everybody's" } },
        { true, "show vishl's tickets", { "I know nobody called vishl. Do you mean vishal?" } },
        { true, "show zaphod's budget", { "I know nobody called zaphod." }, "has no" },
        { true, "show user_002's tickets", { "happy has 1 ticket" } },
        { true, "create a ticket for bob to get vpn access", { "I know nobody called bob." } },
        { false, "show zaphod's budget", { "Access denied" }, "nobody" },
    };

    check_answers(cases, JV_COUNT(cases));
}

TEST(refusals_help)
{
    static const struct answer_case cases[] = {
        { false, "what's the status of ticket 0", { "0 is no valid ticket id." } },
        { false,
          "what's the status of ticket 99999999999",
          { "99999999999 is no valid ticket id." } },
        { false,
          "what's the status of ticket 99999",
          { "Ticket 99999 was not found. Please check the number." } },
        { false,
          "create a ticket for a C++ license",
          { "The operation may have letters from a to z, digits and spaces, but no '+'." } },
    };

    check_answers(cases, JV_COUNT(cases));
}

TEST(more_than_is_looked_at)
{
    static const struct answer_case cases[] = {
        { true,
          "show tickets 12301, 12302, 12303, 12304, 12305, 12306, 12307, 12308, 12309 and 12310",
          { "Ticket 12301 is", "Ticket 12308 was not found",
            "these are the first 8. Please ask for the rest again." },
          "12309" },
        { true,
          "approve tickets 12301, 12302, 12303, 12304, 12305, 12306, 12307, 12308, 12309 and 12310",
          { "12308", "Please ask for the rest again." },
          "12309" },
    };

    check_answers(cases, JV_COUNT(cases));
}

TEST(the_cheapest_and_the_costliest)
{
    static const struct answer_case cases[] = {
        { false,
          "compare the cheapest and the most expensive cloud",
          { "**Azure** is the cheapest with USD 8,920.25, **AWS** the most expensive with USD "
            "15,234.50.",
            "| GCP | USD 12,450.75" },
          "36,605.50" },
        { false,
          "compare aws, gcp and azure",
          { "**Azure** is the cheapest", "**AWS** the most expensive" } },
    };

    check_answers(cases, JV_COUNT(cases));
}

TEST_MAIN()
