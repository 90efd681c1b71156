/* fetch.c -- waiting for a fetch, and taking its pieces meanwhile. */
#include "actor/engine.h"
#include "io/http.h"

#include <stdlib.h>

struct fetching {
    struct jv_ctx *ctx;
    struct jv_fetches *fs;
    struct jv_fetch *f;
    struct jv_fiber *fiber;
    struct jv_pieces pieces; /* only with f->take */
    int refused;             /* what take() said, when it did not like a piece */
    struct jv_err reason;
    bool done, cancelled;
};

static void fetched(void *arg)
{
    struct fetching *g = arg;

    g->done = true;
    jv_fiber_wake(g->fiber);
}

static void arrived(void *arg)
{
    struct fetching *g = arg;

    jv_fiber_wake(g->fiber);
}

static void give_up(struct fetching *g)
{
    jv_fetches_cancel(g->fs, g->f);
}

/* A cancelled fiber takes no more; whoever refused one piece gets no other. */
static void hand_on(struct fetching *g, const char *data, size_t len)
{
    if (g->cancelled && !g->refused)
        g->refused = jv_err_set(&g->reason, JV_CANCELLED, "cancelled");
    if (g->refused)
        return;
    g->ctx->err = (struct jv_err){ 0 };
    g->f->status = g->pieces.status; /* the same for all of them */
    g->refused = g->f->take(g->f->take_arg, data, len);
    if (!g->refused)
        return;
    g->reason = g->ctx->err;
    if (g->reason.code != g->refused)
        jv_err_set(&g->reason, g->refused, "the answer was not wanted any more");
    give_up(g);
}

/* False: there was nothing. */
static bool take_pieces(struct fetching *g)
{
    bool resume;
    size_t len;
    char *data = g->f->take ? jv_pieces_take(&g->pieces, &len, &resume) : NULL;

    if (!data)
        return false;
    if (resume)
        jv_fetches_resume(g->fs, g->f);
    hand_on(g, data, len);
    free(data);
    return true;
}

/* The other thread uses the fetch until it says that it is done: so that is waited for, always. */
static void wait_for(struct fetching *g)
{
    for (;;) {
        if (take_pieces(g)) /* it may have waited: what was missed then is looked for again */
            continue;
        if (g->done)
            break;
        if (jv_ctx_wait(g->ctx, INT64_MAX) == JV_CANCELLED) {
            g->cancelled = true;
            jv_fiber_uncancel(g->fiber);
            give_up(g);
        }
    }
    if (g->f->err.code)
        g->f->status = 0;
    if (g->cancelled)
        jv_fiber_cancel(g->fiber);
}

static struct jv_fetches *fetches_of(struct jv_node *n, const struct jv_fetch *f)
{
    struct jv_fetches **at = f->reuse ? &n->kept_fetches : &n->fetches;

    if (!*at)
        *at = jv_fetches_new(n->loop);
    return *at;
}

static void run(struct fetching *g)
{
    struct jv_pieces *p = g->f->take ? &g->pieces : NULL;

    if (p)
        jv_pieces_init(p, arrived);
    if (jv_fetches_add(g->fs, g->f, p, fetched, g))
        wait_for(g);
    else
        jv_err_set(&g->f->err, JV_RESOURCE_EXHAUSTED, "too many fetches are under way");
    if (p)
        jv_pieces_done(p);
}

int jv_fetch_wait(struct jv_ctx *ctx, struct jv_fetch *f)
{
    struct fetching *g = JV_NEW(ctx->arena, struct fetching);

    *g = (struct fetching){ .ctx = ctx, .f = f, .fiber = jv_fiber_self() };
    g->fs = fetches_of(ctx->node, f);
    jv_fetch_reset(f);
    run(g);
    if (g->refused) {
        jv_fetch_done(f);
        f->status = 0;
        f->err = g->reason;
    }
    if (f->err.code)
        ctx->err = f->err;
    return f->err.code;
}
