/* steps.c -- carrying out what a text asks for: one call, or several, some of which may fail. */
#include "agent/agent.h"

#include <string.h>

struct steps {
    struct jv_ctx *ctx;
    const struct jv_plan *plan;
    bool *changes;
    bool several; /* of several wishes one may not come true, and is told of */
    bool guarded; /* it takes back what it did, and nothing else */
    size_t n_failed;
    struct jv_err first; /* of those that failed */
    struct step {
        bool done, failed;
        size_t n_parts;
        A2a__Part **parts; /* what was answered to it */
    } * at;
};

/* What is no answer to a wish ends all of them. */
static bool is_answer(int code)
{
    switch (code) {
    case JV_NOT_FOUND:
    case JV_INVALID_ARGUMENT:
    case JV_ALREADY_EXISTS:
    case JV_FAILED_PRECONDITION:
    case JV_OUT_OF_RANGE:
    case JV_PERMISSION_DENIED:
        return true;
    default:
        return false;
    }
}

/* "ticket 1 was not found" -> "Ticket 1 was not found." */
static void say_failure(struct jv_ctx *ctx, const char *why)
{
    char *s = jv_arena_strdup(ctx->arena, why);
    size_t n = strlen(s);

    if (s[0] >= 'a' && s[0] <= 'z')
        s[0] = (char)(s[0] - 'a' + 'A');
    jv_answer_text(
            ctx, jv_arena_printf(ctx->arena, "%s%s", s, n && !strchr(".!?", s[n - 1]) ? "." : ""));
}

static bool is_pointless(const struct steps *s, size_t i)
{
    for (size_t k = 0; s->changes[i] && k < i; k++)
        if (s->changes[k] && s->at[k].failed &&
            jv_plan_same_item(&s->plan->calls[k], &s->plan->calls[i]))
            return true;
    return false;
}

static int tell_failure(struct steps *s, size_t i)
{
    s->first = s->n_failed++ ? s->first : s->ctx->err;
    s->at[i].failed = true;
    say_failure(s->ctx, s->ctx->err.text);
    return s->guarded ? jv_db_step_end(s->ctx, false) : JV_OK;
}

static int try_call(struct steps *s, size_t i)
{
    int r = s->guarded ? jv_db_step(s->ctx) : JV_OK;

    if (!r) {
        r = jv_run_planned(s->ctx, &s->plan->calls[i]);
        if (s->several && is_answer(r))
            return tell_failure(s, i);
    }
    return !r && s->guarded ? jv_db_step_end(s->ctx, true) : r;
}

static int run_step(struct steps *s, size_t i)
{
    A2a__Message *m = s->ctx->reply->message;
    size_t before = m->n_parts;
    int r = JV_OK;

    s->at[i].done = true;
    if (is_pointless(s, i)) {
        s->at[i].failed = true;
        s->n_failed++;
        say_failure(s->ctx, jv_arena_printf(s->ctx->arena,
                                            "%s was not tried, because the step before it did "
                                            "not work",
                                            s->plan->calls[i].tool));
    } else {
        r = try_call(s, i);
    }
    s->at[i].n_parts = m->n_parts - before;
    s->at[i].parts = JV_NEW_ARRAY(s->ctx->arena, A2a__Part *, s->at[i].n_parts + 1);
    for (size_t k = 0; k < s->at[i].n_parts; k++)
        s->at[i].parts[k] = m->parts[before + k];
    m->n_parts = before;
    return r;
}

static int run_all(struct steps *s)
{
    size_t n = s->plan->n;
    int r = JV_OK;

    for (size_t i = 0; !r && i < n; i++)
        if (jv_plan_in_turn(n, s->plan->calls, s->changes, i))
            r = run_step(s, i);
    for (size_t i = 0; !r && i < n; i++)
        if (!s->at[i].done)
            r = run_step(s, i);
    for (size_t i = 0; !r && i < n; i++)
        for (size_t k = 0; k < s->at[i].n_parts; k++)
            jv_answer_part(s->ctx, s->at[i].parts[k]);
    if (!r && n && s->n_failed == n) {
        s->ctx->err = s->first;
        r = s->first.code;
    }
    return r;
}

/* In a run all that was done is committed at its end, so that one step may be taken back. */
static int run_calls(struct jv_ctx *ctx, const struct jv_intent *in)
{
    struct steps s = { .ctx = ctx, .plan = in->plan };

    s.at = JV_NEW_ARRAY(ctx->arena, struct step, in->plan->n + 1);
    s.changes = JV_NEW_ARRAY(ctx->arena, bool, in->plan->n + 1);
    for (size_t i = 0; i < in->plan->n; i++) {
        const struct jv_method *m = jv_find_tool(ctx->node, in->plan->calls[i].tool);

        s.changes[i] = !(m->row->flags & JV_TOOL_READONLY);
    }
    s.several = in->plan->n > 1 && !in->long_running;
    s.guarded = s.several && in->changes && ctx->run;
    return run_all(&s);
}

int jv_carry_out_plan(struct jv_ctx *ctx, const struct jv_intent *in)
{
    const struct jv_plan *plan = in->plan;
    int r = JV_OK;

    if (plan->kind != JV_PLAN_CALLS) {
        jv_answer_text(ctx, plan->text);
        ctx->reply->asks = plan->kind == JV_PLAN_ASK;
    }
    if (plan->taken)
        jv_answer_text(ctx, plan->taken);
    if (plan->kind == JV_PLAN_CALLS)
        r = run_calls(ctx, in);
    if (!r && plan->more)
        jv_answer_text(ctx, jv_arena_printf(ctx->arena, JV_PLAN_MORE, plan->n));
    if (!r && plan->kind == JV_PLAN_CALLS && plan->missing) { /* a question is left over */
        jv_answer_text(ctx, plan->text);
        ctx->reply->asks = true;
    }
    ctx->reply->memory = plan->memory;
    return r;
}
