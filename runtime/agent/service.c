/* agent.c -- the A2A service that every agent gets from the runtime.
 *
 * A message with a tool call runs that tool, one with text is resolved to tool calls by the
 * built-in planner, and both pass the tool's own access rule. The answer is a Message. Operations
 * on tasks have their rows here and answer as an agent does that keeps none. */
#include "actor/engine.h"

#include <stdio.h>
#include <string.h>

#include <a2a.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

#include "agent/agent.h"

/* ---- what came ------------------------------------------------------------------------------ */

/* One of the protocol's own errors: its reason beside the code and text that are there. */
static int a2a_reason(struct jv_ctx *ctx, const char *reason)
{
    snprintf(ctx->err.reason, sizeof(ctx->err.reason), "%s", reason);
    return ctx->err.code;
}

static int no_task(struct jv_ctx *ctx, const char *id)
{
    jv_err_set(&ctx->err, JV_NOT_FOUND, "there is no task %.64s", id);
    return a2a_reason(ctx, "TASK_NOT_FOUND");
}

static const Google__Protobuf__Struct *tool_call_in(const A2a__Part *p)
{
    if (p->content_case != A2A__PART__CONTENT_DATA || !p->data ||
        p->data->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        return NULL;
    return strcmp(p->media_type, JV_TOOL_CALL_TYPE) == 0 ||
                           jv_struct_get(p->data->struct_value, "tool")
                   ? p->data->struct_value
                   : NULL;
}

struct content {
    const Google__Protobuf__Struct *call;
    size_t call_at;
    const char *text;
};

static int read_parts(struct jv_ctx *ctx, const A2a__Message *m, struct content *c)
{
    struct jv_buf text = jv_buf_new(ctx->arena);

    for (size_t i = 0; i < m->n_parts; i++) {
        const A2a__Part *p = m->parts[i];
        const Google__Protobuf__Struct *call = tool_call_in(p);
        char path[48];

        snprintf(path, sizeof(path), "message.parts[%zu]", i);
        if (p->content_case == A2A__PART__CONTENT_TEXT) {
            jv_buf_printf(&text, "%s%s", text.len ? "\n" : "", p->text);
            continue;
        }
        if (!call) {
            jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path, "%s takes text or a tool call",
                         ctx->node->actor->agent->name);
            return a2a_reason(ctx, "CONTENT_TYPE_NOT_SUPPORTED");
        }
        if (c->call)
            return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path, "one tool call in a message");
        c->call = call;
        c->call_at = i;
    }
    c->text = text.data;
    if (!c->call && !text.len)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "message.parts",
                            "message.parts holds no text");
    return JV_OK;
}

static int check_message(struct jv_ctx *ctx, const A2a__Message *m)
{
    if (m->role != A2A__ROLE__ROLE_USER)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "message.role",
                            "message.role must be ROLE_USER");
    return m->task_id[0] ? no_task(ctx, m->task_id) : JV_OK;
}

JV_TOOL_FN(send_message, A2a__SendMessageRequest, A2a__SendMessageResponse)
{
    struct content c = { 0 };
    char part[64], id[37];
    int code = check_message(ctx, req->message);

    if (!code)
        code = ctx->node->actor->agent->answer ? JV_OK : read_parts(ctx, req->message, &c);
    if (code)
        return code;
    jv_uuid(id);
    ctx->reply = jv_reply_new(ctx, req->message->context_id[0] ? req->message->context_id
                                                               : jv_arena_strdup(ctx->arena, id));
    if (ctx->node->actor->agent->answer)
        code = ctx->node->actor->agent->answer(ctx, req->message);
    else if (c.call)
        code = jv_run_call(ctx, c.call);
    else
        code = jv_run_text(ctx, c.text);
    snprintf(part, sizeof(part), "message.parts[%zu].data", c.call_at);
    if (code && c.call)
        jv_lift_path(ctx, part);
    if (code)
        return code;
    ret->payload_case = A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_MESSAGE;
    ret->message = ctx->reply->message;
    return JV_OK;
}

/* ---- operations of an agent that keeps no tasks --------------------------------------------- */

static int unsupported(struct jv_ctx *ctx, const char *reason, const char *what)
{
    jv_err_set(&ctx->err, JV_FAILED_PRECONDITION, "%s does not offer %s",
               ctx->node->actor->agent->name, what);
    return a2a_reason(ctx, reason);
}

#define NO_STREAM(ctx) unsupported(ctx, "UNSUPPORTED_OPERATION", "streaming")
#define NO_PUSH(ctx)   unsupported(ctx, "PUSH_NOTIFICATION_NOT_SUPPORTED", "push notifications")

JV_TOOL_FN(send_streaming, A2a__SendMessageRequest, A2a__StreamResponse)
{
    (void)req, (void)ret;
    return NO_STREAM(ctx);
}

JV_TOOL_FN(get_task, A2a__GetTaskRequest, A2a__Task)
{
    (void)ret;
    return no_task(ctx, req->id);
}

JV_TOOL_FN(list_tasks, A2a__ListTasksRequest, A2a__ListTasksResponse)
{
    int32_t size = req->_page_size_case == A2A__LIST_TASKS_REQUEST___PAGE_SIZE_PAGE_SIZE
                           ? req->page_size
                           : 50;

    if (size < 1 || size > 100)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "pageSize",
                            "pageSize must be between 1 and 100");
    ret->page_size = size;
    return JV_OK;
}

JV_TOOL_FN(cancel_task, A2a__CancelTaskRequest, A2a__Task)
{
    (void)ret;
    return no_task(ctx, req->id);
}

JV_TOOL_FN(subscribe_to_task, A2a__SubscribeToTaskRequest, A2a__StreamResponse)
{
    (void)req, (void)ret;
    return NO_STREAM(ctx);
}

JV_TOOL_FN(create_push, A2a__TaskPushNotificationConfig, A2a__TaskPushNotificationConfig)
{
    (void)req, (void)ret;
    return NO_PUSH(ctx);
}

JV_TOOL_FN(get_push, A2a__GetTaskPushNotificationConfigRequest, A2a__TaskPushNotificationConfig)
{
    (void)req, (void)ret;
    return NO_PUSH(ctx);
}

JV_TOOL_FN(list_push, A2a__ListTaskPushNotificationConfigsRequest,
           A2a__ListTaskPushNotificationConfigsResponse)
{
    (void)req, (void)ret;
    return NO_PUSH(ctx);
}

JV_TOOL_FN(delete_push, A2a__DeleteTaskPushNotificationConfigRequest, Google__Protobuf__Empty)
{
    (void)req, (void)ret;
    return NO_PUSH(ctx);
}

JV_TOOL_FN(extended_card, A2a__GetExtendedAgentCardRequest, A2a__AgentCard)
{
    (void)req, (void)ret;
    return unsupported(ctx, "UNSUPPORTED_OPERATION", "an extended card");
}

#define USER .allow = JV_ALLOW_USER
const struct jv_tool jv_agent_tools[] = {
    JV_TOOL("SendMessage", send_message, USER),
    JV_TOOL("SendStreamingMessage", send_streaming, USER, .flags = JV_TOOL_STREAMS),
    JV_TOOL("GetTask", get_task, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("ListTasks", list_tasks, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("CancelTask", cancel_task, USER),
    JV_TOOL("SubscribeToTask", subscribe_to_task, USER, .flags = JV_TOOL_STREAMS),
    JV_TOOL("CreateTaskPushNotificationConfig", create_push, USER),
    JV_TOOL("GetTaskPushNotificationConfig", get_push, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("ListTaskPushNotificationConfigs", list_push, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("GetExtendedAgentCard", extended_card, USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("DeleteTaskPushNotificationConfig", delete_push, USER),
    { 0 },
};
