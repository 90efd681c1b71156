/* test_llm_budget.c -- the actor llm on a real database: turns, budgets, reports, embeddings. */
#include "actors/llm_stage.h"

/* ---- turns ---------------------------------------------------------------------------------- */

static const char *const narrow[] = { "JARVIS_LLM_PARALLEL", "1", "JARVIS_LLM_QUEUE", "40", NULL };

static int place_of(const char *text)
{
    for (int i = 0; i < fake.n; i++)
        if (strcmp(fake.said[i], text) == 0)
            return i;
    return -1;
}

static void send_many(struct stage *s, const char *token, const char *who, int n, const char *more)
{
    for (int i = 0; i < n; i++)
        send(s, token, "Generate", jv_arena_printf(world_arena(s->w), "%s %d", who, i), more);
}

TEST(many_of_one_do_not_delay_the_first_of_another)
{
    struct stage s = stage_with(MODEL_A, narrow);

    fake.a.delay_ms = 100;
    send_many(&s, s.vishal, "vishal", 20, "");
    world_advance(s.w, 1);
    send_many(&s, s.happy, "happy", 3, "");
    for (int i = 0; i < 23; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_INT(place_of("vishal 0"), 0);
    CHECK(place_of("happy 0") <= 2);
    CHECK(place_of("happy 1") <= 4);
    CHECK(place_of("happy 2") <= 6);
    CHECK_INT(place_of("vishal 19"), 22);
    world_free(s.w);
}

TEST(what_somebody_waits_for_goes_first)
{
    struct stage s = stage_with(MODEL_A, narrow);

    fake.a.delay_ms = 100;
    send_many(&s, NULL, "house", 5, ",\"background\":true");
    world_advance(s.w, 1);
    send_many(&s, s.happy, "happy", 5, "");
    for (int i = 0; i < 10; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_INT(place_of("house 0"), 0);
    CHECK_INT(place_of("happy 4"), 5);
    CHECK_INT(place_of("house 1"), 6);
    world_free(s.w);
}

TEST(somebody_comes_to_what_nobody_waited_for)
{
    struct stage s = stage_with(MODEL_A, narrow);

    fake.a.delay_ms = 100;
    send_many(&s, s.vishal, "work", 4, ",\"background\":true");
    world_advance(s.w, 1);
    send(&s, s.vishal, "Generate", "work 3", ""); /* the same, and now it is urgent */
    for (int i = 0; i < 5; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_INT(fake.n, 4);
    CHECK_INT(place_of("work 3"), 1);
    world_free(s.w);
}

TEST(the_last_place_is_not_for_background_work)
{
    static const char *const pairs[] = { "JARVIS_LLM_PARALLEL", "3", NULL };
    struct stage s = stage_with(MODEL_A, pairs);

    fake.a.delay_ms = 1000;
    send_many(&s, NULL, "house", 5, ",\"background\":true");
    world_advance(s.w, 1);
    check_queue(&s, 3, 2);
    send(&s, s.happy, "Generate", "happy", "");
    world_advance(s.w, 1);
    check_queue(&s, 3, 3);
    for (int i = 0; i < 6; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    world_free(s.w);
}

TEST(a_full_queue_says_whose)
{
    struct stage s = stage_with(MODEL_A, narrow);
    struct world_reply r;

    fake.a.delay_ms = 5000;
    send_many(&s, s.vishal, "vishal", 33, "");
    world_advance(s.w, 1);
    check_queue(&s, 32, 1);
    send(&s, s.vishal, "Generate", "too many", "");
    world_advance(s.w, 1);
    check_queue(&s, 32, 1);
    for (int i = 0; i < 33; i++)
        world_collect(s.w);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "language models are busy: 32 calls of yours wait already");
    world_free(s.w);
}

TEST(a_full_queue_says_so)
{
    static const char *const pairs[] = { "JARVIS_LLM_PARALLEL", "1", "JARVIS_LLM_QUEUE", "2",
                                         NULL };
    struct stage s = stage_with(MODEL_A, pairs);
    struct world_reply r;

    fake.a.delay_ms = 1000;
    send_many(&s, s.vishal, "vishal", 3, "");
    world_advance(s.w, 1);
    send(&s, s.happy, "Generate", "too many", "");
    for (int i = 0; i < 3; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "language models are busy: 2 calls wait already");
    world_free(s.w);
}

TEST(who_has_no_time_left_leaves_the_queue)
{
    struct stage s = stage_with(MODEL_A, narrow);

    fake.a.delay_ms = 5000;
    send(&s, s.happy, "Generate", "first", "");
    world_advance(s.w, 1);
    ask_briefly(&s, "Generate", "second", 1000);
    check_queue(&s, 1, 1);
    world_advance(s.w, 1500);
    check_queue(&s, 0, 1);
    CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_INT(fake.n, 1);
    world_free(s.w);
}

TEST(rates_are_kept)
{
    struct stage s = stage_with("{\"provider\":\"gemini\",\"model\":\"a\",\"parallel\":50,"
                                "\"url\":\"http://127.0.0.1:9\",\"requests_per_minute\":60}",
                                NULL);
    int64_t began;

    for (int i = 0; i < 60; i++)
        send(&s, i % 2 ? s.happy : s.vishal, "Generate",
             jv_arena_printf(world_arena(s.w), "q %d", i), "");
    for (int i = 0; i < 60; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    began = now(&s);
    CHECK_INT(generate(&s, s.vishal, "one more", "").code, JV_OK); /* one in a second */
    CHECK(now(&s) - began >= 500 && now(&s) - began <= 1200);
    world_free(s.w);
}

/* ---- budgets -------------------------------------------------------------------------------- */

static const char *const poor[] = { "JARVIS_LLM_BUDGET", "0.0005", NULL };
#define USED_UP                                                                                    \
    "your budget for language models of $0.0005 a day is used up; it starts again at 00:00 UTC"

TEST(a_budget_is_a_persons_and_a_days)
{
    struct stage s = stage_with(MODEL_A, poor);
    struct world_reply r;

    CHECK_INT(generate(&s, s.vishal, "one", "").code, JV_OK); /* 300 of 500 */
    CHECK_INT(generate(&s, s.vishal, "two", "").code, JV_OK); /* 600 */
    r = generate(&s, s.vishal, "three", "");
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_STR(r.text, USED_UP);
    CHECK_HAS(generate(&s, s.vishal, "one", "").json, "\"cached\":true"); /* costs nothing */
    CHECK_INT(generate(&s, s.happy, "one", "").code, JV_OK);
    CHECK_INT(generate(&s, NULL, "one", "").code, JV_OK); /* the house has none */
    CHECK_INT(fake.n, 4);
    r = world_ask(s.w, s.vishal, "svc.llm.Usage", "{}");
    CHECK_HAS(r.json, "\"budget_microusd\":\"500\",\"spent_microusd\":\"600\"");
    world_set_wall(s.w, "2025-01-11T00:00:01Z");
    world_advance(s.w, 86400000);
    CHECK_INT(generate(&s, s.vishal, "three", "").code, JV_OK);
    world_free(s.w);
}

TEST(a_budget_counts_what_others_wrote_down)
{
    struct stage s = stage_with(MODEL_A, poor);

    world_sql(s.w, "insert into llm.usage values ('2025-01-10', 'vishal', 'A', 'm', 'p',"
                   " 1, 0, 1, 1, 500), ('2025-01-09', 'happy', 'A', 'm', 'p', 1, 0, 1, 1, 500)");
    CHECK_STR(generate(&s, s.vishal, "one", "").text, USED_UP);
    CHECK_INT(generate(&s, s.happy, "one", "").code, JV_OK);
    CHECK_INT(fake.n, 1);
    world_free(s.w);
}

/* A sum that was begun before the flush and ended after it does not have what was flushed. */
TEST(what_is_written_down_while_it_is_summed_up_counts)
{
    struct stage s = stage_with(MODEL_A, poor);

    world_sql(s.w, "alter table llm.usage rename to used;"
                   "create view llm.usage as select * from llm.used"
                   " where (select pg_sleep(0.06)) is not null;"
                   "create function llm.slowly() returns trigger language plpgsql as"
                   " 'begin perform pg_sleep(0.02); return null; end';"
                   "create trigger slowly after insert or update on llm.used"
                   " for each statement execute function llm.slowly()");
    CHECK_INT(generate(&s, s.vishal, "one", "").code, JV_OK);
    CHECK_INT(generate(&s, s.vishal, "two", "").code, JV_OK);
    CHECK_STR(generate(&s, s.vishal, "three", "").text, USED_UP);
    CHECK_INT(fake.n, 2);
    used(&s); /* all of it is written down */
    world_sql(s.w, "drop view llm.usage; alter table llm.used rename to usage;"
                   "drop function llm.slowly cascade");
    world_free(s.w);
}

TEST(many_at_once_do_not_get_past_a_budget)
{
    static const char *const pairs[] = { "JARVIS_LLM_BUDGET", "0.0005", "JARVIS_LLM_PARALLEL", "1",
                                         NULL };
    struct stage s = stage_with(MODEL_A, pairs);
    int fine = 0;

    send_many(&s, s.vishal, "q", 10, "");
    for (int i = 0; i < 10; i++)
        fine += !world_collect(s.w).code;
    CHECK_INT(fine, 2);
    CHECK_INT(fake.n, 2);
    world_free(s.w);
}

TEST(the_budget_of_the_first_is_not_the_others)
{
    static const char *const pairs[] = { "JARVIS_LLM_BUDGET", "0.0003", "JARVIS_LLM_PARALLEL", "1",
                                         NULL };
    struct stage s = stage_with(MODEL_A, pairs);

    fake.a.delay_ms = 1000;
    send(&s, s.vishal, "Generate", "uses it up", "");
    world_advance(s.w, 1); /* its budget is read: what comes next comes after it */
    send(&s, s.vishal, "Generate", "hello", ",\"shared\":true");
    world_advance(s.w, 1);
    send(&s, s.happy, "Generate", "hello", ",\"shared\":true");
    CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_INT(world_collect(s.w).code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(world_collect(s.w).json, "\"text\":\"echo hello\"");
    world_free(s.w);
}

/* The provider wants its money, whether anybody waited for the answer or not. */
TEST(a_call_that_was_given_up_is_counted)
{
    struct stage s = stage_with(MODEL_A, NULL);

    fake.a.delay_ms = 50000;
    ask_briefly(&s, "Generate", "a question that costs something", 3000);
    world_advance(s.w, 5000);
    check_queue(&s, 0, 0);
    CHECK_INT(fake.a.n, 1);
    CHECK_HAS(used(&s), "2025-01-10|vishal|JarvisAgent|gemini/a|plan|1|0|");
    CHECK_STR(world_sql(s.w, "select input_tokens > 0 and output_tokens = 0 and cost_microusd > 0 "
                             "from llm.usage"),
              "t");
    world_free(s.w);
}

TEST(what_a_provider_says_it_took_has_an_end)
{
    struct stage s = stage_with(MODEL_A, NULL);
    struct world_reply r;

    fake.a.input = INT64_C(1000000000000000);
    r = generate(&s, s.vishal, "hello", "");
    CHECK_HAS(r.json, "\"input_tokens\":2147483647,\"output_tokens\":20,\"cost_microusd\":"
                      "\"2147483847\"");
    CHECK_HAS(used(&s), "|1|0|2147483647|20|2147483847");
    world_free(s.w);
}

TEST(without_the_database_it_goes_on)
{
    struct stage s = stage_with(MODEL_A, poor);

    CHECK_INT(generate(&s, s.vishal, "zero", "").code, JV_OK);
    CHECK_HAS(used(&s), "vishal|JarvisAgent|gemini/a|plan|1|0|100|20|300");
    world_sql(s.w, "alter table llm.usage rename to hidden");
    CHECK_INT(generate(&s, s.vishal, "one", "").code, JV_OK);
    CHECK_STR(generate(&s, s.vishal, "two", "").text, USED_UP); /* as far as is known here */
    CHECK(world_ask(s.w, s.vishal, "svc.llm.Usage", "{}").code != JV_OK);
    world_sql(s.w, "alter table llm.hidden rename to usage");
    world_advance(s.w, 11000);
    CHECK_STR(used(&s), "2025-01-10|vishal|JarvisAgent|gemini/a|plan|2|0|200|40|600");
    world_free(s.w);
}

TEST(what_waits_is_written_down_when_it_stops)
{
    struct stage s = stage_with(MODEL_A, NULL);

    fake.a.delay_ms = 1000;
    send(&s, s.vishal, "Generate", "hello", "");
    world_advance(s.w, 500);
    world_drain(s.w, s.node);
    CHECK_HAS(world_collect(s.w).json, "echo hello");
    CHECK_STR(world_sql(s.w, "select calls from llm.usage"), "1");
    world_free(s.w);
}

/* ---- reports -------------------------------------------------------------------------------- */

TEST(a_report_is_ones_own)
{
    struct stage s = stage_new();
    struct world_reply r;
    const char *subject;

    generate(&s, s.vishal, "one", "");
    generate(&s, s.happy, "one", "");
    r = world_ask(s.w, s.vishal, "svc.llm.Usage", "{}"); /* nothing has to be waited for */
    CHECK_STR(r.json,
              "{\"rows\":[{\"day\":\"2025-01-10\",\"username\":\"vishal\","
              "\"agent\":\"JarvisAgent\",\"model\":\"gemini/a\",\"purpose\":\"plan\","
              "\"calls\":\"1\",\"cached\":\"0\",\"input_tokens\":\"100\",\"output_tokens\":\"20\","
              "\"cost_microusd\":\"300\"}],\"budget_microusd\":\"0\","
              "\"spent_microusd\":\"300\"}");
    CHECK_INT(world_ask(s.w, s.vishal, "svc.llm.Usage", "{\"username\":\"VISHAL\"}").code, JV_OK);
    CHECK_INT(world_ask(s.w, s.vishal, "svc.llm.Usage", "{\"username\":\"happy\"}").code,
              JV_PERMISSION_DENIED);
    CHECK_INT(world_ask(s.w, s.vishal, "svc.llm.Usage", "{\"username\":\"*\"}").code,
              JV_PERMISSION_DENIED);
    CHECK_INT(world_ask(s.w, NULL, "svc.llm.Usage", "{}").code, JV_UNAUTHENTICATED);
    CHECK_HAS(world_heard(s.w, 0, &subject), "llm:read:all");
    CHECK_STR(subject, "audit.llm.denied");
    r = world_ask(s.w, s.admin, "svc.llm.Usage", "{\"username\":\"*\",\"days\":1}");
    CHECK_HAS(r.json, "\"username\":\"happy\"");
    CHECK_HAS(r.json, "\"username\":\"vishal\"");
    CHECK_HAS(r.json, "\"spent_microusd\":\"0\""); /* the admin's own */
    world_free(s.w);
}

TEST(a_name_in_capitals_is_the_same_person)
{
    struct stage s = stage_new();
    const char *loud = world_person(s.w, "user_001", "Vishal", "developer");

    CHECK_INT(generate(&s, loud, "hello", "").code, JV_OK);
    CHECK_HAS(ask(s.w, loud, "svc.llm.Usage", "{}").json, "\"spent_microusd\":\"300\"");
    world_free(s.w);
}

TEST(a_report_is_of_the_newest_days)
{
    struct stage s = stage_new();
    struct world_reply r;

    world_sql(s.w, "insert into llm.usage select date '2025-01-10' - i, 'vishal', 'A', 'm', 'p',"
                   " 1, 0, 1, 1, 1 from generate_series(0, 400) i");
    r = world_ask(s.w, s.vishal, "svc.llm.Usage", "{}");
    CHECK_INT(count_of(r.json, "\"day\""), 30);
    r = world_ask(s.w, s.vishal, "svc.llm.Usage", "{\"days\":366}");
    CHECK_INT(count_of(r.json, "\"day\""), 366);
    CHECK_HAS(r.json, "{\"rows\":[{\"day\":\"2025-01-10\"");
    world_sql(s.w, "insert into llm.usage select '2025-01-10', 'p' || i, 'A', 'm', 'p', 1, 0, 1, 1,"
                   " 1 from generate_series(1, 2000) i");
    r = world_ask(s.w, s.admin, "svc.llm.Usage", "{\"username\":\"*\"}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "days");
    world_free(s.w);
}

/* ---- embeddings ----------------------------------------------------------------------------- */

TEST(embeds_with_a_model_that_does)
{
    struct stage s = stage_with(MODEL_A "," MODEL_E, NULL);
    struct world_reply r;

    fake.b.fail_next = 1;
    r = ask(s.w, s.vishal, "svc.llm.Embed", "{\"texts\":[\"one\",\"three\"],\"purpose\":\"find\"}");
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "\"vectors\":[{\"values\":[3]},{\"values\":[5]}]");
    CHECK_HAS(r.json, "\"model\":\"openai/e\",\"input_tokens\":7,\"output_tokens\":0,"
                      "\"cost_microusd\":\"7000\"");
    CHECK_INT(fake.b.n, 2);
    CHECK_STR(used(&s), "2025-01-10|vishal|JarvisAgent|openai/e|find|1|0|7|0|7000");
    CHECK_INT(generate(&s, s.vishal, "x", ",\"model\":\"openai/e\"").code, JV_INVALID_ARGUMENT);
    CHECK_HAS(models(&s).json, "\"embeds\":true");
    world_free(s.w);
}

TEST(embeddings_have_a_limit_of_time_too)
{
    static const char *const pairs[] = { "JARVIS_LLM_TIMEOUT", "2s", NULL };
    struct stage s = stage_with(MODEL_E, pairs);
    int64_t began = now(&s);
    struct world_reply r;

    fake.b.delay_ms = 100000;
    r = ask(s.w, s.vishal, "svc.llm.Embed", "{\"texts\":[\"one\"],\"purpose\":\"find\"}");
    CHECK_INT(r.code, JV_DEADLINE_EXCEEDED);
    CHECK(now(&s) - began <= 2100);
    check_queue(&s, 0, 0);
    CHECK_STR(used(&s), "");
    world_free(s.w);
}

TEST_MAIN()
