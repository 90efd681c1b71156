/* card.c -- an agent's A2A card from its tables: skills, interfaces, and every tool with its
 * schema. What a planner knows of an agent it knows from here. */
#include "actor/engine.h"

#include <string.h>

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

/* "a, b , c" -> n strings in the arena. */
static size_t split(struct jv_arena *a, const char *list, const char ***ret)
{
    size_t n = 0, max = 1;

    for (const char *p = list; p && *p; p++)
        max += *p == ',';
    *ret = JV_NEW_ARRAY(a, const char *, max);
    for (const char *p = list; p && *p;) {
        size_t len = strcspn(p, ","), skip = strspn(p, " ");
        size_t end = len;

        while (end > skip && p[end - 1] == ' ')
            end--;
        if (end > skip)
            (*ret)[n++] = jv_arena_strndup(a, p + skip, end - skip);
        p += len + (p[len] == ',');
    }
    return n;
}

static size_t list_len(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static Google__Protobuf__Struct *new_struct(struct jv_arena *a)
{
    return jv_msg_new(&google__protobuf__struct__descriptor, a);
}

static Google__Protobuf__Value *list_value(struct jv_arena *a, size_t n,
                                           Google__Protobuf__Value **v)
{
    Google__Protobuf__Value *value = jv_msg_new(&google__protobuf__value__descriptor, a);
    Google__Protobuf__ListValue *list = jv_msg_new(&google__protobuf__list_value__descriptor, a);

    list->n_values = n;
    list->values = v;
    value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
    value->list_value = list;
    return value;
}

static Google__Protobuf__Value *texts_value(struct jv_arena *a, const char *const *texts)
{
    size_t n = list_len(texts);
    Google__Protobuf__Value **v = JV_NEW_ARRAY(a, Google__Protobuf__Value *, n + 1);

    for (size_t i = 0; i < n; i++)
        v[i] = jv_value_text(a, texts[i]);
    return list_value(a, n, v);
}

static void set_text(Google__Protobuf__Struct *s, struct jv_arena *a, const char *name,
                     const char *text)
{
    if (text && text[0])
        jv_struct_set(s, a, name, jv_value_text(a, text));
}

/* ---- the tools extension -------------------------------------------------------------------- */

static Google__Protobuf__Value *tool_value(const struct jv_actor *actor, const struct jv_method *m,
                                           struct jv_arena *a)
{
    Google__Protobuf__Struct *s = new_struct(a);
    const struct jv_tool *row = m->row;
    char *full = jv_arena_printf(a, "%s.%s", actor->service->name, m->name);

    set_text(s, a, "name", m->tool);
    set_text(s, a, "description", jv_comment(full));
    set_text(s, a, "skill", row->skill);
    set_text(s, a, "words", row->words);
    if (row->examples)
        jv_struct_set(s, a, "examples", texts_value(a, row->examples));
    jv_struct_set(s, a, "read_only", jv_value_bool(a, row->flags & JV_TOOL_READONLY));
    jv_struct_set(s, a, "confirm", jv_value_bool(a, row->flags & JV_TOOL_CONFIRM));
    set_text(s, a, "owner", row->allow.owner);
    set_text(s, a, "scope", row->allow.scope);
    jv_struct_set(s, a, "input_schema", jv_value_struct(a, jv_schema(m->in, JV_JSON_SNAKE, a)));
    return jv_value_struct(a, s);
}

static Google__Protobuf__Value *tools_value(const struct jv_actor *actor,
                                            const struct jv_method *methods, size_t n,
                                            struct jv_arena *a)
{
    Google__Protobuf__Value **v = JV_NEW_ARRAY(a, Google__Protobuf__Value *, n + 1);
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (methods[i].tool)
            v[count++] = tool_value(actor, &methods[i], a);
    return list_value(a, count, v);
}

static Google__Protobuf__Value *vocab_value(const struct jv_vocab *vocab, struct jv_arena *a)
{
    size_t n = 0;
    Google__Protobuf__Value **v;

    while (vocab && vocab[n].member)
        n++;
    v = JV_NEW_ARRAY(a, Google__Protobuf__Value *, n + 1);
    for (size_t i = 0; i < n; i++) {
        Google__Protobuf__Struct *s = new_struct(a);

        set_text(s, a, "member", vocab[i].member);
        set_text(s, a, "value", vocab[i].value);
        set_text(s, a, "words", vocab[i].words);
        v[i] = jv_value_struct(a, s);
    }
    return list_value(a, n, v);
}

static A2a__AgentExtension *tools_extension(const struct jv_actor *actor,
                                            const struct jv_method *methods, size_t n,
                                            struct jv_arena *a)
{
    A2a__AgentExtension *x = jv_msg_new(&a2a__agent_extension__descriptor, a);

    x->uri = JV_TOOLS_EXTENSION;
    x->description = "Call a tool with a data part instead of text.";
    x->params = new_struct(a);
    jv_struct_set(x->params, a, "tools", tools_value(actor, methods, n, a));
    jv_struct_set(x->params, a, "vocabulary", vocab_value(actor->agent->vocab, a));
    return x;
}

static A2a__AgentExtension *other_extension(const struct jv_extension *row, struct jv_arena *a)
{
    A2a__AgentExtension *x = jv_msg_new(&a2a__agent_extension__descriptor, a);

    x->uri = row->uri;
    x->description = row->description ? row->description : "";
    x->required = row->required;
    return x;
}

static void add_extensions(A2a__AgentCapabilities *c, const struct jv_actor *actor,
                           const struct jv_method *methods, size_t n, struct jv_arena *a)
{
    const struct jv_extension *rows = actor->agent->extensions;
    size_t count = 0;

    while (rows && rows[count].uri)
        count++;
    c->extensions = JV_NEW_ARRAY(a, A2a__AgentExtension *, count + 1);
    if (!actor->agent->answer)
        c->extensions[c->n_extensions++] = tools_extension(actor, methods, n, a);
    for (size_t i = 0; i < count; i++)
        c->extensions[c->n_extensions++] = other_extension(&rows[i], a);
}

/* Push notifications are kept with the tasks: without a database there are none. */
static A2a__AgentCapabilities *capabilities_of(const struct jv_actor *actor, struct jv_arena *a)
{
    A2a__AgentCapabilities *c = jv_msg_new(&a2a__agent_capabilities__descriptor, a);
    unsigned flags = actor->agent->flags;

    c->_streaming_case = A2A__AGENT_CAPABILITIES___STREAMING_STREAMING;
    c->streaming = !(flags & JV_AGENT_NO_STREAM);
    c->_push_notifications_case = A2A__AGENT_CAPABILITIES___PUSH_NOTIFICATIONS_PUSH_NOTIFICATIONS;
    c->push_notifications = actor->needs & JV_NEEDS_DB && !(flags & JV_AGENT_NO_PUSH);
    c->_extended_agent_card_case =
            A2A__AGENT_CAPABILITIES___EXTENDED_AGENT_CARD_EXTENDED_AGENT_CARD;
    c->extended_agent_card = !(flags & JV_AGENT_NO_EXTENDED);
    return c;
}

/* ---- the card ------------------------------------------------------------------------------- */

static A2a__AgentSkill *skill_of(const struct jv_skill *k, struct jv_arena *a)
{
    A2a__AgentSkill *s = jv_msg_new(&a2a__agent_skill__descriptor, a);

    s->id = k->id;
    s->name = k->name;
    s->description = k->description;
    s->n_tags = split(a, k->tags, (const char ***)&s->tags);
    s->n_examples = list_len(k->examples);
    s->examples = (void *)(uintptr_t)k->examples;
    return s;
}

static void add_skills(A2a__AgentCard *card, const struct jv_skill *skills, struct jv_arena *a)
{
    while (skills[card->n_skills].id)
        card->n_skills++;
    card->skills = JV_NEW_ARRAY(a, A2a__AgentSkill *, card->n_skills);
    for (size_t i = 0; i < card->n_skills; i++)
        card->skills[i] = skill_of(&skills[i], a);
}

static void add_modes(A2a__AgentCard *card)
{
    static const char *in[] = { "text/plain", "application/json", JV_TOOL_CALL_TYPE };
    static const char *out[] = { "text/markdown", JV_TOOL_RESULT_TYPE };

    card->n_default_input_modes = JV_COUNT(in);
    card->default_input_modes = (void *)in;
    card->n_default_output_modes = JV_COUNT(out);
    card->default_output_modes = (void *)out;
}

/* The NATS interface; the gateway adds the HTTP ones when it serves the card. */
static void add_interface(A2a__AgentCard *card, const char *token, const char *prefix,
                          struct jv_arena *a)
{
    A2a__AgentInterface *i = jv_msg_new(&a2a__agent_interface__descriptor, a);

    i->url = jv_arena_printf(a, "nats:%s.a2a.%s", prefix, token);
    i->protocol_binding = "urn:jarvis:a2a:bindings:nats:v1";
    i->protocol_version = "1.0";
    card->n_supported_interfaces = 1;
    card->supported_interfaces = JV_NEW(a, A2a__AgentInterface *);
    card->supported_interfaces[0] = i;
}

void *jv_agent_card(const struct jv_actor *actor, const struct jv_method *methods, size_t n,
                    const char *prefix, struct jv_arena *a)
{
    const struct jv_agent *g = actor->agent;
    A2a__AgentCard *card = jv_msg_new(&a2a__agent_card__descriptor, a);

    card->name = g->name;
    card->description = g->description;
    card->version = actor->version;
    card->capabilities = capabilities_of(actor, a);
    add_extensions(card->capabilities, actor, methods, n, a);
    add_interface(card, g->token, prefix, a);
    add_modes(card);
    add_skills(card, g->skills, a);
    return card;
}
