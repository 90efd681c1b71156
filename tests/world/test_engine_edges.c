/* test_engine_edges.c -- the engine where things end badly: a bus that goes, time that runs out,
 * answers that are none, handlers that err, agents called wrongly, tables that are wrong. */
#include <semaphore.h>

#include "engine_scene.h"
#include "jv/db.h"
#include "sched/fiber.h"

/* ---- a caller whose handlers err; what the engine told them is kept -------------------------- */

static char said[sizeof(((struct jv_err *)0)->text)];
static sem_t gate;
static int child_slept;

static int at_the_gate(void *arg)
{
    sem_wait(&gate);
    return *(int *)arg;
}

static int child_offloads(struct jv_ctx *ctx, void *arg)
{
    CHECK_INT(jv_offload(ctx, at_the_gate, arg), 7);
    child_slept = jv_sleep(ctx, 1000);
    return child_slept;
}

static int open_gate(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    (void)ctx, (void)subject, (void)msg;
    sem_post(&gate);
    return JV_OK;
}

/* The child is cancelled while a helper thread works for it. */
static int leave_child(struct jv_ctx *ctx)
{
    static int seven = 7;
    const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;

    jv_spawn(ctx, child_offloads, &seven);
    return jv_publish(ctx, "evt.test.Open", &empty);
}

static int call_as_actor(struct jv_ctx *ctx)
{
    const Tickets__ListMineRequest req = TICKETS__LIST_MINE_REQUEST__INIT;
    Tickets__TicketList *list;

    jv_as_actor(ctx);
    return jv_call(ctx, &tickets__tickets__descriptor, "ListMine", &req, &list);
}

static int ask_late(struct jv_ctx *ctx)
{
    int r = jv_sleep(ctx, 1000);

    if (!r)
        r = get_one(ctx, FINE);
    (void)!jv_sleep(ctx, 1000);
    return r;
}

static int err_in(struct jv_ctx *ctx, const char *way)
{
    const Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    void *ret;

    if (strcmp(way, "slow") == 0)
        return get_one(ctx, SLOW_60S);
    if (strcmp(way, "late") == 0)
        return ask_late(ctx);
    if (strcmp(way, "child") == 0)
        return leave_child(ctx);
    if (strcmp(way, "as actor") == 0)
        return call_as_actor(ctx);
    if (strcmp(way, "query") == 0)
        return jv_db(ctx, NULL, "select 1");
    if (strcmp(way, "begin") == 0)
        return jv_db_begin(ctx);
    if (strcmp(way, "commit") == 0)
        return jv_db_commit(ctx);
    if (strcmp(way, "emit") == 0)
        return jv_emit(ctx, &empty);
    if (strcmp(way, "rpc") == 0)
        return jv_call(ctx, &tickets__tickets__descriptor, "Nothing", &empty, &ret);
    if (strcmp(way, "token") == 0)
        return jv_a2a(ctx, "a.b", "SendMessage", &empty, &ret);
    return get_one(ctx, FINE);
}

JV_TOOL_FN(err_ask, Orchestrator__ChatRequest, Orchestrator__ChatReply)
{
    int r = err_in(ctx, req->message);

    (void)ret;
    snprintf(said, sizeof(said), "%s", r ? jv_error(ctx)->text : "");
    return r;
}

JV_TOOL_FN(err_chat, Orchestrator__ChatRequest, Orchestrator__ChatEvent)
{
    (void)ret;
    if (strcmp(req->message, "late") == 0)
        jv_within(ctx, 0);
    if (strcmp(req->message, "cancelled") == 0)
        jv_fiber_cancel(jv_fiber_self());
    return emit_delta(ctx, 1, "piece");
}

static struct scene erring(void)
{
    static const struct jv_event opening[] = {
        { "evt.test.Open", &google__protobuf__empty__descriptor, open_gate }, { 0 }
    };
    static const char *const may_call[] = { "tickets", "a2a:*", NULL };
    static struct jv_tool rows[JV_COUNT(caller_tools)];
    static struct jv_actor a;
    struct scene s = { .w = world_new() };

    memcpy(rows, caller_tools, sizeof(rows));
    rows[0].handler = err_chat__tool;
    rows[1].handler = err_ask__tool;
    a = caller;
    a.tools = rows;
    a.events = opening;
    a.calls = may_call;
    s.callee = world_start(s.w, &callee);
    s.caller = world_start(s.w, &a);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    return s;
}

static const char *question(const struct scene *s, const char *way)
{
    return jv_arena_printf(world_arena(s->w), "{\"message\":\"%s\"}", way);
}

static struct world_reply err(const struct scene *s, const char *way)
{
    return world_ask(s->w, s->vishal, "svc.chat.Ask", question(s, way));
}

/* ---- the bus -------------------------------------------------------------------------------- */

TEST(calls_under_way_end_when_the_bus_is_lost)
{
    struct scene s = erring();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));
    struct world_reply r;

    world_send(s.w, s.vishal, "svc.chat.Ask", question(&s, "slow"));
    world_advance(s.w, 100);
    jv_slots_lose(s.caller->slots);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "the bus was lost while waiting for svc.tickets.Get");
    CHECK_INT(jv_loop_mono_ms(world_loop(s.w)) - began, 100);
    CHECK_INT(err(&s, "fine").code, JV_OK);
    world_free(s.w);
}

TEST(no_call_is_begun_while_the_bus_is_away)
{
    struct scene s = erring();
    struct world_reply r;

    world_send(s.w, s.vishal, "svc.chat.Ask", question(&s, "late"));
    world_advance(s.w, 500);
    jv_broker_away(world_broker(s.w), true);
    world_advance(s.w, 1000);
    jv_broker_away(world_broker(s.w), false);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "the bus is away");
    world_free(s.w);
}

static void answer_nonsense(void *arg, struct jv_bus_msg *m)
{
    CHECK_INT(jv_bus_publish(arg, m->reply, NULL, NULL, 0, "\xff\xff", 2), JV_OK);
}

TEST(an_answer_that_is_none)
{
    struct scene s = erring();
    struct jv_bus *bus = jv_bus_mem(world_broker(s.w), "nonsense");

    world_kill(s.w, s.callee);
    jv_bus_subscribe(bus, "jarvis.svc.tickets.*", NULL, answer_nonsense, bus);
    CHECK_INT(err(&s, "fine").code, JV_INTERNAL);
    CHECK_HAS(said, "the answer of svc.tickets.Get");
    jv_bus_free(bus);
    world_free(s.w);
}

TEST(an_event_that_cannot_be_published)
{
    struct scene s = erring();
    struct world_reply r;

    world_send(s.w, s.vishal, "svc.chat.Ask", question(&s, "child"));
    jv_broker_fail_publish(world_broker(s.w), 1);
    sem_init(&gate, 0, 1);
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "cannot publish evt.test.Open");
    world_free(s.w);
    sem_destroy(&gate);
}

/* ---- time and cancelling -------------------------------------------------------------------- */

TEST(offloaded_work_outlives_its_cancelling)
{
    struct scene s = erring();

    sem_init(&gate, 0, 0);
    child_slept = -1;
    CHECK_INT(err(&s, "child").code, JV_OK);
    world_advance(s.w, 0);
    CHECK_INT(child_slept, JV_CANCELLED);
    world_free(s.w);
    sem_destroy(&gate);
}

TEST(nothing_is_streamed_past_the_end)
{
    struct scene s = erring();
    struct world_reply r = world_ask(s.w, s.vishal, "svc.chat.Chat", question(&s, "late"));

    CHECK_INT(r.code, JV_DEADLINE_EXCEEDED);
    CHECK_INT(r.parts, 1); /* the error */
    r = world_ask(s.w, s.vishal, "svc.chat.Chat", question(&s, "cancelled"));
    CHECK_INT(r.code, JV_CANCELLED);
    r = world_ask(s.w, s.vishal, "svc.chat.Chat", question(&s, "fine"));
    CHECK_INT(r.code, JV_OK);
    CHECK_INT(r.parts, 1);
    world_free(s.w);
}

/* One asks auth for the keys; who has less time than that one does not wait for it. */
TEST(waiting_for_auth_has_an_end)
{
    struct scene s = scene();
    struct world_reply r;

    s.callee->keys_fresh = false;
    jv_broker_drop(world_broker(s.w), "jarvis.svc.auth.*", true);
    world_send(s.w, s.vishal, "svc.tickets.List", "{}");
    world_send(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":1}");
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_HAS(r.text, "auth does not answer");
    r = world_collect(s.w);
    CHECK_INT(r.code, JV_DEADLINE_EXCEEDED);
    CHECK_HAS(r.text, "waiting for auth");
    CHECK(!s.callee->waiters);
    world_free(s.w);
}

/* ---- handlers that err ---------------------------------------------------------------------- */

TEST(what_a_handler_does_wrong_is_said)
{
    const struct {
        const char *way;
        int code;
        const char *has;
    } ways[] = {
        { "query", JV_INTERNAL, "JV_NEEDS_DB" },
        { "begin", JV_INTERNAL, "JV_NEEDS_DB" },
        { "commit", JV_INTERNAL, "no transaction is open" },
        { "emit", JV_INTERNAL, "does not stream" },
        { "rpc", JV_INTERNAL, "no rpc behind svc.tickets.Nothing" },
        { "token", JV_INVALID_ARGUMENT, "an agent's token" },
        { "as actor", JV_UNAUTHENTICATED, "sign in" },
    };
    struct scene s = erring();

    for (size_t i = 0; i < JV_COUNT(ways); i++) {
        CHECK_INT(err(&s, ways[i].way).code, ways[i].code);
        CHECK_HAS(said, ways[i].has);
    }
    world_free(s.w);
}

/* ---- agents called wrongly ------------------------------------------------------------------ */

static struct world_reply send_parts(const struct scene *s, const char *parts)
{
    return world_ask(s->w, s->vishal, "a2a.tickets.SendMessage",
                     jv_arena_printf(world_arena(s->w),
                                     "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\","
                                     "\"parts\":[%s]}}",
                                     parts));
}

#define CALL(json) "{\"data\":" json ",\"mediaType\":\"" JV_TOOL_CALL_TYPE "\"}"

TEST(a_wrong_tool_call_names_the_member)
{
    const struct {
        const char *parts, *field;
    } cases[] = {
        { "", "message.parts" },
        { "{\"text\":\"\"}", "message.parts" },
        { CALL("{\"arguments\":{}}"), "message.parts[0].data.tool" },
        { CALL("{\"tool\":\"nope\"}"), "message.parts[0].data.tool" },
        { CALL("{\"tool\":\"get\",\"arguments\":1}"), "message.parts[0].data.arguments" },
        { CALL("{\"tool\":\"get\",\"argument\":{}}"), "message.parts[0].data.argument" },
        { CALL("{\"tool\":\"get\",\"arguments\":{\"tool\":1}}"),
          "message.parts[0].data.arguments.tool" },
        { CALL("{\"tool\":\"get\",\"arguments\":{\"messages\":1}}"),
          "message.parts[0].data.arguments.messages" },
        { "{\"text\":\"x\"}," CALL("{\"tool\":\"get\",\"arguments\":{}}"),
          "message.parts[1].data.arguments.ticket_id" },
    };
    struct scene s = scene();

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r = send_parts(&s, cases[i].parts);

        CHECK_INT(r.code, JV_INVALID_ARGUMENT);
        CHECK_STR(r.field, cases[i].field);
    }
    world_free(s.w);
}

TEST(a_tool_without_words_is_told_as_json)
{
    struct scene s = scene();
    struct world_reply r = world_tool(s.w, s.vishal, "tickets", "get", "{\"ticket_id\":1}");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "```json\\n{\\\"id\\\":1,");
    world_free(s.w);
}

TEST(an_agent_without_a_database_keeps_no_tasks)
{
    const struct {
        const char *method, *json;
        int code;
        const char *reason;
    } cases[] = {
        { "SendStreamingMessage",
          "{\"message\":{\"messageId\":\"1\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"x\"}]}}",
          JV_OK, "\"message\"" },
        { "CancelTask", "{\"id\":\"t1\"}", JV_NOT_FOUND, "TASK_NOT_FOUND" },
        { "SubscribeToTask", "{\"id\":\"t1\"}", JV_NOT_FOUND, "TASK_NOT_FOUND" },
        { "GetExtendedAgentCard", "{}", JV_OK, "\"input_schema\"" },
        { "CreateTaskPushNotificationConfig", "{\"taskId\":\"t1\",\"url\":\"https://a.example/\"}",
          JV_FAILED_PRECONDITION, "PUSH_NOTIFICATION_NOT_SUPPORTED" },
        { "GetTaskPushNotificationConfig", "{\"taskId\":\"t1\",\"id\":\"1\"}",
          JV_FAILED_PRECONDITION, "PUSH_NOTIFICATION_NOT_SUPPORTED" },
        { "ListTaskPushNotificationConfigs", "{\"taskId\":\"t1\"}", JV_FAILED_PRECONDITION,
          "PUSH_NOTIFICATION_NOT_SUPPORTED" },
        { "DeleteTaskPushNotificationConfig", "{\"taskId\":\"t1\",\"id\":\"1\"}",
          JV_FAILED_PRECONDITION, "PUSH_NOTIFICATION_NOT_SUPPORTED" },
        { "ListTasks", "{\"pageSize\":101}", JV_INVALID_ARGUMENT, "pageSize" },
    };
    struct scene s = scene();

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct world_reply r = world_ask(
                s.w, s.vishal, jv_arena_printf(world_arena(s.w), "a2a.tickets.%s", cases[i].method),
                cases[i].json);

        CHECK_OR(r.code == cases[i].code, printf("# %s: %d %s\n", cases[i].method, r.code, r.text));
        CHECK_HAS(r.json, cases[i].reason);
    }
    world_free(s.w);
}

/* ---- tables that are wrong ------------------------------------------------------------------ */

static void refused(const struct jv_actor *a, const char *has)
{
    struct world *w = world_new();
    struct jv_err e = { 0 };

    CHECK(world_try(w, a, &e) != JV_OK);
    CHECK_HAS(e.text, has);
    world_free(w);
}

TEST(wrong_rows_are_refused)
{
    struct jv_tool rows[JV_COUNT(callee_tools)];
    struct jv_actor a = callee;

    a.tools = rows;
    memcpy(rows, callee_tools, sizeof(rows));
    rows[0].handler = NULL;
    refused(&a, "has no handler");
    memcpy(rows, callee_tools, sizeof(rows));
    rows[0].allow.scope = NULL;
    refused(&a, "scope is missing");
    memcpy(rows, callee_tools, sizeof(rows));
    rows[5] = rows[4];
    refused(&a, "two rows");
    memcpy(rows, callee_tools, sizeof(rows));
    rows[0].skill = "flying";
    refused(&a, "no skill flying");
    memcpy(rows, callee_tools, sizeof(rows));
    rows[3].tool = rows[1].tool;
    refused(&a, "two tools");
}

TEST(wrong_actors_are_refused)
{
    static const struct jv_timer never[] = { { "never", 0, on_timer }, { 0 } };
    static const struct jv_event deaf[] = {
        { "evt.test.Happened", &tickets__get_request__descriptor, NULL }, { 0 }
    };
    struct jv_agent g = agent;
    struct jv_actor a = callee;

    a.name = "no token";
    refused(&a, "needs a name");
    a = callee;
    a.version = NULL;
    refused(&a, "needs a name");
    a = callee;
    a.timers = never;
    refused(&a, "timer never");
    a = callee;
    a.events = deaf;
    refused(&a, "event evt.test.Happened");
    a = callee;
    a.agent = &g;
    g.token = "a.b";
    refused(&a, "a name and a token");
    g = agent;
    g.skills = NULL;
    refused(&a, "no skill");
}

TEST_MAIN()
