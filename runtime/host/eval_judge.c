/* eval_judge.c -- whether an answer is right: its outcome, who answered, what it says and what not.
 */
#include <stdio.h>
#include <string.h>

#include "host/eval.h"
#include "jv/wire.h"

typedef Google__Protobuf__Value Value;
typedef Google__Protobuf__ListValue List;

/* ---- facts ----------------------------------------------------------------------------------- */

static bool is_text(const Value *v)
{
    return v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
}

static const List *named(const Eval__Table *t, const char *name)
{
    const Value *v = t->named ? jv_struct_get(t->named, name) : NULL;

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE ? v->list_value : NULL;
}

/* "a|b" is either, in any case. */
static bool said(const char *text, const char *fact)
{
    char one[1024];
    size_t n;

    for (const char *p = fact;; p += n + 1) {
        n = strcspn(p, "|");
        snprintf(one, sizeof(one), "%.*s", (int)n, p);
        if (strcasestr(text, one))
            return true;
        if (!p[n])
            return false;
    }
}

static void complain(Eval__Result *r, struct jv_arena *a, const char *what, const char *about)
{
    r->wrong[r->n_wrong++] = jv_arena_printf(a, "%s %s", what, about);
}

/* Facts must be said when `wanted`, and must not when not. */
static void check_fact(Eval__Result *r, struct jv_arena *a, const char *text, const char *fact,
                       bool wanted)
{
    if (said(text, fact) != wanted)
        complain(r, a, wanted ? "lacks" : "has", fact);
}

static void check_facts(const Eval__Table *t, size_t n, const char *const *facts, bool wanted,
                        const char *text, struct jv_arena *a, Eval__Result *r)
{
    for (size_t i = 0; i < n; i++) {
        const List *list = facts[i][0] == '@' ? named(t, facts[i] + 1) : NULL;

        if (!list)
            check_fact(r, a, text, facts[i], wanted);
        for (size_t k = 0; list && k < list->n_values; k++)
            check_fact(r, a, text, list->values[k]->string_value, wanted);
    }
}

/* ---- who answered, and how ------------------------------------------------------------------- */

static const char *outcome_name(Orchestrator__Outcome outcome)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&orchestrator__outcome__descriptor, (int)outcome);

    return v ? v->name : "unknown";
}

static const char *agents_of(const Orchestrator__ChatReply *reply, struct jv_arena *a)
{
    struct jv_buf b = jv_buf_new(a);

    for (size_t i = 0; i < reply->n_agents; i++)
        jv_buf_printf(&b, "%s%s", i ? ", " : "", reply->agents[i]->name);
    return b.len ? b.data : "none";
}

static bool same_agents(const List *list, const Orchestrator__ChatReply *reply)
{
    if (list->n_values != reply->n_agents)
        return false;
    for (size_t i = 0; i < list->n_values; i++)
        if (strcmp(list->values[i]->string_value, reply->agents[i]->name) != 0)
            return false;
    return true;
}

static size_t n_facts(const Eval__Table *t, size_t n, const char *const *facts)
{
    size_t all = n;

    for (size_t i = 0; i < n; i++) {
        const List *list = facts[i][0] == '@' ? named(t, facts[i] + 1) : NULL;

        all += list ? list->n_values : 0;
    }
    return all;
}

void eval_judge(const Eval__Table *t, const Eval__Row *row, const Orchestrator__ChatReply *reply,
                struct jv_arena *a, Eval__Result *ret)
{
    ret->wrong = JV_NEW_ARRAY(a, const char *,
                              2 + n_facts(t, row->n_facts, row->facts) +
                                      n_facts(t, row->n_nots, row->nots));
    if (row->outcome && row->outcome != reply->outcome)
        ret->wrong[ret->n_wrong++] = jv_arena_printf(
                a, "outcome %s, not %s", outcome_name(reply->outcome), outcome_name(row->outcome));
    if (row->agents && !same_agents(row->agents, reply))
        complain(ret, a, "answered by", agents_of(reply, a));
    check_facts(t, row->n_facts, row->facts, true, reply->response, a, ret);
    check_facts(t, row->n_nots, row->nots, false, reply->response, a, ret);
    ret->right = !ret->n_wrong;
}

/* ---- the table ------------------------------------------------------------------------------- */

static int check_list(const List *list, const char *member, struct jv_err *err)
{
    for (size_t i = 0; i < list->n_values; i++)
        if (!is_text(list->values[i]))
            return jv_err_field(err, JV_INVALID_ARGUMENT, member, "is no list of texts");
    return JV_OK;
}

static int check_names(const Eval__Table *t, size_t n, const char *const *facts, size_t row,
                       const char *member, struct jv_err *err)
{
    char path[64];

    snprintf(path, sizeof(path), "rows[%zu].%s", row, member);
    for (size_t i = 0; i < n; i++) {
        if (!facts[i][0])
            return jv_err_field(err, JV_INVALID_ARGUMENT, path, "has an empty text");
        if (facts[i][0] == '@' && !named(t, facts[i] + 1))
            return jv_err_field(err, JV_INVALID_ARGUMENT, path, "%.64s is not among `named`",
                                facts[i]);
    }
    return JV_OK;
}

int eval_check_table(const Eval__Table *t, struct jv_err *err)
{
    char path[64];
    int r = JV_OK;

    for (size_t i = 0; !r && t->named && i < t->named->n_fields; i++) {
        const Value *v = t->named->fields[i]->value;

        snprintf(path, sizeof(path), "named.%.40s", t->named->fields[i]->key);
        if (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
            return jv_err_field(err, JV_INVALID_ARGUMENT, path, "is no list of texts");
        r = check_list(v->list_value, path, err);
    }
    for (size_t i = 0; !r && i < t->n_rows; i++) {
        const Eval__Row *row = t->rows[i];

        snprintf(path, sizeof(path), "rows[%zu].agents", i);
        if (row->agents)
            r = check_list(row->agents, path, err);
        if (!r)
            r = check_names(t, row->n_facts, row->facts, i, "facts", err);
        if (!r)
            r = check_names(t, row->n_nots, row->nots, i, "nots", err);
    }
    return r;
}
