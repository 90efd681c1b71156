/* test_chat.c -- a question as a task: the orchestrator, sessions and tickets on a real database,
 * among fake peers. What is told, gone on with, run again, cancelled. */
#include "world/peers.h"

#include "actors/story.h"
#include "world/painter.h"

#include "host/migrations.h"
#include "jv/db.h"
#include "jv/task.h"

extern const struct jv_actor sessions_actor;
extern const struct jv_file jv_migration_files[], jv_seed_files[];

/* ---- an agent that takes its time ------------------------------------------------------------ */

static int paint(struct jv_ctx *ctx, const A2a__Message *in)
{
    int r = jv_progress(ctx, "mixing colours");

    (void)in;
    if (!r)
        r = jv_sleep(ctx, 20000);
    jv_answer_text(ctx, "a picture");
    return r;
}

static const struct jv_actor painter = {
    .name = "painter",
    .version = "1",
    .summary = "paints",
    .agent = &painter_card,
    .needs = JV_NEEDS_DB,
};

/* The house's actors and this one. */
static void migrate(void)
{
    extern const struct jv_actor *const jv_all_actors[];
    const char *url = getenv("TEST_DATABASE_URL");
    struct jv_arena *a = jv_arena_new(1 << 20);
    const struct jv_actor *actors[32] = { &painter };
    struct jv_err err = { 0 };
    struct jv_migration *list;
    size_t n = 0;

    for (; jv_all_actors[n] && n + 2 < JV_COUNT(actors); n++)
        actors[n + 1] = jv_all_actors[n];
    list = jv_migration_list(jv_migration_files, actors, a, &n);
    CHECK_OR(!jv_pg_migrate(url, list, n, NULL, NULL, &err) &&
                     !jv_seed_all(url, jv_seed_files, &err),
             printf("# %s\n", err.text));
    jv_arena_free(a);
}

/* ---- the stage ------------------------------------------------------------------------------- */

static struct town stage_new(void)
{
    static bool done;
    struct town t;

    if (!done)
        migrate();
    done = true;
    t = town_of(TICKETS_REAL);
    world_sql(t.w, "delete from sessions.sessions");
    world_sql(t.w, "delete from orchestrator.tasks");
    world_sql(t.w, "delete from tickets.tasks");
    world_sql(t.w, "delete from tickets.tickets where id > 12305");
    return t;
}

static const char *sqlf(struct town *t, const char *sql, const char *arg)
{
    return world_sql(t->w, jv_arena_printf(world_arena(t->w), sql, arg));
}

static const char *n_tickets(struct town *t)
{
    return world_sql(t->w, "select count(*) from tickets.tickets where operation like '%vpn%' "
                           "and username = 'vishal'");
}

static const A2a__Task *task_in(struct town *t, const char *json)
{
    struct jv_err err = { 0 };
    const A2a__SendMessageResponse *res =
            (const void *)jv_json_to_msg(&a2a__send_message_response__descriptor, json,
                                         strlen(json), JV_JSON_CAMEL, world_arena(t->w), &err);

    if (res && res->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_TASK)
        return res->task;
    CHECK_OR(false, printf("# no task: %s\n", json));
    return jv_msg_new(&a2a__task__descriptor, world_arena(t->w));
}

static const A2a__Task *task_now(struct town *t, const char *token, const char *id)
{
    struct jv_err err = { 0 };
    struct world_reply r = world_ask(t->w, token, "a2a.jarvis.GetTask",
                                     jv_arena_printf(world_arena(t->w), "{\"id\":\"%s\"}", id));
    const A2a__Task *task = NULL;

    if (r.code == JV_OK)
        task = (const void *)jv_json_to_msg(&a2a__task__descriptor, r.json, strlen(r.json),
                                            JV_JSON_CAMEL, world_arena(t->w), &err);
    CHECK_OR(task, printf("# %d %s\n", r.code, r.text));
    return task ? task : jv_msg_new(&a2a__task__descriptor, world_arena(t->w));
}

/* Send without waiting for the answer; the task's id. */
static const char *send(struct town *t, const char *text)
{
    struct world_reply r;
    const char *q = question(t, text, "");

    q = jv_arena_printf(world_arena(t->w), "%.*s,\"configuration\":{\"returnImmediately\":true}}",
                        (int)strlen(q) - 1, q);
    r = world_ask(t->w, t->vishal, "a2a.jarvis.SendMessage", q);
    CHECK_INT(r.code, JV_OK);
    return task_in(t, r.json)->id;
}

/* ---- what a stream tells --------------------------------------------------------------------- */

TEST(a_stream_tells_the_turn_in_order)
{
    struct town t = stage_new();
    struct jv_buf text = jv_buf_new(world_arena(t.w));
    struct world_reply r = world_ask(t.w, t.happy, "a2a.jarvis.SendStreamingMessage",
                                     question(&t, "my tickets, vishal's courses and aws cost", ""));

    CHECK_INT(r.code, JV_OK);
    CHECK_STR(story(&t, &r, &text),
              "task plan agent:asked agent:asked agent:asked agent:answered "
              "data-1:TicketsAgent/get_my_tickets text agent:denied more agent:answered "
              "data-2:FinOpsAgent/get_cloud_cost more. done ");
    CHECK_STR(world_sql(t.w, "select content from sessions.messages where role = 'assistant'"),
              text.data);
    CHECK_HAS(text.data, "12302");
    CHECK_HAS(text.data, "Access denied");
    town_free(&t);
}

TEST(a_question_is_a_task_of_its_session)
{
    struct town t = stage_new();
    struct world_reply r = say(&t, t.vishal, "show my tickets", "");
    const A2a__Task *task = task_in(&t, r.json);
    const Orchestrator__ChatReply *reply = reply_of(&t, &r);

    CHECK_INT(task->status->state, A2A__TASK_STATE__TASK_STATE_COMPLETED);
    CHECK_OR(reply, return );
    CHECK_OUTCOME(reply, answered);
    CHECK_STR(reply->message_id, task->id);
    CHECK_STR(reply->session_id, task->context_id);
    CHECK_INT(task->n_artifacts, 2);
    CHECK_STR(task->artifacts[1]->artifact_id, "response");
    CHECK_STR(task->artifacts[1]->parts[0]->text, reply->response);
    CHECK_STR(sqlf(&t, "select session_id::text from sessions.turns where message_id = '%s'",
                   task->id),
              reply->session_id);
    /* What follows in the session is another task of the same context, and knows the first. */
    r = say(&t, t.vishal, "what about aws cost?",
            jv_arena_printf(world_arena(t.w), ",\"contextId\":\"%s\"", reply->session_id));
    CHECK_STR(task_in(&t, r.json)->context_id, reply->session_id);
    r = say(&t, t.happy, "show my tickets",
            jv_arena_printf(world_arena(t.w), ",\"contextId\":\"%s\"", reply->session_id));
    CHECK_INT(r.code, JV_INVALID_ARGUMENT);
    CHECK_STR(r.field, "message.contextId");
    CHECK_STR(world_sql(t.w, "select count(*) from orchestrator.tasks"), "2");
    town_free(&t);
}

TEST(the_same_message_has_the_same_answer)
{
    static const char key[] = ",\"messageId\":\"k1\"";
    struct town t = stage_new();
    struct world_reply first = say(&t, t.vishal, "create a ticket for vpn access", key);
    struct world_reply again = say(&t, t.vishal, "create a ticket for vpn access", key);
    const Orchestrator__ChatReply *reply = reply_of(&t, &first);

    CHECK_INT(first.code, JV_OK);
    CHECK_OR(reply, return );
    CHECK_HAS(reply->response, "was created");
    CHECK_STR(again.json, first.json);
    CHECK_STR(n_tickets(&t), "1");
    CHECK_STR(world_sql(t.w, "select count(*) from sessions.messages"), "2");
    again = say(&t, t.vishal, "show my tickets", key);
    CHECK_INT(again.code, JV_ALREADY_EXISTS);
    CHECK_STR(again.field, "message.messageId");
    CHECK_INT(say(&t, t.happy, "show my tickets", key).code, JV_OK);
    town_free(&t);
}

TEST(what_was_told_goes_with_its_session)
{
    struct town t = stage_new();
    const Orchestrator__ChatReply *one = ask(&t, t.vishal, "show my tickets"), *two;
    struct world_reply r;

    world_ask(t.w, t.vishal, "svc.sessions.Create", "{}");
    two = ask(&t, t.vishal, "create new ticket");
    CHECK(strcmp(one->session_id, two->session_id) != 0);
    r = world_ask(t.w, t.vishal, "svc.sessions.Delete",
                  jv_arena_printf(world_arena(t.w), "{\"session_id\":\"%s\"}", two->session_id));
    CHECK_INT(r.code, JV_OK);
    world_advance(t.w, 1000);
    r = world_ask(t.w, t.vishal, "a2a.jarvis.GetTask",
                  jv_arena_printf(world_arena(t.w), "{\"id\":\"%s\"}", two->message_id));
    CHECK_INT(r.code, JV_NOT_FOUND);
    CHECK_INT(task_now(&t, t.vishal, one->message_id)->status->state,
              A2A__TASK_STATE__TASK_STATE_COMPLETED);
    town_free(&t);
}

/* ---- questions back -------------------------------------------------------------------------- */

TEST(a_question_back_is_answered_in_its_task)
{
    struct town t = stage_new();
    struct world_reply r = say(&t, t.vishal, "create new ticket", "");
    const A2a__Task *task = task_in(&t, r.json);
    const Orchestrator__ChatReply *reply = reply_of(&t, &r);
    const char *more = jv_arena_printf(world_arena(t.w), ",\"taskId\":\"%s\"", task->id);

    CHECK_INT(task->status->state, A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED);
    CHECK_OR(reply, return );
    CHECK_OUTCOME(reply, needs_input);
    CHECK_HAS(reply->response, "operation");
    CHECK_STR(task->status->message->parts[0]->text, reply->response);
    /* Another question in between takes nothing from it. */
    CHECK_OUTCOME(ask(&t, t.vishal, "show my courses"), answered);
    r = say(&t, t.vishal, "  ", more);
    CHECK_HAS(r.json, "say it in words");
    CHECK_HAS(r.json, "INPUT_REQUIRED");
    r = say(&t, t.vishal, "vpn access", more);
    reply = reply_of(&t, &r);
    CHECK_OR(reply, printf("# %s\n", r.json); return );
    CHECK_OUTCOME(reply, answered);
    CHECK_HAS(reply->response, "was created");
    CHECK_STR(reply->message_id, jv_arena_printf(world_arena(t.w), "%s-1", task->id));
    CHECK_STR(n_tickets(&t), "1");
    task = task_now(&t, t.vishal, task->id);
    CHECK_INT(task->status->state, A2A__TASK_STATE__TASK_STATE_COMPLETED);
    CHECK_STR(task->artifacts[0]->parts[0]->text, reply->response);
    CHECK_STR(world_sql(t.w, "select string_agg(content, '|' order by id) from sessions.messages "
                             "where role = 'user'"),
              "create new ticket|show my courses|vpn access");
    town_free(&t);
}

TEST(a_question_back_is_answered_by_the_next_message)
{
    struct town t = stage_new();
    const Orchestrator__ChatReply *reply = ask(&t, t.vishal, "create new ticket");

    CHECK_OUTCOME(reply, needs_input);
    reply = ask(&t, t.vishal, "vpn access");
    CHECK_OUTCOME(reply, answered);
    CHECK_HAS(reply->response, "was created");
    CHECK_STR(world_sql(t.w, "select count(*) from orchestrator.tasks"), "2");
    town_free(&t);
}

/* ---- deaths ---------------------------------------------------------------------------------- */

#define TWO_WISHES "create a ticket for vpn access and show my courses"

static void check_done_once(struct town *t, const char *id)
{
    const A2a__Task *task = task_now(t, t->vishal, id);
    const Orchestrator__ChatReply *reply = reply_in(t, task->status ? task->status->message : NULL);

    CHECK_OR(reply, return );
    CHECK_INT(task->status->state, A2A__TASK_STATE__TASK_STATE_COMPLETED);
    CHECK_OUTCOME(reply, answered);
    CHECK_HAS(reply->response, "was created");
    CHECK_STR(n_tickets(t), "1");
    CHECK_STR(world_sql(t->w, "select count(*) from sessions.messages"), "2");
    CHECK_STR(world_sql(t->w, "select count(*) from sessions.invocations"), "2");
    for (size_t i = 0; i < task->n_artifacts; i++) /* the last run's text alone */
        if (strcmp(task->artifacts[i]->artifact_id, "response") == 0) {
            CHECK_INT(task->artifacts[i]->n_parts, 2);
            CHECK(strncmp(reply->response, task->artifacts[i]->parts[0]->text,
                          strlen(task->artifacts[i]->parts[0]->text)) == 0);
        }
}

/* The ticket is made, the other agent still thinks, and somebody else takes the task. */
TEST(a_turn_that_is_taken_over_does_nothing_twice)
{
    struct town t = stage_new();
    const char *id;

    fake.oxygen.delay_ms = 3000;
    id = send(&t, TWO_WISHES);
    world_advance(t.w, 1000);
    CHECK_STR(n_tickets(&t), "1");
    sqlf(&t,
         "update orchestrator.tasks set lease = lease + 1, lease_by = 'ghost', "
         "lease_until = 'epoch' where id = '%s'",
         id);
    world_advance(t.w, 20000);
    CHECK_INT(fake.oxygen.calls, 2);
    check_done_once(&t, id);
    town_free(&t);
}

TEST(a_turn_whose_orchestrator_dies_is_gone_on_with_by_the_next)
{
    struct town t = stage_new();
    const char *id;

    fake.oxygen.delay_ms = 3000;
    id = send(&t, TWO_WISHES);
    world_advance(t.w, 1000);
    sqlf(&t, /* what it says from here on is not heard */
         "update orchestrator.tasks set lease_by = 'ghost', lease_until = 'epoch' where id = '%s'",
         id);
    world_kill(t.w, t.jarvis);
    world_start(t.w, &orchestrator_actor);
    world_advance(t.w, 10000);
    check_done_once(&t, id);
    town_free(&t);
}

/* Between the end of the turn and the end of its task: the lease goes when the turn is finished. */
static void steal_at_finish(struct town *t, bool on)
{
    if (!on)
        world_sql(t->w, "drop trigger thief on sessions.turns");
    world_sql(t->w, "create or replace function sessions.steal() returns trigger language plpgsql "
                    "as $$ begin update orchestrator.tasks set lease = lease + 1, "
                    "lease_by = 'ghost', lease_until = 'epoch' where id = left(new.message_id, 36) "
                    "and lease < 4; return new; end $$");
    if (on)
        world_sql(t->w, "create trigger thief after update on sessions.turns for each row "
                        "execute function sessions.steal()");
}

TEST(a_turn_that_was_finished_is_finished_again)
{
    struct town t = stage_new();
    const char *id;

    steal_at_finish(&t, true);
    id = send(&t, TWO_WISHES);
    world_advance(t.w, 10000);
    check_done_once(&t, id);
    CHECK_STR(sqlf(&t, "select tries::text from orchestrator.tasks where id = '%s'", id), "2");
    steal_at_finish(&t, false);
    town_free(&t);
}

/* The same where the turn asks back: the question is asked once, and its answer goes on from it. */
TEST(a_question_back_that_is_asked_again)
{
    struct town t = stage_new();
    const Orchestrator__ChatReply *reply;
    struct world_reply r;
    const char *id;

    steal_at_finish(&t, true);
    id = send(&t, "create new ticket");
    world_advance(t.w, 10000);
    CHECK_INT(task_now(&t, t.vishal, id)->status->state,
              A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED);
    r = say(&t, t.vishal, "vpn access",
            jv_arena_printf(world_arena(t.w), ",\"taskId\":\"%s\"", id));
    steal_at_finish(&t, false);
    reply = reply_of(&t, &r);
    CHECK_OR(reply, printf("# %s\n", r.json ? r.json : r.text); return );
    CHECK_OUTCOME(reply, answered);
    CHECK_STR(n_tickets(&t), "1");
    CHECK_STR(world_sql(t.w, "select count(*) from sessions.messages"), "4");
    town_free(&t);
}

/* What cannot be kept is not given, but tried again for a while. */
TEST(sessions_come_back)
{
    struct town t = stage_new();
    const char *id;

    fake.oxygen.delay_ms = 2000;
    id = send(&t, TWO_WISHES);
    world_advance(t.w, 1000);
    world_kill(t.w, t.sessions);
    world_advance(t.w, 2000);
    CHECK_INT(task_now(&t, t.vishal, id)->status->state, A2A__TASK_STATE__TASK_STATE_WORKING);
    world_start(t.w, &sessions_actor);
    world_advance(t.w, 10000);
    check_done_once(&t, id);
    town_free(&t);
}

TEST(sessions_do_not_come_back)
{
    struct town t = stage_new();
    const A2a__Task *task;
    const char *id, *code;

    fake.oxygen.delay_ms = 2000;
    id = send(&t, TWO_WISHES);
    world_advance(t.w, 1000);
    world_kill(t.w, t.sessions);
    world_advance(t.w, 60000);
    task = task_now(&t, t.vishal, id);
    CHECK_INT(task->status->state, A2A__TASK_STATE__TASK_STATE_FAILED);
    CHECK_OR(task->status->message && task->status->message->metadata, return );
    code = jv_struct_text(task->status->message->metadata, "code");
    CHECK_STR(code, "UNAVAILABLE");
    CHECK_HAS(task->status->message->parts[0]->text, "what was asked for may be done");
    CHECK_INT(say(&t, t.vishal, "show my tickets", "").code, JV_UNAVAILABLE); /* no task at all */
    CHECK_STR(world_sql(t.w, "select count(*) from orchestrator.tasks"), "1");
    town_free(&t);
}

/* Whoever goes on with a turn does what was planned, also when it knows the agents no more. */
TEST(a_turn_is_planned_once)
{
    struct town t = stage_new();
    const Orchestrator__ChatReply *reply;
    const A2a__Task *task;
    const char *id;

    fake.oxygen.delay_ms = 3000;
    id = send(&t, TWO_WISHES);
    world_advance(t.w, 1000);
    sqlf(&t,
         "update orchestrator.tasks set lease = lease + 1, lease_by = 'ghost', "
         "lease_until = 'epoch' where id = '%s'",
         id);
    for (size_t i = 0; i < fake.n_cards; i++)
        free(fake.cards[i]);
    fake.n_cards = 0;
    fake.deaf = true;
    fake.digest++;
    world_advance(t.w, 20000);
    task = task_now(&t, t.vishal, id);
    reply = reply_in(&t, task->status ? task->status->message : NULL);
    CHECK_OR(reply, return );
    CHECK_OUTCOME(reply, answered);
    CHECK_HAS(reply->response, "## Tickets");
    CHECK_STR(n_tickets(&t), "1");
    CHECK_OUTCOME(ask(&t, t.vishal, "show my tickets"), not_understood);
    town_free(&t);
}

TEST(cancelling_reaches_the_agents)
{
    struct town t = stage_new();
    struct world_reply r;
    const char *id;

    world_start(t.w, &painter);
    world_advance(t.w, 6000); /* the catalogue */
    id = send(&t, "paint a picture");
    world_advance(t.w, 1000);
    CHECK_STR(sqlf(&t, "select state::text from painter.tasks where parent = 'jarvis/%s'", id),
              "2");
    r = world_ask(t.w, t.vishal, "a2a.jarvis.CancelTask",
                  jv_arena_printf(world_arena(t.w), "{\"id\":\"%s\"}", id));
    CHECK_HAS(r.json, "TASK_STATE_CANCELED");
    world_advance(t.w, 1000);
    CHECK_STR(sqlf(&t, "select state::text from painter.tasks where parent = 'jarvis/%s'", id),
              "5");
    world_advance(t.w, 30000);
    CHECK_INT(task_now(&t, t.vishal, id)->status->state, A2A__TASK_STATE__TASK_STATE_CANCELED);
    CHECK_STR(world_sql(t.w, "select count(*) from sessions.messages"), "1"); /* the question */
    town_free(&t);
}

TEST_MAIN()
