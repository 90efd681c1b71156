/* test_engine.c -- the engine with actors made for the purpose: access, errors, limits, time,
 * children, streams, timers, events, $SRV, drain. */
#include <a2a.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <orchestrator.pb-c.h>
#include <tickets.pb-c.h>

#include "check.h"
#include "world/world.h"

/* ---- a callee: what it does hangs on the ticket's number ------------------------------------- */

enum { FINE = 1, BROKEN = 2, SLOW_60S = 3, SLOW_1500MS = 4, HUGE = 5, NO_SUCH = 6 };

struct callee {
    int64_t timers, events;
    const char *token;
};

JV_TOOL_FN(list, Tickets__ListRequest, Tickets__TicketList)
{
    ret->username = req->username;
    ret->note = jv_arena_printf(jv_arena(ctx), "for %s", jv_caller(ctx)->username);
    return JV_OK;
}

JV_TOOL_FN(list_all, Tickets__ListAllRequest, Tickets__TicketList)
{
    (void)req;
    ret->total = jv_caller_has(ctx, "tickets:read:all") ? 5 : 1;
    return JV_OK;
}

JV_TOOL_FN(list_mine, Tickets__ListMineRequest, Tickets__TicketList)
{
    (void)req;
    ret->username = jv_caller(ctx)->username;
    return JV_OK;
}

JV_TOOL_FN(get, Tickets__GetRequest, Tickets__Ticket)
{
    int r = JV_OK;

    ret->id = req->ticket_id;
    switch (req->ticket_id) {
    case BROKEN:
        return jv_fail(ctx, JV_INTERNAL, "the secret table has no row");
    case SLOW_60S:
        return jv_sleep(ctx, 60000);
    case SLOW_1500MS:
        r = jv_sleep(ctx, 1500);
        break;
    case HUGE:
        jv_arena_alloc(jv_arena(ctx), (size_t)JV_ARENA_LIMIT + 1);
        break;
    case NO_SUCH:
        return jv_fail(ctx, JV_NOT_FOUND, "ticket %d not found", req->ticket_id);
    }
    return r;
}

JV_TOOL_FN(create, Tickets__CreateRequest, Tickets__Created)
{
    (void)ctx;
    ret->message = jv_arena_printf(jv_arena(ctx), "%s for %s", req->operation, req->user);
    return JV_OK;
}

JV_TOOL_FN(create_mine, Tickets__CreateMineRequest, Tickets__Created)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(update, Tickets__UpdateRequest, Tickets__Ticket)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(remove_one, Tickets__GetRequest, Tickets__Deleted)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static void say_list(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    (void)ctx, (void)req;
    jv_buf_printf(md, "Tickets of %s.", ((const Tickets__TicketList *)ret)->username);
}

static int on_timer(struct jv_ctx *ctx)
{
    struct callee *s = jv_state(ctx);

    s->timers++;
    return JV_OK;
}

static int on_event(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    struct callee *s = jv_state(ctx);

    CHECK_STR(subject, "evt.test.Happened");
    s->events += ((const Tickets__GetRequest *)msg)->ticket_id;
    return JV_OK;
}

#define READ JV_ALLOW_SCOPE("tickets:read")
static const struct jv_tool callee_tools[] = {
    JV_TOOL("ListAll", list_all, .allow = READ, .tool = "get_all_tickets"),
    JV_TOOL("List", list, .allow = JV_ALLOW_OWNER("tickets:read", "username"),
            .tool = "get_user_tickets", .say = say_list, .flags = JV_TOOL_READONLY),
    JV_TOOL("ListMine", list_mine, .allow = READ, .say = say_list),
    JV_TOOL("Get", get, .allow = READ, .timeout_ms = 2000),
    JV_TOOL("Create", create, .allow = JV_ALLOW_OWNER("tickets:write", "user")),
    JV_TOOL("CreateMine", create_mine, .allow = JV_ALLOW_USER),
    JV_TOOL("Update", update, .allow = JV_ALLOW_ANYONE),
    JV_TOOL("Delete", remove_one, .allow = JV_ALLOW_SCOPE("tickets:delete"),
            .flags = JV_TOOL_HIDDEN),
    { 0 },
};

static const struct jv_timer timers[] = { { "tick", 1000, on_timer }, { 0 } };
static const struct jv_event events[] = {
    { "evt.test.Happened", &tickets__get_request__descriptor, on_event }, { 0 }
};
static const struct jv_skill skills[] = {
    { "tickets", "Tickets", "Looks after tickets.", "ticket, IT", NULL }, { 0 }
};
static const struct jv_agent agent = {
    .name = "TicketsAgent", .token = "tickets", .description = "Tickets.", .skills = skills
};
static const struct jv_actor callee = {
    .name = "tickets",
    .version = "1.0.0",
    .summary = "a callee",
    .service = &tickets__tickets__descriptor,
    .tools = callee_tools,
    .timers = timers,
    .events = events,
    .agent = &agent,
    .max_inflight = 128,
    .state_size = sizeof(struct callee),
};

/* ---- a caller: what it does hangs on the message -------------------------------------------- */

static int get_one(struct jv_ctx *ctx, int id)
{
    Tickets__GetRequest req = TICKETS__GET_REQUEST__INIT;
    Tickets__Ticket *ticket;

    req.ticket_id = id;
    return jv_call(ctx, &tickets__tickets__descriptor, "Get", &req, &ticket);
}

static int child_slow(struct jv_ctx *ctx, void *arg)
{
    (void)arg;
    return get_one(ctx, SLOW_1500MS);
}

static int child_forever(struct jv_ctx *ctx, void *arg)
{
    int r = jv_sleep(ctx, 3600000);

    *(int *)arg = r;
    return r;
}

static int twice(void *arg)
{
    *(int *)arg *= 2;
    return JV_ABORTED;
}

static int fan_out(struct jv_ctx *ctx, int n)
{
    struct jv_task *tasks[200];
    int bad = 0;

    for (int i = 0; i < n; i++)
        tasks[i] = jv_spawn(ctx, child_slow, NULL);
    for (int i = 0; i < n; i++)
        bad += jv_join(ctx, tasks[i]) != JV_OK;
    return bad ? jv_fail(ctx, JV_ABORTED, "%d failed", bad) : JV_OK;
}

static int forever_code;

static int act(struct jv_ctx *ctx, const char *what)
{
    int n = 21;

    if (strcmp(what, "fine") == 0)
        return get_one(ctx, FINE);
    if (strcmp(what, "missing") == 0)
        return get_one(ctx, NO_SUCH);
    if (strcmp(what, "broken") == 0)
        return get_one(ctx, BROKEN);
    if (strcmp(what, "slow") == 0)
        return get_one(ctx, SLOW_60S);
    if (strcmp(what, "fan") == 0)
        return fan_out(ctx, 100);
    if (strcmp(what, "orphan") == 0) {
        jv_spawn(ctx, child_forever, &forever_code);
        return JV_OK;
    }
    if (strcmp(what, "offload") == 0)
        return jv_offload(ctx, twice, &n) == JV_ABORTED && n == 42 ? JV_OK : JV_INTERNAL;
    if (strcmp(what, "foreign") == 0)
        return jv_call(ctx, &orchestrator__orchestrator__descriptor, "Suggest", NULL, NULL);
    return jv_fail(ctx, JV_INVALID_ARGUMENT, "what is %s?", what);
}

JV_TOOL_FN(ask, Orchestrator__ChatRequest, Orchestrator__ChatReply)
{
    (void)ret;
    return act(ctx, req->message);
}

static int emit_delta(struct jv_ctx *ctx, int seq, const char *text)
{
    Orchestrator__ChatEvent e = ORCHESTRATOR__CHAT_EVENT__INIT;
    Orchestrator__DeltaEvent d = ORCHESTRATOR__DELTA_EVENT__INIT;

    d.text = text;
    e.seq = seq;
    e.event_case = ORCHESTRATOR__CHAT_EVENT__EVENT_DELTA;
    e.delta = &d;
    return jv_emit(ctx, &e);
}

JV_TOOL_FN(chat, Orchestrator__ChatRequest, Orchestrator__ChatEvent)
{
    (void)ret;
    for (int i = 1; i <= 3; i++) {
        int r = emit_delta(ctx, i, "piece");

        if (r)
            return r;
    }
    return strcmp(req->message, "fail") == 0 ? jv_fail(ctx, JV_UNAVAILABLE, "gone") : JV_OK;
}

JV_TOOL_FN(resume, Orchestrator__ResumeRequest, Orchestrator__ChatEvent)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(suggest, Orchestrator__SuggestRequest, Orchestrator__SuggestReply)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(notifications, Google__Protobuf__Empty, Orchestrator__NotificationList)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(explain, Orchestrator__ExplainRequest, Orchestrator__ExplainReply)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool caller_tools[] = {
    JV_TOOL("Chat", chat, .allow = JV_ALLOW_USER, .flags = JV_TOOL_STREAMS),
    JV_TOOL("Ask", ask, .allow = JV_ALLOW_USER),
    JV_TOOL("Resume", resume, .allow = JV_ALLOW_USER, .flags = JV_TOOL_STREAMS),
    JV_TOOL("Suggest", suggest, .allow = JV_ALLOW_USER),
    JV_TOOL("Notifications", notifications, .allow = JV_ALLOW_USER),
    JV_TOOL("Explain", explain, .allow = JV_ALLOW_USER),
    { 0 },
};

static const char *const calls[] = { "tickets", NULL };
static const struct jv_actor caller = {
    .name = "orchestrator",
    .version = "1.0.0",
    .service = &orchestrator__orchestrator__descriptor,
    .tools = caller_tools,
    .calls = calls,
    .timeout_ms = 10000,
};

struct scene {
    struct world *w;
    struct jv_node *callee, *caller;
    const char *vishal, *admin;
};

static struct scene scene(void)
{
    struct scene s = { .w = world_new() };

    s.callee = world_start(s.w, &callee);
    s.caller = world_start(s.w, &caller);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.admin = world_person(s.w, "user_admin", "admin", "admin");
    return s;
}

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
    r = world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"broken\"}");
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
    CHECK_INT(world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"slow\"}").code,
              JV_DEADLINE_EXCEEDED);
    world_free(s.w);
}

TEST(a_hundred_slow_calls_take_the_time_of_one)
{
    struct scene s = scene();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));

    CHECK_INT(world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"fan\"}").code,
              JV_OK);
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

    CHECK_INT(world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"fine\"}").code,
              JV_OK);
    r = world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"missing\"}");
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_STR(r.text, "ticket 6 not found");
    r = world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"foreign\"}");
    CHECK_INT(r.code, JV_INTERNAL);
    world_kill(s.w, s.callee);
    r = world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"fine\"}");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    world_free(s.w);
}

TEST(children_end_with_their_parent)
{
    struct scene s = scene();
    int64_t began = jv_loop_mono_ms(world_loop(s.w));

    forever_code = -1;
    CHECK_INT(world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"orphan\"}").code,
              JV_OK);
    world_advance(s.w, 10);
    CHECK_INT(forever_code, JV_CANCELLED);
    CHECK_INT(jv_loop_mono_ms(world_loop(s.w)) - began, 10);
    world_free(s.w);
}

TEST(offloaded_work_comes_back)
{
    struct scene s = scene();

    CHECK_INT(world_ask(s.w, s.vishal, "svc.orchestrator.Ask", "{\"message\":\"offload\"}").code,
              JV_OK);
    world_free(s.w);
}

/* ---- streams -------------------------------------------------------------------------------- */

TEST(streams_have_parts_and_an_end)
{
    struct scene s = scene();
    struct world_reply r = world_ask(s.w, s.vishal, "svc.orchestrator.Chat", "{\"message\":\"x\"}");

    CHECK_INT(r.code, JV_OK);
    CHECK_INT(r.parts, 3);
    r = world_ask(s.w, s.vishal, "svc.orchestrator.Chat", "{\"message\":\"fail\"}");
    CHECK_INT(r.code, JV_UNAVAILABLE);
    CHECK_INT(r.parts, 4);
    r = world_ask(s.w, NULL, "svc.orchestrator.Chat", "{\"message\":\"x\"}");
    CHECK_INT(r.code, JV_UNAUTHENTICATED);
    world_free(s.w);
}

/* ---- timers, events, operators -------------------------------------------------------------- */

TEST(timers_and_events_run)
{
    struct scene s = scene();
    struct callee *state = s.callee->state;
    Tickets__GetRequest msg = TICKETS__GET_REQUEST__INIT;
    struct jv_bus *bus = jv_bus_mem(world_broker(s.w), "publisher");
    size_t len;
    uint8_t *data;

    msg.ticket_id = 7;
    data = jv_pack(&msg, world_arena(s.w), &len);
    CHECK_INT(jv_bus_publish(bus, "jarvis.evt.test.Happened", NULL, NULL, 0, data, len), JV_OK);
    world_advance(s.w, 3500);
    CHECK_INT(state->timers, 3);
    CHECK_INT(state->events, 7);
    jv_bus_free(bus);
    world_free(s.w);
}

static void keep_text(void *arg, struct jv_bus_msg *m)
{
    struct jv_buf *b = arg;

    jv_buf_printf(b, "%.*s", (int)m->len, (const char *)m->data);
}

static const char *ask_service(struct world *w, const char *subject)
{
    struct jv_bus *bus = jv_bus_mem(world_broker(w), "operator");
    struct jv_buf *b = JV_NEW(world_arena(w), struct jv_buf);
    char *inbox = jv_arena_printf(world_arena(w), "%s.1", jv_bus_inbox(bus));

    *b = jv_buf_new(world_arena(w));
    jv_bus_subscribe(bus, inbox, NULL, keep_text, b);
    CHECK_INT(jv_bus_publish(bus, subject, inbox, NULL, 0, "", 0), JV_OK);
    world_advance(w, 0);
    jv_bus_free(bus);
    return b->data;
}

TEST(services_answer_operators)
{
    struct scene s = scene();
    const char *all = ask_service(s.w, "$SRV.PING"), *stats;

    CHECK_HAS(all, "\"name\":\"tickets\"");
    CHECK_HAS(all, "\"name\":\"orchestrator\"");
    CHECK_HAS(all, "io.nats.micro.v1.ping_response");
    CHECK_HAS(ask_service(s.w, "$SRV.INFO.tickets"), "jarvis.svc.tickets.List");
    world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":6}");
    stats = ask_service(
            s.w, jv_arena_printf(world_arena(s.w), "$SRV.STATS.tickets.%s", s.callee->instance));
    CHECK_HAS(stats, "\"num_requests\":1,\"num_errors\":1");
    CHECK_HAS(stats, "404:ticket 6 not found");
    CHECK_STR(ask_service(s.w, "$SRV.PING.nobody"), "");
    world_free(s.w);
}

TEST(draining_finishes_what_came)
{
    struct scene s = scene();

    world_listen(s.w, "hb.>");
    world_send(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":4}");
    world_advance(s.w, 1);
    world_drain(s.w, s.callee);
    CHECK_INT(world_collect(s.w).code, JV_OK);
    CHECK(world_heard(s.w, 0, NULL) != NULL);
    CHECK_INT(world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":1}").code,
              JV_UNAVAILABLE);
    world_free(s.w);
}

/* ---- agents --------------------------------------------------------------------------------- */

TEST(tool_calls_pass_the_same_rules)
{
    struct scene s = scene();
    struct world_reply r = world_tool(s.w, s.vishal, "tickets", "get_user_tickets", "{}");

    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, "Tickets of vishal.");
    CHECK_HAS(r.json, "\"role\":\"ROLE_AGENT\"");
    CHECK_HAS(r.json, JV_TOOL_RESULT_TYPE);
    r = world_tool(s.w, s.vishal, "tickets", "get_user_tickets", "{\"username\":\"happy\"}");
    CHECK_INT(r.code, JV_PERMISSION_DENIED);
    r = world_tool(s.w, s.admin, "tickets", "get_user_tickets", "{\"username\":\"happy\"}");
    CHECK_HAS(r.json, "Tickets of happy.");
    CHECK_INT(world_tool(s.w, NULL, "tickets", "get_all_tickets", "{}").code, JV_UNAUTHENTICATED);
    CHECK_INT(world_ask(s.w, s.vishal, "a2a.tickets.GetTask", "{\"id\":\"t1\"}").code,
              JV_NOT_FOUND);
    CHECK_HAS(world_ask(s.w, s.vishal, "a2a.tickets.GetTask", "{\"id\":\"t1\"}").json,
              "TASK_NOT_FOUND");
    CHECK_HAS(world_ask(s.w, s.vishal, "a2a.tickets.ListTasks", "{}").json,
              "\"tasks\":[],\"nextPageToken\":\"\",\"pageSize\":50,\"totalSize\":0");
    CHECK_INT(world_ask(s.w, s.vishal, "a2a.tickets.SubscribeToTask", "{\"id\":\"t1\"}").code,
              JV_FAILED_PRECONDITION);
    world_free(s.w);
}

/* ---- contracts ------------------------------------------------------------------------------ */

static void refused(const struct jv_tool *tools, const char *has)
{
    struct jv_actor a = callee;
    struct world *w = world_new();
    struct jv_err err = { 0 };

    a.tools = tools;
    a.agent = NULL;
    CHECK(world_try(w, &a, &err) != JV_OK);
    CHECK_HAS(err.text, has);
    world_free(w);
}

TEST(a_table_that_does_not_match_is_refused)
{
    struct jv_tool t[JV_COUNT(callee_tools)];

#define FRESH memcpy(t, callee_tools, sizeof(t))
    FRESH;
    t[7] = (struct jv_tool){ 0 };
    refused(t, "8 rpcs");
    FRESH;
    t[0].allow.kind = JV_ACCESS_NOBODY;
    refused(t, "nobody may call");
    FRESH;
    t[1].method = "ListAll";
    refused(t, "");
    FRESH;
    t[1].req_size++;
    refused(t, "types");
    FRESH;
    t[1].allow.owner = "nobody";
    refused(t, "owner");
    FRESH;
    t[0].flags |= JV_TOOL_STREAMS;
    refused(t, "STREAMS");
    FRESH;
    t[0].method = "Vanish";
    refused(t, "no rpc");
#undef FRESH
}

TEST_MAIN()
