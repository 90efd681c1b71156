/* test_engine_hostile.c -- the engine among peers and people that mean no good: answers that are
 * too large or too many, reply subjects that are none of theirs, floods, times without end. */
#include "engine_scene.h"

enum { BIG = 1200000, MANY = 65000 };

/* ---- a callee that answers too much ---------------------------------------------------------- */

static const char *long_text(struct jv_ctx *ctx, const char *piece, size_t times)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    for (size_t i = 0; i < times; i++)
        jv_buf_str(&b, piece);
    return b.data;
}

/* The number of the ticket says what comes of it. */
enum { BIG_TEXT = 1, LONG_ERROR = 2, ENDLESS = 3 };

JV_TOOL_FN(bad_get, Tickets__GetRequest, Tickets__Ticket)
{
    if (req->ticket_id == BIG_TEXT)
        ret->operation = long_text(ctx, "x", BIG);
    if (req->ticket_id == LONG_ERROR)
        return jv_fail(ctx, JV_NOT_FOUND, "xy%s", long_text(ctx, "\xc3\xa9", 400));
    if (req->ticket_id == ENDLESS) {
        jv_within(ctx, INT64_MAX);
        jv_within(ctx, INT64_MIN + 1);
        return jv_left_ms(ctx) == 0 ? JV_OK : jv_fail(ctx, JV_ABORTED, "there is time left");
    }
    return JV_OK;
}

/* Small on the wire, large in memory. */
JV_TOOL_FN(bad_list, Tickets__ListRequest, Tickets__TicketList)
{
    static Tickets__Ticket ticket = TICKETS__TICKET__INIT;

    (void)req;
    ret->n_tickets = MANY;
    ret->tickets = JV_NEW_ARRAY(jv_arena(ctx), Tickets__Ticket *, MANY);
    for (size_t i = 0; i < MANY; i++)
        ret->tickets[i] = &ticket;
    return JV_OK;
}

static struct jv_actor bad_callee(void)
{
    static struct jv_tool tools[JV_COUNT(callee_tools)];
    struct jv_actor a = callee;

    memcpy(tools, callee_tools, sizeof(tools));
    tools[1].handler = bad_list__tool;
    tools[1].allow = (struct jv_access)JV_ALLOW_USER;
    tools[3].handler = bad_get__tool;
    a.tools = tools;
    return a;
}

/* ---- a caller with a will of its own --------------------------------------------------------- */

static int child_list(struct jv_ctx *ctx, void *arg)
{
    Tickets__ListRequest req = TICKETS__LIST_REQUEST__INIT;
    Tickets__TicketList *list;

    (void)arg;
    return jv_call(ctx, &tickets__tickets__descriptor, "List", &req, &list);
}

static int ask_for_much(struct jv_ctx *ctx)
{
    struct jv_child *tasks[24];
    int fine = 0, exhausted = 0;

    for (size_t i = 0; i < JV_COUNT(tasks); i++)
        tasks[i] = jv_spawn(ctx, child_list, NULL);
    for (size_t i = 0; i < JV_COUNT(tasks); i++) {
        int r = jv_join(ctx, tasks[i]);

        fine += r == JV_OK;
        exhausted += r == JV_RESOURCE_EXHAUSTED;
    }
    CHECK(fine > 0);
    CHECK_INT(fine + exhausted, JV_COUNT(tasks));
    return JV_OK;
}

static int child_of_child(struct jv_ctx *ctx, void *arg)
{
    (void)arg;
    return jv_join(ctx, jv_spawn(ctx, child_forever, &forever_code));
}

/* A question that is given up, and another right behind it. */
static int give_up_and_ask_on(struct jv_ctx *ctx)
{
    struct jv_child *task = jv_spawn(ctx, child_slow, NULL);
    int r;

    if (jv_sleep(ctx, 100))
        return JV_ABORTED;
    jv_cancel(task);
    r = jv_join(ctx, task);
    if (r != JV_CANCELLED)
        return jv_fail(ctx, JV_ABORTED, "cancelled is %d", r);
    r = get_one(ctx, SLOW_1500MS); /* the late answer comes meanwhile */
    return r ? r : get_one(ctx, FINE);
}

static const struct will {
    const char *word;
    int (*run)(struct jv_ctx *ctx);
} wills[] = {
    { "much", ask_for_much },
    { "give up", give_up_and_ask_on },
};

JV_TOOL_FN(wilful_ask, Orchestrator__ChatRequest, Orchestrator__ChatReply)
{
    (void)ret;
    for (size_t i = 0; i < JV_COUNT(wills); i++)
        if (strcmp(req->message, wills[i].word) == 0)
            return wills[i].run(ctx);
    if (strcmp(req->message, "grandchild") == 0) {
        jv_spawn(ctx, child_of_child, NULL);
        return jv_sleep(ctx, 10);
    }
    return get_one(ctx, atoi(req->message));
}

JV_TOOL_FN(wilful_chat, Orchestrator__ChatRequest, Orchestrator__ChatEvent)
{
    (void)req, (void)ret;
    return emit_delta(ctx, 1, long_text(ctx, "x", BIG));
}

static struct jv_actor wilful_caller(void)
{
    static struct jv_tool tools[JV_COUNT(caller_tools)];
    struct jv_actor a = caller;

    memcpy(tools, caller_tools, sizeof(tools));
    tools[0].handler = wilful_chat__tool;
    tools[1].handler = wilful_ask__tool;
    a.tools = tools;
    return a;
}

static struct scene bad_scene(void)
{
    static struct jv_actor bad, wilful;
    struct scene s = { .w = world_new() };

    bad = bad_callee();
    wilful = wilful_caller();
    s.callee = world_start(s.w, &bad);
    s.caller = world_start(s.w, &wilful);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    return s;
}

static int asked(struct scene *s, const char *message)
{
    return world_ask(s->w, s->vishal, "svc.chat.Ask",
                     jv_arena_printf(world_arena(s->w), "{\"message\":\"%s\"}", message))
            .code;
}

/* ---- too much -------------------------------------------------------------------------------- */

/* Never silence: whoever waits is told. */
TEST(an_answer_that_the_bus_refuses_is_an_error)
{
    struct scene s = bad_scene();
    struct world_reply r = world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":1}");

    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "larger than");
    CHECK_INT(asked(&s, "1"), JV_RESOURCE_EXHAUSTED);
    r = world_ask(s.w, s.vishal, "svc.chat.Chat", "{\"message\":\"x\"}");
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "larger than");
    world_free(s.w);
}

/* A message that gathers more than it may fails; the process does not. */
TEST(many_large_answers_fail_the_message_only)
{
    struct scene s = bad_scene();

    CHECK_INT(asked(&s, "much"), JV_RESOURCE_EXHAUSTED);
    CHECK_INT(asked(&s, "4"), JV_OK);
    world_free(s.w);
}

TEST(a_full_mailbox_ends_a_stream)
{
    struct world *w = world_new();
    struct jv_actor narrow = caller;
    const char *vishal = world_person(w, "user_001", "vishal", "developer");
    struct world_reply r;

    narrow.max_inflight = 1;
    world_start(w, &callee);
    world_start(w, &narrow);
    world_send(w, vishal, "svc.chat.Ask", "{\"message\":\"slow\"}");
    world_send(w, vishal, "svc.chat.Chat", "{\"message\":\"x\"}");
    world_advance(w, 1);
    CHECK_INT(world_collect(w).code, JV_DEADLINE_EXCEEDED);
    r = world_collect(w);
    CHECK_INT(r.code, JV_RESOURCE_EXHAUSTED);
    CHECK_HAS(r.text, "too many");
    world_free(w);
}

static int slow_event(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    struct callee *s = jv_state(ctx);
    int r = jv_sleep(ctx, 1000);

    (void)subject, (void)msg;
    s->events++;
    return r;
}

TEST(a_flood_of_events_is_bounded)
{
    enum { flood = 3000 };
    static const struct jv_event slow[] = {
        { "evt.test.Happened", &tickets__get_request__descriptor, slow_event }, { 0 }
    };
    struct world *w = world_new();
    struct jv_actor a = callee;
    struct jv_node *n;
    struct jv_bus *bus = jv_bus_mem(world_broker(w), "publisher");

    a.events = slow;
    n = world_start(w, &a);
    for (int i = 0; i < flood; i++)
        CHECK_INT(jv_bus_publish(bus, "jarvis.evt.test.Happened", NULL, NULL, 0, "", 0), JV_OK);
    world_advance(w, 10);
    CHECK(n->background >= 100 && n->background <= JV_MAX_BACKGROUND);
    world_advance(w, 2000);
    CHECK_INT(n->background, 0);
    CHECK_INT(((struct callee *)n->state)->events, JV_MAX_BACKGROUND);
    jv_bus_free(bus);
    world_free(w);
}

/* ---- subjects -------------------------------------------------------------------------------- */

/* An actor answers into inboxes only: else whoever asks could publish with its credentials. */
TEST(nobody_publishes_through_another)
{
    struct scene s = scene();
    struct callee *state = s.callee->state;
    struct jv_bus *bus = jv_bus_mem(world_broker(s.w), "other");
    struct jv_header token = { JV_H_AUTHORIZATION,
                               jv_arena_printf(world_arena(s.w), "Bearer %s", s.vishal) };
    static const uint8_t ticket_1[] = { 0x08, 0x01 };

    CHECK_INT(jv_bus_publish(bus, "jarvis.svc.tickets.Get", "jarvis.evt.test.Happened", &token, 1,
                             ticket_1, sizeof(ticket_1)),
              JV_OK);
    CHECK_INT(jv_bus_publish(bus, "$SRV.PING.tickets", "jarvis.evt.test.Happened", NULL, 0, "", 0),
              JV_OK);
    CHECK_INT(jv_bus_publish(bus, "jarvis.svc.tickets.Nothing", "jarvis.evt.test.Happened", NULL, 0,
                             "", 0),
              JV_OK);
    world_advance(s.w, 100);
    CHECK_INT(state->events, 0);
    jv_bus_free(bus);
    world_free(s.w);
}

struct forger {
    struct jv_bus *bus;
    struct jv_arena *arena;
    char *seen; /* the reply subject of the first question */
    int answered, questions;
};

/* Answers the first question; at the second it answers where the first one's reply subject, counted
 * on, would be. */
static void forge(void *arg, struct jv_bus_msg *m)
{
    struct forger *f = arg;

    if (!f->questions++) {
        f->seen = jv_arena_strdup(f->arena, m->reply);
        CHECK_INT(jv_bus_publish(f->bus, m->reply, NULL, NULL, 0, "", 0), JV_OK);
        return;
    }
    for (int step = 0; step < 4; step++) {
        char *dash = strrchr(f->seen, '-');
        char *guess = jv_arena_printf(f->arena, "%.*s-%llx", (int)(dash - f->seen), f->seen,
                                      strtoull(dash + 1, NULL, 16) + (unsigned)step);

        CHECK(strcmp(guess, m->reply) != 0);
        CHECK_INT(jv_bus_publish(f->bus, guess, NULL, NULL, 0, "", 0), JV_OK);
    }
}

/* Whoever was asked once cannot answer for somebody else who is asked next. */
TEST(answers_cannot_be_forged)
{
    struct world *w = world_new();
    const char *vishal = world_person(w, "user_001", "vishal", "developer");
    struct forger f = { .bus = jv_bus_mem(world_broker(w), "forger"), .arena = world_arena(w) };

    world_start(w, &caller);
    jv_bus_subscribe(f.bus, "jarvis.svc.tickets.Get", NULL, forge, &f);
    CHECK_INT(world_ask(w, vishal, "svc.chat.Ask", "{\"message\":\"fine\"}").code, JV_OK);
    CHECK_INT(world_ask(w, vishal, "svc.chat.Ask", "{\"message\":\"fine\"}").code,
              JV_DEADLINE_EXCEEDED);
    CHECK_INT(f.questions, 2);
    jv_bus_free(f.bus);
    world_free(w);
}

/* ---- who ------------------------------------------------------------------------------------- */

struct counted {
    struct jv_bus *bus;
    int n;
};

static void count_and_refuse(void *arg, struct jv_bus_msg *m)
{
    static const struct jv_header error[] = { { JV_H_ERROR, "not now" },
                                              { JV_H_ERROR_CODE, "503" } };
    struct counted *c = arg;

    c->n++;
    CHECK_INT(jv_bus_publish(c->bus, m->reply, NULL, error, 2, "", 0), JV_OK);
}

static void count_and_answer(void *arg, struct jv_bus_msg *m)
{
    struct counted *c = arg;

    c->n++;
    CHECK_INT(jv_bus_publish(c->bus, m->reply, NULL, NULL, 0, "", 0), JV_OK);
}

/* After a break of the bus all who wait share one look at the revocations. */
TEST(one_fetches_the_keys_for_all)
{
    enum { crowd = 100 };
    struct scene s = scene();
    struct counted c = { .bus = jv_bus_mem(world_broker(s.w), "auth") }, keys = { .bus = c.bus };
    struct jv_bus_sub *sub;
    int refused = 0;

    jv_bus_subscribe(c.bus, "jarvis.svc.auth.Revocations", NULL, count_and_answer, &c);
    sub = jv_bus_subscribe(c.bus, "jarvis.svc.auth.Keys", NULL, count_and_refuse, &keys);
    s.callee->keys_fresh = false;
    CHECK_INT(world_ask(s.w, s.vishal, "svc.tickets.ListMine", "{}").code, JV_UNAVAILABLE);
    CHECK_INT(c.n, 1);
    jv_bus_unsubscribe(c.bus, sub);
    jv_broker_delay(world_broker(s.w), "jarvis.svc.auth.Keys", 50);
    sub = jv_bus_subscribe(c.bus, "jarvis.svc.auth.Keys", NULL, count_and_answer, &keys);
    c.n = keys.n = 0;
    for (int i = 0; i < crowd; i++)
        world_send(s.w, s.vishal, "svc.tickets.ListMine", "{}");
    for (int i = 0; i < crowd; i++) /* the set it got is empty: nobody is known any more */
        refused += world_collect(s.w).code == JV_UNAUTHENTICATED;
    CHECK_INT(refused, crowd);
    CHECK(c.n >= 1 && c.n <= 2);
    CHECK(keys.n >= 1 && keys.n <= 2);
    jv_bus_free(c.bus);
    world_free(s.w);
}

TEST(a_denial_is_whole_text)
{
    struct scene s = scene();
    struct jv_buf b = jv_buf_new(world_arena(s.w));
    struct world_reply r;

    jv_buf_str(&b, "{\"username\":\"x");
    for (int i = 0; i < 300; i++)
        jv_buf_str(&b, "\xc3\xa9");
    jv_buf_str(&b, "\"}");
    world_listen(s.w, "audit.>");
    r = world_ask(s.w, s.vishal, "svc.tickets.List", b.data);
    CHECK_INT(r.code, JV_PERMISSION_DENIED);
    CHECK_HAS(r.text, "access denied");
    CHECK(jv_is_utf8(r.text, strlen(r.text)));
    CHECK(!strstr(r.text, "\xef\xbf\xbd"));
    CHECK(!strstr(world_heard(s.w, 0, NULL), "\xef\xbf\xbd"));
    world_free(s.w);
}

/* What a tool call was denied says which tool it was. */
TEST(a_denied_tool_is_named_in_the_audit)
{
    struct scene s = scene();

    world_listen(s.w, "audit.>");
    CHECK_INT(world_tool(s.w, s.vishal, "tickets", "get_user_tickets", "{\"username\":\"happy\"}")
                      .code,
              JV_PERMISSION_DENIED);
    CHECK_HAS(world_heard(s.w, 0, NULL), "happy");
    CHECK_HAS(world_heard(s.w, 0, NULL), "\"method\":\"List\"");
    world_free(s.w);
}

TEST(a_long_reason_is_whole_text)
{
    struct scene s = bad_scene();
    struct world_reply r = world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":2}");

    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_HAS(r.text, "xy\xc3\xa9\xc3\xa9");
    CHECK(!strstr(r.text, "\xef\xbf\xbd") && jv_is_utf8(r.text, strlen(r.text)));
    r = world_ask(s.w, s.vishal, "svc.chat.Ask", "{\"message\":\"2\"}"); /* as protobuf */
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_HAS(r.text, "xy\xc3\xa9\xc3\xa9");
    world_free(s.w);
}

/* ---- time ------------------------------------------------------------------------------------ */

TEST(time_without_end_is_no_time_at_all)
{
    struct scene s = bad_scene();

    CHECK_INT(world_ask(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":3}").code, JV_OK);
    world_free(s.w);
}

TEST(late_answers_reach_nobody)
{
    struct scene s = { .w = world_new() };
    struct jv_actor wilful = wilful_caller();

    s.callee = world_start(s.w, &callee);
    s.caller = world_start(s.w, &wilful);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    CHECK_INT(asked(&s, "give up"), JV_OK);
    forever_code = -1;
    CHECK_INT(asked(&s, "grandchild"), JV_OK);
    world_advance(s.w, 1);
    CHECK_INT(forever_code, JV_CANCELLED);
    CHECK_INT(s.caller->inflight, 0);
    world_free(s.w);
}

/* It has said good-bye: it does not say that it is there, whoever asks. */
TEST(who_drains_is_silent)
{
    struct scene s = scene();
    struct jv_bus *bus = jv_bus_mem(world_broker(s.w), "registry");
    size_t n = 0;

    world_listen(s.w, "hb.tickets.*");
    jv_broker_delay(world_broker(s.w), "jarvis.evt.registry.Started", 500);
    world_send(s.w, s.vishal, "svc.tickets.Get", "{\"ticket_id\":4}");
    world_advance(s.w, 1);
    CHECK_INT(jv_bus_publish(bus, "jarvis.evt.registry.Started", NULL, NULL, 0, "", 0), JV_OK);
    world_drain(s.w, s.callee);
    CHECK_INT(world_collect(s.w).code, JV_OK);
    while (world_heard(s.w, n, NULL))
        n++;
    CHECK_INT(n, 1);
    jv_bus_free(bus);
    world_free(s.w);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void refused(const struct jv_actor *a, const char *has)
{
    struct world *w = world_new();
    struct jv_err err = { 0 };

    CHECK(world_try(w, a, &err) != JV_OK);
    CHECK_HAS(err.text, has);
    world_free(w);
}

TEST(tables_that_would_do_harm_are_refused)
{
    static const struct jv_timer busy[] = { { "busy", 0, on_timer }, { 0 } };
    static const struct jv_timer idle[] = { { "idle", 1000, NULL }, { 0 } };
    static const struct jv_event untyped[] = { { "evt.x.Y", NULL, on_event }, { 0 } };
    struct jv_tool t[JV_COUNT(callee_tools)];
    struct jv_actor a = callee;

    a.timers = busy;
    refused(&a, "timer busy");
    a.timers = idle;
    refused(&a, "timer idle");
    a = callee;
    a.events = untyped;
    refused(&a, "event evt.x.Y");
    a = callee;
    a.tools = memcpy(t, callee_tools, sizeof(t));
    t[1].allow = (struct jv_access){ JV_ACCESS_USER, NULL, "username" };
    refused(&a, "owner");
    memcpy(t, callee_tools, sizeof(t));
    t[2].tool = "get_all_tickets";
    refused(&a, "two tools");
    memcpy(t, callee_tools, sizeof(t));
    t[2].tool = "ListAll";
    refused(&a, "two tools");
}

TEST_MAIN()
