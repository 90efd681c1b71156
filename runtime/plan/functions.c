/* functions.c -- which tools a model is offered, and as what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"
#include "plan/memory.h"
#include "plan/reading.h"

typedef Google__Protobuf__Struct Struct;

enum { max_name = 64, max_description = 600 };

static const double followed = 1e6; /* a tool of the turn before: "and of gcp?" */
static const double beside = 1;     /* of the same agent as one that is offered for sure */

/* ---- the likeliest --------------------------------------------------------------------------- */

struct ranked {
    uint32_t family;
    double score;
};

static int by_score(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->score > y->score || x->score < y->score)
        return x->score > y->score ? -1 : 1;
    return x->family < y->family ? -1 : 1;
}

/* How much a text's words speak for each family; what asks for a change does no less. */
static void score_words(const struct jv_catalog *c, const struct jv_reading *r, struct ranked *list)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct jv_term *t =
                r->tokens[i].term < JV_NO_TERM ? &c->terms[r->tokens[i].term] : NULL;

        for (size_t k = 0; t && k < t->n_postings; k++)
            list[t->postings[k].family].score += (double)t->postings[k].weight * (double)t->telling;
    }
    for (size_t i = 0; i < r->n_phrases; i++) {
        const struct jv_phrase *p = &c->phrases[r->phrases[i].phrase];

        list[p->family].score += (double)p->weight;
    }
    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = &c->phrases[r->values[i].phrase];

        for (size_t k = 0; k < p->n_takers; k++)
            list[p->takers[k].family].score += 1;
    }
}

static size_t tools_of(const struct jv_cat_family *f)
{
    size_t n = 0;

    for (int i = 0; i < JV_N_WHOSE; i++)
        n += f->tools[i] != JV_NONE;
    return n;
}

static void add_family(const struct jv_catalog *c, struct ranked *list, uint32_t tool)
{
    uint32_t agent = c->tools[tool].agent;

    list[c->tools[tool].family].score += followed;
    for (uint32_t i = c->agents[agent].first_family;
         i < c->n_families && c->families[i].agent == agent; i++)
        list[i].score += beside;
}

/* What the turn before called and showed, and what the built-in planner would call. */
static void score_calls(const struct jv_catalog *c, const struct jv_memory *m,
                        const struct jv_plan *own, struct ranked *list)
{
    for (size_t i = 0; i < m->n_calls; i++)
        add_family(c, list, m->calls[i].tool);
    if (m->n_items)
        add_family(c, list, m->items[0].tool);
    for (size_t i = 0; own && i < own->n; i++) {
        uint32_t tool = own->calls[i].tool
                                ? jv_catalog_tool(c, own->calls[i].agent, own->calls[i].tool)
                                : JV_NONE;

        if (tool != JV_NONE)
            add_family(c, list, tool);
    }
}

/* Mark the families whose tools are offered, at most max tools. */
static bool *likely_families(const struct jv_catalog *c, const struct jv_plan_input *in,
                             const struct jv_plan *own, size_t max, struct jv_arena *a)
{
    struct jv_reading r = jv_reading_new(c, a, in->text, &in->now_ms);
    struct jv_memory m = jv_memory_read(c, in->memory, a);
    struct ranked *list = JV_NEW_ARRAY(a, struct ranked, c->n_families + 1);
    bool *ret = JV_NEW_ARRAY(a, bool, c->n_families + 1);

    for (uint32_t i = 0; i < c->n_families; i++)
        list[i].family = i;
    score_words(c, &r, list);
    score_calls(c, &m, own, list);
    qsort(list, c->n_families, sizeof(*list), by_score);
    for (size_t i = 0; i < c->n_families && list[i].score > 0; i++) {
        size_t n = tools_of(&c->families[list[i].family]);

        if (n > max)
            break;
        max -= n;
        ret[list[i].family] = true;
    }
    return ret;
}

/* ---- as functions ---------------------------------------------------------------------------- */

static bool is_taken(const struct jv_function *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return true;
    return false;
}

static bool is_plain(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || ch == '-';
}

/* Begins with a letter, as providers want it, and is nobody else's. */
static const char *name_for(struct jv_arena *a, const struct jv_function *list, size_t n,
                            const char *agent, const char *tool)
{
    char *name = jv_arena_printf(a, "%s__%s", agent, tool);

    for (char *p = name; *p; p++)
        *p = is_plain(*p) ? *p : '_';
    if (strlen(name) > max_name || !strchr("abcdefghijklmnopqrstuvwxyz", name[0] | 0x20) ||
        is_taken(list, n, name))
        return jv_arena_printf(a, "tool__%zu", n);
    return name;
}

/* It is somebody else's text: as long as it is of use, and on one line. */
static const char *describe(struct jv_arena *a, const char *text)
{
    char *s;

    text = text ? text : "";
    s = jv_arena_strndup(a, text, jv_clip(text, strlen(text), max_description));
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = ' ';
    return s;
}

static Struct *object(struct jv_arena *a)
{
    Struct *s = jv_msg_new(&google__protobuf__struct__descriptor, a);

    jv_struct_set(s, a, "type", jv_value_text(a, "object"));
    return s;
}

static Struct *text_schema(struct jv_arena *a)
{
    Struct *s = object(a), *members = jv_msg_new(&google__protobuf__struct__descriptor, a);
    Struct *text = jv_msg_new(&google__protobuf__struct__descriptor, a);
    Google__Protobuf__Value *required = jv_msg_new(&google__protobuf__value__descriptor, a);

    jv_struct_set(text, a, "type", jv_value_text(a, "string"));
    jv_struct_set(text, a, "description",
                  jv_value_text(a, "What to ask the agent, in words that need nothing else."));
    jv_struct_set(members, a, "text", jv_value_struct(a, text));
    jv_struct_set(s, a, "properties", jv_value_struct(a, members));
    required->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    required->list_value = jv_msg_new(&google__protobuf__list_value__descriptor, a);
    required->list_value->n_values = 1;
    required->list_value->values = JV_NEW_ARRAY(a, Google__Protobuf__Value *, 1);
    required->list_value->values[0] = jv_value_text(a, "text");
    jv_struct_set(s, a, "required", required);
    return s;
}

static Struct *schema_of(const struct jv_cat_tool *t, struct jv_arena *a)
{
    struct jv_err err;
    void *s = NULL;

    if (!t->name)
        return text_schema(a);
    if (t->schema)
        s = jv_unpack(&google__protobuf__struct__descriptor, t->schema, t->schema_len, a, &err);
    return s ? s : object(a);
}

size_t jv_plan_functions(const struct jv_catalog *c, const struct jv_plan_input *in,
                         const struct jv_plan *own, size_t max, struct jv_arena *a,
                         struct jv_function **ret)
{
    const bool *likely = c->n_tools > max ? likely_families(c, in, own, max, a) : NULL;
    struct jv_function *list =
            JV_NEW_ARRAY(a, struct jv_function, (c->n_tools < max ? c->n_tools : max) + 1);
    size_t n = 0;

    for (size_t i = 0; i < c->n_tools && n < max; i++) {
        const struct jv_cat_tool *t = &c->tools[i];
        const struct jv_cat_agent *agent = &c->agents[t->agent];

        if (likely && !likely[t->family])
            continue;
        list[n] = (struct jv_function){
            .name = name_for(a, list, n, agent->token, t->name ? t->name : "ask"),
            .agent = jv_arena_strdup(a, agent->token),
            .tool = t->name ? jv_arena_strdup(a, t->name) : NULL,
            .description = describe(a, t->name ? t->description : agent->description),
            .schema = schema_of(t, a),
            .read_only = t->name && t->read_only, /* who takes text may do anything */
        };
        n++;
    }
    *ret = list;
    return n;
}
