/* suggest.c -- what to ask next: what the answer leads to, and else what everybody asks. */
#include "orchestrator.h"

#include <string.h>

enum { max_seen = 32, max_done = 3, longest_word = 64, max_stale = 10 };

/* Before there is anything to go by. */
static const char *const defaults[n_suggestions] = {
    "show my tickets", "show my courses", "show my pending exams", "show AWS cost", "show GCP cost",
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool listed(const char *const *list, size_t n, const char *word, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(list[i], word, len) == 0 && !list[i][len])
            return true;
    return false;
}

/* Names as data has them, update_budget, and words in bold, **urgent**: they say more than the
 * prose around them. */
static const char *const *names_in(struct jv_arena *a, const char *text)
{
    const char **seen = JV_NEW_ARRAY(a, const char *, max_seen + 1);
    size_t n = 0;

    for (const char *p = text; *p && n < max_seen;) {
        size_t len = 0;
        bool name = p >= text + 2 && p[-1] == '*' && p[-2] == '*';

        for (; is_word(p[len]); len++)
            name = name || p[len] == '_';
        if (name && len && len <= longest_word && !listed(seen, n, p, len))
            seen[n++] = jv_arena_strndup(a, p, len);
        p += len ? len : 1;
    }
    return seen;
}

static size_t from_catalog(struct jv_ctx *ctx, struct jv_suggest_input *in, const char *answer,
                           const char **list)
{
    const struct orchestrator *o = jv_state(ctx);

    in->scope = jv_caller(ctx)->scope;
    in->username = jv_caller(ctx)->username;
    if (!in->seen)
        in->seen = names_in(jv_arena(ctx), answer);
    return jv_plan_suggest_to(o->catalog, jv_arena(ctx), in, n_suggestions, list);
}

static size_t from_plan(const struct jv_plan *plan, const char **list)
{
    size_t n = 0;

    for (; plan->suggestions && plan->suggestions[n] && n < n_suggestions; n++)
        list[n] = plan->suggestions[n];
    return n;
}

#define SUGGESTED "suggested" /* in the memory, beside the planner's own */

static size_t add_suggested(const Google__Protobuf__Struct *memory, const char **list, size_t max)
{
    const Google__Protobuf__Value *v = memory ? jv_struct_get(memory, SUGGESTED) : NULL;
    size_t n = 0;

    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return 0;
    for (size_t i = 0; i < v->list_value->n_values && n < max; i++)
        if (v->list_value->values[i]->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
            list[n++] = v->list_value->values[i]->string_value;
    return n;
}

/* What was suggested the turn before, and what was asked lately. */
static const char *const *stale(struct jv_arena *a, const struct suggest_for *about)
{
    size_t n_recent = about->session ? about->session->n_recent : 0, n;
    size_t first = n_recent > max_stale ? n_recent - max_stale : 0;
    const char **list = JV_NEW_ARRAY(a, const char *, n_recent + n_suggestions + 1);

    n = add_suggested(about->memory, list, n_suggestions);
    for (size_t i = first; i < n_recent; i++)
        if (about->session->recent[i]->role == SESSIONS__ROLE__user)
            list[n++] = about->session->recent[i]->content;
    return list;
}

/* What a question back offers is its answers; else it is what the asker may ask. */
size_t suggest_next(struct jv_ctx *ctx, const struct suggest_for *about, const char ***ret)
{
    const struct orchestrator *o = jv_state(ctx);
    bool calls = about->plan->kind == JV_PLAN_CALLS;
    struct jv_suggest_input in = { .question = about->question,
                                   .stale = stale(jv_arena(ctx), about) };

    *ret = JV_NEW_ARRAY(jv_arena(ctx), const char *, n_suggestions + 1);
    if (about->plan->kind == JV_PLAN_ASK || !o->catalog)
        return from_plan(about->plan, *ret);
    if (calls) {
        in.n_done = about->plan->n;
        in.done = about->plan->calls;
        in.results = about->results;
    }
    return from_catalog(ctx, &in, calls ? about->answer : "", *ret);
}

void suggest_remember(struct jv_ctx *ctx, Google__Protobuf__Struct *memory, const char *const *list,
                      size_t n)
{
    struct jv_arena *a = jv_arena(ctx);
    Google__Protobuf__Value *v = jv_msg_new(&google__protobuf__value__descriptor, a);

    if (!memory)
        return;
    v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    v->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, a);
    v->list_value->values = JV_NEW_ARRAY(a, Google__Protobuf__Value *, n + 1);
    for (size_t i = 0; i < n; i++)
        v->list_value->values[v->list_value->n_values++] = jv_value_text(a, list[i]);
    jv_struct_set(memory, a, SUGGESTED, v);
}

/* ---- for a session that lies still ----------------------------------------------------------- */

static int load_session(struct jv_ctx *ctx, const char *session_id, Sessions__Session **ret)
{
    Sessions__GetRequest get = SESSIONS__GET_REQUEST__INIT;
    Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;

    get.session_id = session_id;
    if (session_id[0])
        return jv_call(ctx, &sessions__sessions__descriptor, "Get", &get, ret);
    return jv_call(ctx, &sessions__sessions__descriptor, "Active", &nothing, ret);
}

static Google__Protobuf__Struct *arguments_of(const Google__Protobuf__Struct *call)
{
    const Google__Protobuf__Value *v = jv_struct_get(call, "arguments");

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

/* The calls of the session's last invocations. */
static size_t last_calls(struct jv_ctx *ctx, const Sessions__Session *s, struct jv_planned *ret)
{
    size_t n = 0;

    for (size_t i = s->n_agents_invoked; i > 0 && n < max_done; i--) {
        const char *query = s->agents_invoked[i - 1]->query;
        struct jv_err err;
        Google__Protobuf__Struct *call = (Google__Protobuf__Struct *)jv_json_to_msg(
                &google__protobuf__struct__descriptor, query, strlen(query), 0, jv_arena(ctx),
                &err);

        if (call && jv_struct_text(call, "agent") && jv_struct_text(call, "tool"))
            ret[n++] = (struct jv_planned){ .agent = jv_struct_text(call, "agent"),
                                            .tool = jv_struct_text(call, "tool"),
                                            .arguments = arguments_of(call) };
    }
    return n;
}

static const char *last_said(const Sessions__Session *s, Sessions__Role role)
{
    for (size_t i = s->n_conversation_history; i > 0; i--)
        if (s->conversation_history[i - 1]->role == role)
            return s->conversation_history[i - 1]->content;
    return "";
}

static void add_new(const char **list, size_t *n, const char *text)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(list[i], text) == 0)
            return;
    if (*n < n_suggestions)
        list[(*n)++] = text;
}

/* Before anything was asked: what the asker works on, then what everybody asks. */
static size_t to_begin_with(struct jv_ctx *ctx, const char **ret)
{
    enum { max_leading = 2 };
    const struct orchestrator *o = jv_state(ctx);
    struct jv_suggest_input in = { .seen = memory_words(ctx) };
    const char *usual[n_suggestions + 1] = { NULL }, *led[n_suggestions + 1] = { NULL };
    size_t n = 0, n_led = 0;

    if (o->catalog && in.seen[0]) {
        (void)from_catalog(ctx, &(struct jv_suggest_input){ 0 }, "", usual);
        n_led = from_catalog(ctx, &in, "", led);
    }
    for (size_t i = 0; i < n_led && i < max_leading && usual[0] && strcmp(led[i], usual[0]); i++)
        add_new(ret, &n, led[i]);
    for (size_t i = 0; i < n_suggestions; i++)
        add_new(ret, &n, defaults[i]);
    return n;
}

int suggest_for_session(struct jv_ctx *ctx, const Orchestrator__SuggestRequest *req,
                        Orchestrator__SuggestReply *ret)
{
    const struct orchestrator *o = jv_state(ctx);
    struct jv_planned done[max_done];
    struct jv_suggest_input in = { .done = done };
    Sessions__Session *session = NULL;
    const char *answer, **list = JV_NEW_ARRAY(jv_arena(ctx), const char *, n_suggestions + 1);
    int r;

    r = load_session(ctx, req->session_id, &session);
    if (r &&
        (req->session_id[0] || r != JV_NOT_FOUND)) /* without a session there are the defaults */
        return r;
    ret->suggestions = list;
    if (r || !session->n_agents_invoked || !o->catalog) {
        in.seen = memory_words(ctx);
        if (o->catalog && jv_caller_has(ctx, "users:read:all")) /* who seldom have their own */
            ret->n_suggestions = from_catalog(ctx, &in, "", list);
        else
            ret->n_suggestions = to_begin_with(ctx, list);
        return JV_OK;
    }
    in.n_done = last_calls(ctx, session, done);
    in.question = last_said(session, SESSIONS__ROLE__user);
    answer = last_said(session, SESSIONS__ROLE__assistant);
    ret->n_suggestions = from_catalog(ctx, &in, answer, list);
    if (req->better)
        ret->n_suggestions = ideas_for(ctx, in.question, answer, list, ret->n_suggestions);
    return JV_OK;
}
