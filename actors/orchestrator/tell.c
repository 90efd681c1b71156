/* tell.c -- what is told while a turn runs: to whoever follows its task, as orchestrator.proto has
 * the shapes. Of what is told nothing is needed for the answer: its last word holds all of it. */
#include "orchestrator.h"

#include <string.h>

#define PLAN_TYPE  "application/vnd.jarvis.plan+json"
#define AGENT_TYPE "application/vnd.jarvis.agent+json"

Google__Protobuf__Struct *tell_struct(struct jv_ctx *ctx, const void *msg)
{
    return jv_msg_to_struct(msg, JV_JSON_SNAKE | JV_JSON_DEFAULTS, jv_arena(ctx));
}

int tell_plan(struct telling *t, const char *session_id, const char *message_id,
              const struct call *calls, size_t n)
{
    struct jv_arena *a = jv_arena(t->ctx);
    Orchestrator__PlanEvent plan = ORCHESTRATOR__PLAN_EVENT__INIT;

    plan.session_id = session_id;
    plan.message_id = message_id;
    plan.calls = JV_NEW_ARRAY(a, Orchestrator__PlannedCall *, n + 1);
    for (size_t i = 0; i < n; i++) {
        Orchestrator__PlannedCall *c = jv_msg_new(&orchestrator__planned_call__descriptor, a);

        c->agent = calls[i].name;
        c->tool = calls[i].planned->tool ? calls[i].planned->tool : "";
        c->arguments = calls[i].planned->arguments;
        plan.calls[plan.n_calls++] = c;
    }
    return jv_progress_data(t->ctx, NULL, PLAN_TYPE, tell_struct(t->ctx, &plan));
}

int tell_agent(struct telling *t, const struct call *c, const char *state)
{
    Orchestrator__AgentEvent agent = ORCHESTRATOR__AGENT_EVENT__INIT;

    agent.name = c->name;
    agent.state = state;
    return jv_progress_data(t->ctx, NULL, AGENT_TYPE, tell_struct(t->ctx, &agent));
}

/* A task that asked often, or was begun again, may have no room for more. */
static int unless_full(struct telling *t, int r)
{
    t->full |= r == JV_RESOURCE_EXHAUSTED;
    return r == JV_RESOURCE_EXHAUSTED ? JV_OK : r;
}

int tell_text(struct telling *t, const char *text, bool last)
{
    unsigned flags = (t->has_text ? JV_APPEND : 0) | (last ? JV_LAST_CHUNK : 0);

    if (t->full)
        return JV_OK;
    t->has_text = true;
    return unless_full(t, jv_artifact_text(t->ctx, "response", "Response", text, flags));
}

static Google__Protobuf__Struct *origin(struct jv_arena *a, const struct call *c)
{
    Google__Protobuf__Struct *s = jv_msg_new(&google__protobuf__struct__descriptor, a);

    jv_struct_set(s, a, "agent", jv_value_text(a, c->name));
    jv_struct_set(s, a, "tool", jv_value_text(a, c->planned->tool ? c->planned->tool : ""));
    return s;
}

/* Data that is too big is left out; its text says the same. */
int tell_data(struct telling *t, const struct call *c)
{
    struct jv_arena *a = jv_arena(t->ctx);
    A2a__Artifact artifact = A2A__ARTIFACT__INIT;
    A2a__Part part = A2A__PART__INIT, *parts[] = { &part };
    size_t size = c->data ? protobuf_c_message_get_packed_size(&c->data->base) : 0;

    if (!c->data || size > t->data_left || t->full)
        return JV_OK;
    t->data_left -= size;
    t->n_data++;
    part.content_case = A2A__PART__CONTENT_DATA;
    part.data = c->data;
    part.media_type = c->media_type;
    artifact.artifact_id = t->turn ? jv_arena_printf(a, "data-%d-%d", t->turn, t->n_data)
                                   : jv_arena_printf(a, "data-%d", t->n_data);
    artifact.name = c->name;
    artifact.metadata = origin(a, c);
    artifact.n_parts = 1;
    artifact.parts = parts;
    return unless_full(t, jv_artifact(t->ctx, &artifact, JV_LAST_CHUNK));
}
