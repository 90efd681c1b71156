/* test_tasks_limits.c -- tasks that are large, long, many, or asked for by too many. */
#include "actors/breaker.h"
#include "agent/agent.h"

/* ---- large ----------------------------------------------------------------------------------- */

TEST(thousands_of_pieces_can_be_read_again)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "chunks 3000", "");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    CHECK_INT((int)count_of(r.json, "\"text\":\"x\""), 3000);
    world_free(s.w);
}

TEST(what_is_told_does_not_pile_up)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "memory 300", "");
    const char *used = r.json ? strstr(r.json, "used ") : NULL;

    CHECK_OR(used, return );
    CHECK(atoi(used + 5) < 64 << 10);
    if (atoi(used + 5) >= 64 << 10)
        printf("# %d bytes\n", atoi(used + 5));
    world_free(s.w);
}

TEST(a_page_of_large_tasks_is_no_larger_than_a_message)
{
    struct stage s = stage_new();
    const char *next = "", *id = begin(&s, "large 400", ""), *sql;
    struct world_reply r;
    int seen = 0, pages = 0;

    world_advance(s.w, 100);
    sql = jv_arena_printf(world_arena(s.w),
                          "insert into breaker.tasks select id || '-' || i, 'large', owner, state, "
                          "status, status_at, last_seq, told, size, (select string_agg(repeat('a', "
                          "1000), '')::bytea from generate_series(1, 500)), run_state, token, "
                          "token_at, parent, lease, lease_by, lease_until, tries, created_at from "
                          "breaker.tasks, generate_series(1, 70) i where id = '%s'",
                          id);
    world_sql(s.w, sql);
    sql = jv_arena_printf(world_arena(s.w),
                          "insert into breaker.task_events select task_id || '-' || i, seq, kind, "
                          "body from breaker.task_events, generate_series(1, 70) i where task_id = "
                          "'%s'",
                          id);
    world_sql(s.w, sql);
    do {
        r = ask(s.w, s.vishal, "a2a.breaker.ListTasks",
                "{\"contextId\":\"large\",\"pageSize\":100,\"includeArtifacts\":true,"
                "\"pageToken\":\"%s\"}",
                next);
        CHECK_INT(r.code, JV_OK);
        seen += (int)count_of(r.json, "\"artifactId\"");
        next = member(s.w, &r, "nextPageToken");
    } while (r.json && next[0] && ++pages < 100);
    CHECK_INT(seen, 70);
    r = ask(s.w, s.vishal, "a2a.breaker.ListTasks", "{\"contextId\":\"large\",\"pageSize\":100}");
    CHECK_INT((int)count_of(r.json, "TASK_STATE_COMPLETED"), 70);
    world_sql(s.w, "delete from breaker.tasks where context_id = 'large'");
    world_free(s.w);
}

static const char *letters(struct stage *s, size_t n)
{
    char *text = jv_arena_alloc(world_arena(s->w), n + 1);

    memset(text, 'b', n);
    return text;
}

TEST(a_conversation_has_an_end)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, letters(&s, 300 << 10), "");
    const char *more;

    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.parts");
    r = say(&s, "ask", "");
    more = jv_arena_printf(world_arena(s.w), ",\"taskId\":\"%s\"", member(s.w, &r, "id"));
    r = say(&s, letters(&s, 300 << 10), more);
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.parts");
    world_free(s.w);
}

TEST(messages_to_a_task_are_limited_together)
{
    struct stage s = stage_new();
    const char *id = begin(&s, "wait 3600", ""), *half = letters(&s, 200 << 10);
    const char *more = jv_arena_printf(world_arena(s.w), ",\"taskId\":\"%s\"", id);
    struct world_reply r;

    for (int i = 0; i < 2; i++) {
        world_send(s.w, s.vishal, "a2a.breaker.SendMessage",
                   message(&s, new_id(&s), half, more, "\"returnImmediately\":true"));
        r = world_collect(s.w);
        CHECK_INT(r.code, i ? JV_INVALID_ARGUMENT : JV_OK);
    }
    CHECK_STR(r.field, "message.parts");
    r = get(&s, id);
    CHECK_INT(r.code, JV_OK);
    ask(s.w, s.vishal, "a2a.breaker.CancelTask", "{\"id\":\"%s\"}", id);
    world_free(s.w);
}

TEST(what_is_too_large_fails_and_says_so)
{
    static const char *const texts[] = { "result 700", "told 200", "state 70", "ask 200" };
    struct stage s = stage_new();

    for (size_t i = 0; i < JV_COUNT(texts); i++) {
        struct world_reply r = say(&s, texts[i], "");

        CHECK_INT(r.code, JV_OK);
        CHECK_HAS(r.json, "TASK_STATE_FAILED");
        CHECK_HAS(r.json, "RESOURCE_EXHAUSTED");
        CHECK_STR(column(&s, member(s.w, &r, "id"), "tries"), "1");
    }
    world_free(s.w);
}

/* ---- many ------------------------------------------------------------------------------------ */

TEST(listeners_leave_room_for_questions)
{
    struct stage s = stage_new();
    const char *id = begin(&s, "wait 20", "");
    struct world_reply r;
    int heard = 0;

    for (int i = 0; i < 500; i++) { /* more than the actor takes at once */
        world_send(s.w, s.vishal, "a2a.breaker.SubscribeToTask",
                   jv_arena_printf(world_arena(s.w), "{\"id\":\"%s\"}", id));
        if (i % 100 == 99)
            world_advance(s.w, 1000);
    }
    world_send(s.w, s.vishal, "a2a.breaker.CancelTask",
               jv_arena_printf(world_arena(s.w), "{\"id\":\"%s\"}", id));
    for (int i = 0; i < 500; i++) {
        r = world_collect(s.w);
        heard += r.code == JV_OK && strstr(r.json, "TASK_STATE_CANCELED");
    }
    CHECK_INT(heard, 500);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    world_free(s.w);
}

TEST(no_more_run_at_once_than_may)
{
    struct stage s = stage_new();
    int ok = 0;

    for (int i = 0; i < 390; i++)
        world_send(s.w, s.vishal, "a2a.breaker.SendMessage",
                   message(&s, new_id(&s), "steps 3", "", "\"returnImmediately\":true"));
    for (int i = 0; i < 390; i++)
        ok += world_collect(s.w).code == JV_OK;
    CHECK_INT(ok, 390);
    CHECK(jv_run_count(s.node) <= JV_MAX_RUNS);
    world_advance(s.w, 12000);
    CHECK_STR(world_sql(s.w, "select count(*)::text from breaker.tasks where state in (1, 2)"),
              "0");
    CHECK_INT((int)jv_run_count(s.node), 0);
    world_free(s.w);
}

TEST(old_questions_are_forgotten)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "ask", "");
    const char *id = member(s.w, &r, "id");

    world_sql(s.w, "update breaker.tasks set status_at = '2024-11-01'");
    world_sql(s.w,
              jv_arena_printf(world_arena(s.w),
                              "insert into breaker.tasks select id || '-' || i, 'old', owner, "
                              "3, status, status_at, last_seq, told, size, request, run_state, "
                              "token, token_at, parent, lease, lease_by, lease_until, tries, "
                              "created_at from breaker.tasks, generate_series(1, 5000) i "
                              "where id = '%s'",
                              id));
    world_advance(s.w, 5 * 60000);
    CHECK_STR(world_sql(s.w, "select count(*)::text from breaker.tasks where status_at < "
                             "'2024-12-01'"),
              "0");
    r = get(&s, id);
    CHECK_INT(r.code, JV_NOT_FOUND);
    world_free(s.w);
}

/* ---- forged ---------------------------------------------------------------------------------- */

TEST(a_number_that_is_not_there_is_not_looked_for_for_ever)
{
    struct stage s = stage_new();
    const char *id = begin(&s, "wait 10", "");
    const struct jv_header h = { JV_H_EVENT_ID, "1000" };
    struct jv_bus *forger = jv_bus_mem(world_broker(s.w), "forger");
    struct world_reply r;

    world_send(s.w, s.vishal, "a2a.breaker.SubscribeToTask",
               jv_arena_printf(world_arena(s.w), "{\"id\":\"%s\"}", id));
    world_advance(s.w, 100);
    CHECK(!jv_bus_publish(forger,
                          jv_arena_printf(world_arena(s.w), "jarvis.task.breaker.%s.status", id),
                          NULL, &h, 1, "x", 1));
    world_advance(s.w, 30000);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    jv_bus_free(forger);
    world_free(s.w);
}

TEST(whom_a_task_is_for_is_said_in_form)
{
    struct stage s = stage_new();
    const char *bearer = jv_arena_printf(world_arena(s.w), "Bearer %s", s.vishal);
    struct jv_header h[] = { { JV_H_AUTHORIZATION, bearer },
                             { JV_H_PARENT_TASK, letters(&s, 5000) } };
    struct jv_bus *forger = jv_bus_mem(world_broker(s.w), "forger");
    const char *json = message(&s, "forged", "steps 1", "", "\"returnImmediately\":true");

    for (int i = 0; i < 2; i++) {
        CHECK(!jv_bus_publish(forger, "jarvis.a2a.breaker.SendMessage", NULL, h, 2, json,
                              strlen(json)));
        world_advance(s.w, 5000);
        CHECK_STR(world_sql(s.w, "select count(*)::text from breaker.task_messages where "
                                 "message_id = 'forged'"),
                  i ? "1" : "0");
        h[1].value = "jarvis/00000000-0000-0000-0000-000000000000";
    }
    jv_bus_free(forger);
    world_free(s.w);
}

/* ---- a transaction in a run ------------------------------------------------------------------ */

TEST(a_handlers_own_transaction_is_whole_or_not_at_all)
{
    static const struct {
        const char *text, *state, *effects;
    } cases[] = {
        { "begin 1", "TASK_STATE_COMPLETED", "0" }, /* failed, undone, and on it goes */
        { "begin 2", "TASK_STATE_COMPLETED", "" },  /* left open */
        { "begin 3", "TASK_STATE_FAILED", "" },     /* not the task's to commit */
    };
    struct stage s = stage_new();

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r = say(&s, cases[i].text, "");

        CHECK_HAS(r.json, cases[i].state);
        CHECK_STR(effects_of(&s, member(s.w, &r, "id")), cases[i].effects);
    }
    world_free(s.w);
}

/* ---- at once --------------------------------------------------------------------------------- */

TEST(two_answers_of_one_name_at_once)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "ask", "");
    const char *id = member(s.w, &r, "id"), *name = new_id(&s);
    const char *more = jv_arena_printf(world_arena(s.w), ",\"taskId\":\"%s\"", id);
    int ok = 0, refused = 0;

    world_send(s.w, s.vishal, "a2a.breaker.SendMessage", message(&s, name, "yes", more, ""));
    world_send(s.w, s.vishal, "a2a.breaker.SendMessage", message(&s, name, "no", more, ""));
    for (int i = 0; i < 2; i++) {
        r = world_collect(s.w);
        ok += r.code == JV_OK;
        refused += r.code == JV_ALREADY_EXISTS;
    }
    CHECK_INT(ok, 1);
    CHECK_INT(refused, 1);
    r = get(&s, id);
    CHECK_INT((int)count_of(r.json, "ROLE_USER"), 2);
    world_free(s.w);
}

TEST(two_answers_at_once_are_both_kept)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "ask", "");
    const char *id = member(s.w, &r, "id");
    const char *more = jv_arena_printf(world_arena(s.w), ",\"taskId\":\"%s\"", id);

    world_send(s.w, s.vishal, "a2a.breaker.SendMessage", message(&s, new_id(&s), "yes", more, ""));
    world_send(s.w, s.vishal, "a2a.breaker.SendMessage", message(&s, new_id(&s), "no", more, ""));
    world_send(s.w, s.vishal, "a2a.breaker.SendMessage", message(&s, new_id(&s), "so", more, ""));
    for (int i = 0; i < 3; i++) {
        r = world_collect(s.w); /* or it was over by then */
        CHECK(r.code == JV_OK || r.code == JV_FAILED_PRECONDITION);
    }
    r = get(&s, id);
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    CHECK_INT((int)count_of(r.json, "thanks"), 1);
    world_free(s.w);
}

TEST(bytes_that_are_no_text_are_refused)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "steps 1", ",\"contextId\":\"a\\u0000b\"");

    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    r = ask(s.w, s.vishal, "a2a.breaker.GetTask", "{\"id\":\"a\\u0000b\"}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    r = ask(s.w, s.vishal, "a2a.breaker.GetTask", "{\"id\":\"\xff\"}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    world_free(s.w);
}

TEST_MAIN()
