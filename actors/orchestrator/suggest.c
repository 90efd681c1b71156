/* suggest.c -- what to ask next: what the answer leads to, and else what everybody asks. */
#include "orchestrator.h"

#include <string.h>

enum { max_seen = 32, max_done = 3, longest_word = 64 };

/* Before there is anything to go by. */
static const char *const defaults[n_suggestions] = {
    "show my tickets", "show my courses", "show my pending exams", "show AWS cost", "show GCP cost",
};

static size_t fill_up(const char **list, size_t n)
{
    for (size_t i = 0; i < n_suggestions && n < n_suggestions; i++) {
        bool listed = false;

        for (size_t k = 0; k < n; k++)
            listed = listed || strcmp(list[k], defaults[i]) == 0;
        if (!listed)
            list[n++] = defaults[i];
    }
    return n;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Names as data has them, update_budget: they say more than the prose around them. */
static const char *const *names_in(struct jv_arena *a, const char *text)
{
    const char **seen = JV_NEW_ARRAY(a, const char *, max_seen + 1);
    size_t n = 0;

    for (const char *p = text; *p && n < max_seen;) {
        size_t len = 0;
        bool name = false;

        for (; is_word(p[len]); len++)
            name = name || p[len] == '_';
        if (name && len <= longest_word)
            seen[n++] = jv_arena_strndup(a, p, len);
        p += len ? len : 1;
    }
    return seen;
}

static size_t from_catalog(struct jv_ctx *ctx, size_t n_done, const struct jv_planned *done,
                           const char *answer, const char **list)
{
    const struct orchestrator *o = jv_state(ctx);
    struct jv_arena *a = jv_arena(ctx);

    if (!o->catalog)
        return 0;
    return jv_plan_suggest(o->catalog, a, n_done, done, names_in(a, answer), n_suggestions, list);
}

size_t suggest_next(struct jv_ctx *ctx, const struct jv_plan *plan, const char *answer,
                    const char ***ret)
{
    const char **list = JV_NEW_ARRAY(jv_arena(ctx), const char *, n_suggestions + 1);
    size_t n = 0;

    *ret = list;
    if (plan->kind == JV_PLAN_CALLS)
        n = from_catalog(ctx, plan->n, plan->calls, answer, list);
    for (size_t i = 0; plan->suggestions && plan->suggestions[i] && n < n_suggestions; i++)
        list[n++] = plan->suggestions[i];
    return plan->kind == JV_PLAN_ASK ? n : fill_up(list, n);
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
                                            .tool = jv_struct_text(call, "tool") };
    }
    return n;
}

static const char *last_answer(const Sessions__Session *s)
{
    for (size_t i = s->n_conversation_history; i > 0; i--)
        if (s->conversation_history[i - 1]->role == SESSIONS__ROLE__assistant)
            return s->conversation_history[i - 1]->content;
    return "";
}

int suggest_for_session(struct jv_ctx *ctx, const char *session_id, const char ***ret,
                        size_t *ret_n)
{
    const char **list = JV_NEW_ARRAY(jv_arena(ctx), const char *, n_suggestions + 1);
    struct jv_planned done[max_done];
    Sessions__Session *session = NULL;
    size_t n = 0;
    int r;

    r = load_session(ctx, session_id, &session);
    if (r && (session_id[0] || r != JV_NOT_FOUND)) /* without a session there are the defaults */
        return r;
    if (!r && session->n_agents_invoked)
        n = from_catalog(ctx, last_calls(ctx, session, done), done, last_answer(session), list);
    *ret = list;
    *ret_n = fill_up(list, n);
    return JV_OK;
}
