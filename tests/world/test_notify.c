/* test_notify.c -- what a person should know besides, at the end of an answer. */
#include "world/peers.h"

#define LINE "\n\n**By the way:** Exam \\*Quiz\\* is in 2 days."

static struct jv_node *start_notifier(struct town *t)
{
    fake.notice = "Exam *Quiz* is in 2 days.";
    return world_start(
            t->w, fake_service(t->w, "notifier", &notifier__notifier__descriptor, notifier_rows));
}

static bool has_line(const Orchestrator__ChatReply *r)
{
    const char *line = r->response ? strstr(r->response, LINE) : NULL;

    return line && strlen(line) == strlen(LINE);
}

TEST(a_notice_ends_an_answer_once)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r;
    char plain[512];

    snprintf(plain, sizeof(plain), "%s", ask(&t, t.vishal, "show aws cost")->response);
    start_notifier(&t);
    r = ask(&t, t.vishal, "show aws cost");
    CHECK_OUTCOME(r, answered);
    CHECK_OR(has_line(r), printf("# %s\n", r->response));
    CHECK_INT(strncmp(r->response, plain, strlen(plain)), 0);
    CHECK_STR(fake.response, r->response);
    CHECK_STR(fake.told, r->message_id);
    CHECK_STR(ask(&t, t.vishal, "show aws cost")->response, plain);
    fake.told[0] = '\0';
    CHECK(has_line(ask(&t, t.vishal, "compare aws and gcp")));
    town_free(&t);
}

TEST(a_notice_is_only_told_where_it_fits)
{
    static const char *const others[] = { "create new ticket",
                                          "show happy's tickets",
                                          "create a ticket and show my courses",
                                          "show happy's tickets and aws cost",
                                          "hello",
                                          "get ticket 99999",
                                          "foobar nonsense query" };
    struct town t = town_new();

    start_notifier(&t);
    for (size_t i = 0; i < JV_COUNT(others); i++)
        CHECK_HAS_NOT(ask(&t, t.vishal, others[i])->response, "By the way");
    fake.oxygen.code = JV_UNAVAILABLE;
    CHECK_HAS_NOT(ask(&t, t.vishal, "show my courses")->response, "By the way");
    CHECK_STR(fake.told, ""); /* none was used up */
    CHECK(has_line(ask(&t, t.vishal, "show my tickets")));
    town_free(&t);
}

TEST(a_notifier_that_fails_spoils_no_answer)
{
    struct town t = town_new();
    const Orchestrator__ChatReply *r;
    struct jv_node *notifier = start_notifier(&t);
    int64_t began = jv_loop_mono_ms(world_loop(t.w));

    fake.notifier.delay_ms = 60000;
    fake.finops.delay_ms = 250;
    r = ask(&t, t.vishal, "show aws cost");
    CHECK_OUTCOME(r, answered);
    CHECK_HAS_NOT(r->response, "By the way");
    CHECK(jv_loop_mono_ms(world_loop(t.w)) - began < 350);
    fake.notifier = (struct behaviour){ .code = JV_INTERNAL };
    r = ask(&t, t.vishal, "show aws cost");
    CHECK_OUTCOME(r, answered);
    CHECK_HAS_NOT(r->response, "By the way");
    world_kill(t.w, notifier);
    CHECK_OUTCOME(ask(&t, t.vishal, "show aws cost"), answered);
    town_free(&t);
}

TEST_MAIN()
