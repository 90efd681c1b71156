/* test_engine_life.c -- the engine: timers, events, $SRV, drain, agents, contracts. */
#include "engine_scene.h"

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
    CHECK_HAS(all, "\"name\":\"chat\"");
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
              JV_NOT_FOUND);
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
    refused(t, "9 rpcs");
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
