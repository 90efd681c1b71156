/* accept.c -- a message becomes a task: kept first and then run, or made when all is done; and a
 * message to a task that is there. */
#include "agent/tasks.h"

#include "actor/audit.h"

#include <string.h>

#include "jv/token.h"

/* ---- from a request -------------------------------------------------------------------------- */

static const A2a__Message *addressed(struct jv_ctx *ctx, const A2a__Message *m, const char *task_id,
                                     const char *context_id)
{
    A2a__Message *copy = jv_arena_memdup(ctx->arena, m, sizeof(*m));

    copy->task_id = task_id;
    copy->context_id = context_id;
    return copy;
}

/* Of how it is to be answered only what counts later, too: the types that the client takes. */
static A2a__SendMessageConfiguration *lasting(struct jv_ctx *ctx,
                                              const A2a__SendMessageConfiguration *c)
{
    A2a__SendMessageConfiguration *kept;

    if (!c || !c->n_accepted_output_modes)
        return NULL;
    kept = jv_msg_new(&a2a__send_message_configuration__descriptor, ctx->arena);
    kept->n_accepted_output_modes = c->n_accepted_output_modes;
    kept->accepted_output_modes = c->accepted_output_modes;
    return kept;
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
    copy->configuration = lasting(ctx, req->configuration);
    run->request = copy;
    run->lease = run->tries = 1;
    run->state = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    return run;
}

/* How it is sent does not count, only what. */
struct jv_stamp jv_stamp_of(struct jv_ctx *ctx, const A2a__SendMessageRequest *req)
{
    A2a__SendMessageRequest what = *req;
    struct jv_stamp s = { .owner = jv_owner(ctx), .scope = ctx->caller.scope };
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
    bool room = jv_take_room(ctx->node);
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
            jv_run_start(ctx->node, run->id, run->lease, &ctx->env);
        else
            jv_nudge(ctx);
    }
    if (room)
        jv_give_room(ctx->node);
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
size_t jv_last_events(struct jv_ctx *ctx, struct jv_run *run, struct jv_tevent ret[2],
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
        n_last = jv_last_events(ctx, run, last, (A2a__TaskStatus **)&b.status);
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
    jv_records_say(ctx);
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
    bool asked = jv_is_interrupted(t->state), room = asked && jv_take_room(ctx->node);
    struct jv_intervention i = { .mask = JV_RUNNING_STATES };
    int32_t lease = 0;
    int r;

    if (asked) {
        i = (struct jv_intervention){
            .mask = JV_ASKING_STATES,
            .state = room ? A2A__TASK_STATE__TASK_STATE_WORKING
                          : A2A__TASK_STATE__TASK_STATE_SUBMITTED,
            .lease_by = room ? ctx->node->instance : "",
            .token = ctx->env.token,
        };
        i.status = jv_status(ctx, i.state, NULL);
    }
    r = speak(ctx, req, t, &i, ret_done, &lease);
    if (!r && *ret_done && room)
        jv_run_start(ctx->node, t->id, lease, &ctx->env);
    else if (!r && *ret_done && asked)
        jv_nudge(ctx);
    if (room)
        jv_give_room(ctx->node);
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
