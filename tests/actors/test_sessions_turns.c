/* test_sessions_turns.c -- a question and its answer: begin, finish, replays, the events in
 * between. */
#include "actors/sessions_stage.h"

TEST(a_turn)
{
    struct stage s = stage_new();
    struct world_reply b, r;

    b = begin(&s, s.vishal, "");
    CHECK_INT(b.code, JV_OK);
    CHECK_STR(member(s.w, &b, "new_session"), "true");
    CHECK_STR(member(s.w, &b, "replayed"), "false");
    CHECK_INT(count_of(b.json, "\"content\""), 0);
    r = finish(
            &s, s.vishal, &b,
            ",\"response\":\"**Two** tickets\",\"invocations\":[{\"agent_name\":\"TicketsAgent\","
            "\"query\":\"q\",\"response\":\"r\",\"duration_ms\":5},{\"agent_name\":\"FinOpsAgent\","
            "\"success\":false,\"error_message\":\"late\"}],\"context\":{\"last_agent_called\":"
            "\"TicketsAgent\",\"last_query\":\"show my tickets\",\"plan\":{\"calls\":[{\"agent\":"
            "\"tickets\"}]}},\"events\":[\"AAEC\",\"/+8=\"]");
    CHECK_INT(r.code, JV_OK);
    r = get(&s, s.vishal, member(s.w, &b, "session_id"));
    CHECK_STR(member(s.w, &r, "title"), "show my tickets");
    CHECK_STR(member(s.w, &r, "message_count"), "2");
    CHECK_STR(member(s.w, &r, "last_agent_called"), "TicketsAgent");
    CHECK(strstr(r.json, "TicketsAgent") < strstr(r.json, "FinOpsAgent"));
    CHECK_HAS(r.json, "late");
    CHECK(strstr(r.json, "\"role\":\"user\"") < strstr(r.json, "\"role\":\"assistant\""));

    r = events(&s, s.vishal, &b, 0);
    CHECK_HAS(r.json, "\"events\":[\"AAEC\",\"/+8=\"]");
    CHECK_STR(member(s.w, &r, "first"), "1");
    CHECK_STR(member(s.w, &r, "finished"), "true");
    r = events(&s, s.vishal, &b, 1);
    CHECK_HAS(r.json, "\"events\":[\"/+8=\"]");
    CHECK_STR(member(s.w, &r, "first"), "2");
    r = events(&s, s.vishal, &b, 2);
    CHECK_HAS(r.json, "\"events\":[]");
    CHECK_INT(events(&s, s.happy, &b, 0).code, JV_NOT_FOUND);

    /* The next one sees what was said and remembered, and may leave it as it is. */
    b = begin(&s, s.vishal, "");
    CHECK_HAS(b.json, "\"last_agent_called\":\"TicketsAgent\"");
    CHECK_HAS(b.json, "\"plan\":{\"calls\":[{\"agent\":\"tickets\"}]}");
    CHECK_INT(count_of(b.json, "\"content\""), 2);
    CHECK_INT(finish(&s, s.vishal, &b, ",\"response\":\"x\"").code, JV_OK);
    r = finish(&s, s.vishal, &b, ",\"response\":\"again\"");
    CHECK_INT(r.code, JV_ALREADY_EXISTS);
    b = begin(&s, s.vishal, "");
    CHECK_HAS(b.json, "\"last_agent_called\":\"TicketsAgent\"");
    CHECK(!strstr(b.json, "again"));
    CHECK_INT(finish(&s, s.vishal, &b, ",\"context\":{}").code, JV_OK);
    b = begin(&s, s.vishal, "");
    CHECK(!strstr(b.json, "\"plan\""));
    CHECK_INT(count_of(b.json, "\"content\""), 5);
    world_free(s.w);
}

TEST(bad_finishes)
{
    struct stage s = stage_new();
    struct world_reply b = begin(&s, s.vishal, ""), r;

    r = finish(&s, s.vishal, &b,
               ",\"invocations\":[{\"agent_name\":\"a\"},{\"agent_name\":\"b\","
               "\"duration_ms\":-5}]");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "invocations[1].duration_ms");
    CHECK_INT(finish(&s, s.happy, &b, ",\"response\":\"x\"").code, JV_NOT_FOUND);
    r = ask(s.w, s.vishal, "svc.sessions.Finish",
            "{\"session_id\":\"%s\",\"message_id\":\"" NO_SUCH "\"}",
            member(s.w, &b, "session_id"));
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "message not found");
    /* Nothing of it was written. */
    r = get(&s, s.vishal, member(s.w, &b, "session_id"));
    CHECK_STR(member(s.w, &r, "message_count"), "1");
    CHECK_INT(count_of(r.json, "\"agent_name\""), 0);
    CHECK_INT(finish(&s, s.vishal, &b, ",\"response\":\"fine\"").code, JV_OK);
    world_free(s.w);
}

#define KEY ",\"idempotency_key\":\"k-1\""

TEST(idempotency)
{
    struct stage s = stage_new();
    struct world_reply b = begin(&s, s.vishal, KEY), r;

    r = begin(&s, s.vishal, KEY);
    CHECK_INT(r.code, JV_ABORTED);
    CHECK_HAS(r.text, "idempotency_key");
    CHECK_HAS(r.text, "is still being answered");
    CHECK_INT(finish(&s, s.vishal, &b, ",\"response\":\"x\",\"events\":[\"AQ==\"]").code, JV_OK);
    r = begin(&s, s.vishal, KEY);
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "replayed"), "true");
    CHECK_STR(member(s.w, &r, "message_id"), member(s.w, &b, "message_id"));
    CHECK_STR(member(s.w, &r, "session_id"), member(s.w, &b, "session_id"));
    CHECK_HAS(events(&s, s.vishal, &r, 0).json, "\"AQ==\"");
    r = ask(s.w, s.vishal, "svc.sessions.Begin", "{\"text\":\"something else\"" KEY "}");
    CHECK_INT(r.code, JV_ALREADY_EXISTS);
    CHECK_HAS(r.text, "idempotency_key");
    /* Another person's key of that name is another key; no key is no key. */
    r = begin(&s, s.happy, KEY);
    CHECK_STR(member(s.w, &r, "replayed"), "false");
    CHECK_INT(begin(&s, s.vishal, "").code, JV_OK);
    CHECK_INT(begin(&s, s.vishal, "").code, JV_OK);
    r = get(&s, s.vishal, member(s.w, &b, "session_id"));
    CHECK_STR(member(s.w, &r, "message_count"), "4");
    world_free(s.w);
}

TEST(one_key_many_times_at_once)
{
    struct stage s = stage_new();
    int ok = 0, aborted = 0;

    for (int i = 0; i < 20; i++)
        world_send(s.w, s.vishal, "svc.sessions.Begin", "{\"text\":\"hi\"" KEY "}");
    for (int i = 0; i < 20; i++) {
        struct world_reply r = world_collect(s.w);

        ok += r.code == JV_OK;
        aborted += r.code == JV_ABORTED;
    }
    CHECK_INT(ok, 1);
    CHECK_INT(aborted, 19);
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.messages"), "1");
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.sessions"), "1");
    world_free(s.w);
}

TEST(events_wait_for_the_end)
{
    struct stage s = stage_new();
    struct world_reply b = begin(&s, s.vishal, ""), r;
    const char *json = jv_arena_printf(world_arena(s.w), "{\"message_id\":\"%s\"}",
                                       member(s.w, &b, "message_id"));

    world_send(s.w, s.vishal, "svc.sessions.Events", json);
    world_advance(s.w, 3000);
    world_send(s.w, s.vishal, "svc.sessions.Finish",
               jv_arena_printf(world_arena(s.w),
                               "{\"session_id\":\"%s\",\"message_id\":\"%s\",\"response\":\"x\","
                               "\"events\":[\"AQ==\",\"Ag==\"]}",
                               member(s.w, &b, "session_id"), member(s.w, &b, "message_id")));
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "\"events\":[\"AQ==\",\"Ag==\"]");
    CHECK_INT(world_collect(s.w).code, JV_OK);

    /* Nothing by the deadline: an empty answer that says so. */
    b = begin(&s, s.vishal, "");
    r = events(&s, s.vishal, &b, 0);
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "finished"), "false");
    CHECK_HAS(r.json, "\"events\":[]");
    world_free(s.w);
}

TEST(a_turn_that_was_cut_off)
{
    struct stage s = stage_new();
    struct world_reply b = begin(&s, s.vishal, KEY), r;

    world_advance(s.w, 121 * 1000);
    r = events(&s, s.vishal, &b, 0);
    CHECK_INT(r.code, JV_FAILED_PRECONDITION);
    r = begin(&s, s.vishal, KEY);
    CHECK_INT(r.code, JV_ABORTED);
    CHECK_HAS(r.text, "cut off");
    /* An answer that comes late is kept all the same. */
    CHECK_INT(finish(&s, s.vishal, &b, ",\"response\":\"late\",\"events\":[\"AQ==\"]").code, JV_OK);
    CHECK_HAS(events(&s, s.vishal, &b, 0).json, "AQ==");
    CHECK_HAS(begin(&s, s.vishal, KEY).json, "\"replayed\":true");
    world_free(s.w);
}

TEST_MAIN()
