/* test_engine.c -- the engine: access, errors, limits, time, calls, children, streams. */
#include "engine_scene.h"

/* ---- access --------------------------------------------------------------------------------- */

TEST(access_is_decided_by_the_table)
{
    struct scene s = scene();
    const char *nobody = world_token(s.w, "u", "u", "other:read");
    const struct {
        const char *token, *subject, *json;
        int code;
        const char *has;
    } cases[] = {
        { NULL, "svc.tickets.List", "{}", JV_UNAUTHENTICATED, "sign in" },
        { "no.such.token", "svc.tickets.List", "{}", JV_UNAUTHENTICATED, "" },
        { nobody, "svc.tickets.List", "{}", JV_PERMISSION_DENIED, "tickets:read" },
        { s.vishal, "svc.tickets.List", "{}", JV_OK, "\"username\":\"vishal\"" },
        { s.vishal, "svc.tickets.List", "{\"username\":\"VISHAL\"}", JV_OK, "\"vishal\"" },
        { s.vishal, "svc.tickets.List", "{\"username\":\"user_001\"}", JV_OK, "\"vishal\"" },
        { s.vishal, "svc.tickets.List", "{\"username\":\"happy\"}", JV_PERMISSION_DENIED, "happy" },
        { s.vishal, "svc.tickets.List", "{\"username\":\"vishal \"}", JV_PERMISSION_DENIED, "" },
        { s.admin, "svc.tickets.List", "{\"username\":\"Happy\"}", JV_OK,
          "\"username\":\"happy\"" },
        { s.vishal, "svc.tickets.Delete", "{\"ticket_id\":1}", JV_PERMISSION_DENIED, "" },
        { s.admin, "svc.tickets.Delete", "{\"ticket_id\":1}", JV_OK, "" },
        { NULL, "svc.tickets.Update", "{\"ticket_id\":1}", JV_OK, "" },
        { s.vishal, "svc.tickets.Nothing", "{}", JV_UNIMPLEMENTED, "" },
        { s.vishal, "svc.nobody.List", "{}", JV_UNAVAILABLE, "" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r = world_ask(s.w, cases[i].token, cases[i].subject, cases[i].json);

        CHECK_INT(r.code, cases[i].code);
        CHECK_HAS(r.code ? r.text : r.json, cases[i].has);
        if (r.code != cases[i].code)
            printf("# case %zu: %s\n", i, r.text);
    }
    world_free(s.w);
}

TEST(denials_are_audited)
{
    struct scene s = scene();
    const char *subject = NULL, *record;

    world_listen(s.w, "audit.>");
    world_ask(s.w, s.vishal, "svc.tickets.List", "{\"username\":\"happy\"}");
    record = world_heard(s.w, 0, &subject);
    CHECK_HAS(record, "\"who\":\"vishal\"");
    CHECK_HAS(record, "happy");
    CHECK_STR(subject, "audit.tickets.denied");
    world_free(s.w);
}

TEST(an_expired_token_is_refused)
{
    struct scene s = scene();
    const char *brief = world_brief_token(s.w, "user_001", "vishal", "tickets:read", 60);

    CHECK_INT(world_ask(s.w, brief, "svc.tickets.ListMine", "{}").code, JV_OK);
    world_advance(s.w, 61000);
    CHECK_INT(world_ask(s.w, brief, "svc.tickets.ListMine", "{}").code, JV_UNAUTHENTICATED);
    world_free(s.w);
}

/* ---- bad input ------------------------------------------------------------------------------ */

TEST(bad_requests_name_the_member)
{
    struct scene s = scene();
    const struct {
        const char *subject, *json, *field, *has;
    } cases[] = {
        { "svc.tickets.Get", "{}", "ticket_id", "ticket_id" },
        { "svc.tickets.Get", "{\"ticket_id\":\"x\"}", "ticket_id", "" },
        { "svc.tickets.Get", "{\"ticket_id\":1,\"more\":2}", "more", "more" },
        { "svc.tickets.List", "{\"status\":\"nonsense\"}", "status", "" },
        { "svc.tickets.Create", "{\"operation\":\"\"}", "operation", "operation" },
        { "svc.tickets.Get", "[]", "", "" },
        { "svc.tickets.Get", "{", "", "" },
        { "a2a.tickets.SendMessage", "{}", "message", "message" },
        { "a2a.tickets.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_AGENT\","
          "\"parts\":[{\"text\":\"x\"}]}}",
          "message.role", "ROLE_USER" },
        { "a2a.tickets.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\","
          "\"parts\":[{\"url\":\"x\"}]}}",
          "message.parts[0]", "" },
        { "a2a.tickets.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\","
          "\"parts\":[{\"data\":{\"tool\":\"get\",\"arguments\":"
          "{\"ticket_id\":\"x\"}}}]}}",
          "message.parts[0].data.arguments.ticket_id", "" },
        { "a2a.tickets.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\","
          "\"parts\":[{\"data\":{\"tool\":\"nope\"}}]}}",
          "message.parts[0].data.tool", "nope" },
        { "a2a.tickets.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\","
          "\"parts\":[{\"data\":{\"tool\":\"delete\"}}]}}",
          "message.parts[0].data.tool", "delete" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r = world_ask(s.w, s.admin, cases[i].subject, cases[i].json);

        CHECK_INT(r.code, JV_INVALID_ARGUMENT);
        CHECK_STR(r.field, cases[i].field);
        CHECK_HAS(r.text, cases[i].has);
    }
    world_free(s.w);
}

TEST(internal_errors_are_hidden)
{
    struct scene s = scene();
    struct world_reply r = world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":2}");

    CHECK_INT(r.code, JV_INTERNAL);
    CHECK_INT(r.http, 500);
    CHECK_HAS(r.text, "internal error");
    CHECK(!strstr(r.text, "secret") && !strstr(r.json, "secret"));
    r = world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"broken\"}");
    CHECK_INT(r.code, JV_INTERNAL);
    CHECK(!strstr(r.text, "secret"));
    world_free(s.w);
}

TEST(an_answer_past_the_arena_is_exhausted)
{
    struct scene s = scene();

    CHECK_INT(world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":5}").code,
              JV_RESOURCE_EXHAUSTED);
    world_free(s.w);
}

/* ---- time and load -------------------------------------------------------------------------- */

TEST(deadlines_end_what_is_slow)
{
    struct scene s = scene();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));

    CHECK_INT(world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":3}").code,
              JV_DEADLINE_EXCEEDED);
    CHECK_INT(jv_loop_mono_ms(world_loop(s.w)) - began, 2000);
    CHECK_INT(world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"slow\"}").code,
              JV_DEADLINE_EXCEEDED);
    world_free(s.w);
}

TEST(a_hundred_slow_calls_take_the_time_of_one)
{
    struct scene s = scene();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));

    CHECK_INT(world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"fan\"}").code, JV_OK);
    CHECK_INT(jv_loop_mono_ms(world_loop(s.w)) - began, 1500);
    world_free(s.w);
}

TEST(a_full_mailbox_says_so)
{
    struct scene s = scene();
    size_t exhausted = 0, fine = 0;

    for (int i = 0; i < 140; i++)
        world_send(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":4}");
    for (int i = 0; i < 140; i++) {
        int code = world_collect(s.w).code;

        fine += code == JV_OK;
        exhausted += code == JV_RESOURCE_EXHAUSTED;
    }
    CHECK_INT(fine, 128);
    CHECK_INT(exhausted, 12);
    world_free(s.w);
}

/* ---- calls and children --------------------------------------------------------------------- */

TEST(calls_carry_errors_and_identity)
{
    struct scene s = scene();
    struct world_reply r;

    CHECK_INT(world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"fine\"}").code, JV_OK);
    r = world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"missing\"}");
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "ticket 6 not found");
    r = world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"foreign\"}");
    CHECK_INT(r.code, JV_INTERNAL);
    world_kill(s.w, s.callee);
    r = world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"fine\"}");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    world_free(s.w);
}

TEST(children_end_with_their_parent)
{
    struct scene s = scene();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));

    forever_code = -1;
    CHECK_INT(world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"orphan\"}").code, JV_OK);
    world_advance(s.w, 10);
    CHECK_INT(forever_code, JV_CANCELLED);
    CHECK_INT(jv_loop_mono_ms(world_loop(s.w)) - began, 10);
    world_free(s.w);
}

TEST(offloaded_work_comes_back)
{
    struct scene s = scene();

    CHECK_INT(world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"offload\"}").code, JV_OK);
    world_free(s.w);
}

/* ---- streams -------------------------------------------------------------------------------- */

TEST(streams_have_parts_and_an_end)
{
    struct scene s = scene();
    struct world_reply r = world_ask(s.w, s.vishal, "svc.chat.Chat", "{\"message\":\"x\"}");

    CHECK_INT(r.code, JV_OK);
    CHECK_INT(r.parts, 3);
    r = world_ask(s.w, s.vishal, "svc.chat.Chat", "{\"message\":\"fail\"}");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_INT(r.parts, 4);
    r = world_ask(s.w, NULL, "svc.chat.Chat", "{\"message\":\"x\"}");
    CHECK_INT(r.code, JV_UNAUTHENTICATED);
    world_free(s.w);
}

TEST_MAIN()
