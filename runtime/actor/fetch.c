/* fetch.c -- waiting for a fetch. */
#include "actor/engine.h"
#include "io/http.h"

struct fetching {
    struct jv_fiber *fiber;
    bool done;
};

static void fetched(void *arg)
{
    struct fetching *g = arg;

    g->done = true;
    jv_fiber_wake(g->fiber);
}

/* The other thread uses the fetch until it says that it is done: so that is waited for, always. */
static void wait_for(struct jv_ctx *ctx, const struct fetching *g, const struct jv_fetch *f)
{
    bool cancelled = false;

    while (!g->done) {
        if (jv_ctx_wait(ctx, INT64_MAX) == JV_CANCELLED) {
            cancelled = true;
            jv_fiber_uncancel(g->fiber);
            jv_fetches_cancel(ctx->node->fetches, f);
        }
    }
    if (cancelled)
        jv_fiber_cancel(g->fiber);
}

int jv_fetch_wait(struct jv_ctx *ctx, struct jv_fetch *f)
{
    struct fetching *g = JV_NEW(ctx->arena, struct fetching);
    struct jv_node *n = ctx->node;

    if (!n->fetches)
        n->fetches = jv_fetches_new(n->loop);
    g->fiber = jv_fiber_self();
    f->body = NULL;
    f->len = 0;
    f->status = 0;
    f->err = (struct jv_err){ 0 };
    if (jv_fetches_add(n->fetches, f, fetched, g))
        wait_for(ctx, g, f);
    else
        jv_err_set(&f->err, JV_RESOURCE_EXHAUSTED, "too many fetches are under way");
    if (f->err.code)
        ctx->err = f->err;
    return f->err.code;
}
