/* reply.c -- what an agent answers: the parts of the answer, tools run, texts understood. */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

/* ---- the answer ----------------------------------------------------------------------------- */

void jv_answer_part(struct jv_ctx *ctx, A2a__Part *part)
{
    struct jv_reply *r = ctx->reply;
    A2a__Message *m = r->message;

    if (m->n_parts == r->max) {
        A2a__Part **parts = JV_NEW_ARRAY(ctx->arena, A2a__Part *, r->max = 2 * r->max + 4);

        if (m->n_parts)
            memcpy(parts, m->parts, m->n_parts * sizeof(*parts));
        m->parts = parts;
    }
    m->parts[m->n_parts++] = part;
}

A2a__Part *jv_text_part(struct jv_arena *a, const char *text, const char *media_type)
{
    A2a__Part *p = jv_msg_new(&a2a__part__descriptor, a);

    p->content_case = A2A__PART__CONTENT_TEXT;
    p->text = text;
    p->media_type = media_type;
    return p;
}

A2a__Part *jv_data_part(struct jv_arena *a, const Google__Protobuf__Struct *data,
                        const char *media_type)
{
    A2a__Part *p = jv_msg_new(&a2a__part__descriptor, a);

    p->content_case = A2A__PART__CONTENT_DATA;
    p->data = jv_value_struct(a, (Google__Protobuf__Struct *)(uintptr_t)data);
    p->media_type = media_type;
    return p;
}

void jv_answer_text(struct jv_ctx *ctx, const char *markdown)
{
    jv_answer_part(ctx, jv_text_part(ctx->arena, markdown, "text/markdown"));
}

void jv_answer_data(struct jv_ctx *ctx, const char *media_type, Google__Protobuf__Struct *data)
{
    jv_answer_part(ctx, jv_data_part(ctx->arena, data, media_type));
}

A2a__Message *jv_agent_message(struct jv_ctx *ctx, const char *context_id)
{
    A2a__Message *m = jv_msg_new(&a2a__message__descriptor, ctx->arena);
    char id[37];

    jv_uuid(id);
    m->message_id = jv_arena_strdup(ctx->arena, id);
    m->context_id = context_id;
    m->role = A2A__ROLE__ROLE_AGENT;
    return m;
}

void jv_message_say(struct jv_arena *a, A2a__Message *m, const char *text, const char *media_type,
                    const Google__Protobuf__Struct *data)
{
    m->parts = JV_NEW_ARRAY(a, A2a__Part *, 2);
    if (text)
        m->parts[m->n_parts++] = jv_text_part(a, text, "text/markdown");
    if (data)
        m->parts[m->n_parts++] = jv_data_part(a, data, media_type);
}

void jv_answer_status(struct jv_ctx *ctx, const char *text, const char *media_type,
                      Google__Protobuf__Struct *data)
{
    ctx->reply->status = jv_agent_message(ctx, ctx->reply->message->context_id);
    jv_message_say(ctx->arena, ctx->reply->status, text, media_type, data);
}

struct jv_reply *jv_reply_new(struct jv_ctx *ctx, const char *context_id)
{
    struct jv_reply *r = JV_NEW(ctx->arena, struct jv_reply);

    r->message = jv_agent_message(ctx, context_id);
    return r;
}

const char *jv_message_text(struct jv_arena *a, const A2a__Message *m)
{
    struct jv_buf b = jv_buf_new(a);

    for (size_t i = 0; i < m->n_parts; i++)
        if (m->parts[i]->content_case == A2A__PART__CONTENT_TEXT)
            jv_buf_printf(&b, "%s%s", b.len ? "\n" : "", m->parts[i]->text);
    return b.data ? b.data : "";
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

static int run_tool(struct jv_ctx *ctx, const char *tool, const Google__Protobuf__Struct *arguments)
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
    jv_answer_text(ctx, md.data);
    data = jv_msg_new(&google__protobuf__struct__descriptor, ctx->arena);
    jv_struct_set(data, ctx->arena, "tool", jv_value_text(ctx->arena, m->tool));
    jv_struct_set(
            data, ctx->arena, "result",
            jv_value_struct(ctx->arena,
                            jv_msg_to_struct(ret, JV_JSON_SNAKE | JV_JSON_DEFAULTS, ctx->arena)));
    jv_answer_data(ctx, JV_TOOL_RESULT_TYPE, data);
    return JV_OK;
}

/* The path of a member inside `outer` becomes one from outside. */
void jv_lift_path(struct jv_ctx *ctx, const char *outer)
{
    char path[sizeof(ctx->err.field)];

    if (!ctx->err.field[0])
        return;
    snprintf(path, sizeof(path), "%s.%.100s", outer, ctx->err.field);
    memcpy(ctx->err.field, path, sizeof(path));
}

int jv_run_call(struct jv_ctx *ctx, const Google__Protobuf__Struct *call)
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
    code = run_tool(ctx, tool, arguments ? arguments->struct_value : NULL);
    if (code && jv_find_tool(ctx->node, tool))
        jv_lift_path(ctx, "arguments");
    return code;
}

/* ---- text ----------------------------------------------------------------------------------- */

static int run_plan(struct jv_ctx *ctx, const struct jv_plan *plan)
{
    int code = JV_OK;

    if (plan->kind != JV_PLAN_CALLS) {
        jv_answer_text(ctx, plan->text);
        return JV_OK;
    }
    for (size_t i = 0; !code && i < plan->n; i++)
        code = run_tool(ctx, plan->calls[i].tool, plan->calls[i].arguments);
    if (!code && plan->missing) /* a question is left over */
        jv_answer_text(ctx, plan->text);
    return code;
}

int jv_run_text(struct jv_ctx *ctx, const char *text)
{
    struct jv_plan_input in = { .text = text, .username = ctx->caller.username };
    struct jv_plan plan = { 0 };
    int code;

    code = jv_planner_builtin.plan(ctx, ctx->node->catalog, &in, ctx->arena, &plan);
    return code ? code : run_plan(ctx, &plan);
}
