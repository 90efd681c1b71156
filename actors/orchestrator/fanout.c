/* fanout.c -- one call to one agent: what goes out, what comes back. */
#include "orchestrator.h"

#include <string.h>

enum { max_type = 128 };

/* ---- what goes out --------------------------------------------------------------------------- */

static Google__Protobuf__Struct *tool_call(struct jv_arena *a, const struct jv_planned *p)
{
    Google__Protobuf__Struct *s = jv_msg_new(&google__protobuf__struct__descriptor, a);

    jv_struct_set(s, a, "tool", jv_value_text(a, p->tool));
    jv_struct_set(s, a, "arguments", jv_value_struct(a, p->arguments));
    return s;
}

const char *call_json(struct jv_ctx *ctx, const struct call *c)
{
    struct jv_arena *a = jv_arena(ctx);
    Google__Protobuf__Struct *s;
    size_t len;

    if (!c->planned->tool)
        return c->planned->text;
    s = tool_call(a, c->planned);
    jv_struct_set(s, a, "agent", jv_value_text(a, c->planned->agent));
    return jv_msg_to_json(&s->base, JV_JSON_SNAKE, a, &len);
}

static A2a__SendMessageRequest *request(struct jv_arena *a, const struct call *c)
{
    A2a__SendMessageRequest *req = jv_msg_new(&a2a__send_message_request__descriptor, a);
    A2a__Part *part = jv_msg_new(&a2a__part__descriptor, a);

    req->message = jv_msg_new(&a2a__message__descriptor, a);
    req->message->message_id = c->message_id;
    req->message->role = A2A__ROLE__ROLE_USER;
    req->message->n_parts = 1;
    req->message->parts = JV_NEW(a, A2a__Part *);
    req->message->parts[0] = part;
    if (c->planned->tool) {
        part->content_case = A2A__PART__CONTENT_DATA;
        part->data = jv_value_struct(a, tool_call(a, c->planned));
        part->media_type = JV_TOOL_CALL_TYPE;
    } else {
        part->content_case = A2A__PART__CONTENT_TEXT;
        part->text = c->planned->text;
    }
    return req;
}

/* ---- what comes back ------------------------------------------------------------------------- */

static void read_parts(struct call *c, struct jv_buf *md, size_t n, A2a__Part *const *parts)
{
    for (size_t i = 0; i < n; i++) {
        if (parts[i]->content_case == A2A__PART__CONTENT_TEXT) {
            jv_buf_printf(md, "%s%s", md->len ? "\n\n" : "", parts[i]->text);
        } else if (parts[i]->content_case == A2A__PART__CONTENT_DATA && !c->data) {
            c->data = parts[i]->data;
            c->media_type = strlen(parts[i]->media_type) <= max_type ? parts[i]->media_type : "";
        }
    }
}

/* An agent may answer with a task: what it has made so far, or what it says about it. */
static void read_task(struct call *c, struct jv_buf *md, const A2a__Task *task)
{
    for (size_t i = 0; i < task->n_artifacts; i++)
        read_parts(c, md, task->artifacts[i]->n_parts, task->artifacts[i]->parts);
    if (!md->len && task->status && task->status->message)
        read_parts(c, md, task->status->message->n_parts, task->status->message->parts);
    if (!md->len)
        jv_buf_printf(md, "%s is working on it.", c->name);
}

/* At most max bytes, not cut within a character. */
static const char *clipped(struct jv_arena *a, const char *text, size_t max)
{
    size_t n = jv_clip(text, strlen(text), max);

    if (!text[n])
        return text;
    return jv_arena_printf(a, "%.*s\n\n(The rest was too long.)", (int)n, text);
}

static void read_answer(struct jv_ctx *ctx, struct call *c, const A2a__SendMessageResponse *res)
{
    struct jv_buf md = jv_buf_new(jv_arena(ctx));

    if (res->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_MESSAGE)
        read_parts(c, &md, res->message->n_parts, res->message->parts);
    else if (res->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_TASK)
        read_task(c, &md, res->task);
    c->text = clipped(jv_arena(ctx), md.len ? md.data : "There was no answer.", max_section);
}

/* "message.parts[0].data.arguments.ticket_id" -> "ticket_id" */
static void read_failure(struct jv_ctx *ctx, struct call *c)
{
    static const char mark[] = ".arguments.";
    const char *at = strstr(jv_error(ctx)->field, mark);

    c->why = jv_arena_strdup(jv_arena(ctx), jv_error(ctx)->text);
    c->field = jv_arena_strdup(jv_arena(ctx), at ? at + strlen(mark) : "");
}

/* "not found" and "that is no number" are answers; denials and outages are not. */
static enum call_state state_of(int code)
{
    switch (code) {
    case JV_OK:
    case JV_NOT_FOUND:
    case JV_INVALID_ARGUMENT:
    case JV_ALREADY_EXISTS:
    case JV_FAILED_PRECONDITION:
    case JV_OUT_OF_RANGE:
        return CALL_ANSWERED;
    case JV_PERMISSION_DENIED:
    case JV_UNAUTHENTICATED:
        return CALL_DENIED;
    case JV_UNAVAILABLE:
    case JV_DEADLINE_EXCEEDED:
    case JV_RESOURCE_EXHAUSTED:
    case JV_CANCELLED:
        return CALL_UNAVAILABLE;
    default:
        return CALL_FAILED;
    }
}

const char *call_state_name(enum call_state state)
{
    static const char *const names[] = { "answered", "denied", "unavailable", "failed" };

    return names[state];
}

const Google__Protobuf__Struct *call_result(const struct call *c)
{
    const Google__Protobuf__Value *v = NULL;

    if (c->data && c->data->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        v = jv_struct_get(c->data->struct_value, "result");
    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

/* ---- the call -------------------------------------------------------------------------------- */

static int run(struct jv_ctx *ctx, void *arg)
{
    struct call *c = arg;
    int64_t began = jv_real_ms(ctx), left = jv_left_ms(ctx) - reserve_ms;
    A2a__SendMessageResponse *res;
    int r;

    if (left <= 0) { /* the calls before it took all of it: better not begun than not known */
        c->state = CALL_UNAVAILABLE;
        return JV_OK;
    }
    jv_within(ctx, left < call_ms ? left : call_ms);
    r = jv_a2a(ctx, c->planned->agent, "SendMessage", request(jv_arena(ctx), c), &res);
    c->ms = jv_real_ms(ctx) - began;
    c->state = state_of(r);
    c->missing = r == JV_NOT_FOUND;
    c->unclear = c->changes && (r == JV_DEADLINE_EXCEEDED || r == JV_CANCELLED || r == JV_INTERNAL);
    if (r)
        read_failure(ctx, c);
    else
        read_answer(ctx, c, res);
    return JV_OK;
}

void call_start(struct jv_ctx *ctx, struct call *c)
{
    c->state = CALL_FAILED;
    c->task = jv_spawn(ctx, run, c);
}

void call_wait(struct jv_ctx *ctx, struct call *c)
{
    if (c->task)
        (void)jv_join(ctx, c->task); /* how it ended is in the call */
}
