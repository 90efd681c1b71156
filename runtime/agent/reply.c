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

/* ---- what the client takes ------------------------------------------------------------------- */

/* "text/plain" takes all text: Markdown is meant to be read as it is. */
static bool takes(const A2a__SendMessageConfiguration *c, const A2a__Part *p)
{
    bool text = p->content_case == A2A__PART__CONTENT_TEXT;
    const char *type = p->media_type;

    for (size_t i = 0; i < c->n_accepted_output_modes; i++) {
        const char *mode = c->accepted_output_modes[i];

        if (strcmp(mode, "*/*") == 0 || strcmp(mode, type) == 0 || strcmp(mode, "*") == 0)
            return true;
        if (text ? strncmp(mode, "text", 4) == 0
                 : p->content_case == A2A__PART__CONTENT_DATA &&
                            strcmp(mode, "application/json") == 0)
            return true;
    }
    return false;
}

int jv_reply_accepted(struct jv_ctx *ctx, const A2a__SendMessageConfiguration *c)
{
    A2a__Message *m = ctx->reply->message;
    size_t n = 0;

    if (!c || !c->n_accepted_output_modes || !m->n_parts || ctx->reply->asks)
        return JV_OK; /* a question is one in any case */
    for (size_t i = 0; i < m->n_parts; i++)
        if (takes(c, m->parts[i]))
            m->parts[n++] = m->parts[i];
    m->n_parts = n;
    if (n)
        return JV_OK;
    jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, "configuration.acceptedOutputModes",
                 "%s answers in none of the accepted types", ctx->node->actor->agent->name);
    return jv_a2a_reason(ctx, "CONTENT_TYPE_NOT_SUPPORTED");
}
