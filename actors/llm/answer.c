/* answer.c -- an answer as it grows, whoever it comes from. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

/* ---- their words ---------------------------------------------------------------------------- */

/* The key is looked for before anything is cut: half of it would be too much as well. */
const char *wire_without_key(struct jv_arena *a, const struct model *m, const char *text)
{
    const char *key = m && m->key ? m->key : "", *at;
    struct jv_buf b = jv_buf_new(a);

    while (key[0] && (at = strstr(text, key))) {
        jv_buf_add(&b, text, (size_t)(at - text));
        jv_buf_str(&b, "[key]");
        text = at + strlen(key);
    }
    jv_buf_str(&b, text);
    return b.data;
}

const char *wire_theirs(struct jv_arena *a, const struct model *m, const char *text)
{
    struct jv_buf b = jv_buf_new(a);
    size_t len, n;

    text = wire_without_key(a, m, text);
    len = strlen(text);
    for (size_t i = 0; i < len && b.len < max_theirs; i += n) {
        uint32_t c;

        n = jv_utf8_next(text + i, len - i, &c);
        if (!n || jv_is_unseen(c)) {
            n = n ? n : 1;
            jv_buf_char(&b, ' ');
        } else {
            jv_buf_add(&b, text + i, n);
        }
    }
    b.data[jv_clip(b.data, b.len, max_theirs)] = '\0';
    return b.data;
}

int answer_error(const struct wire_answer *ans, const json_object *o, struct jv_err *err)
{
    const json_value *error = jv_struct_get(o, "error");
    const char *message = jv_struct_text(json_to_object(error), "message");

    if (!error || error->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE)
        return JV_OK;
    if (!message || !message[0])
        message = json_print_value(ans->a, error);
    return jv_err_set(err, JV_UNAVAILABLE, "the model failed: %s",
                      wire_theirs(ans->a, ans->model, message));
}

json_object *answer_read(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err)
{
    void *o;

    if (ans->scratch)
        jv_arena_reset(ans->scratch);
    o = jv_json_to_msg(&google__protobuf__struct__descriptor, json, len, 0,
                       ans->scratch ? ans->scratch : ans->a, NULL);
    if (!o) /* the parser's words would quote a part of it, perhaps half a key */
        jv_err_set(err, JV_UNAVAILABLE, "the model's answer makes no sense: it is no JSON object");
    return o;
}

/* ---- text ----------------------------------------------------------------------------------- */

const char too_much[] = "TOO_MUCH";

int answer_too_much(struct jv_err *err, const char *what)
{
    jv_err_set(err, JV_UNAVAILABLE, "the model's answer has too much in it: %s", what);
    snprintf(err->reason, sizeof(err->reason), "%s", too_much);
    return JV_UNAVAILABLE;
}

int answer_text(struct wire_answer *ans, const char *text, struct jv_err *err)
{
    size_t n = strlen(text);

    if (!ans->text.arena)
        ans->text = jv_buf_new(ans->a);
    if (n > max_text - ans->text.len)
        return answer_too_much(err, "text over 128 KiB");
    jv_buf_add(&ans->text, text, n);
    return JV_OK;
}

void answer_blocked(struct wire_answer *ans, const char *why)
{
    ans->text = jv_buf_new(ans->a);
    jv_buf_str(&ans->text, why[0] ? why : "the model refused to answer");
    ans->n_calls = 0;
    ans->finish = LLM__GENERATE_REPLY__FINISH__blocked;
}

/* ---- calls ---------------------------------------------------------------------------------- */

struct partial *answer_partial(struct wire_answer *ans)
{
    if (!ans->partial)
        ans->partial = JV_NEW(ans->a, struct partial);
    return ans->partial;
}

static char *clipped(struct jv_arena *a, const char *text, size_t max)
{
    return jv_arena_strndup(a, text, jv_clip(text, strlen(text), max));
}

Llm__ToolCall *answer_call(struct wire_answer *ans, const char *id, const char *name,
                           struct jv_err *err)
{
    Llm__ToolCall *c;

    if (ans->n_calls == max_calls) {
        answer_too_much(err, "over 32 calls");
        return NULL;
    }
    if (!ans->calls)
        ans->calls = JV_NEW_ARRAY(ans->a, Llm__ToolCall *, max_calls);
    c = jv_msg_new(&llm__tool_call__descriptor, ans->a);
    c->id = id[0] ? clipped(ans->a, id, max_name) : request_call_id(ans->a);
    c->name = clipped(ans->a, name, max_name);
    ans->calls[ans->n_calls++] = c;
    return c;
}

static bool is_blank(const char *text, size_t len)
{
    return strspn(text, " \t\r\n") >= len;
}

int answer_arguments(struct wire_answer *ans, Llm__ToolCall *call, const char *text, size_t len,
                     struct jv_err *err)
{
    if (len > max_arguments)
        return answer_too_much(err, "arguments over 64 KiB");
    if (is_blank(text, len)) {
        call->arguments = json_new(ans->a);
        return JV_OK;
    }
    call->arguments = (json_object *)(void *)jv_json_to_msg(&google__protobuf__struct__descriptor,
                                                            text, len, 0, ans->a, NULL);
    if (!call->arguments)
        call->broken = jv_arena_strndup(ans->a, text, jv_clip(text, len, max_broken));
    return JV_OK;
}

/* Servers differ: one gives every call the index 0, another none. A new id decides. */
static struct pending *find_pending(struct partial *p, int64_t index, const char *id)
{
    struct pending *last = p->n ? &p->calls[p->n - 1] : NULL;

    if (index < 0)
        return last && (!id[0] || strcmp(last->call->id, id) == 0) ? last : NULL;
    for (size_t i = p->n; i-- > 0;) {
        struct pending *q = &p->calls[i];

        if (q->index == index)
            return !id[0] || strcmp(q->call->id, id) == 0 ? q : NULL;
    }
    return NULL;
}

int answer_piece(struct wire_answer *ans, int64_t index, const char *id, const char *name,
                 const char *arguments, struct jv_err *err)
{
    struct partial *p = answer_partial(ans);
    struct pending *q = find_pending(p, index, id);
    size_t n = strlen(arguments);

    if (!q) {
        Llm__ToolCall *c = answer_call(ans, id, name, err);

        if (!c)
            return err->code;
        q = &p->calls[p->n++];
        *q = (struct pending){ index, c, jv_buf_new(ans->a) };
    }
    if (!q->call->name[0])
        q->call->name = clipped(ans->a, name, max_name);
    if (n > max_arguments - q->arguments.len)
        return answer_too_much(err, "arguments over 64 KiB");
    jv_buf_add(&q->arguments, arguments, n);
    return JV_OK;
}

int answer_end(struct wire_answer *ans, struct jv_err *err)
{
    struct partial *p = answer_partial(ans);
    int r = JV_OK;

    if (!ans->text.arena)
        ans->text = jv_buf_new(ans->a);
    for (size_t i = 0; i < p->n && !r; i++)
        r = answer_arguments(ans, p->calls[i].call, p->calls[i].arguments.data,
                             p->calls[i].arguments.len, err);
    p->n = 0;
    for (size_t i = 0; i < ans->n_calls && !r; i++)
        if (!ans->calls[i]->name[0])
            r = jv_err_set(err, JV_UNAVAILABLE, "the model called a tool without a name");
    if (r)
        return r;
    if (ans->finish == LLM__GENERATE_REPLY__FINISH__stop && ans->n_calls)
        ans->finish = LLM__GENERATE_REPLY__FINISH__tool_calls;
    if (ans->finish == LLM__GENERATE_REPLY__FINISH__tool_calls && !ans->n_calls)
        ans->finish = LLM__GENERATE_REPLY__FINISH__stop;
    if (!ans->finish)
        return jv_err_set(err, JV_UNAVAILABLE, "the model did not say why its answer ended");
    ans->ended = true;
    return JV_OK;
}

Llm__GenerateReply__Finish answer_finish(const struct finish *table, const char *theirs)
{
    while (table->theirs && strcmp(table->theirs, theirs) != 0)
        table++;
    return table->ours;
}
