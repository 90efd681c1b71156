/* test_sessions_turns.c -- a question and its answer: where it belongs, begin, finish, and both
 * again when whoever answered died. */
#include "actors/sessions_stage.h"

static const char *messages(struct stage *s)
{
    return world_sql(s->w, "select count(*) from sessions.messages");
}

TEST(a_turn)
{
    struct stage s = stage_new();
    struct begun b = begin(&s, s.vishal);
    struct world_reply r;

    CHECK_INT(b.r.code, JV_OK);
    CHECK_STR(member(s.w, &b.r, "session_id"), b.session_id);
    CHECK_INT(count_of(b.r.json, "\"content\""), 0);
    CHECK(!strstr(b.r.json, "\"context\""));
    r = finish(
            &s, s.vishal, &b,
            ",\"response\":\"**Two** tickets\",\"invocations\":[{\"agent_name\":\"TicketsAgent\","
            "\"query\":\"q\",\"response\":\"r\",\"duration_ms\":5},{\"agent_name\":\"FinOpsAgent\","
            "\"success\":false,\"error_message\":\"late\"}],\"context\":{\"last_agent_called\":"
            "\"TicketsAgent\",\"last_query\":\"show my tickets\",\"plan\":{\"calls\":[{\"agent\":"
            "\"tickets\"}]}}");
    CHECK_INT(r.code, JV_OK);
    r = get(&s, s.vishal, b.session_id);
    CHECK_STR(member(s.w, &r, "title"), "show my tickets");
    CHECK_STR(member(s.w, &r, "message_count"), "2");
    CHECK_STR(member(s.w, &r, "last_agent_called"), "TicketsAgent");
    CHECK(strstr(r.json, "TicketsAgent") < strstr(r.json, "FinOpsAgent"));
    CHECK_HAS(r.json, "late");
    CHECK_INT(count_of(r.json, b.message_id), 2);
    CHECK(strstr(r.json, "\"role\":\"user\"") < strstr(r.json, "\"role\":\"assistant\""));

    /* The next one sees what was said and remembered, and may leave it as it is. */
    b = begin(&s, s.vishal);
    CHECK_HAS(b.r.json, "\"last_agent_called\":\"TicketsAgent\"");
    CHECK_HAS(b.r.json, "\"plan\":{\"calls\":[{\"agent\":\"tickets\"}]}");
    CHECK_INT(count_of(b.r.json, "\"content\""), 2);
    CHECK_INT(finish(&s, s.vishal, &b, ",\"response\":\"x\"").code, JV_OK);
    b = begin(&s, s.vishal);
    CHECK_HAS(b.r.json, "\"last_agent_called\":\"TicketsAgent\"");
    CHECK_INT(finish(&s, s.vishal, &b, ",\"context\":{}").code, JV_OK);
    b = begin(&s, s.vishal);
    CHECK(!strstr(b.r.json, "\"plan\""));
    CHECK_INT(count_of(b.r.json, "\"content\""), 5);
    world_free(s.w);
}

/* What is handed out with every question is bounded: the newest 32, and of each its beginning. */
TEST(long_answers_are_handed_out_by_their_heads)
{
    struct stage s = stage_new();
    struct begun b = begin(&s, s.vishal);

    world_sql(s.w, "insert into sessions.messages (session_id, role, content, said_at) "
                   "select session_id, 'assistant', 'no' || n || ' ' || repeat('\xc3\xa9', 5000), "
                   "now() from sessions.turns, generate_series(1, 40) n order by n");
    b = begin(&s, s.vishal);
    CHECK_INT(b.r.code, JV_OK);
    CHECK_INT(count_of(b.r.json, "\"content\""), 32);
    CHECK_INT(count_of(b.r.json, "\"no8 "), 0);
    CHECK(strstr(b.r.json, "\"no9 ") < strstr(b.r.json, "\"no40 "));
    CHECK_INT(count_of(b.r.json, "\xc3\xa9"), 1020 + 31 * 1019); /* 1 024 with its number */
    world_free(s.w);
}

TEST(where_a_question_belongs)
{
    struct stage s = stage_new();
    struct world_reply r = resolve(&s, s.vishal, "");
    const char *first = member(s.w, &r, "session_id"), *second;

    CHECK_INT(r.code, JV_OK);
    r = get(&s, s.vishal, first);
    CHECK_STR(member(s.w, &r, "current"), "true");
    CHECK_STR(member(s.w, &r, "message_count"), "0");
    second = create(&s, s.vishal);
    r = resolve(&s, s.vishal, "");
    CHECK_STR(member(s.w, &r, "session_id"), second);
    r = resolve(&s, s.vishal, first); /* named, which changes nothing yet */
    CHECK_STR(member(s.w, &r, "session_id"), first);
    CHECK_STR(current(&s, s.vishal), second);
    r = resolve(&s, s.happy, first);
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.sessions"), "2");
    world_free(s.w);
}

TEST(bad_turns)
{
    struct stage s = stage_new();
    struct begun b = begin(&s, s.vishal);
    struct world_reply r;

    r = finish(&s, s.vishal, &b,
               ",\"invocations\":[{\"agent_name\":\"a\"},{\"agent_name\":\"b\","
               "\"duration_ms\":-5}]");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "invocations[1].duration_ms");
    CHECK_INT(finish(&s, s.happy, &b, ",\"response\":\"x\"").code, JV_NOT_FOUND);
    r = ask(s.w, s.vishal, "svc.sessions.Finish",
            "{\"session_id\":\"%s\",\"message_id\":\"" NO_SUCH "\"}", b.session_id);
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "message not found");
    r = begin_in(&s, s.vishal, b.session_id, world_sql(s.w, "select repeat('x', 129)"), "hi").r;
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message_id");
    /* Nothing of it was written. */
    r = get(&s, s.vishal, b.session_id);
    CHECK_STR(member(s.w, &r, "message_count"), "1");
    CHECK_INT(count_of(r.json, "\"agent_name\""), 0);
    CHECK_INT(finish(&s, s.vishal, &b, ",\"response\":\"fine\"").code, JV_OK);
    world_free(s.w);
}

/* Whoever answered it died, before the end or after it: what it is given is the same. */
TEST(a_turn_that_is_run_again)
{
    struct stage s = stage_new();
    struct begun one = begin(&s, s.vishal), two, again;
    const char *context = ",\"response\":\"x\",\"context\":{\"last_query\":\"first\"}";

    CHECK_INT(finish(&s, s.vishal, &one, context).code, JV_OK);
    two = begin(&s, s.vishal);
    again = begin_in(&s, s.vishal, two.session_id, two.message_id, "show my tickets");
    CHECK_STR(again.r.json, two.r.json);
    CHECK_HAS(again.r.json, "\"last_query\":\"first\"");
    CHECK_STR(messages(&s), "3");
    CHECK_INT(finish(&s, s.vishal, &two,
                     ",\"response\":\"y\",\"invocations\":[{\"agent_name\":\"a\"}],"
                     "\"context\":{\"last_query\":\"second\"}")
                      .code,
              JV_OK);
    again = begin_in(&s, s.vishal, two.session_id, two.message_id, "show my tickets");
    CHECK_STR(again.r.json, two.r.json);
    CHECK_INT(finish(&s, s.vishal, &two, ",\"response\":\"z\",\"context\":{}").code, JV_OK);
    CHECK_STR(messages(&s), "4"); /* the first end counts */
    CHECK_STR(world_sql(s.w, "select string_agg(content, ' ' order by id) from sessions.messages "
                             "where role = 'assistant'"),
              "x y");
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.invocations"), "1");
    CHECK_HAS(begin(&s, s.vishal).r.json, "\"last_query\":\"second\"");
    world_free(s.w);
}

TEST(a_name_is_for_one_question)
{
    struct stage s = stage_new();
    struct begun b = begin(&s, s.vishal), other;
    const char *elsewhere = create(&s, s.vishal);

    other = begin_in(&s, s.vishal, b.session_id, b.message_id, "something else");
    CHECK_INT(other.r.code, JV_ALREADY_EXISTS);
    CHECK_HAS(other.r.text, "message_id");
    other = begin_in(&s, s.vishal, elsewhere, b.message_id, "show my tickets");
    CHECK_STR(member(s.w, &other.r, "session_id"), b.session_id); /* where it was begun */
    /* Another person's turn of that name is another turn. */
    other = begin_in(&s, s.happy, create(&s, s.happy), b.message_id, "something else");
    CHECK_INT(other.r.code, JV_OK);
    CHECK_STR(messages(&s), "2");
    world_free(s.w);
}

TEST(one_turn_many_times_at_once)
{
    struct stage s = stage_new();
    const char *json = jv_arena_printf(
            world_arena(s.w), "{\"session_id\":\"%s\",\"message_id\":\"m\",\"text\":\"hi\"}",
            create(&s, s.vishal));

    for (int i = 0; i < 20; i++)
        world_send(s.w, s.vishal, "svc.sessions.Begin", json);
    for (int i = 0; i < 20; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK_STR(messages(&s), "1");
    CHECK_STR(world_sql(s.w, "select message_count::text from sessions.sessions"), "1");
    world_free(s.w);
}

TEST_MAIN()
