/* intent.c -- what a message asks for: a tool call, or a text that becomes tool calls; and doing
 * it. */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

/* ---- tools ---------------------------------------------------------------------------------- */

static void say_generic(struct jv_ctx *ctx, struct jv_buf *md, const void *ret)
{
    size_t len;
    const char *json = jv_msg_to_json(ret, JV_JSON_SNAKE | JV_JSON_DEFAULTS, ctx->arena, &len);

    jv_buf_str(md, "```json\n");
    jv_buf_add(md, json, len);
    jv_buf_str(md, "\n```\n");
}

/* Decoded, allowed and whole: nothing is kept of what is not. */
static int check_call(struct jv_ctx *ctx, const struct jv_method *m,
                      const Google__Protobuf__Struct *arguments, ProtobufCMessage **ret)
{
    const Google__Protobuf__Struct none = GOOGLE__PROTOBUF__STRUCT__INIT;

    *ret = jv_struct_to_msg(m->in, arguments ? arguments : &none, JV_JSON_SNAKE | JV_JSON_STRICT,
                            ctx->arena, &ctx->err);
    return *ret ? jv_check_tool(ctx, m, *ret) : ctx->err.code;
}

static void answer_result(struct jv_ctx *ctx, const struct jv_method *m,
                          const ProtobufCMessage *req, const ProtobufCMessage *ret)
{
    struct jv_buf md = jv_buf_new(ctx->arena);
    Google__Protobuf__Struct *data = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);

    if (m->row->say)
        m->row->say(ctx, &md, req, ret);
    else
        say_generic(ctx, &md, ret);
    jv_answer_text(ctx, md.data);
    jv_struct_set(data, ctx->arena, "tool", jv_value_text(ctx->arena, m->tool));
    jv_struct_set(
            data, ctx->arena, "result",
            jv_value_struct(ctx->arena,
                            jv_msg_to_struct(ret, JV_JSON_SNAKE | JV_JSON_DEFAULTS, ctx->arena)));
    jv_answer_data(ctx, JV_TOOL_RESULT_TYPE, data);
}

static int run_tool(struct jv_ctx *ctx, const struct jv_method *m, ProtobufCMessage *req)
{
    ProtobufCMessage *ret = jv_msg_new(m->out, ctx->arena);
    int r = jv_invoke_tool(ctx, m, req, ret);

    if (!r)
        answer_result(ctx, m, req, ret);
    return r;
}

void jv_lift_path(struct jv_ctx *ctx, const char *outer)
{
    char *path;

    if (!ctx->err.field[0])
        return;
    path = jv_arena_printf(ctx->arena, "%s.%s", outer, ctx->err.field);
    snprintf(ctx->err.field, sizeof(ctx->err.field), "%.159s", path);
}

/* ---- tool calls ----------------------------------------------------------------------------- */

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

/* {"tool", "arguments"} and nothing else. */
static int read_call(struct jv_ctx *ctx, const Google__Protobuf__Struct *call,
                     struct jv_intent *ret, const Google__Protobuf__Struct **ret_arguments)
{
    const Google__Protobuf__Value *arguments = jv_struct_get(call, "arguments");
    const char *tool = jv_struct_text(call, "tool");

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
    ret->method = jv_find_tool(ctx->node, tool);
    *ret_arguments = arguments ? arguments->struct_value : NULL;
    if (!ret->method)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "tool", "%s has no tool %.64s",
                            ctx->node->actor->agent->name, tool);
    ret->changes = !(ret->method->row->flags & JV_TOOL_READONLY);
    ret->long_running = ret->method->row->flags & JV_TOOL_LONG;
    return JV_OK;
}

static void lift_from_part(struct jv_ctx *ctx, size_t at)
{
    char part[64];

    snprintf(part, sizeof(part), "message.parts[%zu].data", at);
    jv_lift_path(ctx, part);
}

static int understand_call(struct jv_ctx *ctx, const Google__Protobuf__Struct *call,
                           struct jv_intent *ret)
{
    const Google__Protobuf__Struct *arguments = NULL;
    int r = read_call(ctx, call, ret, &arguments);

    if (!r) {
        r = check_call(ctx, ret->method, arguments, &ret->req);
        if (r)
            jv_lift_path(ctx, "arguments");
    }
    if (r)
        lift_from_part(ctx, ret->call_at);
    return r;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int understand_text(struct jv_ctx *ctx, const char *text,
                           const Google__Protobuf__Struct *memory, struct jv_intent *ret)
{
    struct jv_plan_input in = {
        .text = text,
        .username = ctx->caller.username,
        .scope = ctx->caller.scope,
        .memory = memory,
        .now_ms = jv_now_ms(ctx),
    };
    int r;

    ret->plan = JV_NEW(ctx->arena, struct jv_plan);
    r = jv_planner_builtin.plan(ctx, ctx->node->catalog, &in, ctx->arena, ret->plan);
    ret->changes = !r && (ret->plan->kind == JV_PLAN_ASK || ret->plan->missing);
    for (size_t i = 0; !r && ret->plan->kind == JV_PLAN_CALLS && i < ret->plan->n; i++) {
        const struct jv_method *m = jv_find_tool(ctx->node, ret->plan->calls[i].tool);

        if (!m)
            return jv_fail(ctx, JV_INTERNAL, "the planner chose a tool that is not there");
        ret->changes |= !(m->row->flags & JV_TOOL_READONLY);
        ret->long_running |= (m->row->flags & JV_TOOL_LONG) != 0;
    }
    return r;
}

int jv_run_planned(struct jv_ctx *ctx, const struct jv_planned *p)
{
    const struct jv_method *m = jv_find_tool(ctx->node, p->tool);
    ProtobufCMessage *req;
    int r = check_call(ctx, m, p->arguments, &req);

    return r ? r : run_tool(ctx, m, req);
}

/* ---- messages -------------------------------------------------------------------------------- */

static int take_part(struct jv_ctx *ctx, const A2a__Part *p, size_t i, struct jv_buf *text,
                     const Google__Protobuf__Struct **call, struct jv_intent *ret)
{
    const Google__Protobuf__Struct *c = tool_call_in(p);
    char path[48];

    snprintf(path, sizeof(path), "message.parts[%zu]", i);
    if (p->content_case == A2A__PART__CONTENT_TEXT) {
        jv_buf_printf(text, "%s%s", text->len ? "\n" : "", p->text);
        return JV_OK;
    }
    if (!c) {
        jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path, "%s takes text or a tool call",
                     ctx->node->actor->agent->name);
        return jv_a2a_reason(ctx, "CONTENT_TYPE_NOT_SUPPORTED");
    }
    if (*call)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, path, "one tool call in a message");
    *call = c;
    ret->call_at = i;
    return JV_OK;
}

int jv_understand(struct jv_ctx *ctx, const A2a__Message *m, const Google__Protobuf__Struct *memory,
                  struct jv_intent *ret)
{
    struct jv_buf text = jv_buf_new(ctx->arena);
    const Google__Protobuf__Struct *call = NULL;
    int r = JV_OK;

    *ret = (struct jv_intent){ .message = m };
    if (ctx->node->actor->agent->answer)
        return JV_OK;
    for (size_t i = 0; !r && i < m->n_parts; i++)
        r = take_part(ctx, m->parts[i], i, &text, &call, ret);
    if (r)
        return r;
    if (call)
        return understand_call(ctx, call, ret);
    if (!text.len)
        return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "message.parts",
                            "message.parts holds no text");
    return understand_text(ctx, text.data, memory, ret);
}

int jv_carry_out(struct jv_ctx *ctx, const struct jv_intent *in, const char *context_id)
{
    uint32_t limit = ctx->node->actor->timeout_ms;
    int r;

    ctx->reply = jv_reply_new(ctx, context_id);
    if (ctx->node->actor->agent->answer) {
        jv_within(ctx, limit ? limit : ctx->run ? JV_TASK_MS : JV_DEFAULT_TIMEOUT_MS);
        r = ctx->node->actor->agent->answer(ctx, in->message);
        jv_db_settle(ctx);
        return r;
    }
    if (in->plan)
        return jv_carry_out_plan(ctx, in);
    r = run_tool(ctx, in->method, in->req);
    if (r > 0) {
        jv_lift_path(ctx, "arguments");
        lift_from_part(ctx, in->call_at);
    }
    return r;
}
