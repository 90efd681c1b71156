/* test_tasks_outages.c -- tasks while what they need is slow, away or dying. */
#include <auth.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <notifier.pb-c.h>

#include "world/fake_service.h"

#include "actors/breaker.h"

/* ---- a notifier that is slow, or refuses a task ---------------------------------------------- */

static struct {
    uint32_t slow_ms;
    const char *refused; /* a task's id */
    const char *watched; /* whose deliveries are counted */
    size_t n_watched, n_requests;
} notes;

JV_TOOL_FN(enqueue, Notifier__EnqueueRequest, Google__Protobuf__Empty)
{
    uint32_t ms = notes.slow_ms;
    int r;

    (void)ret;
    notes.slow_ms = 0; /* the next one is answered */
    r = ms ? jv_sleep(ctx, ms) : JV_OK;
    notes.n_requests++;
    for (size_t i = 0; !r && i < req->n_deliveries; i++) {
        if (notes.refused && strcmp(req->deliveries[i]->task_id, notes.refused) == 0)
            return jv_fail(ctx, JV_INVALID_ARGUMENT, "this is nothing that can be delivered");
        notes.n_watched += notes.watched && strcmp(req->deliveries[i]->task_id, notes.watched) == 0;
    }
    return r;
}

JV_TOOL_FN(check_url, Notifier__CheckUrlRequest, Google__Protobuf__Empty)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool notifier_tools[] = {
    JV_TOOL("Enqueue", enqueue, .allow = JV_ALLOW_ACTOR, .timeout_ms = 120000),
    JV_TOOL("CheckUrl", check_url, .allow = JV_ALLOW_ACTOR),
    { 0 },
};
#define PUSH ",\"taskPushNotificationConfig\":{\"url\":\"https://example.org/\"}"

static const struct jv_actor *fake_notifier(struct world *w)
{
    struct jv_actor *a =
            fake_service(w, "notifier", &notifier__notifier__descriptor, notifier_tools);

    a->timeout_ms = 120000;
    return a;
}

TEST(a_slow_notifier_costs_no_lease)
{
    struct stage s = stage_new();
    const char *id;

    world_start(s.w, fake_notifier(s.w));
    notes.slow_ms = 60000; /* as if it died with the question */
    id = begin(&s, "quiet 15", PUSH);
    world_advance(s.w, 2500);
    world_start(s.w, &breaker); /* somebody who would take over */
    world_advance(s.w, 25000);
    CHECK_STR(column(&s, id, "state"), "3");
    CHECK_STR(column(&s, id, "tries || '/' || lease"), "1/1");
    world_free(s.w);
}

TEST(what_the_notifier_refuses_holds_up_nobody_else)
{
    struct stage s = stage_new();
    const char *bad, *good;

    world_start(s.w, fake_notifier(s.w));
    bad = begin(&s, "steps 1", PUSH);
    notes.refused = bad;
    world_sql(s.w, "update breaker.push_configs set done = true"); /* first in the table */
    world_sql(s.w, jv_arena_printf(world_arena(s.w),
                                   "update breaker.push_configs set done = false where task_id = "
                                   "'%s'",
                                   bad));
    good = begin(&s, "steps 1", PUSH);
    notes.watched = good;
    world_advance(s.w, 10000);
    CHECK_INT((int)notes.n_watched, 2); /* a step, and that it is done */
    CHECK_STR(column(&s, bad,
                     "last_seq - (select sent from breaker.push_configs where task_id = "
                     "tasks.id)"),
              "0"); /* given up, too */
    notes.refused = notes.watched = NULL;
    notes.n_watched = 0;
    world_free(s.w);
}

TEST(much_is_handed_over_bit_by_bit)
{
    struct stage s = stage_new();

    world_start(s.w, fake_notifier(s.w));
    notes.watched = begin(&s, "tells 15", PUSH);
    world_advance(s.w, 10000);
    CHECK_INT((int)notes.n_watched, 16);
    notes.watched = NULL;
    notes.n_watched = 0;
    world_free(s.w);
}

/* ---- leaving --------------------------------------------------------------------------------- */

TEST(whoever_leaves_keeps_its_leases_to_the_end)
{
    struct stage s = stage_new();
    const char *id = begin(&s, "steps 9", "");

    world_start(s.w, &breaker); /* somebody who would take over */
    world_advance(s.w, 500);
    world_kill(s.w, s.node);
    CHECK_STR(column(&s, id, "state"), "3");
    CHECK_STR(column(&s, id, "tries || '/' || lease"), "1/1");
    CHECK_STR(effects_of(&s, id), "0,1,2,3,4,5,6,7,8");
    world_free(s.w);
}

/* ---- away ------------------------------------------------------------------------------------ */

TEST(a_task_waits_for_auth)
{
    struct stage s = stage_new();
    const char *id = begin(&s, "wait 3600", "");

    world_advance(s.w, 500);
    s.node->keys_fresh = false; /* the bus was away, and there is no auth to ask */
    orphan(&s, id);
    world_advance(s.w, 20000);
    CHECK_STR(column(&s, id, "state in (1, 2)"), "true");
    s.node->keys_fresh = true; /* auth has answered */
    world_advance(s.w, 10000);
    CHECK_STR(column(&s, id, "state"), "3");
    CHECK_STR(effects_of(&s, id), "0");
    id = begin(&s, "wait 3600", "");
    s.node->keys_fresh = false;
    orphan(&s, id);
    world_advance(s.w, 15 * 60000); /* but not for ever */
    CHECK_STR(column(&s, id, "state"), "4");
    world_free(s.w);
}

static const char *sid_of(struct stage *s, const char *token)
{
    const char *claims = strchr(token, '.') + 1;
    uint8_t *text;
    int64_t n = jv_base64_decode(world_arena(s->w), claims, strcspn(claims, "."), &text);
    struct world_reply r = { .json = jv_arena_strndup(world_arena(s->w), (char *)text, (size_t)n) };

    return member(s->w, &r, "sid");
}

/* Auth, as far as it is asked about tokens that ran out. */
struct late {
    struct stage *s;
    struct jv_bus *bus;
    bool ended;
    size_t n;
};

static void on_has_ended(void *arg, struct jv_bus_msg *m)
{
    struct late *l = arg;
    Auth__HasEndedReply reply = AUTH__HAS_ENDED_REPLY__INIT;
    size_t len;
    const uint8_t *bytes;

    l->n++;
    reply.ended = l->ended;
    bytes = jv_pack(&reply, world_arena(l->s->w), &len);
    CHECK_INT(jv_bus_publish(l->bus, m->reply, NULL, NULL, 0, bytes, len), JV_OK);
}

/* Whoever was away for longer than tokens live has not heard which ended: auth knows. */
TEST(a_sign_in_that_ran_out_is_asked_about)
{
    struct stage s = stage_new();
    struct late l = { .s = &s, .bus = jv_bus_mem(world_broker(s.w), "auth"), .ended = true };
    struct jv_bus_sub *sub;
    const char *id;

    s.vishal = world_brief_token(s.w, "user_001", "vishal", "", 60);
    id = begin(&s, "wait 3600", "");
    world_advance(s.w, 300 * 1000);
    orphan(&s, id);
    world_advance(s.w, 20000);
    CHECK_STR(column(&s, id, "state in (1, 2)"), "true"); /* there is no auth to ask */
    sub = jv_bus_subscribe(l.bus, "jarvis.svc.auth.HasEnded", NULL, on_has_ended, &l);
    world_advance(s.w, 5000);
    CHECK_STR(column(&s, id, "state"), "4");
    CHECK_STR(effects_of(&s, id), "");
    CHECK_INT(l.n, 1);
    jv_bus_unsubscribe(l.bus, sub);
    jv_bus_free(l.bus);
    world_free(s.w);
}

TEST(a_sign_in_that_ran_out_is_not_one_that_was_ended)
{
    struct stage s = stage_new();
    struct late l = { .s = &s, .bus = jv_bus_mem(world_broker(s.w), "auth") };
    const char *id;

    jv_bus_subscribe(l.bus, "jarvis.svc.auth.HasEnded", NULL, on_has_ended, &l);
    s.vishal = world_brief_token(s.w, "user_001", "vishal", "", 60);
    id = begin(&s, "wait 3600", "");
    CHECK_INT(l.n, 0);
    world_advance(s.w, 300 * 1000);
    orphan(&s, id);
    world_advance(s.w, 5000);
    CHECK_STR(column(&s, id, "state"), "3");
    CHECK_STR(column(&s, id, "token"), "(null)");
    jv_bus_free(l.bus);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    id = begin(&s, "wait 3600", "");
    world_advance(s.w, 100);
    jv_identity_revoke(world_identity(s.w), sid_of(&s, s.vishal), INT64_MAX);
    orphan(&s, id);
    world_advance(s.w, 5000);
    CHECK_STR(column(&s, id, "state"), "4");
    CHECK_STR(effects_of(&s, id), "");
    CHECK_STR(column(&s, id, "token"), "(null)");
    world_free(s.w);
}

TEST(a_lost_database_connection_fails_no_task)
{
    struct stage s = stage_new();
    const char *once = begin(&s, "lose 1", ""), *always = begin(&s, "lose 99", "");

    world_advance(s.w, 60000);
    CHECK_STR(column(&s, once, "state"), "3");
    CHECK_STR(effects_of(&s, once), "0");
    CHECK_STR(column(&s, once, "tries"), "2");
    CHECK_STR(column(&s, always, "state"), "4");
    CHECK_STR(effects_of(&s, always), "0");
    world_free(s.w);
}

/* At any moment, whatever is under way: nothing is lost, done twice or stuck. */
TEST(connections_are_cut_at_any_moment)
{
    enum { TASKS = 24 };
    struct stage s = stage_new();
    const char *ids[TASKS];

    world_start(s.w, &breaker);
    for (int i = 0; i < TASKS; i++) {
        ids[i] = begin(&s, "steps 3", "");
        world_advance(s.w, 110);
        if (i % 8 != 7)
            continue;
        world_sql(s.w, "select count(pg_terminate_backend(pid))::text from pg_stat_activity "
                       "where application_name = 'jarvis-breaker'");
        world_advance(s.w, 2000); /* who asks just then is told that the database is away */
    }
    world_advance(s.w, 60000);
    for (int i = 0; i < TASKS; i++) {
        CHECK_STR(column(&s, ids[i], "state"), "3");
        CHECK_STR(effects_of(&s, ids[i]), "0,1,2");
        CHECK_STR(column(&s, ids[i],
                         "last_seq = (select count(*) from breaker.task_events where "
                         "task_id = tasks.id)"),
                  "true");
    }
    world_free(s.w);
}

/* The parts of a stream: every number once, and in order. */
static void check_turns(const char *json, int n)
{
    const char *at = json;

    for (int i = 0; at && i < n; i++) {
        char turn[32], piece[32];

        snprintf(turn, sizeof(turn), "\"turn %d\"", i);
        snprintf(piece, sizeof(piece), "\"piece %d;\"", i);
        CHECK_INT((int)count_of(json, turn), 1);
        CHECK_INT((int)count_of(json, piece), 1);
        at = strstr(at, turn);
        at = at ? strstr(at, piece) : NULL;
    }
    CHECK_OR(at && strstr(at, "TASK_STATE_COMPLETED"), printf("# out of order: %s\n", json));
}

TEST(events_come_late_twice_or_not_at_all_and_are_followed_all_the_same)
{
    static const char *const lost[] = { "", "jarvis.task.breaker.>", "jarvis.task.breaker.*.status",
                                        "jarvis.task.breaker.*.artifact" };
    struct stage s = stage_new();
    struct world_reply r;

    for (size_t i = 0; i < 2 * JV_COUNT(lost); i++) {
        const char *subject = lost[i / 2];

        if (subject[0] && i % 2)
            jv_broker_drop(world_broker(s.w), subject, true);
        else if (subject[0])
            jv_broker_delay(world_broker(s.w), subject, 350);
        world_send(s.w, s.vishal, "a2a.breaker.SendStreamingMessage",
                   message(&s, new_id(&s), "turns 50", "", ""));
        r = world_collect(s.w);
        CHECK_INT(r.code, JV_OK);
        check_turns(r.json, 50);
        if (subject[0] && i % 2)
            jv_broker_drop(world_broker(s.w), subject, false);
        else if (subject[0])
            jv_broker_delay(world_broker(s.w), subject, 0);
    }
    world_free(s.w);
}

TEST(whose_parent_is_cancelled_is_cancelled)
{
    struct stage s = stage_new();
    const char *parent = begin(&s, "quiet 50", ""), *name = new_id(&s);
    const char *json = message(&s, name, "quiet 50", "", "\"returnImmediately\":true");
    const struct jv_header h[] = {
        { JV_H_AUTHORIZATION, jv_arena_printf(world_arena(s.w), "Bearer %s", s.happy) },
        { JV_H_PARENT_TASK, jv_arena_printf(world_arena(s.w), "breaker/%s", parent) },
    };
    struct jv_bus *bus = jv_bus_mem(world_broker(s.w), "caller");

    CHECK(!jv_bus_publish(bus, "jarvis.a2a.breaker.SendMessage", NULL, h, 2, json, strlen(json)));
    world_advance(s.w, 2000);
    CHECK_STR(world_sql(s.w, "select state::text from breaker.tasks where parent <> ''"), "2");
    ask(s.w, s.vishal, "a2a.breaker.CancelTask", "{\"id\":\"%s\"}", parent);
    world_advance(s.w, 2000);
    CHECK_STR(world_sql(s.w, "select state::text from breaker.tasks where parent <> ''"), "5");
    CHECK_INT((int)s.node->background, 0);
    jv_bus_free(bus);
    world_free(s.w);
}

TEST_MAIN()
