/* test_sessions_memory.c -- what people have told about themselves: each person's own, few, and
 * erased when they say so. */
#include "actors/sessions_stage.h"

static struct stage memory_stage(void)
{
    struct stage s = stage_new();

    world_sql(s.w, "truncate sessions.memories");
    return s;
}

static struct world_reply remember(struct stage *s, const char *token, const char *kind,
                                   const char *text, const char *topic)
{
    return ask(s->w, token, "svc.sessions.Remember",
               "{\"kind\":\"%s\",\"text\":\"%s\",\"topic\":\"%s\"}", kind, text, topic);
}

static const char *known(struct stage *s, const char *token)
{
    struct world_reply r = ask(s->w, token, "svc.sessions.ListMemories", "{}");

    CHECK_INT(r.code, JV_OK);
    return r.json ? r.json : "";
}

TEST(a_memory_is_kept_and_handed_out)
{
    struct stage s = memory_stage();
    struct world_reply r = remember(&s, s.vishal, "fact", "  I work\\n on cloud  cost ", "");
    struct begun b;

    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "id"), "1");
    CHECK_STR(member(s.w, &r, "kind"), "fact");
    CHECK_STR(member(s.w, &r, "text"), "I work on cloud cost");
    r = remember(&s, s.vishal, "preference", "I prefer short answers", "length");
    CHECK_STR(member(s.w, &r, "id"), "2");
    CHECK_STR(member(s.w, &r, "topic"), "length");
    CHECK(strstr(known(&s, s.vishal), "cloud cost") < strstr(known(&s, s.vishal), "short"));
    b = begin(&s, s.vishal);
    CHECK_HAS(b.r.json, "I work on cloud cost");
    CHECK_HAS(b.r.json, "I prefer short answers");
    b = begin(&s, s.happy);
    CHECK_INT(b.r.code, JV_OK);
    CHECK_HAS(b.r.json, "\"memories\":[]");
    world_free(s.w);
}

TEST(the_same_again_is_one)
{
    struct stage s = memory_stage();
    struct world_reply r;

    CHECK_INT(remember(&s, s.vishal, "fact", "I work on cloud cost", "").code, JV_OK);
    r = remember(&s, s.vishal, "preference", "i WORK on cloud cost", "");
    CHECK_STR(member(s.w, &r, "id"), "1");
    CHECK_STR(member(s.w, &r, "kind"), "preference");
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.memories"), "1");
    /* Of a topic there is one; another person's of the same text is another. */
    CHECK_INT(remember(&s, s.vishal, "preference", "short answers", "length").code, JV_OK);
    CHECK_INT(remember(&s, s.happy, "preference", "short answers", "length").code, JV_OK);
    CHECK_INT(remember(&s, s.vishal, "preference", "long answers", "length").code, JV_OK);
    CHECK(!strstr(known(&s, s.vishal), "short answers"));
    CHECK_HAS(known(&s, s.vishal), "long answers");
    CHECK_HAS(known(&s, s.happy), "short answers");
    CHECK_INT(remember(&s, s.vishal, "preference", "short answers", "length").code, JV_OK);
    CHECK(!strstr(known(&s, s.vishal), "long answers"));
    world_free(s.w);
}

TEST(theirs_alone)
{
    struct stage s = memory_stage();
    struct world_reply r;

    CHECK_INT(remember(&s, s.vishal, "fact", "I work on cloud cost", "").code, JV_OK);
    CHECK(!strstr(known(&s, s.happy), "cloud"));
    CHECK(!strstr(known(&s, s.admin), "cloud"));
    r = ask(s.w, s.admin, "svc.sessions.Forget", "{\"id\":1}");
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "memory 1 not found");
    CHECK_INT(ask(s.w, s.happy, "svc.sessions.ForgetAll", "{}").code, JV_OK);
    CHECK_HAS(known(&s, s.vishal), "cloud cost");
    r = remember(&s, s.happy, "fact", "I am new", "");
    CHECK_STR(member(s.w, &r, "id"), "1"); /* the count tells nothing of others */
    CHECK_INT(ask(s.w, NULL, "svc.sessions.ListMemories", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(ask(s.w, NULL, "svc.sessions.ForgetAll", "{}").code, JV_UNAUTHENTICATED);
    world_free(s.w);
}

TEST(forgotten)
{
    struct stage s = memory_stage();

    for (int i = 1; i <= 3; i++)
        CHECK_INT(remember(&s, s.vishal, "fact",
                           jv_arena_printf(world_arena(s.w), "I like number %d", i), "")
                          .code,
                  JV_OK);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Forget", "{\"id\":2}").code, JV_OK);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Forget", "{\"id\":2}").code, JV_NOT_FOUND);
    CHECK(!strstr(known(&s, s.vishal), "number 2"));
    CHECK_INT(count_of(known(&s, s.vishal), "\"text\""), 2);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.ForgetAll", "{}").code, JV_OK);
    CHECK_INT(count_of(known(&s, s.vishal), "\"text\""), 0);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.ForgetAll", "{}").code, JV_OK);
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.memories"), "0");
    world_free(s.w);
}

TEST(bad_memories)
{
    struct stage s = memory_stage();
    const char *long_text = world_sql(s.w, "select repeat('x', 201)");
    static const struct {
        const char *json, *field;
    } rows[] = {
        { "{\"text\":\"x\"}", "kind" },
        { "{\"kind\":\"secret\",\"text\":\"x\"}", "kind" },
        { "{\"kind\":7,\"text\":\"x\"}", "kind" },
        { "{\"kind\":\"fact\"}", "text" },
        { "{\"kind\":\"fact\",\"text\":\"  \\n \"}", "text" },
        { "{\"kind\":\"fact\",\"text\":\"a\\u202eb\"}", "text" },
        { "{\"kind\":\"fact\",\"text\":\"a\\u0007b\"}", "text" },
        { "{\"kind\":\"fact\",\"text\":17}", "text" },
        { "{\"kind\":\"fact\",\"text\":\"x\",\"topic\":\"Not This\"}", "topic" },
        { "{\"kind\":\"fact\",\"text\":\"x\",\"topic\":\"abcdefghijklmnopqrstuvwxyz1234567\"}",
          "topic" },
    };
    struct world_reply r;

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        r = ask(s.w, s.vishal, "svc.sessions.Remember", "%s", rows[i].json);
        CHECK_INT(r.code, JV_INVALID_ARGUMENT);
        CHECK_STR(r.field, rows[i].field);
    }
    r = remember(&s, s.vishal, "fact", long_text, "");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "text");
    r = ask(s.w, s.vishal, "svc.sessions.Forget", "{}");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "id");
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Forget", "{\"id\":-1}").code, JV_NOT_FOUND);
    CHECK_STR(world_sql(s.w, "select count(*) from sessions.memories"), "0");
    world_free(s.w);
}

TEST(fifty_and_no_more)
{
    struct stage s = memory_stage();
    struct world_reply r;

    world_sql(s.w, "insert into sessions.memories select 'vishal', n, 'fact', '', 'no. ' || n, "
                   "now() from generate_series(1, 49) n");
    CHECK_INT(remember(&s, s.vishal, "fact", "the fiftieth", "").code, JV_OK);
    r = remember(&s, s.vishal, "fact", "one more", "");
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "50 things");
    CHECK_INT(remember(&s, s.vishal, "fact", "The Fiftieth", "").code, JV_OK);
    CHECK_INT(remember(&s, s.happy, "fact", "one more", "").code, JV_OK);
    CHECK_INT(count_of(known(&s, s.vishal), "\"text\""), 50);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Forget", "{\"id\":7}").code, JV_OK);
    CHECK_INT(remember(&s, s.vishal, "fact", "one more", "").code, JV_OK);
    world_free(s.w);
}

/* A conversation that goes takes no memory with it. */
TEST(conversations_come_and_go)
{
    struct stage s = memory_stage();
    const char *id = create(&s, s.vishal);

    CHECK_INT(remember(&s, s.vishal, "fact", "I work on cloud cost", "").code, JV_OK);
    CHECK_INT(ask(s.w, s.vishal, "svc.sessions.Delete", "{\"session_id\":\"%s\"}", id).code, JV_OK);
    CHECK_HAS(known(&s, s.vishal), "cloud cost");
    CHECK_HAS(begin(&s, s.vishal).r.json, "cloud cost");
    world_free(s.w);
}

TEST_MAIN()
