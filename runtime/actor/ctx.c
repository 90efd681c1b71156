/* ctx.c -- what a handler sees of its message: identity, time, failures, memory, log. */
#include "actor/engine.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

/* ---- made and ended ------------------------------------------------------------------------- */

static struct jv_arena *arena_take(struct jv_node *n)
{
    return n->n_pool ? n->pool[--n->n_pool] : jv_arena_new(JV_ARENA_LIMIT);
}

static void arena_give(struct jv_node *n, struct jv_arena *a)
{
    jv_arena_reset(a);
    if (n->n_pool < JV_ARENA_POOL)
        n->pool[n->n_pool++] = a;
    else
        jv_arena_free(a);
}

struct jv_ctx *jv_ctx_new(struct jv_node *n)
{
    struct jv_arena *a = arena_take(n);
    struct jv_ctx *ctx = JV_NEW(a, struct jv_ctx);

    ctx->node = n;
    ctx->arena = a;
    ctx->caller = (struct jv_caller){ false, "", "", "", "", "", NULL, 0 };
    ctx->began_us = jv_mono_us();
    ctx->deadline = INT64_MAX;
    ctx->next = n->alive;
    ctx->at = &n->alive;
    if (ctx->next)
        ctx->next->at = &ctx->next;
    n->alive = ctx;
    return ctx;
}

/* Children end before their parent does: cancelled when nobody waited for them. */
static void end_children(struct jv_ctx *ctx)
{
    for (struct jv_child *t = ctx->children; t; t = t->next)
        if (!t->done) {
            jv_cancel(t);
            jv_join(ctx, t);
        }
}

void jv_ctx_end(struct jv_ctx *ctx)
{
    struct jv_node *n = ctx->node;

    end_children(ctx);
    jv_db_abandon(ctx);
    if (ctx->parent)
        return; /* the arena is the parent's */
    *ctx->at = ctx->next;
    if (ctx->next)
        ctx->next->at = ctx->at;
    if (ctx->msg)
        jv_bus_release(ctx->msg);
    arena_give(n, ctx->arena);
}

int jv_ctx_wait(struct jv_ctx *ctx, int64_t until_mono_ms)
{
    int r = jv_fiber_wait(until_mono_ms);

    if (ctx->method)
        atomic_store_explicit(&ctx->node->running, ctx->method->name, memory_order_relaxed);
    return r;
}

int64_t jv_mono_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- looking at it -------------------------------------------------------------------------- */

void *jv_state(struct jv_ctx *ctx)
{
    return ctx->node->state;
}

const struct jv_caller *jv_caller(const struct jv_ctx *ctx)
{
    return &ctx->caller;
}

bool jv_caller_has(const struct jv_ctx *ctx, const char *scope)
{
    return ctx->caller.signed_in && jv_scope_in(ctx->caller.scope, scope, strlen(scope));
}

struct jv_arena *jv_arena(struct jv_ctx *ctx)
{
    return ctx->arena;
}

const char *jv_trace_id(const struct jv_ctx *ctx)
{
    return ctx->env.trace_id;
}

int64_t jv_now_ms(const struct jv_ctx *ctx)
{
    return jv_loop_wall_ms(ctx->node->loop);
}

int64_t jv_real_ms(const struct jv_ctx *ctx)
{
    return jv_loop_real_ms(ctx->node->loop);
}

int64_t jv_left_ms(const struct jv_ctx *ctx)
{
    int64_t left = ctx->deadline - jv_loop_mono_ms(ctx->node->loop);

    return left > 0 ? left : 0;
}

void jv_within(struct jv_ctx *ctx, int64_t ms)
{
    if (ms < jv_left_ms(ctx))
        ctx->deadline = jv_loop_mono_ms(ctx->node->loop) + (ms > 0 ? ms : 0);
}

void jv_as_actor(struct jv_ctx *ctx)
{
    ctx->as_actor = true;
}

/* ---- failing -------------------------------------------------------------------------------- */

int jv_fail(struct jv_ctx *ctx, int code, const char *fmt, ...)
{
    char text[2 * sizeof(ctx->err.text)]; /* the arguments may point into ctx->err */
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return jv_err_set(&ctx->err, code, "%s", text);
}

int jv_fail_field(struct jv_ctx *ctx, const char *field, const char *fmt, ...)
{
    char text[2 * sizeof(ctx->err.text)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return jv_err_field(&ctx->err, JV_INVALID_ARGUMENT, field, "%.60s %s", field, text);
}

int jv_fail_at(struct jv_ctx *ctx, int code, const char *fmt, ...)
{
    char doing[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(doing, sizeof(doing), fmt, args);
    va_end(args);
    jv_err_wrap(&ctx->err, "%s", doing);
    ctx->err.code = code;
    return code;
}

const struct jv_err *jv_error(const struct jv_ctx *ctx)
{
    return &ctx->err;
}

/* ---- telling -------------------------------------------------------------------------------- */

static int publish(struct jv_ctx *ctx, const char *subject, const void *data, size_t len)
{
    struct jv_node *n = ctx->node;
    struct jv_envelope child;
    char trace[56];
    struct jv_header headers[] = { { JV_H_TRACEPARENT, trace } };

    jv_trace_child(&child, &ctx->env);
    jv_trace_print(&child, trace);
    return jv_bus_publish(n->bus, jv_arena_printf(ctx->arena, "%s.%s", n->prefix, subject), NULL,
                          headers, JV_COUNT(headers), data, len);
}

int jv_publish(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    size_t len;
    const uint8_t *data = jv_pack(msg, ctx->arena, &len);

    if (publish(ctx, subject, data, len))
        return jv_fail(ctx, JV_UNAVAILABLE, "cannot publish %s", subject);
    return JV_OK;
}

static void say(struct jv_ctx *ctx, enum jv_level level, const char *fmt, va_list args)
{
    char text[512];

    vsnprintf(text, sizeof(text), fmt, args);
    jv_log(level, "note", "method", ctx->method ? ctx->method->name : NULL, "trace",
           ctx->env.trace_id, "text", text, NULL);
}

void jv_info(struct jv_ctx *ctx, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(ctx, JV_LOG_INFO, fmt, args);
    va_end(args);
}

void jv_warn(struct jv_ctx *ctx, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(ctx, JV_LOG_WARN, fmt, args);
    va_end(args);
}

/* ---- memory that outlives the message ------------------------------------------------------- */

char *jv_keep_strdup(const char *s)
{
    char *p = s ? strdup(s) : NULL;

    if (s && !p)
        abort();
    return p;
}

void *jv_keep_memdup(const void *p, size_t n)
{
    void *copy = malloc(n ? n : 1);

    if (!copy)
        abort();
    if (n)
        memcpy(copy, p, n);
    return copy;
}

void jv_keep_free(void *p)
{
    free(p);
}
