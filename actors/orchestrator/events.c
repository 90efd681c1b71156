/* events.c -- what is told while a turn runs, numbered, and kept for whoever comes back for it. */
#include "orchestrator.h"

#include <string.h>

static void keep(struct events *e, Orchestrator__ChatEvent *event)
{
    struct jv_arena *a = jv_arena(e->ctx);
    ProtobufCBinaryData *packed = e->packed;

    event->seq = (int32_t)e->n + 1;
    if (e->n == e->max) {
        e->max = e->max ? e->max * 2 : 16;
        e->packed = JV_NEW_ARRAY(a, ProtobufCBinaryData, e->max);
        if (e->n)
            memcpy(e->packed, packed, e->n * sizeof(*packed));
    }
    e->packed[e->n].data = jv_pack(event, a, &e->packed[e->n].len);
    e->n++;
}

static void tell(struct events *e, Orchestrator__ChatEvent *event)
{
    keep(e, event);
    /* Nobody may be listening any more; the turn is finished all the same. */
    if (e->streams && jv_emit(e->ctx, event))
        e->streams = false;
}

static Orchestrator__ChatEvent new_event(Orchestrator__ChatEvent__EventCase what)
{
    Orchestrator__ChatEvent event = ORCHESTRATOR__CHAT_EVENT__INIT;

    event.event_case = what;
    return event;
}

void event_plan(struct events *e, const char *session_id, const char *message_id,
                const struct call *calls, size_t n)
{
    struct jv_arena *a = jv_arena(e->ctx);
    Orchestrator__ChatEvent event = new_event(ORCHESTRATOR__CHAT_EVENT__EVENT_PLAN);
    Orchestrator__PlanEvent *plan = jv_msg_new(&orchestrator__plan_event__descriptor, a);

    plan->session_id = session_id;
    plan->message_id = message_id;
    plan->calls = JV_NEW_ARRAY(a, Orchestrator__PlannedCall *, n + 1);
    for (size_t i = 0; i < n; i++) {
        Orchestrator__PlannedCall *c = jv_msg_new(&orchestrator__planned_call__descriptor, a);

        c->agent = calls[i].name;
        c->tool = calls[i].planned->tool ? calls[i].planned->tool : "";
        c->arguments = calls[i].planned->arguments;
        plan->calls[plan->n_calls++] = c;
    }
    event.plan = plan;
    tell(e, &event);
}

void event_agent(struct events *e, const struct call *c, const char *state)
{
    Orchestrator__ChatEvent event = new_event(ORCHESTRATOR__CHAT_EVENT__EVENT_AGENT);
    Orchestrator__AgentEvent agent = ORCHESTRATOR__AGENT_EVENT__INIT;

    agent.name = c->name;
    agent.state = state;
    event.agent = &agent;
    tell(e, &event);
}

void event_delta(struct events *e, const char *text)
{
    Orchestrator__ChatEvent event = new_event(ORCHESTRATOR__CHAT_EVENT__EVENT_DELTA);
    Orchestrator__DeltaEvent delta = ORCHESTRATOR__DELTA_EVENT__INIT;

    delta.text = text;
    event.delta = &delta;
    tell(e, &event);
}

/* Data that would make the turn too big to store is left out; its text says the same. */
void event_artifact(struct events *e, const struct call *c)
{
    Orchestrator__ChatEvent event = new_event(ORCHESTRATOR__CHAT_EVENT__EVENT_ARTIFACT);
    Orchestrator__ArtifactEvent artifact = ORCHESTRATOR__ARTIFACT_EVENT__INIT;
    size_t size = c->data ? protobuf_c_message_get_packed_size(&c->data->base) : 0;

    if (!c->data || size > e->data_left)
        return;
    e->data_left -= size;
    artifact.agent = c->name;
    artifact.tool = c->planned->tool ? c->planned->tool : "";
    artifact.media_type = c->media_type;
    artifact.data = c->data;
    event.artifact = &artifact;
    tell(e, &event);
}

static Orchestrator__ChatEvent done_event(Orchestrator__ChatReply *reply)
{
    Orchestrator__ChatEvent event = new_event(ORCHESTRATOR__CHAT_EVENT__EVENT_DONE);

    event.done = reply;
    return event;
}

void event_keep_done(struct events *e, Orchestrator__ChatReply *reply)
{
    Orchestrator__ChatEvent event = done_event(reply);

    keep(e, &event);
}

void event_tell_done(struct events *e, Orchestrator__ChatReply *reply)
{
    Orchestrator__ChatEvent event = done_event(reply);

    event.seq = (int32_t)e->n;
    if (e->streams && jv_emit(e->ctx, &event))
        e->streams = false;
}
