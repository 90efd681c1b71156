/* orchestrator.c -- the agent Jarvis: plan, fan out to the agents, combine, answer. */
#include "orchestrator.h"

#include "jv/db.h"
#include "registry.pb-c.h"

#include <stddef.h>
#include <string.h>

JV_TOOL_FN(suggest, Orchestrator__SuggestRequest, Orchestrator__SuggestReply)
{
    return suggest_for_session(ctx, req, ret);
}

JV_TOOL_FN(explain, Orchestrator__ExplainRequest, Orchestrator__ExplainReply)
{
    struct jv_arena *a = jv_arena(ctx);
    struct jv_plan_input in = { .text = req->message,
                                .username = jv_caller(ctx)->username,
                                .scope = jv_caller(ctx)->scope,
                                .now_ms = jv_now_ms(ctx) };
    const struct jv_catalog *catalog;
    struct jv_plan plan;
    int r;

    r = catalog_get(ctx, &catalog);
    if (!r)
        r = jv_planner_builtin.plan(ctx, catalog, &in, a, &plan);
    if (r)
        return r;
    ret->calls = JV_NEW_ARRAY(a, Orchestrator__PlannedCall *, plan.n + 1);
    ret->confidence = JV_NEW_ARRAY(a, double, plan.n + 1);
    for (size_t i = 0; i < plan.n; i++) {
        Orchestrator__PlannedCall *c = jv_msg_new(&orchestrator__planned_call__descriptor, a);

        c->agent = jv_arena_strdup(a, jv_catalog_name(catalog, plan.calls[i].agent));
        c->tool = plan.calls[i].tool ? plan.calls[i].tool : "";
        c->arguments = plan.calls[i].arguments;
        ret->calls[ret->n_calls++] = c;
        ret->confidence[ret->n_confidence++] = plan.calls[i].confidence;
    }
    ret->outcome = turn_outcome(&plan);
    ret->sure = plan.sure;
    ret->taken = plan.taken ? plan.taken : "";
    return JV_OK;
}

/* With a session goes what was told of it; an answer that is under way fails by itself. */
static int session_deleted(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    const Sessions__GetRequest *session = msg;

    (void)subject;
    return jv_db(ctx, NULL, "delete from tasks where context_id = $1 and state not in (1, 2)",
                 jv_text(session->session_id));
}

static int check(const void *state, struct jv_err *err)
{
    static const char *const planners[] = { "auto", "model", "built-in" };
    const struct orchestrator *o = state;

    for (size_t i = 0; i < JV_COUNT(planners); i++)
        if (strcmp(o->planner, planners[i]) == 0)
            return JV_OK;
    return jv_err_set(err, JV_INVALID_ARGUMENT,
                      "JARVIS_PLANNER: is auto, model or built-in, not %.64s", o->planner);
}

static int start(struct jv_ctx *ctx)
{
    struct orchestrator *o = jv_state(ctx);

    jv_random(o->secret, sizeof(o->secret));
    jv_within(ctx, 1000); /* the registry may come later */
    if (catalog_refresh(ctx))
        jv_info(ctx, "no catalogue yet: %s", jv_error(ctx)->text);
    return JV_OK;
}

static const struct jv_skill skills[] = {
    { .id = "ask",
      .name = "Ask Jarvis",
      .description = "Takes a question or a wish in plain words, asks the agents that know, and "
                     "combines what they answer.",
      .tags = "assistant, orchestrator, chat",
      .examples = JV_TEXTS("show my tickets and aws cost", "what can you do for me?") },
    { 0 },
};

static const struct jv_agent card = {
    .name = "JarvisAgent",
    .token = SELF,
    .description = "The assistant: understands a question, asks the agents that know, and "
                   "combines their answers.",
    .skills = skills,
    .answer = answer_message,
    .receive = answer_receive,
};

#define USER .allow = JV_ALLOW_USER, .flags = JV_TOOL_HIDDEN
static const struct jv_tool tools[] = {
    JV_TOOL("Suggest", suggest, USER),
    JV_TOOL("Explain", explain, USER),
    { 0 },
};

static const struct jv_timer timers[] = {
    { "catalog", 5000, catalog_refresh },
    { 0 },
};

static const struct jv_event events[] = {
    { "evt.registry.Changed", &google__protobuf__empty__descriptor, catalog_changed },
    { "evt.sessions.Deleted", &sessions__get_request__descriptor, session_deleted },
    { 0 },
};

static const struct jv_setting settings[] = {
    { "JARVIS_PLANNER", "auto",
      "who plans: auto (the built-in planner, and a model where it is not sure), model or built-in",
      JV_SET_TEXT, offsetof(struct orchestrator, planner), 0, 0 },
    { 0 },
};

JV_ACTOR(orchestrator) = {
    .name = "orchestrator",
    .version = "1.0.0",
    .summary = "the agent Jarvis: plans, asks the agents, combines",
    .service = &orchestrator__orchestrator__descriptor,
    .tools = tools,
    .timers = timers,
    .events = events,
    .settings = settings,
    .calls = (const char *const[]){ "registry", "sessions", "notifier", "llm", "a2a:*", NULL },
    .agent = &card,
    .needs = JV_NEEDS_DB,
    .timeout_ms = 30000,
    .state_size = sizeof(struct orchestrator),
    .check = check,
    .init = start,
    .fini = catalog_done,
};
