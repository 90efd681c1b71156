/* test_tasks_tools.c -- tasks that are made when a tool is done: once, whole, and as told. */
#include "actors/asking.h"
#include "actors/cases.h"

extern const struct jv_actor tickets_actor;

static const char *call(struct stage *s, const char *id, const char *operation)
{
    return jv_arena_printf(world_arena(s->w),
                           "{\"message\":{\"messageId\":\"%s\",\"role\":\"ROLE_USER\",\"parts\":[{"
                           "\"data\":{\"tool\":\"create_ticket\",\"arguments\":{\"operation\":"
                           "\"%s\"}},\"mediaType\":\"" JV_TOOL_CALL_TYPE "\"}]}}",
                           id, operation);
}

static const char *count(struct stage *s, const char *operation)
{
    return world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                           "select count(*)::text from tickets.tickets where "
                                           "operation = '%s'",
                                           operation));
}

TEST(equal_messages_at_once_are_one)
{
    struct stage s = stage_new(&tickets_actor);
    const char *json = call(&s, "equal", "move_the_printer"), *id = "";

    for (int i = 0; i < 20; i++)
        world_send(s.w, s.tokens[VISHAL], "a2a.tickets.SendMessage", json);
    for (int i = 0; i < 20; i++) {
        struct world_reply r = world_collect(s.w);

        CHECK_INT(r.code, JV_OK);
        if (i)
            CHECK_STR(member(s.w, &r, "id"), id);
        id = member(s.w, &r, "id");
    }
    CHECK_STR(count(&s, "move_the_printer"), "1");
    world_free(s.w);
}

TEST(of_different_messages_of_one_name_one_counts)
{
    struct stage s = stage_new(&tickets_actor);
    int ok = 0, refused = 0;

    world_send(s.w, s.tokens[VISHAL], "a2a.tickets.SendMessage", call(&s, "two", "paint_it_red"));
    world_send(s.w, s.tokens[VISHAL], "a2a.tickets.SendMessage", call(&s, "two", "paint_it_blue"));
    for (int i = 0; i < 2; i++) {
        int code = world_collect(s.w).code;

        ok += code == JV_OK;
        refused += code == JV_ALREADY_EXISTS;
    }
    CHECK_INT(ok, 1);
    CHECK_INT(refused, 1);
    CHECK_STR(world_sql(s.w, "select count(*)::text from tickets.tickets where operation like "
                             "'paint_it_%'"),
              "1");
    world_free(s.w);
}

TEST(what_is_answered_is_what_is_kept)
{
    struct stage s = stage_new(&tickets_actor);
    struct world_reply r = world_ask(s.w, s.tokens[VISHAL], "a2a.tickets.SendMessage",
                                     call(&s, "kept", "open_the_window"));
    struct world_reply g = ask(s.w, s.tokens[VISHAL], "a2a.tickets.GetTask", "{\"id\":\"%s\"}",
                               member(s.w, &r, "id"));

    CHECK_STR(r.json, jv_arena_printf(world_arena(s.w), "{\"task\":%s}", g.json));
    CHECK_HAS(g.json, "\"history\"");
    world_free(s.w);
}

TEST_MAIN()
