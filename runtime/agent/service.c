/* service.c -- the A2A service that every agent gets from the runtime: its operations, and what a
 * request must say before any of them. */
#include "agent/send.h"

#include <stdio.h>
#include <string.h>

#include <google/protobuf/empty.pb-c.h>

enum { STREAM_MS = 300 * 1000, BLOCKING_MS = 300 * 1000 }; /* the caller's deadline is nearer */

int jv_a2a_reason(struct jv_ctx *ctx, const char *reason)
{
    snprintf(ctx->err.reason, sizeof(ctx->err.reason), "%s", reason);
    return ctx->err.code;
}

int jv_unsupported(struct jv_ctx *ctx, const char *reason, const char *what)
{
    jv_err_set(&ctx->err, JV_FAILED_PRECONDITION, "%s does not offer %s",
               ctx->node->actor->agent->name, what);
    return jv_a2a_reason(ctx, reason);
}

/* ---- version and extensions ------------------------------------------------------------------ */

/* "1.0", also with a patch number, which does not count. Older clients are served by the gateway.
 */
static bool is_version(const char *v)
{
    return !v || !v[0] || strcmp(v, "1") == 0 || strcmp(v, "1.0") == 0 ||
           (strncmp(v, "1.0.", 4) == 0 && v[4 + strspn(v + 4, "0123456789")] == '\0');
}

static bool names(const char *list, const char *uri)
{
    size_t len = strlen(uri);

    for (const char *p = list; p && *p; p += *p == ',') {
        const char *word = p + strspn(p, " \t");
        size_t n;

        p += strcspn(p, ",");
        n = (size_t)(p - word);
        while (n && (word[n - 1] == ' ' || word[n - 1] == '\t'))
            n--;
        if (n == len && memcmp(word, uri, n) == 0)
            return true;
    }
    return false;
}

int jv_agent_admit(struct jv_ctx *ctx)
{
    const struct jv_extension *x = ctx->node->actor->agent->extensions;

    if (!is_version(ctx->env.a2a_version)) {
        jv_err_set(&ctx->err, JV_FAILED_PRECONDITION,
                   "A2A version %.32s is not spoken here, 1.0 is", ctx->env.a2a_version);
        return jv_a2a_reason(ctx, "VERSION_NOT_SUPPORTED");
    }
    if (strcmp(ctx->method->name, "GetExtendedAgentCard") == 0)
        return JV_OK; /* where one learns which extensions there are */
    for (; x && x->uri; x++)
        if (x->required && !names(ctx->env.a2a_extensions, x->uri)) {
            jv_err_set(&ctx->err, JV_FAILED_PRECONDITION, "extension %s must be supported", x->uri);
            return jv_a2a_reason(ctx, "EXTENSION_SUPPORT_REQUIRED");
        }
    return JV_OK;
}

/* ---- messages -------------------------------------------------------------------------------- */

static bool streams(const struct jv_ctx *ctx)
{
    return !(ctx->node->actor->agent->flags & JV_AGENT_NO_STREAM);
}

JV_TOOL_FN(send_message, A2a__SendMessageRequest, A2a__SendMessageResponse)
{
    return jv_send(ctx, req, ret);
}

JV_TOOL_FN(send_streaming, A2a__SendMessageRequest, A2a__StreamResponse)
{
    (void)ret;
    return streams(ctx) ? jv_send_streaming(ctx, req) : JV_NO_STREAM(ctx);
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static int load(struct jv_ctx *ctx, const char *id, struct jv_task_row *ret)
{
    return ctx->node->tasks ? jv_store_load(ctx, id, jv_owner(ctx), ret) : jv_no_task(ctx, id);
}

static int whole(struct jv_ctx *ctx, const char *id, int32_t history, A2a__Task *ret)
{
    A2a__Task *task;
    int r = ctx->node->tasks ? jv_task_whole(ctx, id, jv_owner(ctx), history, &task, NULL)
                             : jv_no_task(ctx, id);

    if (!r)
        *ret = *task;
    return r;
}

JV_TOOL_FN(get_task, A2a__GetTaskRequest, A2a__Task)
{
    bool limited =
            req->_history_length_case == A2A__GET_TASK_REQUEST___HISTORY_LENGTH_HISTORY_LENGTH;

    if (limited && req->history_length < 0)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "historyLength",
                            "historyLength is negative");
    return whole(ctx, req->id, limited ? req->history_length : -1, ret);
}

JV_TOOL_FN(list_tasks, A2a__ListTasksRequest, A2a__ListTasksResponse)
{
    return ctx->node->tasks ? jv_store_list(ctx, req, ret) : jv_list_none(ctx, req, ret);
}

JV_TOOL_FN(cancel_task, A2a__CancelTaskRequest, A2a__Task)
{
    struct jv_task_row t;
    int r = load(ctx, req->id, &t);

    if (!r)
        r = jv_task_cancel(ctx, &t, NULL);
    return r ? r : whole(ctx, req->id, -1, ret);
}

int jv_follow_to_stop(struct jv_ctx *ctx, const char *id, bool fresh)
{
    struct jv_task_row t;
    int r;

    if (fresh)
        return jv_follow_until(ctx, id, 1, JV_FOLLOW_FRESH | JV_FOLLOW_TO_QUESTION);
    r = load(ctx, id, &t);
    if (r || jv_is_terminal(t.state) || jv_is_interrupted(t.state))
        return r;
    return jv_follow_until(ctx, id, t.last_seq, JV_FOLLOW_TO_QUESTION);
}

/* Whoever says which event it saw last gets the rest, of a task that is over too. */
static int go_on(struct jv_ctx *ctx, const struct jv_task_row *t)
{
    if (ctx->env.last_event_id > t->last_seq)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, JV_H_LAST_EVENT_ID,
                            JV_H_LAST_EVENT_ID " is greater than any number of task %s", t->id);
    if (jv_is_terminal(t->state) && ctx->env.last_event_id == t->last_seq)
        return JV_OK;
    return jv_follow_until(ctx, t->id, (int32_t)ctx->env.last_event_id, JV_FOLLOW_EMIT);
}

JV_TOOL_FN(subscribe_to_task, A2a__SubscribeToTaskRequest, A2a__StreamResponse)
{
    struct jv_task_row t;
    A2a__TaskState state;
    int32_t seq;
    int r;

    (void)ret;
    if (!streams(ctx))
        return JV_NO_STREAM(ctx);
    r = load(ctx, req->id, &t);
    if (r || ctx->env.last_event_id)
        return r ? r : go_on(ctx, &t);
    if (jv_is_terminal(t.state)) {
        jv_err_set(&ctx->err, JV_FAILED_PRECONDITION, "task %s is over: get it instead", t.id);
        return jv_a2a_reason(ctx, "UNSUPPORTED_OPERATION");
    }
    r = jv_emit_task(ctx, t.id, -1, &state, &seq);
    if (r || jv_is_terminal(state))
        return r;
    return jv_follow_until(ctx, t.id, seq, JV_FOLLOW_EMIT);
}

/* ---- push configurations --------------------------------------------------------------------- */

/* The task of a push operation. */
static int push_task(struct jv_ctx *ctx, const char *id, struct jv_task_row *ret)
{
    if (!jv_agent_pushes(ctx->node->actor))
        return JV_NO_PUSH(ctx);
    if (!id[0]) /* not REQUIRED, as a message's own configuration has none */
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "taskId", "taskId is missing");
    return load(ctx, id, ret);
}

JV_TOOL_FN(create_push, A2a__TaskPushNotificationConfig, A2a__TaskPushNotificationConfig)
{
    struct jv_task_row t;
    int r = push_task(ctx, req->task_id, &t);

    *ret = *req;
    if (!r)
        r = jv_push_check(ctx, ret, "");
    if (!r)
        r = jv_push_keep(ctx, t.id, ret, t.last_seq);
    return r || !req->id[0] ? r : jv_push_changed(ctx, t.id, ret);
}

JV_TOOL_FN(get_push, A2a__GetTaskPushNotificationConfigRequest, A2a__TaskPushNotificationConfig)
{
    A2a__TaskPushNotificationConfig *config;
    struct jv_task_row t;
    int r = push_task(ctx, req->task_id, &t);

    if (!r)
        r = jv_push_get(ctx, t.id, req->id, &config);
    if (!r)
        *ret = *config;
    return r;
}

JV_TOOL_FN(list_push, A2a__ListTaskPushNotificationConfigsRequest,
           A2a__ListTaskPushNotificationConfigsResponse)
{
    struct jv_task_row t;
    int r = push_task(ctx, req->task_id, &t);

    return r ? r : jv_push_list(ctx, req, ret);
}

JV_TOOL_FN(delete_push, A2a__DeleteTaskPushNotificationConfigRequest, Google__Protobuf__Empty)
{
    struct jv_task_row t;
    int r = push_task(ctx, req->task_id, &t);

    (void)ret;
    return r ? r : jv_push_delete(ctx, t.id, req->id);
}

/* ---- the card -------------------------------------------------------------------------------- */

JV_TOOL_FN(extended_card, A2a__GetExtendedAgentCardRequest, A2a__AgentCard)
{
    (void)req;
    if (ctx->node->actor->agent->flags & JV_AGENT_NO_EXTENDED)
        return jv_unsupported(ctx, "UNSUPPORTED_OPERATION", "an extended card");
    *ret = *(const A2a__AgentCard *)ctx->node->card;
    return JV_OK;
}

#define USER     .allow = JV_ALLOW_USER
#define BLOCKING .allow = JV_ALLOW_USER, .timeout_ms = BLOCKING_MS
#define STREAM   .allow = JV_ALLOW_USER, .timeout_ms = STREAM_MS, .flags = JV_TOOL_STREAMS
const struct jv_tool jv_agent_tools[] = {
    JV_TOOL("SendMessage", send_message, BLOCKING),
    JV_TOOL("SendStreamingMessage", send_streaming, STREAM),
    JV_TOOL("GetTask", get_task, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("ListTasks", list_tasks, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("CancelTask", cancel_task, USER),
    JV_TOOL("SubscribeToTask", subscribe_to_task, STREAM),
    JV_TOOL("CreateTaskPushNotificationConfig", create_push, USER),
    JV_TOOL("GetTaskPushNotificationConfig", get_push, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("ListTaskPushNotificationConfigs", list_push, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("GetExtendedAgentCard", extended_card, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("DeleteTaskPushNotificationConfig", delete_push, USER),
    { 0 },
};
