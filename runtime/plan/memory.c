/* memory.c -- what the planner hands itself from turn to turn. */
#include "plan/memory.h"

#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

Struct *jv_struct_copy(const Struct *s, struct jv_arena *a)
{
    Struct *copy = jv_msg_new(&google__protobuf__struct__descriptor, a);

    for (size_t i = 0; i < s->n_fields; i++)
        jv_struct_set(copy, a, s->fields[i]->key, s->fields[i]->value);
    return copy;
}

/* ---- reading --------------------------------------------------------------------------------- */

static Struct *new_struct(struct jv_arena *a)
{
    return jv_msg_new(&google__protobuf__struct__descriptor, a);
}

static Struct *member_struct(const Struct *s, const char *name)
{
    const Value *v = s ? jv_struct_get(s, name) : NULL;

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

static bool read_call(const struct jv_catalog *c, const Struct *s, struct jv_arena *a,
                      struct jv_draft *ret)
{
    const char *agent = s ? jv_struct_text(s, "agent") : NULL;
    const char *tool = s ? jv_struct_text(s, "tool") : NULL;
    uint32_t at = agent ? jv_catalog_agent(c, agent) : JV_NONE;

    if (at == JV_NONE)
        return false;
    *ret = (struct jv_draft){ .tool = tool ? jv_catalog_tool(c, agent, tool) : JV_NONE };
    if (!tool && c->agents[at].takes_text)
        ret->tool = c->agents[at].first_tool;
    ret->arguments = member_struct(s, "arguments");
    if (!ret->arguments)
        ret->arguments = new_struct(a);
    return ret->tool != JV_NONE;
}

static size_t read_calls(const struct jv_catalog *c, const Struct *s, const char *name,
                         struct jv_arena *a, struct jv_draft *ret, size_t max)
{
    const Value *v = jv_struct_get(s, name);
    size_t n = 0;

    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return 0;
    for (size_t i = 0; i < v->list_value->n_values && n < max; i++) {
        const Value *call = v->list_value->values[i];

        if (call->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE &&
            read_call(c, call->struct_value, a, &ret[n]))
            n++;
    }
    return n;
}

struct jv_memory jv_memory_read(const struct jv_catalog *c, const Struct *s, struct jv_arena *a)
{
    struct jv_memory m = { 0 };
    const Struct *ask;

    if (!s)
        return m;
    m.n_calls = read_calls(c, s, "calls", a, m.calls, JV_CALLS_MAX);
    m.n_before = read_calls(c, s, "before", a, m.before, JV_CALLS_MAX);
    m.n_items = read_calls(c, s, "items", a, m.items, JV_ITEMS_MAX);
    m.n_confirm = read_calls(c, s, "confirm", a, m.confirm, JV_CALLS_MAX);
    m.person = jv_struct_text(s, "person");
    ask = member_struct(s, "ask");
    if (ask && jv_struct_text(ask, "missing") && read_call(c, ask, a, &m.ask)) {
        m.ask.missing = jv_catalog_slot(&c->tools[m.ask.tool], jv_struct_text(ask, "missing"));
        m.asks = m.ask.missing != NULL;
    }
    return m;
}

/* ---- writing --------------------------------------------------------------------------------- */

static Struct *call_struct(const struct jv_catalog *c, const struct jv_draft *d, struct jv_arena *a)
{
    const struct jv_cat_tool *t = &c->tools[d->tool];
    Struct *s = new_struct(a);

    jv_struct_set(s, a, "agent", jv_value_text(a, c->agents[t->agent].token));
    if (t->name)
        jv_struct_set(s, a, "tool", jv_value_text(a, t->name));
    if (d->arguments)
        jv_struct_set(s, a, "arguments", jv_value_struct(a, d->arguments));
    if (d->missing)
        jv_struct_set(s, a, "missing", jv_value_text(a, d->missing->name));
    return s;
}

static void write_calls(const struct jv_catalog *c, Struct *s, const char *name, size_t n,
                        const struct jv_draft *calls, struct jv_arena *a)
{
    Value *v = jv_msg_new(&google__protobuf__value__descriptor, a);
    Google__Protobuf__ListValue *list = jv_msg_new(&google__protobuf__list_value__descriptor, a);

    if (!n)
        return;
    list->values = JV_NEW_ARRAY(a, Value *, n);
    for (size_t i = 0; i < n; i++)
        list->values[list->n_values++] = jv_value_struct(a, call_struct(c, &calls[i], a));
    v->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    v->list_value = list;
    jv_struct_set(s, a, name, v);
}

Struct *jv_memory_write(const struct jv_catalog *c, const struct jv_memory *m, struct jv_arena *a)
{
    Struct *s = new_struct(a);

    write_calls(c, s, "calls", m->n_calls, m->calls, a);
    write_calls(c, s, "before", m->n_before, m->before, a);
    write_calls(c, s, "items", m->n_items, m->items, a);
    write_calls(c, s, "confirm", m->n_confirm, m->confirm, a);
    if (m->person)
        jv_struct_set(s, a, "person", jv_value_text(a, m->person));
    if (m->asks)
        jv_struct_set(s, a, "ask", jv_value_struct(a, call_struct(c, &m->ask, a)));
    return s;
}

/* ---- turning the page ------------------------------------------------------------------------ */

bool jv_value_same(const Value *a, const Value *b)
{
    if (!a || !b || a->kind_case != b->kind_case)
        return false;
    if (a->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        return strcmp(a->string_value, b->string_value) == 0;
    if (a->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
        return a->number_value >= b->number_value && a->number_value <= b->number_value;
    return a->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE &&
           a->bool_value == b->bool_value;
}

bool jv_draft_same(const struct jv_draft *a, const struct jv_draft *b)
{
    if (a->tool != b->tool || a->arguments->n_fields != b->arguments->n_fields)
        return false;
    for (size_t i = 0; i < a->arguments->n_fields; i++)
        if (!jv_value_same(a->arguments->fields[i]->value,
                           jv_struct_get(b->arguments, a->arguments->fields[i]->key)))
            return false;
    return true;
}

static bool holds(const struct jv_draft *calls, size_t n, const struct jv_draft *d)
{
    for (size_t i = 0; i < n; i++)
        if (jv_draft_same(&calls[i], d))
            return true;
    return false;
}

void jv_memory_push(struct jv_memory *m, const struct jv_catalog *c, size_t n,
                    const struct jv_draft *calls)
{
    struct jv_draft before[JV_CALLS_MAX];
    size_t n_before = 0;

    for (size_t i = 0; i < m->n_calls; i++)
        if (!holds(calls, n, &m->calls[i]) && n_before < JV_CALLS_MAX)
            before[n_before++] = m->calls[i];
    for (size_t i = 0; i < m->n_before; i++)
        if (!holds(calls, n, &m->before[i]) && !holds(before, n_before, &m->before[i]) &&
            n_before < JV_CALLS_MAX / 2)
            before[n_before++] = m->before[i];
    memcpy(m->before, before, n_before * sizeof(before[0]));
    m->n_before = n_before;
    memcpy(m->calls, calls, n * sizeof(calls[0]));
    m->n_calls = n;
    m->asks = false;
    m->n_confirm = 0;
    for (size_t i = 0; i < n; i++) {
        const char *owner = c->tools[calls[i].tool].owner;
        const char *person = owner ? jv_struct_text(calls[i].arguments, owner) : NULL;

        m->person = person ? person : m->person;
    }
}

/* ---- what was shown -------------------------------------------------------------------------- */

/* The only member that a looking tool must have; NULL when there are none or several. */
static const struct jv_slot *key_of(const struct jv_cat_tool *t)
{
    const struct jv_slot *key = NULL;

    for (size_t i = 0; i < t->n_slots && t->read_only; i++) {
        if (!t->slots[i].required)
            continue;
        if (key)
            return NULL;
        key = &t->slots[i];
    }
    return key;
}

/* What an item of the list `name` says for a key: its member of that name, or for "ticket_id" the
 * "id" of an item of "tickets". */
static const Value *key_in(const Struct *item, const char *name, const struct jv_slot *key)
{
    const Value *v = jv_struct_get(item, key->name);
    size_t n = strlen(key->name), stem = n > 3 ? n - 3 : 0;

    if (v || !stem || strcmp(key->name + stem, "_id") != 0 || strncmp(name, key->name, stem) != 0)
        return v;
    return jv_struct_get(item, "id");
}

static bool add_item(const struct jv_catalog *c, uint32_t agent, const char *list,
                     const Struct *item, struct jv_arena *a, struct jv_draft *ret)
{
    for (uint32_t i = c->agents[agent].first_tool; i < c->n_tools && c->tools[i].agent == agent;
         i++) {
        const struct jv_slot *key = key_of(&c->tools[i]);
        const Value *v = key ? key_in(item, list, key) : NULL;

        if (!v)
            continue;
        *ret = (struct jv_draft){ .tool = i, .arguments = new_struct(a) };
        jv_struct_set(ret->arguments, a, key->name, (Value *)(uintptr_t)v);
        return true;
    }
    return false;
}

static void hear_list(const struct jv_catalog *c, uint32_t agent, const char *name,
                      const Value *list, struct jv_memory *m, struct jv_arena *a)
{
    if (list->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return;
    for (size_t i = 0; i < list->list_value->n_values && m->n_items < JV_ITEMS_MAX; i++) {
        const Value *v = list->list_value->values[i];

        if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE &&
            add_item(c, agent, name, v->struct_value, a, &m->items[m->n_items]))
            m->n_items++;
    }
}

void jv_plan_heard(const struct jv_catalog *c, Struct *memory, size_t n,
                   const struct jv_planned *calls, const Struct *const *results, struct jv_arena *a)
{
    struct jv_memory m = { 0 };
    Struct *items;

    for (size_t i = 0; i < n; i++) {
        uint32_t agent = jv_catalog_agent(c, calls[i].agent);

        for (size_t k = 0; results[i] && agent != JV_NONE && k < results[i]->n_fields; k++)
            hear_list(c, agent, results[i]->fields[k]->key, results[i]->fields[k]->value, &m, a);
    }
    items = new_struct(a);
    write_calls(c, items, "items", m.n_items, m.items, a);
    if (m.n_items)
        jv_struct_set(memory, a, "items", items->fields[0]->value);
}
