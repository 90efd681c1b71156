/* test_tasks.c -- tasks of an agent on a real database: kept, told, followed, asked, taken over. */
#include <a2a.pb-c.h>

#include "actors/asking.h"
#include "host/migrations.h"
#include "jv/agent.h"
#include "jv/db.h"
#include "jv/task.h"

/* ---- an agent that does what its message says ------------------------------------------------ */

static int do_steps(struct jv_ctx *ctx, int n, uint32_t ms)
{
    int r = JV_OK;

    for (int step = (int)jv_state_number(ctx, "step"); !r && step < n; step++) {
        r = jv_db(ctx, NULL, "insert into effects (task, step) values ($1, $2)",
                  jv_text(jv_task_id(ctx)), jv_int(step));
        jv_state_set_number(ctx, "step", step + 1);
        if (!r)
            r = jv_progress(ctx, "step %d of %d", step + 1, n);
        if (!r && ms)
            r = jv_sleep(ctx, ms);
    }
    if (!r)
        jv_answer_text(ctx, "all done");
    return r;
}

static int do_ask(struct jv_ctx *ctx)
{
    const A2a__Message *first, *second;
    int r = jv_ask(ctx, &first, "which colour?");

    if (!r)
        r = jv_ask(ctx, &second, "which size?");
    if (r)
        return r;
    jv_answer_text(ctx, jv_arena_printf(jv_arena(ctx), "%s and %s",
                                        jv_message_text(jv_arena(ctx), first),
                                        jv_message_text(jv_arena(ctx), second)));
    return JV_OK;
}

static int do_chunks(struct jv_ctx *ctx)
{
    int r = jv_artifact_text(ctx, "text", "Text", "one ", 0);

    if (!r)
        r = jv_artifact_text(ctx, "text", "Text", "two ", JV_APPEND);
    if (!r)
        r = jv_artifact_text(ctx, "text", "Text", "three", JV_APPEND | JV_LAST_CHUNK);
    jv_answer_status(ctx, "that was it", NULL, NULL);
    return r;
}

static int answer(struct jv_ctx *ctx, const A2a__Message *in)
{
    const char *text = jv_message_text(jv_arena(ctx), in);

    if (strncmp(text, "steps", 5) == 0)
        return do_steps(ctx, 3, 0);
    if (strncmp(text, "slow", 4) == 0)
        return do_steps(ctx, 5, 1000);
    if (strncmp(text, "ask", 3) == 0)
        return do_ask(ctx);
    if (strncmp(text, "chunks", 6) == 0)
        return do_chunks(ctx);
    if (strncmp(text, "reject", 6) == 0)
        return jv_reject(ctx, "not today");
    if (strncmp(text, "die", 3) == 0) {
        if (jv_task_attempt(ctx) > 3)
            return do_steps(ctx, 1, 0);
        return jv_sleep(ctx, 3600 * 1000);
    }
    if (strncmp(text, "fail", 4) == 0) {
        int r = jv_db(ctx, NULL, "insert into effects (task, step) values ('failed', 1)");

        return r ? r : jv_fail(ctx, JV_NOT_FOUND, "there is no such thing");
    }
    jv_answer_text(ctx, "said");
    return JV_OK;
}

static int receive(struct jv_ctx *ctx, const A2a__Message *in, struct jv_receipt *ret)
{
    const char *text = jv_message_text(jv_arena(ctx), in);

    ret->direct = strncmp(text, "direct", 6) == 0;
    return strncmp(text, "refuse", 6) == 0
                   ? jv_fail_field(ctx, "message.parts", "is nothing for me")
                   : JV_OK;
}

static const struct jv_skill skills[] = { { "do", "Do", "Does things.", "do", NULL }, { 0 } };
static const struct jv_agent card = {
    .name = "DoerAgent",
    .token = "doer",
    .description = "Does what it is told.",
    .skills = skills,
    .answer = answer,
    .receive = receive,
};

static const struct jv_actor doer = {
    .name = "doer",
    .version = "1",
    .summary = "does",
    .agent = &card,
    .needs = JV_NEEDS_DB,
};

/* ---- the stage ------------------------------------------------------------------------------- */

struct stage {
    struct world *w;
    struct jv_node *node;
    const char *vishal, *happy;
};

static struct stage stage_new(void)
{
    static const struct jv_actor *const actors[] = { &doer, NULL };
    static const char effects[] = "create table effects (task text, step integer)";
    static bool done;
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };
    struct stage s = { .w = world_new() };
    struct jv_migration *list, mine = { "doer", "001_effects", effects, sizeof(effects) - 1 };
    size_t n, some = 0;

    list = jv_migration_list(jv_migration_files, actors, a, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].actor, "doer") == 0)
            list[some++] = list[i];
    list[some++] = mine;
    if (!done)
        CHECK_OR(!jv_pg_migrate(getenv("TEST_DATABASE_URL"), list, some, NULL, NULL, &err),
                 printf("# %s\n", err.text));
    done = true;
    jv_arena_free(a);
    s.node = world_start(s.w, &doer);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.happy = world_person(s.w, "user_002", "happy", "developer");
    return s;
}

static int n_sent;

/* A message of vishal's; `more` is JSON beside the parts, `config` the configuration's. */
static struct world_reply say(struct stage *s, const char *method, const char *text,
                              const char *more, const char *config)
{
    return ask(s->w, s->vishal, jv_arena_printf(world_arena(s->w), "a2a.doer.%s", method),
               "{\"message\":{\"messageId\":\"m%d\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":"
               "\"%s\"}]%s},\"configuration\":{%s}}",
               ++n_sent, text, more, config);
}

static const char *id_of(struct stage *s, const struct world_reply *r)
{
    return member(s->w, r, "id");
}

static struct world_reply get(struct stage *s, const char *id)
{
    return ask(s->w, s->vishal, "a2a.doer.GetTask", "{\"id\":\"%s\"}", id);
}

static const char *effects_of(struct stage *s, const char *id)
{
    return world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                           "select string_agg(step::text, ',' order by step) "
                                           "from doer.effects where task = '%s'",
                                           id));
}

/* ---- tests ----------------------------------------------------------------------------------- */

TEST(a_task_is_done_and_told)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "steps", "", "");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    CHECK_HAS(r.json, "all done");
    CHECK_STR(effects_of(&s, id_of(&s, &r)), "0,1,2");
    r = get(&s, id_of(&s, &r));
    CHECK_HAS(r.json, "\"history\":[{\"messageId\":\"m");
    r = say(&s, "SendStreamingMessage", "steps", "", "");
    CHECK_INT(r.code, JV_OK);
    CHECK_INT((int)r.parts, 6); /* task, three steps, result, done */
    CHECK_INT((int)count_of(r.json, "\"statusUpdate\""), 4);
    world_free(s.w);
}

TEST(a_message_where_no_task_is_needed)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "direct", "", "");

    CHECK_HAS(r.json, "\"message\"");
    CHECK_HAS(r.json, "said");
    r = say(&s, "SendStreamingMessage", "direct", "", "");
    CHECK_INT((int)r.parts, 1);
    r = say(&s, "SendMessage", "direct", "", "\"returnImmediately\":true");
    CHECK_HAS(r.json, "\"task\"");
    r = say(&s, "SendMessage", "refuse", "", "");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.parts");
    world_free(s.w);
}

TEST(nobody_waits)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "slow", "", "\"returnImmediately\":true");
    const char *id = id_of(&s, &r);

    CHECK_HAS(r.json, "TASK_STATE_WORKING");
    world_advance(s.w, 2500);
    r = get(&s, id);
    CHECK_HAS(r.json, "step 3 of 5");
    r = ask(s.w, s.vishal, "a2a.doer.SubscribeToTask", "{\"id\":\"%s\"}", id);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "{\"task\":");
    CHECK_HAS(r.json, "step 5 of 5");
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    r = ask(s.w, s.vishal, "a2a.doer.SubscribeToTask", "{\"id\":\"%s\"}", id);
    CHECK_INT(r.code, JV_FAILED_PRECONDITION);
    CHECK_HAS(r.json, "UNSUPPORTED_OPERATION");
    world_free(s.w);
}

TEST(a_handler_asks_and_goes_on)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "ask", "", "");
    const char *id = id_of(&s, &r), *more;

    CHECK_HAS(r.json, "TASK_STATE_INPUT_REQUIRED");
    CHECK_HAS(r.json, "which colour?");
    more = jv_arena_printf(world_arena(s.w), ",\"taskId\":\"%s\"", id);
    r = say(&s, "SendMessage", "blue", more, "");
    CHECK_HAS(r.json, "which size?");
    r = say(&s, "SendMessage", "large", more, "");
    CHECK_HAS(r.json, "blue and large");
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    r = get(&s, id);
    CHECK_INT((int)count_of(r.json, "ROLE_USER"), 3);
    CHECK_INT((int)count_of(r.json, "ROLE_AGENT"), 2); /* the questions */
    r = say(&s, "SendMessage", "more", more, "");
    CHECK_INT(r.code, JV_FAILED_PRECONDITION);
    CHECK_HAS(r.json, "UNSUPPORTED_OPERATION");
    world_free(s.w);
}

TEST(pieces_make_an_artifact)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "chunks", "", "");

    CHECK_HAS(r.json, "one ");
    CHECK_INT((int)count_of(r.json, "\"artifactId\""), 1);
    CHECK_INT((int)count_of(r.json, "\"mediaType\":\"text/markdown\""), 4);
    CHECK_HAS(r.json, "that was it");
    r = say(&s, "SendStreamingMessage", "chunks", "", "");
    CHECK_INT((int)count_of(r.json, "\"append\":true"), 2);
    CHECK_INT((int)count_of(r.json, "\"lastChunk\":true"), 1);
    world_free(s.w);
}

TEST(failures_and_refusals_are_states)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "fail", "", "");

    CHECK_HAS(r.json, "TASK_STATE_FAILED");
    CHECK_HAS(r.json, "there is no such thing");
    CHECK_HAS(r.json, "\"code\":\"NOT_FOUND\"");
    CHECK(!effects_of(&s, "failed")); /* what it changed is not there */
    r = say(&s, "SendMessage", "reject", "", "");
    CHECK_HAS(r.json, "TASK_STATE_REJECTED");
    CHECK_HAS(r.json, "not today");
    world_free(s.w);
}

TEST(a_client_takes_some_types_only)
{
    struct stage s = stage_new();
    struct world_reply r =
            say(&s, "SendMessage", "steps", "", "\"acceptedOutputModes\":[\"image/png\"]");

    CHECK_HAS(r.json, "TASK_STATE_FAILED");
    CHECK_HAS(r.json, "CONTENT_TYPE_NOT_SUPPORTED");
    r = say(&s, "SendMessage", "steps", "", "\"acceptedOutputModes\":[\"text/plain\"]");
    CHECK_HAS(r.json, "all done");
    r = say(&s, "SendMessage", "direct", "", "\"acceptedOutputModes\":[\"image/png\"]");
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "configuration.acceptedOutputModes");
    world_free(s.w);
}

TEST(the_same_message_again)
{
    struct stage s = stage_new();
    const char *json = "{\"message\":{\"messageId\":\"same\",\"role\":\"ROLE_USER\",\"parts\":"
                       "[{\"text\":\"steps\"}]}}";
    struct world_reply a = world_ask(s.w, s.vishal, "a2a.doer.SendMessage", json);
    struct world_reply b = world_ask(s.w, s.vishal, "a2a.doer.SendMessage", json);

    CHECK_STR(id_of(&s, &a), id_of(&s, &b));
    CHECK_STR(effects_of(&s, id_of(&s, &a)), "0,1,2");
    b = world_ask(s.w, s.happy, "a2a.doer.SendMessage", json);
    CHECK_INT(b.code, JV_OK); /* somebody else's names are their own */
    CHECK(strcmp(id_of(&s, &a), id_of(&s, &b)) != 0);
    b = world_ask(s.w, s.vishal, "a2a.doer.SendMessage",
                  "{\"message\":{\"messageId\":\"same\",\"role\":\"ROLE_USER\",\"parts\":"
                  "[{\"text\":\"chunks\"}]}}");
    CHECK_INT(b.code, JV_ALREADY_EXISTS);
    CHECK_STR(b.field, "message.messageId");
    world_free(s.w);
}

/* What somebody was answered with other rights than they have now is not said to them again. */
TEST(the_same_message_with_other_rights)
{
    struct stage s = stage_new();
    const char *json = "{\"message\":{\"messageId\":\"promoted\",\"role\":\"ROLE_USER\",\"parts\":"
                       "[{\"text\":\"steps\"}]}}";
    const char *mighty = world_token(s.w, "user_001", "vishal", "tickets:read:all");
    struct world_reply a = world_ask(s.w, mighty, "a2a.doer.SendMessage", json), b;

    CHECK_INT(a.code, JV_OK);
    b = world_ask(s.w, s.vishal, "a2a.doer.SendMessage", json);
    CHECK_INT(b.code, JV_FAILED_PRECONDITION);
    CHECK_STR(b.field, "message.messageId");
    CHECK_HAS(b.text, "your rights were others");
    b = world_ask(s.w, mighty, "a2a.doer.SendMessage", json);
    CHECK_STR(id_of(&s, &a), id_of(&s, &b));
    world_free(s.w);
}

/* As if whoever ran it had died, or had been thought to: the lease is somebody else's and over. */
static void orphan(struct stage *s, const char *id, int tries)
{
    world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                    "update doer.tasks set lease = lease + 1, lease_by = 'ghost', "
                                    "lease_until = 'epoch', tries = %d where id = '%s'",
                                    tries, id));
}

TEST(whoever_lost_its_lease_changes_nothing_more)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "slow", "", "\"returnImmediately\":true");
    const char *id = id_of(&s, &r);

    world_advance(s.w, 2500);
    orphan(&s, id, 1); /* the one that runs it does not know, and goes on */
    world_advance(s.w, 20000);
    r = get(&s, id);
    CHECK_HAS(r.json, "TASK_STATE_COMPLETED");
    CHECK_STR(effects_of(&s, id), "0,1,2,3,4");
    CHECK_STR(world_sql(s.w,
                        jv_arena_printf(world_arena(s.w),
                                        "select tries::text from doer.tasks where id = '%s'", id)),
              "2");
    world_free(s.w);
}

TEST(whoever_stops_hands_back)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "slowly", "", "\"returnImmediately\":true");
    const char *id = id_of(&s, &r), *long_id;

    r = say(&s, "SendMessage", "die", "", "\"returnImmediately\":true");
    long_id = id_of(&s, &r);
    world_kill(s.w, s.node); /* drains: the short one is finished, the long one is given away */
    CHECK_STR(effects_of(&s, id), "0,1,2,3,4");
    CHECK_STR(world_sql(s.w, jv_arena_printf(world_arena(s.w),
                                             "select coalesce(lease_by, 'nobody') from doer.tasks "
                                             "where id = '%s'",
                                             long_id)),
              "nobody");
    world_start(s.w, &doer);
    world_advance(s.w, 1500);
    CHECK_STR(world_sql(s.w, jv_arena_printf(world_arena(s.w),
                                             "select tries::text || lease from doer.tasks "
                                             "where id = '%s'",
                                             long_id)),
              "12"); /* the second lease, and no try that failed */
    world_free(s.w);
}

/* Whoever waits for one answer cannot go on with it elsewhere, as the listener of a stream can. */
TEST(whoever_stops_answers_those_who_wait)
{
    struct stage s = stage_new();
    struct world_reply r;

    world_send(s.w, s.vishal, "a2a.doer.SendMessage",
               "{\"message\":{\"messageId\":\"waits\",\"role\":\"ROLE_USER\",\"parts\":["
               "{\"text\":\"slowly\"}]}}");
    world_advance(s.w, 100); /* it is at work */
    world_drain(s.w, s.node);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_OK);
    CHECK_STR(member(s.w, &r, "state"), "TASK_STATE_COMPLETED");
    world_free(s.w);
}

TEST(a_task_that_kills_is_given_up)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "die for ever", "", "\"returnImmediately\":true");
    const char *id = id_of(&s, &r);

    orphan(&s, id, 5);
    world_advance(s.w, 20000);
    r = get(&s, id);
    CHECK_HAS(r.json, "TASK_STATE_FAILED");
    CHECK_HAS(r.json, "given up");
    world_free(s.w);
}

TEST(cancelled_is_final)
{
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "slow", "", "\"returnImmediately\":true");
    const char *id = id_of(&s, &r);

    world_advance(s.w, 1500);
    r = ask(s.w, s.vishal, "a2a.doer.CancelTask", "{\"id\":\"%s\"}", id);
    CHECK_HAS(r.json, "TASK_STATE_CANCELED");
    world_advance(s.w, 10000);
    r = get(&s, id);
    CHECK_HAS(r.json, "TASK_STATE_CANCELED");
    CHECK_STR(effects_of(&s, id), "0,1");
    r = ask(s.w, s.vishal, "a2a.doer.CancelTask", "{\"id\":\"%s\"}", id);
    CHECK_INT(r.code, JV_FAILED_PRECONDITION);
    CHECK_HAS(r.json, "TASK_NOT_CANCELABLE");
    world_free(s.w);
}

TEST(of_others_one_knows_nothing)
{
    static const char *const methods[] = { "GetTask", "CancelTask", "SubscribeToTask" };
    struct stage s = stage_new();
    struct world_reply r = say(&s, "SendMessage", "ask", "", "");
    const char *id = id_of(&s, &r);

    for (size_t i = 0; i < JV_COUNT(methods); i++) {
        r = ask(s.w, s.happy, jv_arena_printf(world_arena(s.w), "a2a.doer.%s", methods[i]),
                "{\"id\":\"%s\"}", id);
        CHECK_INT(r.code, JV_NOT_FOUND);
        CHECK_HAS(r.json, "TASK_NOT_FOUND");
    }
    r = ask(s.w, s.happy, "a2a.doer.SendMessage",
            "{\"message\":{\"messageId\":\"x\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":"
            "\"hello\"}],\"taskId\":\"%s\"}}",
            id);
    CHECK_INT(r.code, JV_NOT_FOUND);
    r = ask(s.w, s.happy, "a2a.doer.ListTasks", "{\"contextId\":\"%s\"}", "c");
    CHECK_HAS(r.json, "\"totalSize\":0");
    world_free(s.w);
}

TEST(a_list_has_pages)
{
    struct stage s = stage_new();
    struct world_reply r;
    const char *next = "";
    int seen = 0;

    for (int i = 0; i < 5; i++) {
        say(&s, "SendMessage", i % 2 ? "ask" : "chunks", ",\"contextId\":\"paged\"", "");
        world_advance(s.w, 10);
    }
    do {
        r = ask(s.w, s.vishal, "a2a.doer.ListTasks",
                "{\"contextId\":\"paged\",\"pageSize\":2,\"pageToken\":\"%s\"}", next);
        CHECK_INT(r.code, JV_OK);
        CHECK_HAS(r.json, "\"totalSize\":5");
        CHECK(!strstr(r.json, "artifacts"));
        seen += (int)count_of(r.json, "\"contextId\":\"paged\",\"status\"");
        next = member(s.w, &r, "nextPageToken");
    } while (next[0] && seen < 10);
    CHECK_INT(seen, 5);
    r = ask(s.w, s.vishal, "a2a.doer.ListTasks",
            "{\"contextId\":\"paged\",\"status\":\"TASK_STATE_COMPLETED\","
            "\"includeArtifacts\":true}");
    CHECK_HAS(r.json, "\"totalSize\":3");
    CHECK_HAS(r.json, "three");
    world_free(s.w);
}

TEST(what_is_wrong_is_named)
{
    static const struct ask_case cases[] = {
        { "a2a.doer.ListTasks", "{\"pageSize\":0}", JV_INVALID_ARGUMENT, { "pageSize" } },
        { "a2a.doer.ListTasks", "{\"pageSize\":101}", JV_INVALID_ARGUMENT, { "pageSize" } },
        { "a2a.doer.ListTasks", "{\"pageToken\":\"x\"}", JV_INVALID_ARGUMENT, { "pageToken" } },
        { "a2a.doer.ListTasks",
          "{\"historyLength\":-1}",
          JV_INVALID_ARGUMENT,
          { "historyLength" } },
        { "a2a.doer.ListTasks", "{\"status\":99}", JV_INVALID_ARGUMENT, { "status" } },
        { "a2a.doer.GetTask",
          "{\"id\":\"x\",\"historyLength\":-1}",
          JV_INVALID_ARGUMENT,
          { "historyLength" } },
        { "a2a.doer.GetTask", "{}", JV_INVALID_ARGUMENT, { "id" } },
        { "a2a.doer.SendMessage", "{}", JV_INVALID_ARGUMENT, { "message" } },
        { "a2a.doer.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_AGENT\",\"parts\":[{\"text\":\"x\"}]}"
          "}",
          JV_INVALID_ARGUMENT,
          { "message.role" } },
        { "a2a.doer.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\",\"parts\":[{\"filename\":\"x\"}"
          "]}}",
          JV_INVALID_ARGUMENT,
          { "message.parts[0]" } },
        { "a2a.doer.SendMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"x\"}]},"
          "\"configuration\":{\"historyLength\":-1}}",
          JV_INVALID_ARGUMENT,
          { "configuration.historyLength" } },
    };
    struct stage s = stage_new();

    CHECK_ASKS(s.w, s.vishal, cases);
    world_free(s.w);
}

TEST_MAIN()
