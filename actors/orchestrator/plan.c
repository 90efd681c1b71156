/* plan.c -- what a turn does: planned once, and kept for the run that begins it again. By then
 * there may be other agents, and what was done already would be done another way. */
#include "orchestrator.h"

#include <string.h>

#include "jv/token.h"

enum { max_kept = 48 * 1024 }; /* bytes; what is bigger is planned again */

/* ---- planning -------------------------------------------------------------------------------- */

void plan_list(struct jv_ctx *ctx, const struct jv_catalog *c, struct planned *p)
{
    struct jv_arena *a = jv_arena(ctx);

    p->n = p->plan.kind == JV_PLAN_CALLS ? p->plan.n : 0;
    p->calls = JV_NEW_ARRAY(a, struct call, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        const struct jv_planned *one = &p->plan.calls[i];

        p->calls[i].planned = one;
        p->calls[i].name = jv_arena_strdup(a, jv_catalog_name(c, one->agent));
        p->calls[i].changes = !one->tool || !jv_catalog_read_only(c, one->agent, one->tool);
    }
}

static int plan_anew(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *ret)
{
    struct jv_arena *a = jv_arena(ctx);
    const struct jv_catalog *catalog;
    int r;

    r = catalog_get(ctx, &catalog);
    if (!r)
        r = jv_planner_builtin.plan(ctx, catalog, in, a, &ret->plan);
    if (r)
        return r;
    model_plan(ctx, in, ret);
    r = catalog_get(ctx, &catalog); /* that took its time */
    if (r)
        return r;
    if (ret->plan.kind == JV_PLAN_ASK && ret->plan.more) /* "shall I ...?", of the first of them */
        ret->plan.text = jv_arena_printf(a, "%s\n\n" JV_PLAN_MORE, ret->plan.text, ret->plan.n);
    plan_list(ctx, catalog, ret);
    return JV_OK;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static Orchestrator__KeptCall *keep_call(struct jv_arena *a, const struct call *c)
{
    Orchestrator__KeptCall *k = jv_msg_new(&orchestrator__kept_call__descriptor, a);

    k->agent = c->planned->agent;
    k->tool = or_empty(c->planned->tool);
    k->text = or_empty(c->planned->text);
    k->arguments = c->planned->arguments;
    k->person = or_empty(c->planned->person);
    k->name = c->name;
    k->changes = c->changes;
    return k;
}

static void keep(struct jv_ctx *ctx, int turn, const struct planned *p)
{
    struct jv_arena *a = jv_arena(ctx);
    Orchestrator__KeptPlan k = ORCHESTRATOR__KEPT_PLAN__INIT;

    k.turn = turn;
    k.kind = (int)p->plan.kind;
    k.text = or_empty(p->plan.text);
    k.missing = or_empty(p->plan.missing);
    k.taken = or_empty(p->plan.taken);
    k.compare = p->plan.compare;
    k.more = p->plan.more;
    k.degraded = p->degraded;
    k.degraded_why = or_empty(p->why);
    k.by_model = p->by_model;
    k.use = p->use;
    k.memory = p->plan.memory;
    k.suggestions = (const char **)(uintptr_t)p->plan.suggestions;
    while (k.suggestions && k.suggestions[k.n_suggestions])
        k.n_suggestions++;
    k.calls = JV_NEW_ARRAY(a, Orchestrator__KeptCall *, p->n + 1);
    for (size_t i = 0; i < p->n; i++)
        k.calls[k.n_calls++] = keep_call(a, &p->calls[i]);
    if (protobuf_c_message_get_packed_size(&k.base) <= max_kept)
        jv_struct_set(jv_task_state(ctx), a, "plan",
                      jv_value_struct(a, jv_msg_to_struct(&k.base, JV_JSON_SNAKE, a)));
}

/* The plan of an earlier run of this very turn; NULL: there was none. */
static const Orchestrator__KeptPlan *kept(struct jv_ctx *ctx, int turn)
{
    const Google__Protobuf__Value *v = jv_struct_get(jv_task_state(ctx), "plan");
    const Orchestrator__KeptPlan *k = NULL;
    struct jv_err err;

    if (v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        k = (const void *)jv_struct_to_msg(&orchestrator__kept_plan__descriptor, v->struct_value,
                                           JV_JSON_SNAKE, jv_arena(ctx), &err);
    return k && k->turn == turn ? k : NULL;
}

static void recall_call(struct jv_planned *p, struct call *c, const Orchestrator__KeptCall *k,
                        struct jv_arena *a)
{
    *p = (struct jv_planned){
        .agent = k->agent,
        .tool = or_null(k->tool),
        .text = or_null(k->text),
        .arguments =
                k->arguments ? k->arguments : jv_msg_new(&google__protobuf__struct__descriptor, a),
        .person = or_null(k->person),
    };
    *c = (struct call){ .planned = p, .name = k->name, .changes = k->changes };
}

static void recall(struct jv_ctx *ctx, const Orchestrator__KeptPlan *k, struct planned *ret)
{
    struct jv_arena *a = jv_arena(ctx);
    const char **suggestions = JV_NEW_ARRAY(a, const char *, k->n_suggestions + 1);

    if (k->n_suggestions)
        memcpy(suggestions, k->suggestions, k->n_suggestions * sizeof(*suggestions));
    ret->n = k->n_calls;
    ret->calls = JV_NEW_ARRAY(a, struct call, ret->n + 1);
    ret->plan = (struct jv_plan){
        .kind = (enum jv_plan_kind)k->kind,
        .n = ret->n,
        .calls = JV_NEW_ARRAY(a, struct jv_planned, ret->n + 1),
        .text = or_null(k->text),
        .missing = or_null(k->missing),
        .taken = or_null(k->taken),
        .compare = k->compare,
        .more = k->more,
        .suggestions = suggestions,
        .memory = k->memory,
    };
    ret->degraded = k->degraded;
    ret->why = or_null(k->degraded_why);
    ret->by_model = k->by_model;
    ret->use = k->use;
    for (size_t i = 0; i < ret->n; i++)
        recall_call(&ret->plan.calls[i], &ret->calls[i], k->calls[i], a);
}

void plan_name(struct jv_ctx *ctx, int turn, size_t from, struct call *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        calls[i].message_id =
                jv_sub_message_id(ctx, jv_arena_printf(jv_arena(ctx), "%d-%zu", turn, from + i));
        calls[i].media_type = "";
    }
}

/* Of two that answer the same question at once, the second one's change is the first one's. */
static void name_answer(struct jv_ctx *ctx, const struct jv_plan_input *in, struct planned *p)
{
    struct jv_arena *a = jv_arena(ctx);
    const char *asked = in->memory ? jv_struct_text(in->memory, ASKED) : NULL;

    for (size_t i = 0; asked && i < p->n; i++) {
        const char *json = call_json(ctx, &p->calls[i]);

        if (p->calls[i].changes)
            p->calls[i].message_id =
                    jv_arena_printf(a, "%.100s-%.16s", asked, jv_sha256_hex(a, json, strlen(json)));
    }
}

static void note_question(struct jv_ctx *ctx, int turn, struct planned *p)
{
    struct jv_arena *a = jv_arena(ctx);

    if (p->plan.missing && p->plan.memory && jv_task_id(ctx)[0])
        jv_struct_set(
                p->plan.memory, a, ASKED,
                jv_value_text(a, jv_sub_message_id(ctx, jv_arena_printf(a, "%d-asked", turn))));
}

int plan_turn(struct jv_ctx *ctx, int turn, const struct jv_plan_input *in, struct planned *ret)
{
    const Orchestrator__KeptPlan *k = kept(ctx, turn);
    int r = JV_OK;

    *ret = (struct planned){ 0 };
    if (k)
        recall(ctx, k, ret);
    else if (!memory_plan(ctx, in, ret))
        r = plan_anew(ctx, in, ret);
    if (r)
        return r;
    plan_name(ctx, turn, 0, ret->calls, ret->n);
    name_answer(ctx, in, ret);
    if (!k)
        note_question(ctx, turn, ret);
    if (!k && jv_task_id(ctx)[0])
        keep(ctx, turn, ret);
    return JV_OK;
}

bool plan_changed(struct jv_ctx *ctx, int turn)
{
    const Orchestrator__KeptPlan *k = kept(ctx, turn);
    bool changes = false;

    for (size_t i = 0; k && i < k->n_calls; i++)
        changes |= k->calls[i]->changes;
    return changes;
}
