/* test_llm.c -- the actor llm on a real database: fail-over, retries, cache, single flight, use. */
#include "actors/llm_stage.h"

/* ---- answers -------------------------------------------------------------------------------- */

TEST(answers_and_writes_down_what_it_took)
{
    struct stage s = stage_new();
    struct world_reply r = generate(&s, s.vishal, "hello", ",\"agent\":\"TicketsAgent\"");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "\"text\":\"echo hello\"");
    CHECK_HAS(r.json, "\"finish\":\"stop\"");
    CHECK_HAS(r.json, "\"model\":\"gemini/a\",\"input_tokens\":100,\"output_tokens\":20,"
                      "\"cost_microusd\":\"300\"");
    CHECK_INT(generate(&s, NULL, "of the house", "").code, JV_OK);
    CHECK_STR(used(&s), "2025-01-10||JarvisAgent|gemini/a|plan|1|0|100|20|300\n"
                        "2025-01-10|vishal|TicketsAgent|gemini/a|plan|1|0|100|20|300");
    world_free(s.w);
}

TEST(a_stream_is_its_pieces_and_the_whole)
{
    struct stage s = stage_new();
    struct world_reply r;

    send(&s, s.vishal, "Stream", "hello", "");
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(r.parts, 3);
    CHECK_HAS(r.json,
              "{\"text\":\"echo \"}\n{\"text\":\"hello\"}\n{\"done\":{\"text\":\"echo hello\"");
    send(&s, s.vishal, "Stream", "hello", ""); /* the same, from the cache */
    r = world_collect(s.w);
    CHECK_INT(r.parts, 2);
    CHECK_HAS(r.json, "{\"text\":\"echo hello\"}\n{\"done\":{\"text\":\"echo hello\"");
    CHECK_INT(fake.n, 1);
    world_free(s.w);
}

TEST(without_models_it_says_so)
{
    struct stage s = stage_with(NULL, NULL);

    CHECK_INT(generate(&s, s.vishal, "hello", "").code, JV_FAILED_PRECONDITION);
    CHECK_INT(ask(s.w, NULL, "svc.llm.Embed", "{\"texts\":[\"x\"],\"purpose\":\"p\"}").code,
              JV_FAILED_PRECONDITION);
    CHECK_HAS(models(&s).json, "{\"models\":[],\"waiting\":0,\"running\":0,\"cached\":\"0\",");
    world_free(s.w);
}

TEST(a_token_that_is_none_is_refused)
{
    struct stage s = stage_new();

    CHECK_INT(generate(&s, "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "hello", "").code, JV_UNAUTHENTICATED);
    CHECK_INT(fake.n, 0);
    world_free(s.w);
}

#define TURN  "{\"role\":\"user\",\"text\":\"x\"}"
#define ASKED "\"turns\":[" TURN "],\"purpose\":\"plan\""

static const struct ask_case wrong[] = {
    { "svc.llm.Generate", "{\"purpose\":\"plan\"}", JV_INVALID_ARGUMENT, { "turns" }, NULL },
    { "svc.llm.Generate", "{\"turns\":[" TURN "]}", JV_INVALID_ARGUMENT, { "purpose" }, NULL },
    { "svc.llm.Generate",
      "{\"turns\":[" TURN "],\"purpose\":\"Plan 1\"}",
      JV_INVALID_ARGUMENT,
      { "purpose" },
      NULL },
    { "svc.llm.Generate",
      "{" ASKED ",\"max_tokens\":8193}",
      JV_INVALID_ARGUMENT,
      { "max_tokens" },
      NULL },
    { "svc.llm.Generate",
      "{" ASKED ",\"max_tokens\":-1}",
      JV_INVALID_ARGUMENT,
      { "max_tokens" },
      NULL },
    { "svc.llm.Generate", "{" ASKED ",\"agent\":\"a.b\"}", JV_INVALID_ARGUMENT, { "agent" }, NULL },
    { "svc.llm.Generate",
      "{" ASKED ",\"model\":\"gemini/x\"}",
      JV_INVALID_ARGUMENT,
      { "model", "configured" },
      NULL },
    { "svc.llm.Generate",
      "{" ASKED ",\"tools\":[{\"name\":\"a b\"}]}",
      JV_INVALID_ARGUMENT,
      { "tools[0].name" },
      NULL },
    { "svc.llm.Generate",
      "{" ASKED ",\"tools\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
      JV_INVALID_ARGUMENT,
      { "tools[1].name", "twice" },
      NULL },
    { "svc.llm.Generate",
      "{" ASKED ",\"tools\":[{\"name\":\"a\"}],\"json_schema\":{}}",
      JV_INVALID_ARGUMENT,
      { "json_schema" },
      NULL },
    { "svc.llm.Generate",
      "{\"turns\":[{\"role\":\"assistant\",\"text\":\"x\"}],\"purpose\":\"plan\"}",
      JV_INVALID_ARGUMENT,
      { "turns", "end with the user" },
      NULL },
    { "svc.llm.Generate",
      "{\"turns\":[{\"role\":\"user\"}],\"purpose\":\"plan\"}",
      JV_INVALID_ARGUMENT,
      { "turns[0]" },
      NULL },
    { "svc.llm.Generate",
      "{\"turns\":[{\"role\":\"user\",\"calls\":[{\"name\":\"a\"}]}],\"purpose\":\"plan\"}",
      JV_INVALID_ARGUMENT,
      { "turns[0].calls" },
      NULL },
    { "svc.llm.Generate",
      "{\"turns\":[" TURN ",{\"role\":\"assistant\",\"results\":[{\"name\":\"a\"}]}," TURN
      "],\"purpose\":\"plan\"}",
      JV_INVALID_ARGUMENT,
      { "turns[1].results" },
      NULL },
    { "svc.llm.Generate",
      "{\"turns\":[{\"role\":\"user\",\"results\":[{\"name\":\"a!\"}]}],\"purpose\":\"plan\"}",
      JV_INVALID_ARGUMENT,
      { "turns[0].results[0].name" },
      NULL },
    { "svc.llm.Embed", "{\"purpose\":\"p\"}", JV_INVALID_ARGUMENT, { "texts" }, NULL },
    { "svc.llm.Embed",
      "{\"texts\":[\"x\",\"\"],\"purpose\":\"p\"}",
      JV_INVALID_ARGUMENT,
      { "texts[1]" },
      NULL },
    { "svc.llm.Usage", "{\"days\":367}", JV_INVALID_ARGUMENT, { "days" }, NULL },
};

TEST(names_the_member_that_is_wrong)
{
    struct stage s = stage_new();

    CHECK_ASKS(s.w, s.vishal, wrong);
    CHECK_INT(fake.n, 0);
    world_free(s.w);
}

TEST(bounds_what_a_request_holds)
{
    struct stage s = stage_new();
    struct jv_buf b = jv_buf_new(world_arena(s.w));
    struct world_reply r;

    jv_buf_str(&b, "{" ASKED ",\"tools\":[");
    for (int i = 0; i < 129; i++)
        jv_buf_printf(&b, "%s{\"name\":\"t%d\"}", i ? "," : "", i);
    jv_buf_str(&b, "]}");
    r = world_ask(s.w, s.vishal, "svc.llm.Generate", b.data);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "tools");
    b = jv_buf_new(world_arena(s.w));
    jv_buf_str(&b, "{\"purpose\":\"plan\",\"turns\":[");
    for (int i = 0; i < 65; i++)
        jv_buf_printf(&b, "%s" TURN, i ? "," : "");
    jv_buf_str(&b, "]}");
    r = world_ask(s.w, s.vishal, "svc.llm.Generate", b.data);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "turns");
    r = ask(s.w, s.vishal, "svc.llm.Generate", "{" ASKED ",\"system\":\"%0*d\"}", 600000, 0);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_HAS(r.text, "larger than 524288 bytes");
    CHECK_INT(fake.n, 0);
    world_free(s.w);
}

/* ---- trying again --------------------------------------------------------------------------- */

TEST(three_tries_then_the_next_model)
{
    struct stage s = stage_new();
    struct world_reply r;

    fake.a.fail_next = -1;
    r = generate(&s, s.vishal, "hello", "");
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "\"model\":\"openai/b\"");
    CHECK_INT(fake.a.n, 3);
    CHECK_INT(fake.b.n, 1);
    CHECK_STR(used(&s), "2025-01-10|vishal|JarvisAgent|openai/b|plan|1|0|100|20|0");
    world_free(s.w);
}

TEST(says_why_when_none_answers)
{
    struct stage s = stage_new();
    struct world_reply r;

    fake.a.fail_next = fake.b.fail_next = -1;
    r = generate(&s, s.vishal, "hello", "");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "no language model answered: openai/b: HTTP 503");
    CHECK_STR(used(&s), "");
    world_free(s.w);
}

TEST(only_the_named_model)
{
    struct stage s = stage_new();
    struct world_reply r = generate(&s, s.vishal, "hello", ",\"model\":\"openai/b\"");

    CHECK_HAS(r.json, "\"model\":\"openai/b\"");
    fake.b.fail_next = -1;
    r = generate(&s, s.vishal, "again", ",\"model\":\"openai/b\"");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_INT(fake.a.n, 0);
    world_free(s.w);
}

TEST(waits_as_long_as_it_is_told)
{
    struct stage s = stage_new();
    int64_t began = now(&s);
    struct world_reply r;

    fake.a = (struct script){ .fail_next = 1, .status = 429, .retry_after_ms = 3000 };
    r = generate(&s, s.vishal, "hello", "");
    CHECK_HAS(r.json, "\"model\":\"gemini/a\"");
    CHECK(now(&s) - began >= 3000 && now(&s) - began < 4000);
    CHECK_INT(fake.a.n, 2);
    world_free(s.w);
}

TEST(who_says_come_back_late_is_passed_by)
{
    struct stage s = stage_new();
    int64_t began = now(&s);
    struct world_reply r;

    fake.a = (struct script){ .fail_next = 1, .status = 429, .retry_after_ms = 30000 };
    r = generate(&s, s.vishal, "hello", "");
    CHECK_HAS(r.json, "\"model\":\"openai/b\"");
    CHECK(now(&s) - began < 1000);
    CHECK_HAS(models(&s).json, "\"name\":\"gemini/a\",\"state\":\"limited\"");
    CHECK_HAS(generate(&s, s.vishal, "and this", "").json, "openai/b"); /* not even asked */
    CHECK_INT(fake.a.n, 1);
    world_advance(s.w, 30000);
    CHECK_HAS(generate(&s, s.vishal, "and that", "").json, "gemini/a");
    world_free(s.w);
}

TEST(a_request_that_is_refused_is_not_sent_again)
{
    struct stage s = stage_new();

    fake.a = (struct script){ .fail_next = -1, .status = 400, .retry_after_ms = -1 };
    CHECK_INT(generate(&s, s.vishal, "hello", "").code, JV_INTERNAL);
    CHECK_INT(fake.a.n, 1);
    CHECK_INT(fake.b.n, 0);
    CHECK_HAS(models(&s).json, "\"name\":\"gemini/a\",\"state\":\"serving\"");
    world_free(s.w);
}

TEST(a_wrong_key_goes_to_the_next_model_at_once)
{
    struct stage s = stage_new();

    fake.a = (struct script){ .fail_next = -1, .status = 401, .retry_after_ms = -1 };
    CHECK_HAS(generate(&s, s.vishal, "hello", "").json, "openai/b");
    CHECK_INT(fake.a.n, 1);
    world_free(s.w);
}

TEST(a_stream_that_was_cut_is_an_error)
{
    struct stage s = stage_new();
    struct world_reply r;

    fake.a.cut = true;
    send(&s, s.vishal, "Stream", "hello", "");
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "the answer was cut: gemini/a: it broke off");
    CHECK_INT(r.parts, 1);
    CHECK_INT(fake.n, 1); /* nobody gets two beginnings */
    send(&s, s.vishal, "Stream", "hello", "");
    CHECK_INT(world_collect(s.w).parts, 3); /* and it was not kept */
    CHECK_HAS(used(&s), "plan|2|0|");       /* a cut one cost something, too */
    world_free(s.w);
}

TEST(a_model_that_breaks_off_rests)
{
    struct stage s = stage_with(MODEL_A, NULL);

    for (int i = 0; i < 5; i++) {
        fake.a.cut = true;
        send(&s, s.vishal, "Stream", "hello", "");
        CHECK_INT(world_collect(s.w).code, JV_UNAVAILABLE);
    }
    CHECK_HAS(models(&s).json, "\"state\":\"resting\",\"reason\":\"gemini/a: it broke off\"");
    world_free(s.w);
}

TEST(a_stream_that_did_not_begin_is_tried_again)
{
    struct stage s = stage_new();
    struct world_reply r;

    fake.a.fail_next = 2;
    send(&s, s.vishal, "Stream", "hello", "");
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(r.parts, 3);
    CHECK_INT(fake.a.n, 3);
    world_free(s.w);
}

TEST(a_whole_answer_that_was_cut_is_tried_again)
{
    struct stage s = stage_new();
    struct world_reply r;

    fake.a.cut = true;
    r = generate(&s, s.vishal, "hello", "");
    CHECK_HAS(r.json, "\"text\":\"echo hello\"");
    CHECK_INT(fake.a.n, 2);
    world_free(s.w);
}

TEST(slow_first_words_go_to_the_next_model)
{
    static const char *const pairs[] = { "JARVIS_LLM_FIRST", "2s", NULL };
    struct stage s = stage_with(MODEL_A "," MODEL_B, pairs);
    struct world_reply r;

    fake.a.delay_ms = 1000000;
    send(&s, s.vishal, "Stream", "hello", "");
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "openai/b");
    CHECK_INT(fake.a.n, 1); /* it would be as slow again */
    world_free(s.w);
}

TEST(the_time_is_limited_in_all)
{
    static const char *const pairs[] = { "JARVIS_LLM_TIMEOUT", "2s", NULL };
    struct stage s = stage_with(MODEL_A "," MODEL_B, pairs);
    int64_t began = now(&s);

    fake.a.fail_next = -1;
    fake.a.delay_ms = fake.b.delay_ms = 900;
    fake.a.retry_after_ms = 500;
    CHECK_INT(generate(&s, s.vishal, "hello", "").code, JV_DEADLINE_EXCEEDED);
    CHECK(now(&s) - began <= 2000);
    CHECK_INT(fake.a.n + fake.b.n, 2);
    world_free(s.w);
}

TEST(a_model_that_fails_rests)
{
    struct stage s = stage_with(MODEL_A, NULL);
    struct world_reply r;

    fake.a.fail_next = -1;
    generate(&s, s.vishal, "one", "");
    generate(&s, s.vishal, "two", ""); /* its second try is the fifth */
    CHECK_INT(fake.a.n, 5);
    r = generate(&s, s.vishal, "three", "");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "all language models are resting or limited: gemini/a: HTTP 503");
    CHECK_INT(fake.a.n, 5);
    CHECK_HAS(models(&s).json, "\"state\":\"resting\",\"reason\":\"gemini/a: HTTP 503\"");
    world_advance(s.w, 10000);
    fake.a.fail_next = 0;
    CHECK_INT(generate(&s, s.vishal, "four", "").code, JV_OK);
    CHECK_HAS(models(&s).json, "\"state\":\"serving\"");
    CHECK_HAS(models(&s).json, "\"calls\":\"6\",\"failed\":\"5\"");
    world_free(s.w);
}

TEST(a_model_that_never_answers_rests_too)
{
    struct stage s = stage_with(MODEL_A, NULL);

    fake.a.delay_ms = 1000000;
    for (int i = 0; i < 5; i++) {
        ask_briefly(&s, "Generate", "hello", 3000);
        world_advance(s.w, 4000);
    }
    CHECK_HAS(models(&s).json, "\"state\":\"resting\",\"reason\":\"gemini/a: no answer within");
    world_free(s.w);
}

/* ---- the same again ------------------------------------------------------------------------- */

TEST(the_same_question_is_asked_once)
{
    struct stage s = stage_new();
    struct world_reply r;

    generate(&s, s.vishal, "hello", "");
    r = generate(&s, s.vishal, "hello", ",\"background\":true,\"agent\":\"TicketsAgent\"");
    CHECK_HAS(r.json,
              "\"input_tokens\":0,\"output_tokens\":0,\"cost_microusd\":\"0\",\"cached\":true");
    CHECK_INT(fake.n, 1);
    generate(&s, s.vishal, "hello", ",\"max_tokens\":7"); /* another one */
    generate(&s, s.vishal, "hello", ",\"system\":\"x\"");
    generate(&s, s.vishal, "hello", ",\"tools\":[{\"name\":\"a\"}]");
    CHECK_INT(fake.n, 4);
    CHECK_HAS(used(&s), "TicketsAgent|gemini/a|plan|1|1|0|0|0");
    world_advance(s.w, 600000);
    generate(&s, s.vishal, "hello", ""); /* old */
    CHECK_INT(fake.n, 5);
    world_free(s.w);
}

TEST(nobody_gets_what_another_was_answered)
{
    struct stage s = stage_new();

    generate(&s, s.vishal, "hello", "");
    CHECK(!strstr(generate(&s, s.happy, "hello", "").json, "\"cached\":true"));
    CHECK(!strstr(generate(&s, NULL, "hello", "").json, "\"cached\":true"));
    CHECK_INT(fake.n, 3);
    CHECK(!strstr(generate(&s, s.vishal, "hello", ",\"shared\":true").json, "\"cached\":true"));
    CHECK_HAS(generate(&s, s.happy, "hello", ",\"shared\":true").json, "\"cached\":true");
    CHECK_INT(fake.n, 4);
    world_free(s.w);
}

TEST(some_answers_are_never_kept)
{
    struct stage s = stage_new();

    for (int i = 0; i < 2; i++) {
        CHECK_HAS(generate(&s, s.vishal, "blocked", "").json, "\"finish\":\"blocked\"");
        CHECK_HAS(generate(&s, s.vishal, "cut", "").json, "\"finish\":\"length\"");
        CHECK_INT(generate(&s, s.vishal, "fresh", ",\"fresh\":true").code, JV_OK);
    }
    CHECK_INT(fake.n, 6);
    world_free(s.w);
}

TEST(the_cache_can_be_off)
{
    static const char *const pairs[] = { "JARVIS_LLM_CACHE", "0", NULL };
    struct stage s = stage_with(MODEL_A, pairs);

    generate(&s, s.vishal, "hello", "");
    generate(&s, s.vishal, "hello", "");
    CHECK_INT(fake.n, 2);
    world_free(s.w);
}

TEST(asked_at_once_asked_once)
{
    struct stage s = stage_new();
    size_t paid = 0;

    fake.a.delay_ms = 1000;
    for (int i = 0; i < 5; i++)
        send(&s, s.vishal, "Generate", "hello", "");
    send(&s, s.happy, "Generate", "hello", "");
    for (int i = 0; i < 6; i++) {
        struct world_reply r = world_collect(s.w);

        CHECK_HAS(r.json, "\"text\":\"echo hello\"");
        paid += !strstr(r.json, "\"cached\":true");
    }
    CHECK_INT(paid, 2);
    CHECK_INT(fake.n, 2); /* one for each person */
    CHECK_STR(used(&s), "2025-01-10|happy|JarvisAgent|gemini/a|plan|1|0|100|20|300\n"
                        "2025-01-10|vishal|JarvisAgent|gemini/a|plan|5|4|100|20|300");
    world_free(s.w);
}

TEST(who_comes_later_to_a_stream_gets_all_of_it)
{
    struct stage s = stage_new();
    struct world_reply r;

    fake.a.delay_ms = 1000;
    send(&s, s.vishal, "Stream", "hello", "");
    world_advance(s.w, 1050); /* "echo " is said */
    send(&s, s.vishal, "Stream", "hello", "");
    for (int i = 0; i < 2; i++) {
        r = world_collect(s.w);
        CHECK_HAS(r.json, "{\"text\":\"echo \"}\n{\"text\":\"hello\"}\n{\"done\":");
    }
    CHECK_INT(fake.n, 1);
    world_free(s.w);
}

TEST(who_asked_first_may_leave)
{
    struct stage s = stage_new();

    fake.a.delay_ms = 5000;
    ask_briefly(&s, "Generate", "hello", 1000);
    send(&s, s.vishal, "Generate", "hello", "");
    world_advance(s.w, 2000);
    CHECK_HAS(world_collect(s.w).json, "\"text\":\"echo hello\"");
    CHECK_INT(fake.n, 1);
    world_free(s.w);
}

TEST(when_all_have_left_it_ends)
{
    struct stage s = stage_new();

    fake.a.delay_ms = 50000;
    ask_briefly(&s, "Stream", "hello", 1000);
    check_queue(&s, 0, 1);
    world_advance(s.w, 2000);
    check_queue(&s, 0, 0);
    CHECK_INT(fake.a.n, 1);
    world_free(s.w);
}

TEST_MAIN()
