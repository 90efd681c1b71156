/* run.c -- a task that is kept is run under a lease: here, by whoever takes it over, again later.
 */
#include "agent/tasks.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

enum {
    PUT_OFF_MS = 250, /* doubled for each try */
    AGAIN_MS = 1500,  /* what could not begin */
    ORPHANS_AT_ONCE = 64,
};

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
bool jv_take_room(struct jv_node *n)
{
    bool room = has_room(n);

    n->tasks->n_runs += room;
    return room;
}

/* A full house: somebody may be waiting at the door. */
void jv_give_room(struct jv_node *n)
{
    if (n->tasks->n_runs-- >= JV_MAX_RUNS)
        jv_tasks_kick(n);
}

/* Somebody else of the same agent may have room. */
void jv_nudge(struct jv_ctx *ctx)
{
    struct jv_node *n = ctx->node;

    jv_may_fail(jv_bus_publish(
            n->bus, jv_arena_printf(ctx->arena, "%s.work.%s", n->prefix, n->actor->agent->token),
            NULL, NULL, 0, "", 0));
}

/* ---- running --------------------------------------------------------------------------------- */

struct start {
    char id[65];
    int32_t lease;
    struct jv_envelope trace; /* of the message that it is run for; of it only that counts */
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
    r = jv_authenticate_late(ctx);
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
    if (!r)
        r = jv_carry_out(ctx, &in, run->context_id);
    return r ? r : jv_reply_accepted(ctx, run->request->configuration);
}

static int complete(struct jv_ctx *ctx, struct jv_run *run)
{
    struct jv_tevent last[2];
    A2a__TaskStatus *status;
    size_t n = jv_last_events(ctx, run, last, &status);
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
        jv_nudge(ctx);
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

    if (r || t.lease != lease || !t.request || !(JV_RUNNING_STATES & 1u << t.state))
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
    if (s.trace.trace_id[0])
        jv_trace_child(&ctx->env, &s.trace);
    r = run_task(ctx, s.id, s.lease);
    jv_give_room(ctx->node);
    return r;
}

void jv_run_start(struct jv_node *n, const char *id, int32_t lease, const struct jv_envelope *trace)
{
    struct start *s = malloc(sizeof(*s));

    if (!s)
        abort();
    snprintf(s->id, sizeof(s->id), "%s", id);
    s->lease = lease;
    s->trace = trace ? *trace : (struct jv_envelope){ 0 };
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
        jv_run_start(n, jv_col(&rows, i, "id"), (int32_t)jv_col_int(&rows, i, "lease"), NULL);
    if (!r && rows.n)
        jv_info(ctx, "%zu tasks are taken over", rows.n);
    if (!r && rows.n == room)
        jv_tasks_kick(n); /* there may be more */
    return r;
}

int jv_task_cancel(struct jv_ctx *ctx, const struct jv_task_row *t, const char *why)
{
    struct jv_run run = { .id = t->id, .context_id = t->context_id };
    struct jv_intervention i = { .mask = JV_RUNNING_STATES | JV_ASKING_STATES,
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
