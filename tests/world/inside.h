/* inside.h -- run a function as an actor's own work: in a fiber, with a ctx, without anybody
 * asking.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include <conformance.pb-c.h>

#include "check.h"
#include "world/world.h"

static int (*inside_fn)(struct jv_ctx *ctx);
static bool inside_ran;

JV_TOOL_FN(inside_unused, Conformance__EffectsRequest, Conformance__EffectsReply)
{
    (void)ctx, (void)req, (void)ret;
    return JV_OK;
}

static const struct jv_tool inside_tools[] = {
    JV_TOOL("Effects", inside_unused, .allow = JV_ALLOW_ACTOR),
    { 0 },
};

static int inside_init(struct jv_ctx *ctx)
{
    jv_within(ctx, 60000);
    inside_ran = true;
    return inside_fn(ctx);
}

static const struct jv_actor inside_actor = {
    .name = "inside",
    .version = "1",
    .summary = "runs a test's function",
    .service = &conformance__conformance__descriptor,
    .tools = inside_tools,
    .init = inside_init,
};

/* The world is gone when it returns, and with it all connections. */
static inline void inside(int (*fn)(struct jv_ctx *ctx))
{
    struct world *w = world_new();
    struct jv_err err = { 0 };

    inside_fn = fn;
    inside_ran = false;
    CHECK_INT(world_try(w, &inside_actor, &err), JV_OK);
    if (err.code)
        printf("# %s\n", err.text);
    CHECK(inside_ran);
    world_free(w);
}

#endif
