/* attempt.c -- one call: tried with the first model that serves, again where that is safe, and with
 * the next one where it is of use. Nothing is tried again once a piece of it was handed on. */
#include "house.h"

#include <string.h>

enum {
    most_tries = 3, /* with one model */
    first_backoff_ms = 250,
    longest_backoff_ms = 8000,
    longest_obeyed_ms = 5000, /* who asks to wait longer is left for the next model */
};

uint32_t models_for(const struct llm *s, bool embeds, const char *name)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < s->n_models; i++)
        if (s->models[i].embeds == embeds && (!name[0] || strcmp(name, s->models[i].name) == 0))
            bits |= 1u << i;
    return bits;
}

static int64_t left_of(struct jv_ctx *ctx, const struct job *job)
{
    int64_t left = *job->until_ms - jv_real_ms(ctx), own = jv_left_ms(ctx);

    return left < own ? left : own;
}

/* ---- the turn ------------------------------------------------------------------------------- */

struct run {
    struct job *job;
    uint32_t models; /* not given up yet */
    unsigned tries[max_models];
    bool again;
    const char *reason; /* why the last model failed; NULL: none was asked */
};

static int nobody_serves(struct jv_ctx *ctx, const struct run *run)
{
    struct llm *s = jv_state(ctx);
    const char *why = "";

    if (run->reason)
        return jv_fail(ctx, JV_UNAVAILABLE, "no language model answered: %s", run->reason);
    for (size_t i = 0; i < s->n_models && !why[0]; i++)
        if (run->models & 1u << i)
            why = s->health[i].reason;
    return jv_fail(ctx, JV_UNAVAILABLE, "all language models are resting or limited%s%s",
                   why[0] ? ": " : "", why);
}

/* It may have got its turn in the same moment in which it gave up. */
static void give_up(struct jv_ctx *ctx, struct waiting *w)
{
    struct llm *s = jv_state(ctx);
    const struct verdict neither = { .result = RESULT_NEITHER, .estimated = w->tokens };

    queue_leave(&s->queue, w);
    if (w->turn == TURN_GRANTED)
        queue_done(&s->queue, w, &neither, jv_real_ms(ctx));
}

static int wait_turn(struct jv_ctx *ctx, struct run *run, struct waiting *w)
{
    struct llm *s = jv_state(ctx);
    struct jv_err err = { 0 };
    int r = queue_enter(&s->queue, w, &err);

    if (r)
        return jv_fail(ctx, r, "%s", err.text);
    run->job->waiting = w;
    while (!r) {
        int64_t soonest = queue_serve(&s->queue, jv_real_ms(ctx)), left = left_of(ctx, run->job);

        if (w->turn != TURN_WAITS)
            break;
        if (left <= 0)
            r = jv_fail(ctx, JV_DEADLINE_EXCEEDED, "no language model had room in time");
        else
            r = jv_wait(ctx, soonest < left ? soonest : left);
    }
    run->job->waiting = NULL;
    if (r)
        give_up(ctx, w);
    else if (w->turn == TURN_REFUSED)
        r = nobody_serves(ctx, run);
    return r;
}

/* ---- one try -------------------------------------------------------------------------------- */

struct
try {
    const struct model *model;
    struct waiting *w;
    struct wire_answer ans;
    struct wire_outcome out;
    int64_t began_ms, took_ms, tokens; /* tokens: of embeddings */
};

static void speak(struct jv_ctx *ctx, const struct job *job, struct try *t)
{
    const struct llm *s = jv_state(ctx);
    int64_t total = jv_left_ms(ctx) < s->total_ms ? jv_left_ms(ctx) : s->total_ms;
    const struct wire_limits limits = {
        .first_ms = job->piece && s->first_ms < total ? s->first_ms : total,
        .idle_ms = s->idle_ms,
        .total_ms = total,
        .allow = s->allow,
        .ca = s->ca,
    };

    t->began_ms = jv_real_ms(ctx);
    if (job->embed)
        wire_embed(ctx, t->model, job->embed, &limits, job->vectors, &t->tokens, &t->out);
    else
        wire_generate(ctx, t->model, job->generate, &limits, job->piece, job->arg, &t->ans,
                      &t->out);
    t->took_ms = jv_real_ms(ctx) - t->began_ms;
}

/* Those who asked left: only time makes them, so the model was too slow, if it had any. */
static bool was_slow(const struct try *t)
{
    enum { some_time_ms = 1000 };

    return (t->out.code == JV_CANCELLED || t->out.code == JV_DEADLINE_EXCEEDED) &&
           t->took_ms >= some_time_ms && !t->ans.text.len;
}

/* A provider may say anything. */
static int32_t small(int64_t n)
{
    return n < INT32_MAX ? (int32_t)n : INT32_MAX;
}

/* A provider need not say what it took, and a cut answer seldom does: then it is estimated, as what
 * is asked for a token. What it read is paid for, whether anybody waited for the rest or not. */
static void count_tokens(const struct job *job, struct try *t)
{
    bool got = t->ans.text.len || t->ans.n_calls;

    if (job->embed) {
        t->ans.input_tokens = t->tokens || t->out.code ? t->tokens : job->tokens;
        return;
    }
    if (t->out.code && !got && !was_slow(t))
        return;
    if (!t->ans.input_tokens)
        t->ans.input_tokens = job->tokens - job->generate->max_tokens;
    if (!t->ans.output_tokens && (got || !t->out.code))
        t->ans.output_tokens = (int64_t)t->ans.text.len / 4 + 16 * (int64_t)t->ans.n_calls + 1;
}

static void write_down(struct jv_ctx *ctx, const struct job *job, const struct try *t)
{
    const struct wire_answer *a = &t->ans;

    jv_info(ctx, "%s for %s: %s in %lld ms, %lld tokens in, %lld out", t->model->name, job->purpose,
            t->out.code ? jv_code_name(t->out.code) : "answered", (long long)t->took_ms,
            (long long)a->input_tokens, (long long)a->output_tokens);
    if (t->out.code && !a->input_tokens && !a->output_tokens)
        return;
    usage_add(ctx, &(struct call_use){
                           .person = job->person,
                           .agent = job->agent,
                           .model = t->model->name,
                           .purpose = job->purpose,
                           .calls = 1,
                           .input = a->input_tokens,
                           .output = a->output_tokens,
                           .cost = usage_cost(t->model, a->input_tokens, a->output_tokens) });
}

static void add_up(struct health *h, const struct try *t)
{
    h->total.calls++;
    h->total.failed += t->out.code != JV_OK;
    h->total.input += t->ans.input_tokens;
    h->total.output += t->ans.output_tokens;
    h->total.cost += usage_cost(t->model, t->ans.input_tokens, t->ans.output_tokens);
}

static struct verdict judge(struct jv_ctx *ctx, const struct try *t)
{
    struct verdict v = { .result = RESULT_FAILED, .estimated = t->w->tokens };

    v.used = t->ans.input_tokens + t->ans.output_tokens;
    if (was_slow(t)) {
        v.reason = jv_arena_printf(jv_arena(ctx), "%s: no answer within %lld ms", t->model->name,
                                   (long long)t->took_ms);
        return v;
    }
    v.reason = jv_arena_strdup(jv_arena(ctx), jv_error(ctx)->text);
    if (!t->out.code)
        v.result = RESULT_FINE;
    else if (t->out.status == 429)
        v.result = RESULT_LIMITED;
    else if (t->out.code == JV_CANCELLED || t->out.code == JV_DEADLINE_EXCEEDED ||
             (!t->out.other_model && !t->out.begun))
        v.result = RESULT_NEITHER;
    if (v.result == RESULT_LIMITED)
        v.limited_ms = t->out.retry_after_ms;
    return v;
}

static Llm__Use *use_of(struct jv_ctx *ctx, const struct try *t)
{
    Llm__Use *u = jv_msg_new(&llm__use__descriptor, jv_arena(ctx));

    u->model = t->model->name;
    u->input_tokens = (int32_t)t->ans.input_tokens;
    u->output_tokens = (int32_t)t->ans.output_tokens;
    u->cost_microusd = usage_cost(t->model, t->ans.input_tokens, t->ans.output_tokens);
    return u;
}

static void take(struct jv_ctx *ctx, struct job *job, struct try *t)
{
    if (job->embed) {
        job->vectors->use = use_of(ctx, t);
        return;
    }
    job->reply = jv_msg_new(&llm__generate_reply__descriptor, jv_arena(ctx));
    job->reply->text = t->ans.text.data ? t->ans.text.data : "";
    job->reply->n_calls = t->ans.n_calls;
    job->reply->calls = t->ans.calls;
    job->reply->finish = t->ans.finish;
    if (!t->ans.finish)
        job->reply->finish = t->ans.n_calls ? LLM__GENERATE_REPLY__FINISH__tool_calls
                                            : LLM__GENERATE_REPLY__FINISH__stop;
    job->reply->use = use_of(ctx, t);
}

/* For operators: a model that rests is why people get plainer answers. */
static void tell_rest(struct jv_ctx *ctx, const struct health *h, int64_t rested_until)
{
    if (h->rests_until_ms && h->rests_until_ms != rested_until)
        jv_warn(ctx, "a model rests for %lld s: %s", (long long)h->rest_ms / 1000, h->reason);
    else if (!h->rests_until_ms && rested_until)
        jv_warn(ctx, "%s serves again", h->model->name);
}

/* The model has its place back before anything is waited for. */
static int ask(struct jv_ctx *ctx, struct run *run, struct waiting *w, struct wire_outcome *out)
{
    struct llm *s = jv_state(ctx);
    struct try t = { .model = &s->models[w->model], .w = w };
    int64_t rested_until;
    struct verdict v;

    t.ans.a = jv_arena(ctx);
    t.ans.text = jv_buf_new(t.ans.a);
    speak(ctx, run->job, &t);
    *out = t.out;
    count_tokens(run->job, &t);
    t.ans.input_tokens = small(t.ans.input_tokens);
    t.ans.output_tokens = small(t.ans.output_tokens);
    v = judge(ctx, &t);
    if (out->code)
        run->reason = v.reason; /* wire.c says whose */
    rested_until = s->health[w->model].rests_until_ms;
    queue_done(&s->queue, w, &v, jv_real_ms(ctx));
    tell_rest(ctx, &s->health[w->model], rested_until);
    write_down(ctx, run->job, &t);
    add_up(&s->health[w->model], &t);
    if (!out->code)
        take(ctx, run->job, &t);
    return out->code;
}

/* ---- and the next one ----------------------------------------------------------------------- */

/* Full jitter: those who failed together do not come back together. */
static int64_t backoff(unsigned tries)
{
    int64_t most = (int64_t)first_backoff_ms << (tries < 8 ? tries : 8);
    uint32_t n;

    jv_random(&n, sizeof(n));
    return (int64_t)(n % (uint64_t)((most < longest_backoff_ms ? most : longest_backoff_ms) + 1));
}

/* JV_OK: another try. */
static int decide(struct jv_ctx *ctx, struct run *run, size_t model, const struct wire_outcome *out)
{
    int64_t delay = out->retry_after_ms >= 0 ? out->retry_after_ms : backoff(run->tries[model]);

    if (out->code == JV_CANCELLED)
        return jv_fail(ctx, JV_CANCELLED, "cancelled");
    if (out->code == JV_DEADLINE_EXCEEDED)
        return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "%s", run->reason);
    if (out->begun && run->job->piece)
        return jv_fail(ctx, JV_UNAVAILABLE, "the answer was cut: %s", run->reason);
    if (!out->other_model)
        return jv_fail(ctx, JV_INTERNAL, "the request was refused by %s", run->reason);
    run->again = true;
    if (out->try_again && ++run->tries[model] < most_tries && delay <= longest_obeyed_ms &&
        delay < left_of(ctx, run->job))
        return jv_sleep(ctx, (uint32_t)delay);
    run->models &= ~(1u << model);
    return run->models ? JV_OK : nobody_serves(ctx, run);
}

static int try_once(struct jv_ctx *ctx, struct run *run, bool *ret_over)
{
    const struct job *job = run->job;
    struct waiting w = { .person = job->person,
                         .background = job->background,
                         .again = run->again,
                         .models = run->models,
                         .tokens = job->tokens,
                         .ctx = ctx };
    struct wire_outcome out = { 0 };
    int r = wait_turn(ctx, run, &w);

    *ret_over = true;
    if (r)
        return r;
    r = usage_known(ctx, job->person); /* those before it may have used up the budget */
    if (r) {
        give_up(ctx, &w);
        return r;
    }
    if (!ask(ctx, run, &w, &out))
        return JV_OK;
    r = decide(ctx, run, w.model, &out);
    *ret_over = r != JV_OK;
    return r;
}

int attempt(struct jv_ctx *ctx, struct job *job)
{
    struct run run = { .job = job, .models = job->models };
    bool over = false;
    int r = JV_OK;

    while (!over)
        r = try_once(ctx, &run, &over);
    return r;
}
