/* child.c -- children of a message, sleeping, and work on helper threads. */
#include "actor/engine.h"

static void child_main(void *arg)
{
    struct jv_child *t = arg;

    t->ctx->fiber = jv_fiber_self();
    t->code = t->fn(t->ctx, t->arg);
    jv_ctx_end(t->ctx);
    t->done = true;
    if (t->joiner)
        jv_fiber_wake(t->joiner);
}

struct jv_child *jv_spawn(struct jv_ctx *ctx, int (*fn)(struct jv_ctx *child, void *arg), void *arg)
{
    struct jv_child *t = JV_NEW(ctx->arena, struct jv_child);

    t->ctx = JV_NEW(ctx->arena, struct jv_ctx);
    *t->ctx = *ctx;
    t->ctx->parent = ctx;
    t->ctx->children = NULL;
    t->ctx->tx = NULL;
    t->ctx->savepoint = false;
    t->ctx->err = (struct jv_err){ 0 };
    t->fn = fn;
    t->arg = arg;
    t->next = ctx->children;
    ctx->children = t;
    t->ctx->fiber = jv_fiber_start(ctx->node->loop, child_main, t);
    return t;
}

void jv_cancel(struct jv_child *task)
{
    if (!task->done)
        jv_fiber_cancel(task->ctx->fiber);
}

/* A child shares its parent's arena, so it is waited for whatever happens; a cancelled parent
 * cancels it first. */
int jv_join(struct jv_ctx *ctx, struct jv_child *task)
{
    struct jv_fiber *self = jv_fiber_self();
    bool cancelled = false;

    task->joiner = self;
    while (!task->done) {
        if (jv_ctx_wait(ctx, INT64_MAX) == JV_CANCELLED) {
            cancelled = true;
            jv_fiber_uncancel(self);
            jv_cancel(task);
        }
    }
    task->joiner = NULL;
    if (cancelled)
        jv_fiber_cancel(self);
    if (task->code)
        ctx->err = task->ctx->err;
    return task->code;
}

int jv_sleep(struct jv_ctx *ctx, uint32_t ms)
{
    int64_t until = jv_loop_mono_ms(ctx->node->loop) + ms;
    int r;

    while (jv_loop_mono_ms(ctx->node->loop) < until) {
        r = jv_ctx_wait(ctx, until < ctx->deadline ? until : ctx->deadline);
        if (r == JV_CANCELLED)
            return jv_fail(ctx, JV_CANCELLED, "cancelled");
        if (jv_loop_mono_ms(ctx->node->loop) >= ctx->deadline)
            return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "out of time");
    }
    return JV_OK;
}

int jv_wait(struct jv_ctx *ctx, int64_t ms)
{
    int64_t now = jv_loop_mono_ms(ctx->node->loop), until = ctx->deadline;

    if (ms < until - now)
        until = now + (ms > 0 ? ms : 0);
    if (jv_ctx_wait(ctx, until) == JV_CANCELLED)
        return jv_fail(ctx, JV_CANCELLED, "cancelled");
    if (jv_loop_mono_ms(ctx->node->loop) >= ctx->deadline)
        return jv_fail(ctx, JV_DEADLINE_EXCEEDED, "out of time");
    return JV_OK;
}

void jv_wake(struct jv_ctx *ctx)
{
    jv_fiber_wake(ctx->fiber);
}

struct offload {
    struct jv_fiber *fiber;
    int result;
    bool done;
};

static void offload_done(void *arg, int result)
{
    struct offload *o = arg;

    o->result = result;
    o->done = true;
    jv_fiber_wake(o->fiber);
}

int jv_offload(struct jv_ctx *ctx, int (*fn)(void *), void *arg)
{
    struct offload *o = JV_NEW(ctx->arena, struct offload);
    bool cancelled = false;

    o->fiber = jv_fiber_self();
    if (!jv_loop_offload(ctx->node->loop, fn, arg, offload_done, o))
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "too much work is waiting");
    while (!o->done) {
        if (jv_ctx_wait(ctx, INT64_MAX) == JV_CANCELLED) {
            cancelled = true;
            jv_fiber_uncancel(o->fiber);
        }
    }
    if (cancelled)
        jv_fiber_cancel(o->fiber);
    return o->result;
}
