/* test_sessions.c -- conversations on a real database: whose they are, which is current, pages,
 * what is kept verbatim, what goes with time. */
#include "actors/sessions_stage.h"

/* ---- sessions ------------------------------------------------------------------------------- */

TEST(create_and_read_back)
{
    struct stage s = stage_new();
    struct world_reply r;
    const char *id;

    CHECK_STR(current(&s, s.vishal), "");
    r = ask(s.w, s.vishal, "svc.sessions.Create",
            "{\"title\":\"costs \\\"2025\\\"\",\"metadata\":{\"source\":\"web\",\"n\":[1,2.5,null,"
            "{\"deep\":true}]}}");
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "user_id"), "vishal");
    CHECK_STR(member(s.w, &r, "status"), "active");
    CHECK_STR(member(s.w, &r, "current"), "true");
    CHECK_STR(member(s.w, &r, "created_at"), "2025-01-10T00:00:00Z");
    id = member(s.w, &r, "session_id");
    CHECK_INT(strlen(id), 36);
    r = get(&s, s.vishal, id);
    CHECK_HAS(r.json, "\"source\":\"web\"");
    CHECK_HAS(r.json, "\"n\":[1,2.5,null,{\"deep\":true}]");
    CHECK_HAS(r.json, "costs \\\"2025\\\"");
    /* {} stays {}, nothing stays nothing */
    r = ask(s.w, s.vishal, "svc.sessions.Create", "{\"metadata\":{}}");
    CHECK_HAS(get(&s, s.vishal, member(s.w, &r, "session_id")).json, "\"metadata\":{}");
    CHECK(!strstr(get(&s, s.vishal, create(&s, s.vishal)).json, "\"metadata\""));
    world_free(s.w);
}

TEST(bad_input)
{
    struct stage s = stage_new();
    struct jv_arena *a = world_arena(s.w);
    const char *id = create(&s, s.vishal);
    char *x = jv_arena_alloc(a, 70001);
    const char *long_title, *long_metadata, *long_text, *with_role, *empty, *negative, *page,
            *paused;

    memset(x, 'x', 70000);
    long_title = jv_arena_printf(a, "{\"title\":\"%.201s\"}", x);
    long_metadata = jv_arena_printf(a, "{\"metadata\":{\"x\":\"%.17000s\"}}", x);
    long_text = jv_arena_printf(a, "{\"session_id\":\"%s\",\"role\":\"user\",\"content\":\"%s\"}",
                                id, x);
    with_role =
            jv_arena_printf(a, "{\"session_id\":\"%s\",\"role\":\"tool\",\"content\":\"x\"}", id);
    empty = jv_arena_printf(a, "{\"session_id\":\"%s\",\"role\":\"user\",\"content\":\"\"}", id);
    negative = jv_arena_printf(a,
                               "{\"session_id\":\"%s\",\"invocation\":{\"agent_name\":\"a\","
                               "\"duration_ms\":-1}}",
                               id);
    paused = jv_arena_printf(a, "{\"session_id\":\"%s\",\"status\":\"paused\"}", id);
    page = jv_arena_printf(a, "{\"session_id\":\"%s\",\"page_token\":\"%s\"}", id,
                           jv_base64url(a, "x.12", 4));
    const struct ask_case cases[] = {
        { "svc.sessions.Create", long_title, JV_INVALID_ARGUMENT, { "title" } },
        { "svc.sessions.Create", long_metadata, JV_INVALID_ARGUMENT, { "metadata" } },
        { "svc.sessions.Create", "{\"metadata\":[]}", JV_INVALID_ARGUMENT, { "metadata" } },
        { "svc.sessions.AddMessage", long_text, JV_INVALID_ARGUMENT, { "content" } },
        { "svc.sessions.AddMessage", with_role, JV_INVALID_ARGUMENT, { "role" } },
        { "svc.sessions.AddMessage", empty, JV_INVALID_ARGUMENT, { "content" } },
        { "svc.sessions.AddInvocation",
          negative,
          JV_INVALID_ARGUMENT,
          { "invocation.duration_ms" } },
        { "svc.sessions.Update", paused, JV_INVALID_ARGUMENT, { "status" } },
        { "svc.sessions.History", page, JV_INVALID_ARGUMENT, { "page_token" } },
        { "svc.sessions.History", "{\"page_size\":201}", JV_INVALID_ARGUMENT, { "page_size" } },
        { "svc.sessions.List", "{\"page_size\":-1}", JV_INVALID_ARGUMENT, { "page_size" } },
        { "svc.sessions.List", "{\"page_size\":101}", JV_INVALID_ARGUMENT, { "page_size" } },
        { "svc.sessions.List", "{\"page_token\":\"%%%\"}", JV_INVALID_ARGUMENT, { "page_token" } },
        { "svc.sessions.List", "{\"page_token\":\"AAAA\"}", JV_INVALID_ARGUMENT, { "page_token" } },
        { "svc.sessions.List", page, JV_INVALID_ARGUMENT, { "session_id" } },
        { "svc.sessions.Get", "{}", JV_INVALID_ARGUMENT, { "session_id" } },
        { "svc.sessions.Get", "{\"session_id\":\"x\"}", JV_NOT_FOUND, { "session not found" } },
        { "svc.sessions.Get", "{\"session_id\":\"'; drop table sessions; --\"}", JV_NOT_FOUND },
        { "svc.sessions.Begin", "{}", JV_INVALID_ARGUMENT, { "session_id" } },
        { "svc.sessions.Begin", "{\"session_id\":\"x\"}", JV_INVALID_ARGUMENT, { "text" } },
        { "svc.sessions.Begin",
          "{\"session_id\":\"x\",\"text\":\"x\"}",
          JV_INVALID_ARGUMENT,
          { "message_id" } },
        { "svc.sessions.Finish", "{\"session_id\":\"x\"}", JV_INVALID_ARGUMENT, { "message_id" } },
    };

    CHECK_ASKS(s.w, s.vishal, cases);
    CHECK_HAS(get(&s, s.vishal, id).json, "\"message_count\":0");
    world_free(s.w);
}

/* Every method that names a session treats nonsense, what is not there, and what is somebody
 * else's -- an administrator's view included -- alike. */
TEST(other_peoples_sessions_are_not_there)
{
    static const struct {
        const char *method, *more;
    } methods[] = {
        { "Get", "" },
        { "SwitchTo", "" },
        { "Update", ",\"status\":\"completed\"" },
        { "Delete", "" },
        { "History", "" },
        { "AddMessage", ",\"role\":\"user\",\"content\":\"x\"" },
        { "AddInvocation", ",\"invocation\":{\"agent_name\":\"a\"}" },
        { "Resolve", "" },
        { "Begin", ",\"text\":\"x\",\"message_id\":\"m\"" },
        { "Finish", ",\"message_id\":\"" NO_SUCH "\"" },
    };
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal), *ids[] = { id, NO_SUCH, "nonsense", "1 or 1=1" };
    const char *before, *others[] = { s.happy, s.admin };

    CHECK_INT(say(&s, s.vishal, id, "user", "\"mine\""), JV_OK);
    before = get(&s, s.vishal, id).json;
    for (size_t m = 0; m < JV_COUNT(methods); m++) {
        const char *subject =
                jv_arena_printf(world_arena(s.w), "svc.sessions.%s", methods[m].method);

        for (size_t i = 0; i < JV_COUNT(ids) * 2; i++) {
            struct world_reply r = ask(s.w, others[i % 2], subject, "{\"session_id\":\"%s\"%s}",
                                       ids[i / 2], methods[m].more);

            CHECK_INT(r.code, JV_NOT_FOUND);
            CHECK_STR(r.text, "session not found");
        }
        CHECK_INT(ask(s.w, NULL, subject, "{\"session_id\":\"%s\"%s}", id, methods[m].more).code,
                  JV_UNAUTHENTICATED);
    }
    CHECK_STR(get(&s, s.vishal, id).json, before);
    CHECK(!strstr(ask(s.w, s.happy, "svc.sessions.List", "{}").json, id));
    CHECK_STR(current(&s, s.happy), "");
    world_free(s.w);
}

TEST(update_and_delete)
{
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal), *count;
    struct world_reply r;
    struct begun b;

    r = ask(s.w, s.vishal, "svc.sessions.Update",
            "{\"session_id\":\"%s\",\"status\":\"completed\"}", id);
    CHECK_STR(member(s.w, &r, "status"), "completed");
    CHECK_STR(member(s.w, &r, "current"), "false");
    CHECK_STR(current(&s, s.vishal), "");
    r = ask(s.w, s.vishal, "svc.sessions.Update",
            "{\"session_id\":\"%s\",\"status\":\"expired\",\"title\":\"old\"}", id);
    CHECK_STR(member(s.w, &r, "status"), "expired");
    r = ask(s.w, s.vishal, "svc.sessions.Update", "{\"session_id\":\"%s\",\"status\":\"active\"}",
            id);
    CHECK_STR(member(s.w, &r, "title"), "old");
    CHECK_STR(current(&s, s.vishal), id);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Update",
                  "{\"session_id\":\"" NO_SUCH "\",\"status\":\"completed\"}")
                      .code,
              JV_NOT_FOUND);

    b = begin(&s, s.vishal);
    CHECK_INT(finish(&s, s.vishal, &b,
                     ",\"response\":\"x\",\"invocations\":[{\"agent_name\":\"T\"}],"
                     "\"context\":{\"last_query\":\"q\"}")
                      .code,
              JV_OK);
    r = ask(s.w, s.vishal, "svc.sessions.Delete", "{\"session_id\":\"%s\"}", id);
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(get(&s, s.vishal, id).code, JV_NOT_FOUND);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Delete", "{\"session_id\":\"%s\"}", id).code,
              JV_NOT_FOUND);
    CHECK_STR(current(&s, s.vishal), "");
    count = world_sql(s.w, "select (select count(*) from sessions.messages) + "
                           "(select count(*) from sessions.invocations) + "
                           "(select count(*) from sessions.contexts) + "
                           "(select count(*) from sessions.turns) + "
                           "(select count(*) from sessions.pointers)");
    CHECK_STR(count, "0");
    world_free(s.w);
}

/* ---- which one is current ------------------------------------------------------------------- */

TEST(resume_within_a_day)
{
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal);
    struct world_reply r;

    world_advance(s.w, 23 * HOUR);
    CHECK_STR(current(&s, s.vishal), id);
    say(&s, s.vishal, id, "user", "\"again\"");
    world_advance(s.w, 23 * HOUR);
    CHECK_STR(current(&s, s.vishal), id);
    CHECK_STR(begin(&s, s.vishal).session_id, id);
    world_advance(s.w, 24 * HOUR - 1);
    CHECK_STR(current(&s, s.vishal), id);
    world_advance(s.w, 1);
    CHECK_STR(current(&s, s.vishal), "");
    r = ask(s.w, s.vishal, "svc.sessions.Active", "{}");
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK(strcmp(begin(&s, s.vishal).session_id, id) != 0);
    world_free(s.w);
}

TEST(switching_works)
{
    struct stage s = stage_new();
    const char *a = create(&s, s.vishal), *b, *c;
    struct world_reply r;

    world_advance(s.w, HOUR);
    b = create(&s, s.vishal);
    CHECK_STR(current(&s, s.vishal), b);
    r = ask(s.w, s.vishal, "svc.sessions.SwitchTo", "{\"session_id\":\"%s\"}", a);
    CHECK_STR(member(s.w, &r, "current"), "true");
    /* Even when another one is used by hand afterwards. */
    world_advance(s.w, MINUTE);
    say(&s, s.vishal, b, "user", "\"by hand\"");
    CHECK_STR(current(&s, s.vishal), a);
    CHECK_STR(begin(&s, s.vishal).session_id, a);
    /* Chatting in one makes it current. */
    CHECK_INT(begin_in(&s, s.vishal, b, "there", "hi").r.code, JV_OK);
    CHECK_STR(current(&s, s.vishal), b);
    /* A completed one becomes active again. */
    ask(s.w, s.vishal, "svc.sessions.Update", "{\"session_id\":\"%s\",\"status\":\"completed\"}",
        a);
    r = ask(s.w, s.vishal, "svc.sessions.SwitchTo", "{\"session_id\":\"%s\"}", a);
    CHECK_STR(member(s.w, &r, "status"), "active");
    CHECK_STR(current(&s, s.vishal), a);
    /* Without the one pointed to the newest counts. */
    world_advance(s.w, MINUTE);
    c = create(&s, s.vishal);
    ask(s.w, s.vishal, "svc.sessions.SwitchTo", "{\"session_id\":\"%s\"}", a);
    ask(s.w, s.vishal, "svc.sessions.Delete", "{\"session_id\":\"%s\"}", a);
    CHECK_STR(current(&s, s.vishal), c);
    r = ask(s.w, s.vishal, "svc.sessions.List", "{}");
    CHECK_INT(count_of(r.json, "\"current\":true"), 1);
    /* A day later an old one can still be taken up. */
    world_advance(s.w, 2 * DAY);
    CHECK_STR(current(&s, s.vishal), "");
    r = ask(s.w, s.vishal, "svc.sessions.SwitchTo", "{\"session_id\":\"%s\"}", b);
    CHECK_STR(member(s.w, &r, "status"), "active");
    CHECK_STR(current(&s, s.vishal), b);
    world_free(s.w);
}

TEST(first_questions_at_once_make_one_session)
{
    struct stage s = stage_new();
    const char *first = NULL;

    for (int i = 0; i < 24; i++)
        world_send(s.w, i % 2 ? s.vishal : s.happy, "svc.sessions.Resolve", "{}");
    for (int i = 0; i < 24; i++) {
        struct world_reply r = world_collect(s.w);

        CHECK_INT(r.code, JV_OK);
        if (i % 2 && !first)
            first = member(s.w, &r, "session_id");
        if (i % 2)
            CHECK_STR(member(s.w, &r, "session_id"), first);
    }
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.sessions"), "2");
    world_free(s.w);
}

/* ---- lists ---------------------------------------------------------------------------------- */

TEST(list_pages)
{
    struct stage s = stage_new();
    const char *ids[7], *token = "";
    size_t seen = 0;

    create(&s, s.happy);
    for (size_t i = 0; i < JV_COUNT(ids); i++) {
        ids[i] = create(&s, s.vishal);
        if (i % 2) /* two at the same instant each */
            world_advance(s.w, MINUTE);
    }
    for (int page = 0; page < 4; page++) {
        struct world_reply r = ask(s.w, s.vishal, "svc.sessions.List",
                                   "{\"page_size\":2,\"page_token\":\"%s\"}", token);
        const char *p = r.json;

        CHECK_INT(r.code, JV_OK);
        CHECK_INT(count_of(r.json, "\"session_id\""), page < 3 ? 2 : 1);
        while ((p = strstr(p, "\"session_id\":\""))) {
            p += strlen("\"session_id\":\"");
            CHECK(seen < 7 && strncmp(p, ids[6 - seen], 36) == 0);
            seen++;
        }
        token = member(s.w, &r, "next_page_token");
        CHECK((token[0] != '\0') == (page < 3));
    }
    CHECK_INT(seen, 7);
    world_free(s.w);
}

TEST(history_pages)
{
    struct stage s = stage_new();
    const char *id, *other, *token;
    struct world_reply r;

    r = ask(s.w, s.vishal, "svc.sessions.History", "{}");
    CHECK_INT(r.code, JV_OK); /* none, and none is made */
    CHECK_STR(member(s.w, &r, "session_id"), "");
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.sessions"), "0");
    other = create(&s, s.vishal);
    say(&s, s.vishal, other, "user", "\"elsewhere\"");
    id = create(&s, s.vishal);
    for (int i = 1; i <= 7; i++)
        CHECK_INT(say(&s, s.vishal, id, i % 2 ? "user" : "assistant",
                      jv_arena_printf(world_arena(s.w), "\"m%d\"", i)),
                  JV_OK);
    r = ask(s.w, s.vishal, "svc.sessions.History", "{\"page_size\":3}");
    CHECK_STR(member(s.w, &r, "session_id"), id);
    CHECK_STR(member(s.w, &r, "message_count"), "7");
    CHECK(strstr(r.json, "m5") < strstr(r.json, "m6") &&
          strstr(r.json, "m6") < strstr(r.json, "m7"));
    CHECK(!strstr(r.json, "m4"));
    token = member(s.w, &r, "next_page_token");
    r = ask(s.w, s.vishal, "svc.sessions.History", "{\"page_size\":3,\"page_token\":\"%s\"}",
            token);
    CHECK(strstr(r.json, "m2") < strstr(r.json, "m3") &&
          strstr(r.json, "m3") < strstr(r.json, "m4"));
    CHECK_INT(count_of(r.json, "\"content\""), 3);
    r = ask(s.w, s.vishal, "svc.sessions.History", "{\"page_size\":3,\"page_token\":\"%s\"}",
            member(s.w, &r, "next_page_token"));
    CHECK_HAS(r.json, "m1");
    CHECK_INT(count_of(r.json, "\"content\""), 1);
    CHECK_STR(member(s.w, &r, "next_page_token"), "");
    /* A page of one list is none of another. */
    r = ask(s.w, s.vishal, "svc.sessions.History", "{\"session_id\":\"%s\",\"page_token\":\"%s\"}",
            other, token);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.List", "{\"page_token\":\"%s\"}", token).code,
              JV_INVALID_ARGUMENT);
    world_free(s.w);
}

/* Pages of long messages are cut by size, and go on where they were cut. */
TEST(long_histories)
{
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal), *token = "";
    char *text = jv_arena_alloc(world_arena(s.w), 60001);
    size_t seen = 0, pages = 0;
    struct world_reply r;

    memset(text, 'a', 60000);
    text[0] = text[59999] = '"';
    for (int i = 0; i < 20; i++)
        CHECK_INT(say(&s, s.vishal, id, "user", text), JV_OK);
    do {
        r = ask(s.w, s.vishal, "svc.sessions.History", "{\"page_size\":20,\"page_token\":\"%s\"}",
                token);
        CHECK_OR(r.code == JV_OK, break);
        CHECK(strlen(r.json) < 1 << 20);
        seen += count_of(r.json, "\"content\"");
        token = member(s.w, &r, "next_page_token");
    } while (token[0] && ++pages < 20);
    CHECK_INT(seen, 20);
    CHECK_INT(get(&s, s.vishal, id).code, JV_OK);
    world_free(s.w);
}

/* ---- messages and invocations --------------------------------------------------------------- */

TEST(verbatim)
{
    struct stage s = stage_new();
    struct jv_arena *a = world_arena(s.w);
    const char *id = create(&s, s.vishal);
    char *ten_kb = jv_arena_alloc(a, 10241);
    const char *texts[] = {
        "\"first\"",
        "\"\\u00fcml\\u00e4ut \\u4f60\\u597d \xf0\x9f\x98\x80 \\ud83d\\ude80\"",
        "\"'; drop table sessions.messages; -- \\\"quoted\\\" \\\\ back $1 %s {}\"",
        "\"line one\\nline two\\ttab  two spaces \"",
        "\"<script>alert(1)</script> | `code`\"",
        ten_kb,
    };
    struct world_reply r;

    memset(ten_kb, 'k', 10240);
    ten_kb[0] = ten_kb[10239] = '"';
    for (size_t i = 0; i < JV_COUNT(texts); i++)
        CHECK_INT(say(&s, s.vishal, id, "user", texts[i]), JV_OK);
    CHECK_STR(world_sql(s.w, "select content from sessions.messages order by id offset 1 limit 1"),
              "\xc3\xbcml\xc3\xa4ut \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80 \xf0\x9f\x9a\x80");
    CHECK_STR(world_sql(s.w, "select content from sessions.messages order by id offset 2 limit 1"),
              "'; drop table sessions.messages; -- \"quoted\" \\ back $1 %s {}");
    CHECK_STR(world_sql(s.w, "select content from sessions.messages order by id offset 3 limit 1"),
              "line one\nline two\ttab  two spaces ");
    r = get(&s, s.vishal, id);
    CHECK_HAS(r.json, "'; drop table sessions.messages; -- \\\"quoted\\\" \\\\ back $1 %s {}");
    CHECK_HAS(r.json, jv_arena_strndup(a, ten_kb + 1, 10238));
    CHECK(strstr(r.json, "first") < strstr(r.json, "drop table"));
    CHECK_STR(member(s.w, &r, "message_count"), "6");
    world_free(s.w);
}

TEST(order_of_messages_at_one_instant)
{
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal), *roles[] = { "user", "assistant", "system" };
    struct world_reply r;
    const char *p;

    for (int i = 0; i < 30; i++)
        world_send(s.w, s.vishal, "svc.sessions.AddMessage",
                   jv_arena_printf(world_arena(s.w),
                                   "{\"session_id\":\"%s\",\"role\":\"%s\",\"content\":\"n%02d\"}",
                                   id, roles[i % 3], i));
    for (int i = 0; i < 30; i++)
        CHECK_INT(world_collect(s.w).code, JV_OK);
    r = get(&s, s.vishal, id);
    p = r.json;
    CHECK_INT(count_of(r.json, "\"content\""), 30);
    CHECK_STR(member(s.w, &r, "message_count"), "30");
    for (int64_t last = 0; (p = strstr(p, "\"id\":\"")); p++) {
        CHECK(atoll(p + 6) > last);
        last = atoll(p + 6);
    }
    world_free(s.w);
}

TEST(invocations)
{
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal);
    struct world_reply r;

    r = ask(s.w, s.vishal, "svc.sessions.AddInvocation",
            "{\"session_id\":\"%s\",\"invocation\":{\"agent_name\":\"TicketsAgent\",\"query\":"
            "\"show "
            "tickets\",\"response\":\"12301\",\"duration_ms\":42}}",
            id);
    CHECK_INT(r.code, JV_OK);
    r = ask(s.w, s.vishal, "svc.sessions.AddInvocation",
            "{\"session_id\":\"%s\",\"invocation\":{\"agent_name\":\"FinOpsAgent\",\"success\":"
            "false,"
            "\"error_message\":\"it's \\\"down\\\"\",\"duration_ms\":0}}",
            id);
    CHECK_INT(r.code, JV_OK);
    r = ask(s.w, s.vishal, "svc.sessions.AddInvocation",
            "{\"session_id\":\"%s\",\"invocation\":{\"agent_name\":\"\"}}", id);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "invocation.agent_name");
    r = get(&s, s.vishal, id);
    CHECK_INT(count_of(r.json, "\"agent_name\""), 2);
    CHECK_HAS(r.json, "\"success\":true");
    CHECK_HAS(r.json, "\"success\":false");
    CHECK_HAS(r.json, "\"duration_ms\":42");
    CHECK_HAS(r.json, "it's \\\"down\\\"");
    CHECK(strstr(r.json, "TicketsAgent") < strstr(r.json, "FinOpsAgent"));
    CHECK_STR(member(s.w, &r, "last_agent_called"), "FinOpsAgent");
    world_free(s.w);
}

/* ---- age ------------------------------------------------------------------------------------ */

static const char *status_of(struct stage *s, const char *id)
{
    return world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                           "select status from sessions.sessions "
                                           "where session_id = '%s'",
                                           id));
}

TEST(old_sessions_go)
{
    struct stage s = stage_new();
    const char *completed = create(&s, s.vishal), *left = create(&s, s.vishal);
    const char *used = create(&s, s.vishal);
    struct world_reply r;

    ask(s.w, s.vishal, "svc.sessions.Update", "{\"session_id\":\"%s\",\"status\":\"completed\"}",
        completed);
    world_advance(s.w, 24 * HOUR + 11 * MINUTE);
    CHECK_STR(status_of(&s, left), "expired");
    CHECK_STR(status_of(&s, completed), "completed");
    for (int day = 0; day < 5; day++) { /* one that is used every day stays */
        r = ask(s.w, s.vishal, "svc.sessions.SwitchTo", "{\"session_id\":\"%s\"}", used);
        CHECK_INT(r.code, JV_OK);
        world_advance(s.w, 23 * HOUR);
    }
    CHECK_STR(status_of(&s, used), "active");
    CHECK_STR(status_of(&s, completed), "completed"); /* not a week old yet */
    ask(s.w, s.vishal, "svc.sessions.SwitchTo", "{\"session_id\":\"%s\"}", used);
    world_advance(s.w, 30 * HOUR);
    CHECK(status_of(&s, completed) == NULL);
    CHECK(status_of(&s, left) == NULL);
    CHECK_STR(status_of(&s, used), "expired");
    world_free(s.w);
}

TEST(restart_loses_nothing)
{
    struct stage s = stage_new();
    const char *id = create(&s, s.vishal), *before;
    struct jv_node *second;

    say(&s, s.vishal, id, "user", "\"kept\"");
    before = get(&s, s.vishal, id).json;
    second = world_start(s.w, &sessions_actor);
    CHECK_STR(get(&s, s.vishal, id).json, before);
    world_kill(s.w, second);
    CHECK_STR(get(&s, s.vishal, id).json, before);
    world_free(s.w);
}

TEST(not_without_end)
{
    struct stage s = stage_new();
    struct world_reply r;

    create(&s, s.vishal);
    world_sql(s.w,
              "insert into sessions.sessions (session_id, owner, created_at, updated_at) select "
              "gen_random_uuid(), 'vishal', '2025-01-01', '2025-01-01' "
              "from generate_series(1, 999)");
    r = ask(s.w, s.vishal, "svc.sessions.Create", "{}");
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_INT(ask(s.w, s.happy, "svc.sessions.Create", "{}").code, JV_OK);
    world_free(s.w);
}

TEST_MAIN()
