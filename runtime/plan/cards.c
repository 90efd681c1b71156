/* cards.c -- what a card says, taken into the catalogue: its tools, families, words and values.
 *
 * A card comes from outside: everything is copied, counted and cut. */
#include <string.h>

#include "a2a.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "jv/agent.h"
#include "jv/wire.h"
#include "plan/catalog.h"
#include "plan/lexicon.h"
#include "plan/words.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

enum {
    max_tools = 256,       /* of one agent */
    max_items = 64,        /* members of a schema, examples, tags */
    max_schema = 8 * 1024, /* bytes, packed */
    max_vocabulary = 1024,
    max_text = 512,   /* bytes of one text */
    max_words = 4096, /* of a list of words */
    max_core = 8,
    max_tagged = 16384, /* tags times tools they speak for, of one agent */
};

/* How much a place in the card says about what a tool is for. */
static const float words_weight = 1.0f, name_weight = 0.8f, tag_weight = 0.7f, agent_weight = 0.6f,
                   part_weight = 0.5f, label_weight = 0.4f, function_weight = 0.3f,
                   general_factor = 0.5f;

/* ---- Struct, read kindly --------------------------------------------------------------------- */

static const Struct *as_struct(const Value *v)
{
    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

static size_t list_of(const Value *v, size_t max, Value *const **ret)
{
    size_t n;

    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return 0;
    n = v->list_value->n_values;
    *ret = v->list_value->values;
    return n < max ? n : max;
}

static const char *text_of(const Value *v)
{
    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE ? v->string_value : NULL;
}

static bool flag_of(const Struct *s, const char *name)
{
    const Value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE && v->bool_value;
}

/* At most max bytes, not cut within a character. */
static const char *clipped(struct jv_arena *a, const char *s, size_t max)
{
    s = s ? s : "";
    return jv_arena_strndup(a, s, jv_clip(s, strlen(s), max));
}

static const char *keep(struct jv_catalog *c, const char *s, size_t max)
{
    return clipped(c->arena, s, max);
}

/* ---- words into terms ------------------------------------------------------------------------ */

/* Words of a name: "get_my_tickets", "getMyTickets" and "get-my-tickets" have the same. */
static struct jv_words name_words(struct jv_catalog *c, const char *name)
{
    char *snake = jv_snake(c->scratch, name);

    for (char *p = snake; *p; p++)
        if (*p == '_' || *p == '-')
            *p = ' ';
    return jv_words_read(c->scratch, snake);
}

static uint32_t *terms_of(struct jv_catalog *c, struct jv_arena *a, const struct jv_words *w)
{
    uint32_t *terms = JV_NEW_ARRAY(a, uint32_t, w->n + 1);

    for (size_t i = 0; i < w->n; i++) {
        terms[i] = jv_catalog_intern(c, jv_words_key(&w->at[i]));
        if (!c->terms[terms[i]].word)
            c->terms[terms[i]].word = keep(c, w->at[i].norm, JV_WORD_SIZE);
        c->terms[terms[i]].strong = c->terms[terms[i]].strong || !(w->at[i].roles & JV_FUNCTION);
    }
    return terms;
}

static struct jv_posting posting(const struct jv_word *w, uint32_t family, float weight, bool own)
{
    return (struct jv_posting){
        .family = family, .weight = weight, .acts = own && !(w->roles & JV_WISH), .past = w->past
    };
}

/* Let every word speak for a family. Function words only count where an author listed them. */
static void post_words(struct jv_catalog *c, const struct jv_words *w, uint32_t family,
                       float weight, bool own)
{
    const uint32_t *terms = terms_of(c, c->scratch, w);

    for (size_t i = 0; i < w->n; i++) {
        bool function = w->at[i].roles & JV_FUNCTION;

        if (!function)
            jv_catalog_post(c, terms[i],
                            posting(&w->at[i], family,
                                    w->at[i].roles & ~JV_WISH ? weight * general_factor : weight,
                                    own));
        else if (own && w->n == 1)
            jv_catalog_post(c, terms[i], posting(&w->at[i], family, function_weight, false));
    }
}

/* The words of a name or a phrase that say something by themselves. */
static void post_telling(struct jv_catalog *c, const struct jv_words *name, uint32_t family,
                         float weight, bool own)
{
    const uint32_t *terms = terms_of(c, c->scratch, name);

    for (size_t i = 0; i < name->n; i++)
        if (!(name->at[i].roles & ~JV_WISH))
            jv_catalog_post(c, terms[i], posting(&name->at[i], family, weight, own));
}

/* A word or phrase; own: it is the tool's, not of something it shares with others. */
static void post_phrase(struct jv_catalog *c, const char *text, uint32_t family, uint32_t tool,
                        float weight, bool own)
{
    struct jv_words w = jv_words_read(c->scratch, text);

    for (size_t i = 0; i < w.n && own; i++)
        if (w.at[i].roles & JV_WISH)
            c->families[family].wanted = true;
    if (w.n > 1) {
        const uint32_t *terms = terms_of(c, c->arena, &w);

        jv_catalog_phrase(c, (struct jv_phrase){ .n = w.n,
                                                 .terms = terms,
                                                 .family = family,
                                                 .tool = tool,
                                                 .own = own,
                                                 .weight = weight });
        post_telling(c, &w, family, weight * part_weight, own);
    } else {
        post_words(c, &w, family, weight, own);
    }
}

struct each {
    struct jv_catalog *c;
    void (*fn)(const struct each *e, const char *text);
    uint32_t family, tool, agent;
    float weight;
    const char *member, *value;
};

/* Run e->fn on every item of a comma-separated text or a list of texts. */
static void each_item(const struct each *e, const Value *items)
{
    const char *text = text_of(items);
    Value *const *values = NULL;
    size_t n = list_of(items, max_items, &values);

    for (size_t i = 0; i < n; i++)
        if (text_of(values[i]))
            e->fn(e, clipped(e->c->scratch, text_of(values[i]), max_text));
    if (!text)
        return;
    for (const char *p = clipped(e->c->scratch, text, max_words); *p;) {
        size_t len = strcspn(p, ",");

        e->fn(e, jv_arena_strndup(e->c->scratch, p, len));
        p += len + (p[len] == ',');
    }
}

static void add_phrase(const struct each *e, const char *text)
{
    post_phrase(e->c, text, e->family, e->tool, e->weight, true);
}

static bool is_past(const struct jv_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->at[i].past)
            return true;
    return false;
}

static void add_value(const struct each *e, const char *text)
{
    struct jv_words w = jv_words_read(e->c->scratch, text);
    bool says = w.n > 1; /* "got through" */

    for (size_t i = 0; i < w.n; i++)
        says = says || !(w.at[i].roles & JV_FUNCTION);
    if (says)
        jv_catalog_phrase(e->c, (struct jv_phrase){ .n = w.n,
                                                    .terms = terms_of(e->c, e->c->arena, &w),
                                                    .family = JV_NONE,
                                                    .agent = e->agent,
                                                    .member = e->member,
                                                    .value = e->value,
                                                    .past = is_past(&w),
                                                    .going = w.n == 1 && w.at[0].going });
}

/* A value by its own name: "ai_studio" as it is and as "ai studio". */
static void add_value_name(struct jv_catalog *c, uint32_t agent, const char *member,
                           const char *value)
{
    struct each e = { .c = c, .agent = agent, .member = member, .value = value };
    char *spaced = jv_arena_strdup(c->scratch, value);

    add_value(&e, value);
    for (char *p = spaced; *p; p++)
        if (*p == '_' || *p == '-')
            *p = ' ';
    if (strcmp(spaced, value) != 0)
        add_value(&e, spaced);
}

/* ---- tools ----------------------------------------------------------------------------------- */

static enum jv_slot_kind slot_kind(const Struct *schema)
{
    const char *type = jv_struct_text(schema, "type"), *format = jv_struct_text(schema, "format");

    if (jv_struct_get(schema, "enum"))
        return JV_SLOT_CHOICE;
    if (!type)
        return JV_SLOT_OTHER;
    if (strcmp(type, "integer") == 0 || (format && strstr(format, "int")))
        return JV_SLOT_INTEGER;
    if (format && strcmp(format, "date-time") == 0)
        return JV_SLOT_TIME;
    return strcmp(type, "string") == 0 && !format ? JV_SLOT_TEXT : JV_SLOT_OTHER;
}

/* The vocabulary has words of its own for the value. */
static bool has_words(const struct jv_catalog *c, const char *member, const char *value)
{
    Value *const *values = NULL;
    size_t n = c->vocabulary ? list_of(c->vocabulary, max_vocabulary, &values) : 0;

    for (size_t i = 0; i < n; i++) {
        const Struct *v = as_struct(values[i]);
        const char *of = v ? jv_struct_text(v, "member") : NULL;
        const char *is = v ? jv_struct_text(v, "value") : NULL;

        if (of && is && strcmp(of, member) == 0 && strcmp(is, value) == 0)
            return true;
    }
    return false;
}

/* The first one stands for "not said" when it is called so. */
static void add_choices(struct jv_catalog *c, uint32_t agent, struct jv_slot *slot,
                        const Struct *schema)
{
    Value *const *values = NULL;
    size_t n = list_of(jv_struct_get(schema, "enum"), max_items, &values);
    const char **choices = JV_NEW_ARRAY(c->arena, const char *, n + 1);

    for (size_t i = 0; i < n; i++)
        if (text_of(values[i]) && strcmp(text_of(values[i]), "unspecified") != 0) {
            choices[slot->n_choices] = keep(c, text_of(values[i]), max_text);
            if (!has_words(c, slot->name, choices[slot->n_choices++]))
                add_value_name(c, agent, slot->name, choices[slot->n_choices - 1]);
        }
    slot->choices = choices;
}

static bool is_required(const Struct *schema, const char *name)
{
    Value *const *values = NULL;
    size_t n = list_of(jv_struct_get(schema, "required"), max_items, &values);

    for (size_t i = 0; i < n; i++)
        if (text_of(values[i]) && strcmp(text_of(values[i]), name) == 0)
            return true;
    return false;
}

static void read_slots(struct jv_catalog *c, struct jv_cat_tool *t, const Struct *schema)
{
    const Struct *members = schema ? as_struct(jv_struct_get(schema, "properties")) : NULL;
    size_t n = members ? members->n_fields : 0;
    struct jv_slot *slots = JV_NEW_ARRAY(c->arena, struct jv_slot, n + 1);

    t->slots = slots;
    for (size_t i = 0; i < n && t->n_slots < max_items; i++) {
        const Struct *member = as_struct(members->fields[i]->value);
        const char *name = keep(c, members->fields[i]->key, JV_WORD_SIZE);

        if (!member || (t->owner && strcmp(t->owner, name) == 0))
            continue;
        slots[t->n_slots++] = (struct jv_slot){
            .name = name,
            .description = keep(c, jv_struct_text(member, "description"), max_text),
            .kind = slot_kind(member),
            .required = is_required(schema, name),
        };
        add_choices(c, t->agent, &slots[t->n_slots - 1], member);
    }
}

static const char **read_examples(struct jv_catalog *c, const Value *v, size_t *ret_n)
{
    Value *const *values = NULL;
    size_t n = list_of(v, max_items, &values);
    const char **examples = JV_NEW_ARRAY(c->arena, const char *, n + 1);

    *ret_n = 0;
    for (size_t i = 0; i < n; i++)
        if (text_of(values[i]))
            examples[(*ret_n)++] = keep(c, text_of(values[i]), max_text);
    return examples;
}

static enum jv_whose whose_of(const struct jv_cat_tool *t, const struct jv_words *name)
{
    if (t->owner)
        return JV_SOMEBODYS;
    for (size_t i = 0; i < name->n; i++) {
        if (name->at[i].roles & JV_MY)
            return JV_CALLERS;
        if (name->at[i].roles & JV_EVERY)
            return JV_EVERYBODYS;
    }
    return JV_NOBODYS;
}

/* ---- families -------------------------------------------------------------------------------- */

static bool has_core(const struct jv_cat_family *f, uint32_t term)
{
    for (size_t i = 0; i < f->n_core; i++)
        if (f->core[i] == term)
            return true;
    return false;
}

static bool within(const struct jv_cat_family *a, const struct jv_cat_family *b)
{
    for (size_t i = 0; i < a->n_core; i++)
        if (!has_core(b, a->core[i]))
            return false;
    return a->n_core > 0;
}

static bool same_slots(const struct jv_cat_tool *a, const struct jv_cat_tool *b)
{
    for (size_t i = 0; i < a->n_slots; i++)
        if (!jv_catalog_slot(b, a->slots[i].name))
            return false;
    return a->n_slots == b->n_slots;
}

/* The family of the agent that differs from this tool in nothing but whose data it is about. */
static uint32_t find_family(const struct jv_catalog *c, const struct jv_cat_tool *t,
                            const struct jv_cat_family *want)
{
    if (t->whose == JV_NOBODYS)
        return JV_NONE;
    for (uint32_t i = c->agents[t->agent].first_family; i < c->n_families; i++) {
        const struct jv_cat_family *f = &c->families[i];

        if (f->read_only == t->read_only && f->tools[t->whose] == JV_NONE &&
            f->tools[JV_NOBODYS] == JV_NONE && same_slots(t, &c->tools[f->any]) &&
            (within(f, want) || within(want, f)))
            return i;
    }
    return JV_NONE;
}

static void join_family(struct jv_catalog *c, uint32_t tool, const struct jv_words *name)
{
    struct jv_cat_tool *t = &c->tools[tool];
    struct jv_cat_family f = { .agent = t->agent, .read_only = t->read_only, .any = tool };

    memset(f.tools, 0xff, sizeof(f.tools));
    f.core = JV_NEW_ARRAY(c->arena, uint32_t, max_core);
    for (size_t i = 0; i < name->n && f.n_core < max_core; i++)
        if (!name->at[i].roles)
            f.core[f.n_core++] = jv_catalog_intern(c, name->at[i].stem);
    t->family = find_family(c, t, &f);
    if (t->family == JV_NONE) {
        t->family = (uint32_t)c->n_families;
        *JV_CAT_ADD(c, families) = f;
    } else if (f.n_core < c->families[t->family].n_core) { /* "exams" of "pending exams" */
        c->families[t->family].n_core = f.n_core;
        c->families[t->family].core = f.core;
    }
    c->families[t->family].tools[t->whose] = tool;
}

static void keep_schema(struct jv_catalog *c, struct jv_cat_tool *t, const Struct *schema)
{
    size_t len = schema ? protobuf_c_message_get_packed_size(&schema->base) : 0;
    uint8_t *packed;

    if (!len || len > max_schema)
        return;
    packed = jv_arena_alloc(c->arena, len);
    t->schema_len = protobuf_c_message_pack(&schema->base, packed);
    t->schema = packed;
}

static void add_tool(struct jv_catalog *c, uint32_t agent, const Struct *s)
{
    const char *owner = jv_struct_text(s, "owner"), *scope = jv_struct_text(s, "scope");
    struct jv_words name;
    struct jv_cat_tool *t;
    uint32_t tool;

    jv_arena_reset(c->scratch);
    if (jv_arena_used(c->arena) > JV_CATALOG_FULL)
        return;
    if (!jv_struct_text(s, "name") || strlen(jv_struct_text(s, "name")) > max_text)
        return;
    tool = (uint32_t)c->n_tools;
    t = JV_CAT_ADD(c, tools);
    *t = (struct jv_cat_tool){
        .name = keep(c, jv_struct_text(s, "name"), max_text),
        .description = keep(c, jv_struct_text(s, "description"), max_text),
        .skill = keep(c, jv_struct_text(s, "skill"), max_text),
        .owner = owner && *owner ? keep(c, owner, JV_WORD_SIZE) : NULL,
        .scope = scope && *scope ? keep(c, scope, JV_WORD_SIZE) : NULL,
        .read_only = flag_of(s, "read_only"),
        .agent = agent,
    };
    name = name_words(c, t->name);
    t->whose = whose_of(t, &name);
    t->examples = read_examples(c, jv_struct_get(s, "examples"), &t->n_examples);
    read_slots(c, t, as_struct(jv_struct_get(s, "input_schema")));
    keep_schema(c, t, as_struct(jv_struct_get(s, "input_schema")));
    join_family(c, tool, &name);
    t = &c->tools[tool];
    post_telling(c, &name, t->family, name_weight, true);
    for (size_t i = 0; i < t->n_slots; i++) {
        struct jv_words label = name_words(c, t->slots[i].name);

        if (t->slots[i].kind != JV_SLOT_CHOICE || strcmp(t->slots[i].name, "order") != 0)
            /* how things are sorted: "order me a chair" is about no costs */
            post_telling(c, &label, t->family, label_weight, false);
    }
    each_item(&(struct each){ c, add_phrase, t->family, tool, agent, words_weight, NULL, NULL },
              jv_struct_get(s, "words"));
    jv_arena_reset(c->scratch);
}

/* ---- the whole card -------------------------------------------------------------------------- */

static const Struct *tools_params(const A2a__AgentCard *card)
{
    size_t n = card->capabilities ? card->capabilities->n_extensions : 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(card->capabilities->extensions[i]->uri, JV_TOOLS_EXTENSION) == 0)
            return card->capabilities->extensions[i]->params;
    return NULL;
}

static void add_vocabulary(struct jv_catalog *c, uint32_t agent, const Struct *params)
{
    Value *const *values = NULL;
    size_t n = list_of(jv_struct_get(params, "vocabulary"), max_vocabulary, &values);

    for (size_t i = 0; i < n; i++) {
        const Struct *v = as_struct(values[i]);
        const char *member = v ? jv_struct_text(v, "member") : NULL;
        const char *value = v ? jv_struct_text(v, "value") : NULL;
        struct each e = { .c = c, .fn = add_value, .agent = agent };

        if (!member || !value)
            continue;
        e.member = keep(c, member, JV_WORD_SIZE);
        e.value = keep(c, value, max_text);
        if (strchr(e.value, '_'))
            add_value_name(c, agent, e.member, e.value);
        each_item(&e, jv_struct_get(v, "words"));
        jv_arena_reset(c->scratch);
    }
}

/* An agent without tools is one family that takes the words as they are. */
static void add_text_agent(struct jv_catalog *c, uint32_t agent)
{
    struct jv_cat_tool *t = JV_CAT_ADD(c, tools);
    struct jv_words none = { 0 };

    *t = (struct jv_cat_tool){ .agent = agent, .description = "", .skill = "", .read_only = true };
    join_family(c, (uint32_t)c->n_tools - 1, &none);
    c->agents[agent].takes_text = true;
}

/* A skill's tags and name speak for its tools, or for all when no tool claims it; as long as the
 * agent has *left of them. */
static void add_skill(struct jv_catalog *c, uint32_t agent, const A2a__AgentSkill *skill,
                      size_t *left)
{
    bool claimed = false;

    for (uint32_t i = c->agents[agent].first_tool; i < c->n_tools; i++)
        claimed = claimed || strcmp(c->tools[i].skill, skill->id) == 0;
    for (uint32_t i = c->agents[agent].first_tool; i < c->n_tools; i++) {
        struct jv_cat_tool *t = &c->tools[i];
        struct jv_words name =
                jv_words_read(c->scratch, clipped(c->scratch, skill->name, max_text));

        if (claimed && strcmp(t->skill, skill->id) != 0)
            continue;
        post_words(c, &name, t->family, tag_weight, false);
        for (size_t k = 0; k < skill->n_tags && k < max_items && *left; k++, --*left)
            post_phrase(c, clipped(c->scratch, skill->tags[k], max_text), t->family, JV_NONE,
                        tag_weight, false);
        if (!t->name && skill->n_examples && !t->n_examples) {
            t->n_examples = skill->n_examples < max_items ? skill->n_examples : max_items;
            t->examples = JV_NEW_ARRAY(c->arena, const char *, t->n_examples);
            for (size_t k = 0; k < t->n_examples; k++)
                t->examples[k] = keep(c, skill->examples[k], max_text);
        }
        jv_arena_reset(c->scratch);
    }
}

void jv_catalog_add(struct jv_catalog *c, const char *token, int priority,
                    const A2a__AgentCard *card)
{
    const Struct *params = tools_params(card);
    uint32_t agent = (uint32_t)c->n_agents;
    Value *const *tools = NULL;
    size_t left = max_tagged;
    size_t n = params ? list_of(jv_struct_get(params, "tools"), max_tools, &tools) : 0;

    if (jv_arena_used(c->arena) > JV_CATALOG_FULL)
        return;
    *JV_CAT_ADD(c, agents) = (struct jv_cat_agent){
        .token = keep(c, token, max_text),
        .name = keep(c, card->name, max_text),
        .description = keep(c, card->description, max_text),
        .priority = priority,
        .first_family = (uint32_t)c->n_families,
        .first_tool = (uint32_t)c->n_tools,
    };
    c->vocabulary = params ? jv_struct_get(params, "vocabulary") : NULL;
    for (size_t i = 0; i < n; i++)
        if (as_struct(tools[i]))
            add_tool(c, agent, as_struct(tools[i]));
    c->vocabulary = NULL;
    if (c->agents[agent].first_tool == c->n_tools)
        add_text_agent(c, agent);
    if (params)
        add_vocabulary(c, agent, params);
    for (size_t i = 0; i < card->n_skills && i < max_items; i++)
        add_skill(c, agent, card->skills[i], &left);
    for (uint32_t f = c->agents[agent].first_family; f < c->n_families; f++) {
        post_phrase(c, c->agents[agent].token, f, JV_NONE, agent_weight, false);
        post_phrase(c, c->agents[agent].name, f, JV_NONE, agent_weight, false);
    }
}
