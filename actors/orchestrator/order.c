/* order.c -- the order in which the calls of a turn are made. */
#include "orchestrator.h"

bool order_in_turn(struct jv_ctx *ctx, const struct jv_plan *plan, const struct call *calls,
                   size_t i)
{
    bool *changes = JV_NEW_ARRAY(jv_arena(ctx), bool, plan->n + 1);

    for (size_t k = 0; k < plan->n; k++)
        changes[k] = calls[k].changes;
    return jv_plan_in_turn(plan->n, plan->calls, changes, i);
}

static bool failed(const struct call *c)
{
    return c->state != CALL_ANSWERED || c->why;
}

bool order_skip(struct call *calls, size_t i)
{
    for (size_t k = 0; calls[i].changes && !calls[i].skipped && k < i; k++)
        if (calls[k].changes && failed(&calls[k]) &&
            jv_plan_same_item(calls[k].planned, calls[i].planned)) {
            calls[i].skipped = true;
            calls[i].state = calls[k].state;
            calls[i].why = "not tried, as the step before it failed";
        }
    return calls[i].skipped;
}
