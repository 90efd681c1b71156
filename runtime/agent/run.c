/* run.c -- a message becomes a task: kept first and run under a lease, or made when all is done. */
#include "agent/tasks.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "jv/token.h"

enum {
    PUT_OFF_MS = 250, /* doubled for each try */
    AGAIN_MS = 1500,  /* what could not begin */
    ORPHANS_AT_ONCE = 64,
};

#define RUNNING                                                                                    \
    (1u << A2A__TASK_STATE__TASK_STATE_SUBMITTED | 1u << A2A__TASK_STATE__TASK_STATE_WORKING)
#define INTERRUPTED                                                                                \
    (1u << A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED |                                            \
     1u << A2A__TASK_STATE__TASK_STATE_AUTH_REQUIRED)

struct jv_run **jv_runs(struct jv_node *n)
{
    return &n->tasks->runs;
}

size_t jv_run_count(const struct jv_node *n)
{
    return n->tasks->n_runs;
}

static bool has_room(const struct jv_node *n)
{
    return !n->draining && jv_run_count(n) < JV_MAX_RUNS;
}

/* Room for a run that is about to be kept: whoever comes meanwhile does not take it. */
static bool take_room(struct jv_node *n)
{
    bool room = has_room(n);

    n->tasks->n_runs += room;
    return room;
}

/* A full house: somebody may be waiting at the door. */
static void give_room(struct jv_node *n)
{
    if (n->tasks->n_runs-- >= JV_MAX_RUNS)
        jv_tasks_kick(n);
}

/* Somebody else of the same agent may have room. */
static void nudge(struct jv_ctx *ctx)
{
    struct jv_node *n = ctx->node;

    jv_may_fail(jv_bus_publish(
            n->bus, jv_arena_printf(ctx->arena, "%s.work.%s", n->prefix, n->actor->agent->token),
            NULL, NULL, 0, "", 0));
}

/* ---- from a request -------------------------------------------------------------------------- */

static const A2a__Message *addressed(struct jv_ctx *ctx, const A2a__Message *m, const char *task_id,
                                     const char *context_id)
{
    A2a__Message *copy = jv_arena_memdup(ctx->arena, m, sizeof(*m));

    copy->task_id = task_id;
    copy->context_id = context_id;
    return copy;
}

struct jv_run *jv_run_new(struct jv_ctx *ctx, const A2a__SendMessageRequest *req,
                          const char *context_id)
{
    struct jv_run *run = JV_NEW(ctx->arena, struct jv_run);
    A2a__SendMessageRequest *copy = jv_arena_memdup(ctx->arena, req, sizeof(*req));
    char id[37];

    jv_uuid(id);
    run->id = jv_arena_strdup(ctx->arena, id);
    run->context_id = context_id;
    run->owner = jv_owner(ctx);
    run->input = addressed(ctx, req->message, run->id, context_id);
    copy->message = (A2a__Message *)(uintptr_t)run->input;
    copy->configuration = NULL;
    run->request = copy;
    run->lease = run->tries = 1;
    run->state = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    return run;
}

/* How it is sent does not count, only what. */
struct jv_stamp jv_stamp_of(struct jv_ctx *ctx, const A2a__SendMessageRequest *req)
{
    A2a__SendMessageRequest what = *req;
    struct jv_stamp s = { .owner = jv_owner(ctx) };
    size_t len;
    const uint8_t *bytes;

    if (ctx->node->actor->agent->flags & JV_AGENT_REPEATS)
        return s;
    what.configuration = NULL;
    bytes = jv_pack(&what, ctx->arena, &len);
    jv_sha256(bytes, len, s.hash);
    s.message_id = req->message->message_id;
    return s;
}

static const A2a__TaskPushNotificationConfig *push_of(const A2a__SendMessageRequest *req)
{
    return req->configuration ? req->configuration->task_push_notification_config : NULL;
}

/* "<agent>/<task id>" of whoever sends it for a task; "" for nobody. */
static int parent_of(struct jv_ctx *ctx, const char **ret)
{
    const char *p = ctx->env.parent_task, *slash = p ? strchr(p, '/') : NULL;

    *ret = p ? p : "";
    if (!p || !p[0] ||
        (slash && jv_is_token(jv_arena_strndup(ctx->arena, p, (size_t)(slash - p))) &&
         jv_is_token(slash + 1)))
        return JV_OK;
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, JV_H_PARENT_TASK,
                        "header " JV_H_PARENT_TASK " is no <agent>/<task id>");
}

/* ---- kept first ------------------------------------------------------------------------------ */

int jv_run_accept(struct jv_ctx *ctx, struct jv_run *run, const A2a__SendMessageRequest *req,
                  bool *ret_new)
{
    bool room = take_room(ctx->node);
    struct jv_stamp stamp = jv_stamp_of(ctx, req);
    struct jv_birth b = {
        .state = room ? A2A__TASK_STATE__TASK_STATE_WORKING : A2A__TASK_STATE__TASK_STATE_SUBMITTED,
        .lease_by = room ? ctx->node->instance : NULL,
        .stamp = &stamp,
        .push = push_of(req),
    };
    struct jv_tevent e = jv_message_event(ctx, run->input);
    int r = parent_of(ctx, &b.parent);

    b.status = run->status = jv_status(ctx, b.state, NULL);
    if (!r && e.len > JV_MAX_HISTORY)
        r = jv_too_much_said(ctx);
    if (!r && b.push)
        r = jv_db_open(ctx);
    if (!r)
        r = jv_store_birth(ctx, run, &b, &e, 1, ret_new);
    if (!r && b.push)
        r = jv_db_commit_all(ctx);
    jv_db_abandon(ctx);
    if (!r && *ret_new) {
        jv_tell(ctx, run->id, &e, 1);
        if (room)
            jv_run_start(ctx->node, run->id, run->lease);
        else
            nudge(ctx);
    }
    if (room)
        give_room(ctx->node);
    return r;
}

/* ---- made when all is done ------------------------------------------------------------------- */

/* The planner's question: which answer is the one to it, and what it must know then. */
static void keep_plan(struct jv_ctx *ctx, struct jv_run *run, Google__Protobuf__Struct *memory)
{
    jv_struct_set(run->state, ctx->arena, "plan", jv_value_struct(ctx->arena, memory));
    jv_struct_set(run->state, ctx->arena, "plan_answer",
                  jv_value_number(ctx->arena, (double)(run->n_answers + 1)));
}

/* The last events of a run whose handler is done. */
static size_t last_events(struct jv_ctx *ctx, struct jv_run *run, struct jv_tevent ret[2],
                          A2a__TaskStatus **ret_status)
{
    const struct jv_reply *reply = ctx->reply;
    A2a__Artifact artifact = A2A__ARTIFACT__INIT;
    A2a__Message *said = reply ? reply->status : NULL;
    size_t n = 0;

    if (reply && reply->asks) {
        said = reply->message;
        if (reply->memory)
            keep_plan(ctx, run, reply->memory);
    } else if (reply && reply->message->n_parts) {
        artifact.artifact_id = artifact.name = "result";
        artifact.n_parts = reply->message->n_parts;
        artifact.parts = reply->message->parts;
        ret[n++] = jv_artifact_event(ctx, run, &artifact, JV_LAST_CHUNK);
    }
    *ret_status = jv_status(ctx,
                            reply && reply->asks ? A2A__TASK_STATE__TASK_STATE_INPUT_REQUIRED
                                                 : A2A__TASK_STATE__TASK_STATE_COMPLETED,
                            said);
    ret[n] = jv_status_event(ctx, run, *ret_status);
    return n + 1;
}

static int give_birth(struct jv_ctx *ctx, struct jv_run *run, bool interrupted)
{
    struct jv_birth b = { 0 };
    struct jv_tevent last[2], *all;
    size_t n = 0, n_last = 0;
    bool unused;
    int r = parent_of(ctx, &b.parent);

    if (interrupted)
        b.status = run->status;
    else
        n_last = last_events(ctx, run, last, (A2a__TaskStatus **)&b.status);
    b.state = b.status->state;
    all = JV_NEW_ARRAY(ctx->arena, struct jv_tevent, run->n_events + 3);
    all[n++] = jv_message_event(ctx, run->input);
    for (size_t i = 0; i < run->n_events; i++)
        all[n++] = run->events[i];
    for (size_t i = 0; i < n_last; i++)
        all[n++] = last[i];
    if (!r)
        r = jv_run_fits(ctx, run, last, n_last);
    if (!r && n <= JV_EVENTS_AT_ONCE)
        jv_db_commit_with_next(ctx); /* all of it is one statement */
    if (!r)
        r = jv_store_birth(ctx, run, &b, all, n, &unused);
    if (!r && n > JV_EVENTS_AT_ONCE)
        r = jv_db_commit_all(ctx);
    if (r)
        return r;
    jv_db_abandon(ctx);
    jv_tell(ctx, run->id, all, n);
    run->events = all;
    run->n_events = n;
    run->status = (A2a__TaskStatus *)(uintptr_t)b.status;
    return JV_OK;
}

int jv_run_task(struct jv_ctx *ctx, const struct jv_run *run, int32_t history_length,
                A2a__Task **ret)
{
    const struct jv_task_row t = { .id = run->id,
                                   .context_id = run->context_id,
                                   .status = run->status };

    return jv_fold(ctx, &t, run->events, run->n_events, history_length, true, ret);
}

int jv_run_inline(struct jv_ctx *ctx, struct jv_run *run, const A2a__SendMessageRequest *req,
                  const struct jv_intent *in, bool *ret_new)
{
    struct jv_stamp stamp = jv_stamp_of(ctx, req);
    int r = protobuf_c_message_get_packed_size(&run->input->base) > JV_MAX_HISTORY
                    ? jv_too_much_said(ctx)
                    : jv_db_open(ctx);

    *ret_new = true;
    if (!r)
        r = jv_store_stamp(ctx, &stamp, run->id, ret_new);
    if (!r && *ret_new) {
        ctx->run = run;
        r = jv_carry_out(ctx, in, run->context_id);
        if (r == JV_OK)
            r = jv_reply_accepted(ctx, req->configuration);
        if (r == JV_OK || r == JV_INTERRUPTED)
            r = give_birth(ctx, run, r == JV_INTERRUPTED);
        ctx->run = NULL;
    }
    jv_db_abandon(ctx);
    return r;
}

/* ---- a message to a task that is there ------------------------------------------------------- */

static int unsupported(struct jv_ctx *ctx, const char *id)
{
    jv_err_field(&ctx->err, JV_FAILED_PRECONDITION, "message.taskId", "task %.64s is over", id);
    return jv_a2a_reason(ctx, "UNSUPPORTED_OPERATION");
}

static int speak(struct jv_ctx *ctx, const A2a__SendMessageRequest *req,
                 const struct jv_task_row *t, struct jv_intervention *i, bool *ret_done,
                 int32_t *ret_lease)
{
    struct jv_run run = { .id = t->id, .context_id = t->context_id };
    struct jv_tevent events[2];
    size_t n = 1;
    int r;

    events[0] = jv_message_event(ctx, addressed(ctx, req->message, t->id, t->context_id));
    if (i->status)
        events[n++] = jv_status_event(ctx, &run, (A2a__TaskStatus *)(uintptr_t)i->status);
    r = jv_store_intervene(ctx, t, i, events, n, ret_done, ret_lease);
    if (!r && *ret_done)
        r = jv_store_room(ctx, t->id);
    if (!r && *ret_done && push_of(req))
        r = jv_push_keep(ctx, t->id, push_of(req), events[n - 1].seq);
    if (!r)
        r = jv_db_commit_all(ctx);
    if (!r && *ret_done)
        jv_tell(ctx, t->id, events, n);
    if (!r && *ret_done && push_of(req) && jv_push_changed(ctx, t->id, push_of(req)))
        jv_warn(ctx, "the notifier did not hear of a push configuration"); /* the message stands */
    return r;
}

/* The answer to a question sets the task going again; anything else is only put down. */
static int answer(struct jv_ctx *ctx, const A2a__SendMessageRequest *req,
                  const struct jv_task_row *t, bool *ret_done)
{
    bool asked = jv_is_interrupted(t->state), room = asked && take_room(ctx->node);
    struct jv_intervention i = { .mask = RUNNING };
    int32_t lease = 0;
    int r;

    if (asked) {
        i = (struct jv_intervention){
            .mask = INTERRUPTED,
            .state = room ? A2A__TASK_STATE__TASK_STATE_WORKING
                          : A2A__TASK_STATE__TASK_STATE_SUBMITTED,
            .lease_by = room ? ctx->node->instance : "",
            .token = ctx->env.token,
        };
        i.status = jv_status(ctx, i.state, NULL);
    }
    r = speak(ctx, req, t, &i, ret_done, &lease);
    if (!r && *ret_done && room)
        jv_run_start(ctx->node, t->id, lease);
    else if (!r && *ret_done && asked)
        nudge(ctx);
    if (room)
        give_room(ctx->node);
    return r;
}

static int check_follow_up(struct jv_ctx *ctx, const A2a__Message *m, const struct jv_task_row *t)
{
    if (m->context_id[0] && strcmp(m->context_id, t->context_id) != 0)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "message.contextId",
                            "message.contextId is not the one of task %.64s", t->id);
    return jv_is_terminal(t->state) ? unsupported(ctx, t->id) : JV_OK;
}

int jv_run_follow_up(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, const char **ret_task)
{
    struct jv_stamp stamp = jv_stamp_of(ctx, req);
    bool done = false, fresh = true;
    struct jv_task_row t;
    int r = jv_store_earlier(ctx, &stamp, ret_task);

    if (r || *ret_task)
        return r;
    for (int tries = 0; !r && !done && fresh && tries < 3; tries++) { /* it may go on meanwhile */
        r = jv_store_load(ctx, req->message->task_id, jv_owner(ctx), &t);
        if (!r)
            r = check_follow_up(ctx, req->message, &t);
        if (!r)
            r = jv_db_open(ctx);
        if (!r)
            r = jv_store_stamp(ctx, &stamp, t.id, &fresh);
        if (!r && fresh)
            r = answer(ctx, req, &t, &done);
        jv_db_abandon(ctx);
    }
    if (!r && !fresh) /* said meanwhile, perhaps with other words */
        r = jv_store_earlier(ctx, &stamp, ret_task);
    if (!r && !done && !*ret_task)
        r = jv_fail(ctx, JV_ABORTED, "task %s changes too fast to be spoken to",
                    req->message->task_id);
    if (!r && !*ret_task)
        *ret_task = req->message->task_id;
    return r;
}

/* ---- running --------------------------------------------------------------------------------- */

struct start {
    char id[65];
    int32_t lease;
};

static void link_run(struct jv_ctx *ctx, struct jv_run *run)
{
    run->ctx = ctx;
    run->next = ctx->node->tasks->runs;
    ctx->node->tasks->runs = run;
    ctx->run = run;
}

static void unlink_run(struct jv_run *run)
{
    struct jv_run **at = jv_runs(run->ctx->node);

    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    run->ctx->run = NULL;
}

void jv_run_cancel(struct jv_node *n, const char *id)
{
    for (struct jv_run *run = n->tasks->runs; run; run = run->next)
        if (strcmp(run->id, id) == 0)
            jv_fiber_cancel(run->ctx->fiber);
}

/* Whom it acts for: the token as it was when the person sent the message. That it ran out since
 * does not stop what was begun; that its sign-in was ended does. */
static int be_somebody(struct jv_ctx *ctx, struct jv_run *run, const struct jv_task_row *t)
{
    int64_t deadline = ctx->deadline, since = ctx->node->started_ms;
    int r;

    if (ctx->node->actor->agent->flags & JV_AGENT_OPEN)
        return JV_OK;
    ctx->env.token = t->token;
    ctx->auth_ms = t->token_ms;
    jv_within(ctx, JV_DEFAULT_TIMEOUT_MS);
    r = jv_authenticate(ctx);
    ctx->deadline = deadline;
    if (t->status_ms > since)
        since = t->status_ms;
    run->later = (r == JV_UNAVAILABLE || r == JV_DEADLINE_EXCEEDED) &&
                 jv_real_ms(ctx) - since < JV_PATIENCE_MS;
    return r;
}

static int prepare(struct jv_ctx *ctx, struct jv_run *run, const struct jv_task_row *t)
{
    struct jv_tevent *events;
    size_t n;
    int r = jv_store_story(ctx, t->id, &events, &n);

    if (!r)
        r = jv_answers(ctx, events, n, &run->answers, &run->n_answers);
    return r;
}

static int run_handler(struct jv_ctx *ctx, struct jv_run *run)
{
    const Google__Protobuf__Value *plan = jv_struct_get(run->state, "plan");
    const Google__Protobuf__Value *nth = jv_struct_get(run->state, "plan_answer");
    size_t n = nth ? (size_t)nth->number_value : 0;
    struct jv_intent in;
    int r;

    if (plan && n && n <= run->n_answers) { /* to the planner's own question */
        run->input = run->answers[n - 1];
        run->n_asked = n; /* the others are to the handler's */
    } else {
        plan = NULL;
    }
    r = jv_understand(ctx, run->input, plan ? plan->struct_value : NULL, &in);
    return r ? r : jv_carry_out(ctx, &in, run->context_id);
}

static int complete(struct jv_ctx *ctx, struct jv_run *run)
{
    struct jv_tevent last[2];
    A2a__TaskStatus *status;
    size_t n = last_events(ctx, run, last, &status);
    int r = jv_run_fits(ctx, run, last, n);

    return r ? r : jv_run_commit(ctx, status->state, status, last, n);
}

static int fail(struct jv_ctx *ctx, struct jv_run *run, int code)
{
    A2a__Message *m = jv_agent_message(ctx, run->context_id);
    Google__Protobuf__Struct *why = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    const char *text;
    A2a__TaskStatus *status;
    struct jv_tevent e;

    ctx->err.code = code;
    text = jv_get_text(jv_err_to_status(&ctx->err, ctx->env.trace_id, ctx->arena), "message");
    jv_struct_set(why, ctx->arena, "code", jv_value_text(ctx->arena, jv_code_name(code)));
    if (ctx->err.reason[0])
        jv_struct_set(why, ctx->arena, "reason", jv_value_text(ctx->arena, ctx->err.reason));
    if (ctx->err.field[0])
        jv_struct_set(why, ctx->arena, "field", jv_value_text(ctx->arena, ctx->err.field));
    jv_message_say(ctx->arena, m, text, NULL, NULL);
    m->metadata = why;
    status = jv_status(ctx, A2A__TASK_STATE__TASK_STATE_FAILED, m);
    run->state = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    e = jv_status_event(ctx, run, status);
    return jv_run_commit(ctx, status->state, status, &e, 1);
}

/* Somebody else shall go on with it: at once, or a little later. */
static void hand_back(struct jv_ctx *ctx, const struct jv_run *run, int64_t ms)
{
    int r;

    jv_fiber_uncancel(ctx->fiber);
    ctx->deadline = jv_loop_mono_ms(ctx->node->loop) + JV_CANCELLED_MS;
    r = JV_OWN_DB(ctx, NULL,
                  "update tasks set lease_by = null, lease_until = $3 "
                  "where id = $1 and lease = $2::int and state in (1, 2)",
                  jv_text(run->id), jv_int(run->lease), jv_ms(jv_real_ms(ctx) + ms));
    if (!r && !ms)
        nudge(ctx);
}

/* Something that it needed was away: a little later it is there again, here or elsewhere. */
static int put_off(struct jv_ctx *ctx, const struct jv_run *run)
{
    jv_info(ctx, "task %s is put off: %s", run->id, ctx->err.text);
    return JV_OWN_DB(ctx, NULL,
                     "update tasks set lease_by = null, lease_until = $3, tries = tries + 1 "
                     "where id = $1 and lease = $2::int and state in (1, 2)",
                     jv_text(run->id), jv_int(run->lease),
                     jv_ms(jv_real_ms(ctx) + (PUT_OFF_MS << run->tries)));
}

static bool may_pass(int code)
{
    return code == JV_UNAVAILABLE || code == JV_ABORTED;
}

/* The time that a handler had is over, but not what must be said of it. */
static void spare_time(struct jv_ctx *ctx)
{
    int64_t now = jv_loop_mono_ms(ctx->node->loop);

    if (ctx->deadline <= now + JV_CANCELLED_MS)
        ctx->deadline = now + JV_DEFAULT_TIMEOUT_MS;
}

/* What is left to say of a run whose handler returned r. If that cannot be said (the database is
 * away), the lease runs out and the task is run again. */
static int finish(struct jv_ctx *ctx, struct jv_run *run, int r)
{
    if (run->lost || r == JV_INTERRUPTED)
        return JV_OK;
    spare_time(ctx);
    if (r == JV_OK)
        r = complete(ctx, run);
    if (r == JV_OK || run->lost)
        return JV_OK;
    jv_db_abandon(ctx);
    if (r == JV_CANCELLED || jv_fiber_cancelled(ctx->fiber)) {
        if (ctx->node->draining)
            hand_back(ctx, run, 0);
        return JV_OK; /* a cancelled task has said so already */
    }
    if (run->later) {
        hand_back(ctx, run, AGAIN_MS);
        return r;
    }
    if (may_pass(r) && run->tries < JV_MAX_TRIES)
        return put_off(ctx, run);
    return fail(ctx, run, r);
}

static int begin_run(struct jv_ctx *ctx, struct jv_run *run, const struct jv_task_row *t)
{
    int r = JV_OK;

    if (t->state == A2A__TASK_STATE__TASK_STATE_SUBMITTED)
        r = jv_progress_data(ctx, NULL, NULL, NULL);
    if (!r && t->tries > JV_MAX_TRIES)
        r = jv_fail(ctx, JV_UNAVAILABLE, "given up: whoever ran it died, %d times", JV_MAX_TRIES);
    if (!r)
        r = be_somebody(ctx, run, t);
    if (!r && (t->lease > 1 || t->tries > 1))
        r = prepare(ctx, run, t);
    return r ? r : run_handler(ctx, run);
}

static int run_task(struct jv_ctx *ctx, const char *id, int32_t lease)
{
    struct jv_run *run = JV_NEW(ctx->arena, struct jv_run);
    struct jv_task_row t;
    int r = jv_store_load(ctx, id, NULL, &t);

    if (r || t.lease != lease || !t.request || !(RUNNING & 1u << t.state))
        return r; /* it is somebody else's by now */
    *run = (struct jv_run){ .id = t.id,
                            .context_id = t.context_id,
                            .owner = t.owner,
                            .request = t.request,
                            .input = t.request->message,
                            .kept = true,
                            .lease = lease,
                            .tries = t.tries,
                            .size = t.size,
                            .state = t.run_state };
    if (!run->state)
        run->state = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    link_run(ctx, run);
    r = finish(ctx, run, begin_run(ctx, run, &t));
    unlink_run(run);
    return r;
}

static int start_main(struct jv_ctx *ctx, void *arg)
{
    struct start s = *(struct start *)arg;
    int r;

    free(arg);
    r = run_task(ctx, s.id, s.lease);
    give_room(ctx->node);
    return r;
}

void jv_run_start(struct jv_node *n, const char *id, int32_t lease)
{
    struct start *s = malloc(sizeof(*s));

    if (!s)
        abort();
    snprintf(s->id, sizeof(s->id), "%s", id);
    s->lease = lease;
    n->tasks->n_runs++;
    jv_node_background(n, "task", start_main, s, JV_TASK_MS);
}

/* ---- orphans and cancelled ones -------------------------------------------------------------- */

int jv_run_orphans(struct jv_ctx *ctx)
{
    struct jv_node *n = ctx->node;
    struct jv_rows rows;
    size_t room = JV_MAX_RUNS - jv_run_count(n);
    int r;

    if (!has_room(n))
        return JV_OK;
    if (room > ORPHANS_AT_ONCE)
        room = ORPHANS_AT_ONCE;
    n->tasks->n_runs += room;
    r = JV_OWN_DB(ctx, &rows,
                  "update tasks set lease = lease + 1, lease_by = $1, lease_until = $2, "
                  "tries = case when coalesce(lease_by, '') = '' then tries else tries + 1 end "
                  "where id in (select id from tasks where state in (1, 2) and lease_until <= $3 "
                  "order by lease_until limit $4::int for update skip locked) "
                  "returning id, lease",
                  jv_text(n->instance), jv_ms(jv_real_ms(ctx) + JV_LEASE_MS),
                  jv_ms(jv_real_ms(ctx)), jv_int((int64_t)room));
    n->tasks->n_runs -= room;
    for (size_t i = 0; !r && i < rows.n; i++)
        jv_run_start(n, jv_col(&rows, i, "id"), (int32_t)jv_col_int(&rows, i, "lease"));
    if (!r && rows.n)
        jv_info(ctx, "%zu tasks are taken over", rows.n);
    if (!r && rows.n == room)
        jv_tasks_kick(n); /* there may be more */
    return r;
}

int jv_task_cancel(struct jv_ctx *ctx, const struct jv_task_row *t, const char *why)
{
    struct jv_run run = { .id = t->id, .context_id = t->context_id };
    struct jv_intervention i = { .mask = RUNNING | INTERRUPTED,
                                 .state = A2A__TASK_STATE__TASK_STATE_CANCELED };
    A2a__Message *m = NULL;
    A2a__TaskStatus *status;
    struct jv_tevent e;
    bool done;
    int r;

    if (why) {
        m = jv_agent_message(ctx, t->context_id);
        jv_message_say(ctx->arena, m, why, NULL, NULL);
    }
    i.status = status = jv_status(ctx, i.state, m);
    e = jv_status_event(ctx, &run, status);
    r = jv_store_intervene(ctx, t, &i, &e, 1, &done, NULL);
    if (!r && !done) {
        jv_err_set(&ctx->err, JV_FAILED_PRECONDITION, "task %s is over", t->id);
        return jv_a2a_reason(ctx, "TASK_NOT_CANCELABLE");
    }
    if (r)
        return r;
    jv_tell(ctx, t->id, &e, 1);
    jv_tell_cancel(ctx, t->id);
    return JV_OK;
}
