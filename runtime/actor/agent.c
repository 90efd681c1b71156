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

#include "actor/message.h"

/* ---- the answer ----------------------------------------------------------------------------- */

struct reply {
    struct jv_ctx *ctx;
    A2a__Message *message;
    size_t max;
};

static A2a__Part *add_part(struct reply *r)
{
    A2a__Part *p = jv_msg_new(&a2a__part__descriptor, r->ctx->arena);
    A2a__Message *m = r->message;

    if (m->n_parts == r->max) {
        A2a__Part **parts = JV_NEW_ARRAY(r->ctx->arena, A2a__Part *, r->max = 2 * r->max + 4);

        if (m->n_parts)
            memcpy(parts, m->parts, m->n_parts * sizeof(*parts));
        m->parts = parts;
    }
    return m->parts[m->n_parts++] = p;
}

static void add_text(struct reply *r, const char *markdown)
{
    A2a__Part *p = add_part(r);

    p->content_case = A2A__PART__CONTENT_TEXT;
    p->text = markdown;
    p->media_type = "text/markdown";
}

static void add_data(struct reply *r, Google__Protobuf__Struct *data)
{
    A2a__Part *p = add_part(r);

    p->content_case = A2A__PART__CONTENT_DATA;
    p->data = jv_value_struct(r->ctx->arena, data);
    p->media_type = JV_TOOL_RESULT_TYPE;
}

static struct reply reply_to(struct jv_ctx *ctx, const A2a__Message *in)
{
    struct reply r = { ctx, jv_msg_new(&a2a__message__descriptor, ctx->arena), 0 };
    char id[37];

    jv_uuid(id);
    r.message->message_id = jv_arena_strdup(ctx->arena, id);
    jv_uuid(id);
    r.message->context_id = in->context_id[0] ? in->context_id : jv_arena_strdup(ctx->arena, id);
    r.message->role = A2A__ROLE__ROLE_AGENT;
    return r;
}

/* ---- tools ---------------------------------------------------------------------------------- */

static void say_generic(struct jv_ctx *ctx, struct jv_buf *md, const void *ret)
{
    size_t len;
    const char *json = jv_msg_to_json(ret, JV_JSON_SNAKE | JV_JSON_DEFAULTS, ctx->arena, &len);

    jv_buf_str(md, "```json\n");
    jv_buf_add(md, json, len);
    jv_buf_str(md, "\n```\n");
}

static int run_tool(struct jv_ctx *ctx, struct reply *r, const char *tool,
                    const Google__Protobuf__Struct *arguments)
{
    const struct jv_method *m = jv_find_tool(ctx->node, tool);
    const Google__Protobuf__Struct none = GOOGLE__PROTOBUF__STRUCT__INIT;
    struct jv_buf md = jv_buf_new(ctx->arena);
    Google__Protobuf__Struct *data;
    ProtobufCMessage *req, *ret;
    int code;

    if (!m)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "tool", "%s has no tool %.64s",
                            ctx->node->actor->agent->name, tool);
    req = jv_struct_to_msg(m->in, arguments ? arguments : &none, JV_JSON_SNAKE | JV_JSON_STRICT,
                           ctx->arena, &ctx->err);
    if (!req)
        return ctx->err.code;
    ret = jv_msg_new(m->out, ctx->arena);
    code = jv_run_tool(ctx, m, req, ret);
    if (code)
        return code;
    if (m->row->say)
        m->row->say(ctx, &md, req, ret);
    else
        say_generic(ctx, &md, ret);
    add_text(r, md.data);
    data = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    jv_struct_set(data, ctx->arena, "tool", jv_value_text(ctx->arena, m->tool));
    jv_struct_set(
            data, ctx->arena, "result",
            jv_value_struct(ctx->arena,
                            jv_msg_to_struct(ret, JV_JSON_SNAKE | JV_JSON_DEFAULTS, ctx->arena)));
    add_data(r, data);
    return JV_OK;
}

/* The path of a member inside `outer` becomes one from outside. */
static void lift_path(struct jv_ctx *ctx, const char *outer)
{
    char path[sizeof(ctx->err.field)];

    if (!ctx->err.field[0])
        return;
    snprintf(path, sizeof(path), "%s.%.100s", outer, ctx->err.field);
    memcpy(ctx->err.field, path, sizeof(path));
}

static int run_call(struct jv_ctx *ctx, struct reply *r, const Google__Protobuf__Struct *call)
{
    const Google__Protobuf__Value *arguments = jv_struct_get(call, "arguments");
    const char *tool = jv_struct_text(call, "tool");
    int code;

    if (!tool)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "tool", "a tool call names its tool");
    for (size_t i = 0; i < call->n_fields; i++)
        if (strcmp(call->fields[i]->key, "tool") != 0 &&
            strcmp(call->fields[i]->key, "arguments") != 0)
            return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, call->fields[i]->key,
                                "a tool call has a tool and arguments, no %.64s",
                                call->fields[i]->key);
    if (arguments && arguments->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "arguments",
                            "arguments must be an object");
    code = run_tool(ctx, r, tool, arguments ? arguments->struct_value : NULL);
    if (code && jv_find_tool(ctx->node, tool))
        lift_path(ctx, "arguments");
    return code;
}

/* ---- text ----------------------------------------------------------------------------------- */

static int run_plan(struct jv_ctx *ctx, struct reply *r, const struct jv_plan *plan)
{
    int code = JV_OK;

    if (plan->kind != JV_PLAN_CALLS) {
        add_text(r, plan->text);
        return JV_OK;
    }
    for (size_t i = 0; !code && i < plan->n; i++)
        code = run_tool(ctx, r, plan->calls[i].tool, plan->calls[i].arguments);
    if (!code && plan->missing) /* a question is left over */
        add_text(r, plan->text);
    return code;
}

static int run_text(struct jv_ctx *ctx, struct reply *r, const char *text)
{
    const struct jv_agent *g = ctx->node->actor->agent;
    struct jv_plan_input in = { .text = text, .username = ctx->caller.username };
    struct jv_buf md = jv_buf_new(ctx->arena);
    Google__Protobuf__Struct *data = NULL;
    struct jv_plan plan = { 0 };
    int code;

    if (!g->answer) {
        code = jv_planner_builtin.plan(ctx, ctx->node->catalog, &in, ctx->arena, &plan);
        return code ? code : run_plan(ctx, r, &plan);
    }
    code = g->answer(ctx, text, &md, &data);
    if (code)
        return code;
    add_text(r, md.data);
    if (data)
        add_data(r, data);
    return JV_OK;
}

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
    struct reply r = reply_to(ctx, req->message);
    char part[64];
    int code = check_message(ctx, req->message);

    if (!code)
        code = read_parts(ctx, req->message, &c);
    if (code)
        return code;
    if (c.call)
        code = run_call(ctx, &r, c.call);
    else
        code = run_text(ctx, &r, c.text);
    snprintf(part, sizeof(part), "message.parts[%zu].data", c.call_at);
    if (code && c.call)
        lift_path(ctx, part);
    if (code)
        return code;
    ret->payload_case = A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_MESSAGE;
    ret->message = r.message;
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
