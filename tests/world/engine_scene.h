/* engine_scene.h -- two actors made for the purpose: a callee (the agent tickets) and a caller. */
#ifndef ENGINE_SCENE_H
#define ENGINE_SCENE_H

#include <a2a.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <orchestrator.pb-c.h>
#include <tickets.pb-c.h>

#include "check.h"
#include "world/world.h"

/* ---- a callee: what it does hangs on the ticket's number ------------------------------------- */

enum {
    FINE = 1,
    BROKEN = 2,
    SLOW_60S = 3,
    SLOW_1500MS = 4,
    HUGE = 5,
    NO_SUCH = 6,
    HOG = 7,
    LARGE = 8
};

/* More than one message may hold. */
static const char *large(struct jv_ctx *ctx)
{
    char *s = jv_arena_alloc(jv_arena(ctx), JV_MAX_BODY + 2);

    memset(s, 'x', JV_MAX_BODY + 1);
    s[JV_MAX_BODY + 1] = '\0';
    return s;
}

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
    case LARGE:
        ret->operation = large(ctx);
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

/* Open to anyone: for processes that have no auth beside them. */
JV_TOOL_FN(update, Tickets__UpdateRequest, Tickets__Ticket)
{
    const int64_t until = jv_mono_us() + 30000000;

    ret->id = req->ticket_id;
    while (req->ticket_id == HOG && jv_mono_us() < until)
        ; /* what a handler must never do */
    return req->ticket_id == SLOW_1500MS ? jv_sleep(ctx, 1500) : JV_OK;
}

JV_TOOL_FN(remove_one, Tickets__GetRequest, Tickets__Deleted)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

JV_TOOL_FN(notices, Notices__NoticesRequest, Notices__NoticeList)
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
    JV_TOOL("Notices", notices, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_HIDDEN),
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

static int create_large(struct jv_ctx *ctx)
{
    Tickets__CreateRequest req = TICKETS__CREATE_REQUEST__INIT;
    Tickets__Created *created;

    req.operation = large(ctx);
    return jv_call(ctx, &tickets__tickets__descriptor, "Create", &req, &created);
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
    struct jv_child *tasks[200];
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
    if (strcmp(what, "large") == 0)
        return create_large(ctx);
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
        return jv_call(ctx, &orchestrator__chat__descriptor, "Ask", NULL, NULL);
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
    if (strcmp(req->message, "large") == 0)
        return emit_delta(ctx, 1, large(ctx));
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

static const struct jv_tool caller_tools[] = {
    JV_TOOL("Chat", chat, .allow = JV_ALLOW_USER, .flags = JV_TOOL_STREAMS),
    JV_TOOL("Ask", ask, .allow = JV_ALLOW_USER),
    JV_TOOL("Resume", resume, .allow = JV_ALLOW_USER, .flags = JV_TOOL_STREAMS),
    { 0 },
};

static const char *const calls[] = { "tickets", NULL };
static const struct jv_actor caller = {
    .name = "chat",
    .version = "1.0.0",
    .service = &orchestrator__chat__descriptor,
    .tools = caller_tools,
    .calls = calls,
    .timeout_ms = 10000,
};

struct scene {
    struct world *w;
    struct jv_node *callee, *caller;
    const char *vishal, *admin;
};

static inline struct scene scene(void)
{
    struct scene s = { .w = world_new() };

    s.callee = world_start(s.w, &callee);
    s.caller = world_start(s.w, &caller);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.admin = world_person(s.w, "user_admin", "admin", "admin");
    return s;
}

#endif
