/* conformance.c -- the agent that the public conformance kit and our own tests talk to.
 *
 * Agents of one name, each for a profile of `jarvis run conformance`: one that offers
 * everything, one that offers nothing it need not, one that insists on an extension. Everybody may
 * use them, so they run beside nothing else. */
#include "conformance.h"

#include "jv/db.h"

JV_TOOL_FN(effects, Conformance__EffectsRequest, Conformance__EffectsReply)
{
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "select step from effects where task_id = $1 order by id limit 10000",
                  jv_text(req->task_id));

    ret->steps = r ? NULL : JV_NEW_ARRAY(jv_arena(ctx), int32_t, rows.n + 1);
    for (size_t i = 0; !r && i < rows.n; i++)
        ret->steps[ret->n_steps++] = (int32_t)jv_col_int(&rows, i, "step");
    return r;
}

static const struct jv_tool tools[] = {
    JV_TOOL("Effects", effects, .allow = JV_ALLOW_ANYONE,
            .flags = JV_TOOL_HIDDEN | JV_TOOL_READONLY),
    { 0 },
};

static const struct jv_skill skills[] = {
    { .id = "conformance",
      .name = "Conformance",
      .description = "Does what the beginning of a message's id asks for.",
      .tags = "test, conformance",
      .examples = JV_TEXTS("anything: the text does not matter") },
    { 0 },
};

static const struct jv_extension required[] = {
    { "urn:a2a:tck:required-extension", "Clients must name it.", true },
    { 0 },
};

#define AGENT(flags_, extensions_)                                                                 \
    {                                                                                              \
        .name = "ConformanceAgent", .token = "conformance",                                        \
        .description = "Behaves as the tests of the A2A protocol ask.", .skills = skills,          \
        .extensions = (extensions_), .flags = JV_AGENT_OPEN | (flags_), .answer = behave,          \
        .receive = receive,                                                                        \
    }

/* The kit uses one messageId for many messages. */
static const struct jv_agent full = AGENT(JV_AGENT_REPEATS, NULL);
static const struct jv_agent durable = AGENT(0, NULL);
static const struct jv_agent minimal = AGENT(
        JV_AGENT_REPEATS | JV_AGENT_NO_STREAM | JV_AGENT_NO_PUSH | JV_AGENT_NO_EXTENDED, NULL);
static const struct jv_agent extension = AGENT(JV_AGENT_REPEATS, required);

#define ACTOR(agent_)                                                                              \
    {                                                                                              \
        .name = "conformance", .version = "1.0.0", .summary = "the agent of the protocol's tests", \
        .service = &conformance__conformance__descriptor, .tools = tools, .agent = (agent_),       \
        .needs = JV_NEEDS_DB, .timeout_ms = 30000,                                                 \
    }

JV_ACTOR(conformance) = ACTOR(&full);
JV_ACTOR(conformance_durable) = ACTOR(&durable);
JV_ACTOR(conformance_minimal) = ACTOR(&minimal);
JV_ACTOR(conformance_extension) = ACTOR(&extension);
