/* send.c -- SendMessage and SendStreamingMessage: what becomes of a message. */
#include "agent/send.h"

#include <stdio.h>
#include <string.h>

/* ---- checking -------------------------------------------------------------------------------- */

static int id_too_long(struct jv_ctx *ctx, const char *field, const char *id)
{
    if (strlen(id) <= JV_MAX_ID)
        return JV_OK;
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, field, "%s is longer than %d bytes", field,
                        JV_MAX_ID);
}

static int check_message(struct jv_ctx *ctx, const A2a__Message *m)
{
    int r = id_too_long(ctx, "message.messageId", m->message_id);

    if (!r)
        r = id_too_long(ctx, "message.contextId", m->context_id);
    if (!r)
        r = id_too_long(ctx, "message.taskId", m->task_id);
    if (!r && m->role != A2A__ROLE__ROLE_USER)
        r = jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "message.role",
                         "message.role must be ROLE_USER");
    for (size_t i = 0; !r && i < m->n_parts; i++)
        if (m->parts[i]->content_case == A2A__PART__CONTENT__NOT_SET) {
            const char *path = jv_arena_printf(ctx->arena, "message.parts[%zu]", i);

            r = jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path,
                             "%s has no text, raw, url or data", path);
        }
    return r;
}

static int32_t history_length(const A2a__SendMessageConfiguration *c)
{
    return c && c->_history_length_case ==
                                   A2A__SEND_MESSAGE_CONFIGURATION___HISTORY_LENGTH_HISTORY_LENGTH
                   ? c->history_length
                   : -1;
}

static int check_configuration(struct jv_ctx *ctx, A2a__SendMessageConfiguration *c)
{
    if (!c)
        return JV_OK;
    if (c->_history_length_case ==
                A2A__SEND_MESSAGE_CONFIGURATION___HISTORY_LENGTH_HISTORY_LENGTH &&
        c->history_length < 0)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "configuration.historyLength",
                            "configuration.historyLength is negative");
    if (!c->task_push_notification_config)
        return JV_OK;
    if (!ctx->node->tasks || !jv_agent_pushes(ctx->node->actor))
        return JV_NO_PUSH(ctx);
    return jv_push_check(ctx, c->task_push_notification_config,
                         "configuration.taskPushNotificationConfig.");
}

/* ---- what becomes of it ---------------------------------------------------------------------- */

struct outcome {
    const A2a__Message *message; /* the answer; or */
    const char *task;            /* the task that it became or belongs to */
    bool fresh;                  /* made just now: nothing has happened to it that was not heard */
    const struct jv_run *born;   /* fresh: as it was made */
    const struct jv_run *done;   /* made when all was done */
};

static const char *context_of(struct jv_ctx *ctx, const A2a__Message *m)
{
    char id[37];

    if (m->context_id[0])
        return m->context_id;
    jv_uuid(id);
    return jv_arena_strdup(ctx->arena, id);
}

static int answer_now(struct jv_ctx *ctx, const A2a__SendMessageRequest *req,
                      const struct jv_intent *in, const char *context_id, struct outcome *out)
{
    int r = jv_carry_out(ctx, in, context_id);

    if (r == JV_INTERRUPTED)
        r = jv_fail(ctx, JV_FAILED_PRECONDITION, "this question needs a task");
    if (!r)
        r = jv_reply_accepted(ctx, req->configuration);
    out->message = ctx->reply->message;
    return r;
}

static int earlier(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, struct outcome *out)
{
    struct jv_stamp stamp = jv_stamp_of(ctx, req);
    int r = jv_store_earlier(ctx, &stamp, &out->task);

    if (!r && !out->task)
        r = jv_fail(ctx, JV_ABORTED, "the same message is being answered; send it again");
    return r;
}

static int accept(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, const char *context_id,
                  struct outcome *out)
{
    struct jv_run *run = jv_run_new(ctx, req, context_id);
    bool fresh;
    int r = jv_run_accept(ctx, run, req, &fresh);

    if (r)
        return r;
    if (!fresh)
        return earlier(ctx, req, out);
    out->task = run->id;
    out->fresh = true;
    out->born = run;
    return JV_OK;
}

static int finish_first(struct jv_ctx *ctx, const A2a__SendMessageRequest *req,
                        const struct jv_intent *in, const char *context_id, struct outcome *out)
{
    struct jv_run *run = jv_run_new(ctx, req, context_id);
    bool fresh;
    int r = jv_run_inline(ctx, run, req, in, &fresh);

    if (r)
        return r;
    if (!fresh)
        return earlier(ctx, req, out);
    out->task = run->id;
    out->done = run;
    return JV_OK;
}

/* An agent that takes messages itself says first whether it wants a task. */
static int to_answerer(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, bool wants_task,
                       struct outcome *out)
{
    const struct jv_agent *g = ctx->node->actor->agent;
    struct jv_intent in = { .message = req->message };
    struct jv_receipt receipt = { 0 };
    int r = g->receive ? g->receive(ctx, req->message, &receipt) : JV_OK;

    if (!r && !receipt.context_id)
        receipt.context_id = context_of(ctx, req->message);
    if (!r && (!ctx->node->tasks || (receipt.direct && !wants_task)))
        return answer_now(ctx, req, &in, receipt.context_id, out);
    return r ? r : accept(ctx, req, receipt.context_id, out);
}

static int to_tools(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, bool wants_task,
                    struct outcome *out)
{
    const char *context_id = context_of(ctx, req->message);
    struct jv_intent in;
    int r = jv_understand(ctx, req->message, NULL, &in);

    if (r)
        return r;
    if (ctx->node->tasks && (wants_task || in.long_running))
        return accept(ctx, req, context_id, out);
    if (ctx->node->tasks && in.changes)
        return finish_first(ctx, req, &in, context_id, out);
    return answer_now(ctx, req, &in, context_id, out);
}

static int decide(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, struct outcome *out)
{
    const A2a__SendMessageConfiguration *c = req->configuration;
    bool wants_task = c && (c->return_immediately || c->task_push_notification_config);
    int r = check_message(ctx, req->message);

    if (!r)
        r = check_configuration(ctx, req->configuration);
    if (r)
        return r;
    if (req->message->task_id[0])
        return ctx->node->tasks ? jv_run_follow_up(ctx, req, &out->task)
                                : jv_no_task(ctx, req->message->task_id);
    return (ctx->node->actor->agent->answer ? to_answerer : to_tools)(ctx, req, wants_task, out);
}

/* ---- the two operations ---------------------------------------------------------------------- */

/* Whoever waits for longer than it may hears how far the task is, rather than nothing. */
static int wait_for_it(struct jv_ctx *ctx, const struct outcome *out)
{
    enum { reserve_ms = 500 }; /* for the answer */
    int64_t deadline = ctx->deadline;
    int r;

    ctx->deadline -= reserve_ms;
    r = jv_follow_to_stop(ctx, out->task, out->fresh);
    ctx->deadline = deadline;
    return r == JV_DEADLINE_EXCEEDED ? JV_OK : r;
}

int jv_send(struct jv_ctx *ctx, const A2a__SendMessageRequest *req, A2a__SendMessageResponse *ret)
{
    const A2a__SendMessageConfiguration *c = req->configuration;
    struct outcome out = { 0 };
    int r = decide(ctx, req, &out);

    if (!r && out.message) {
        ret->payload_case = A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_MESSAGE;
        ret->message = (A2a__Message *)(uintptr_t)out.message;
        return JV_OK;
    }
    if (!r && !out.done && !(c && c->return_immediately))
        r = wait_for_it(ctx, &out);
    if (!r && out.done)
        r = jv_run_task(ctx, out.done, history_length(c), &ret->task);
    else if (!r)
        r = jv_task_whole(ctx, out.task, jv_owner(ctx), history_length(c), &ret->task, NULL);
    if (!r)
        ret->payload_case = A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_TASK;
    return r;
}

int jv_emit_task(struct jv_ctx *ctx, const char *id, int32_t history, A2a__TaskState *ret_state,
                 int32_t *ret_seq)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
    int r = jv_task_whole(ctx, id, jv_owner(ctx), history, &event.task, ret_seq);

    if (r)
        return r;
    *ret_state = event.task->status->state;
    event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_TASK;
    return jv_emit_event(ctx, &event, *ret_seq);
}

/* A task as it was made, and then all that happens to it: no chunk is lost in a first picture that
 * comes late. */
static int follow_from_birth(struct jv_ctx *ctx, const struct jv_run *run, int32_t history)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
    A2a__Task task = A2A__TASK__INIT;
    A2a__Message *said = (A2a__Message *)(uintptr_t)run->input;
    int r;

    task.id = run->id;
    task.context_id = run->context_id;
    task.status = run->status;
    task.n_history = history != 0;
    task.history = &said;
    event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_TASK;
    event.task = &task;
    r = jv_emit_event(ctx, &event, 1);
    return r ? r : jv_follow_until(ctx, run->id, 1, JV_FOLLOW_TO_QUESTION | JV_FOLLOW_EMIT);
}

int jv_send_streaming(struct jv_ctx *ctx, const A2a__SendMessageRequest *req)
{
    A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
    struct outcome out = { 0 };
    A2a__TaskState state;
    int32_t seq;
    int r = decide(ctx, req, &out);

    if (!r && out.message) {
        event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE;
        event.message = (A2a__Message *)(uintptr_t)out.message;
        return jv_emit(ctx, &event);
    }
    if (!r && out.fresh)
        return follow_from_birth(ctx, out.born, history_length(req->configuration));
    if (!r)
        r = jv_emit_task(ctx, out.task, history_length(req->configuration), &state, &seq);
    if (r || jv_is_terminal(state) || jv_is_interrupted(state))
        return r;
    return jv_follow_until(ctx, out.task, seq, JV_FOLLOW_TO_QUESTION | JV_FOLLOW_EMIT);
}
