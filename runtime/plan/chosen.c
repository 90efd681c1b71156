/* chosen.c -- what a model chose, looked at before anything is done with it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"
#include "plan/memory.h"
#include "plan/talk.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

enum {
    max_argument = 4 * 1024,
    max_looked_for = 256, /* of a look, unless the person wrote it */
    max_arguments = 32,
};

static const double of_a_model = 0.9; /* a call's confidence */

struct choosing {
    const struct jv_catalog *c;
    const struct jv_plan_input *in;
    const struct jv_plan *own;
    struct jv_arena *a;
    struct jv_err *err;
    struct jv_memory memory;
    size_t n;
    struct jv_draft drafts[JV_CALLS_MAX];
    bool done[JV_CALLS_MAX]; /* the own plan's calls that one of the drafts stands for */
};

static int bad(struct choosing *s, const char *name, const char *why)
{
    return jv_err_set(s->err, JV_INVALID_ARGUMENT, "the model's call of %.64s %s", name, why);
}

/* ---- who is meant ---------------------------------------------------------------------------- */

static bool is_letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_';
}

/* The name stands there as a word of its own. */
static bool names(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = text; p && n && (p = strcasestr(p, name)); p++)
        if ((p == text || !is_letter(p[-1])) && !is_letter(p[n]))
            return true;
    return false;
}

/* The person spoke of them, now or in what was said before. */
static bool spoken_of(const struct choosing *s, const char *who)
{
    static const char mark[] = "user: ";

    if (strcasecmp(who, s->in->username ? s->in->username : "") == 0 || names(s->in->text, who) ||
        (s->memory.person && strcasecmp(s->memory.person, who) == 0))
        return true;
    for (const char *const *line = s->in->recent; line && *line; line++)
        if (strncmp(*line, mark, sizeof(mark) - 1) == 0 && names(*line, who))
            return true;
    return false;
}

/* ---- arguments ------------------------------------------------------------------------------- */

/* What is asked about may be as long as it was said. A change may be told more: it is asked about
 * first. */
static bool is_long(const struct choosing *s, const struct jv_cat_tool *t, const Value *v)
{
    size_t n = protobuf_c_message_get_packed_size(&v->base);
    const char *text =
            v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE ? v->string_value : NULL;

    return n > max_argument ||
           (t->read_only && n > max_looked_for && !(text && strcasestr(s->in->text, text)));
}

/* The value as the slot wants it; NULL: it does not fit. Numbers and choices may be written
 * otherwise. */
static Value *fit(const struct choosing *s, const struct jv_slot *slot, Value *v)
{
    const char *text =
            v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE ? v->string_value : NULL;
    double number =
            v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE ? v->number_value : NAN;
    char *end = NULL;

    switch (slot->kind) {
    case JV_SLOT_TEXT:
    case JV_SLOT_TIME:
        return text ? v : NULL;
    case JV_SLOT_INTEGER:
        if (text && *text)
            number = strtod(text, &end);
        if (!isfinite(number) || floor(number) < number || fabs(number) > 9007199254740992.0 ||
            (end && *end))
            return NULL;
        return jv_value_number(s->a, number);
    case JV_SLOT_CHOICE:
        for (size_t i = 0; text && i < slot->n_choices; i++)
            if (strcasecmp(slot->choices[i], text) == 0)
                return jv_value_text(s->a, slot->choices[i]);
        return NULL;
    case JV_SLOT_OTHER:
        break;
    }
    return v;
}

/* Empty is what a model writes when it means nothing. */
static bool says_nothing(const Value *v)
{
    return !v || v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE ||
           v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND__NOT_SET ||
           (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE && !v->string_value[0]);
}

static int fit_argument(struct choosing *s, const struct jv_cat_tool *t, const char *name, Value *v,
                        Struct *ret)
{
    const struct jv_slot *slot = jv_catalog_slot(t, name);
    bool owner = t->owner && strcmp(t->owner, name) == 0;

    if (says_nothing(v))
        return JV_OK;
    if (!slot && !owner)
        return bad(s, t->name, "has an argument that the tool does not take");
    if (owner && (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE ||
                  strlen(v->string_value) > JV_WORD_SIZE))
        return bad(s, t->name, "names nobody");
    if (owner && !spoken_of(s, v->string_value))
        return bad(s, t->name, "is about a person nobody spoke of");
    if (is_long(s, t, v))
        return bad(s, t->name, "has an argument that is too long");
    if (!owner)
        v = fit(s, slot, v);
    if (!v)
        return bad(s, t->name, "has an argument of another type");
    jv_struct_set(ret, s->a, name, v);
    return JV_OK;
}

static int fit_tool(struct choosing *s, const struct jv_cat_tool *t, const Struct *arguments,
                    struct jv_draft *ret)
{
    int r = JV_OK;

    for (size_t i = 0; !r && i < arguments->n_fields; i++)
        r = fit_argument(s, t, arguments->fields[i]->key, arguments->fields[i]->value,
                         ret->arguments);
    for (size_t i = 0; !r && i < t->n_slots && !ret->missing; i++)
        if (t->slots[i].required && !jv_struct_get(ret->arguments, t->slots[i].name))
            ret->missing = &t->slots[i];
    return r;
}

/* The person's words for an agent that takes text: those that the own plan has for it, else all. */
static const char *words_for(const struct choosing *s, const char *agent)
{
    for (size_t i = 0; i < s->own->n; i++)
        if (!s->own->calls[i].tool && strcmp(s->own->calls[i].agent, agent) == 0)
            return s->own->calls[i].text;
    return s->in->text;
}

/* An agent that takes text does whatever that says: it is told what the person said, and never what
 * a model makes of it. */
static int fit_text(struct choosing *s, const struct jv_function *f, const Struct *arguments,
                    struct jv_draft *ret)
{
    const char *text = jv_struct_text(arguments, "text"), *words = words_for(s, f->agent);

    if (!text || !*text || strlen(text) > max_argument || strlen(words) > max_argument)
        return bad(s, f->name, "has no text");
    jv_struct_set(ret->arguments, s->a, "text", jv_value_text(s->a, words));
    return JV_OK;
}

/* ---- one choice ------------------------------------------------------------------------------ */

static const struct jv_function *function_of(size_t n, const struct jv_function *list,
                                             const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static uint32_t tool_of(const struct jv_catalog *c, const struct jv_function *f)
{
    uint32_t agent = jv_catalog_agent(c, f->agent);

    if (agent == JV_NONE)
        return JV_NONE;
    if (f->tool)
        return jv_catalog_tool(c, f->agent, f->tool);
    return c->agents[agent].takes_text ? c->agents[agent].first_tool : JV_NONE;
}

static int take(struct choosing *s, const struct jv_function *f, const struct jv_choice *choice)
{
    struct jv_draft d = { .confidence = of_a_model };
    int r;

    if (!f)
        return bad(s, choice->name, "is of no tool that it was offered");
    if (!choice->arguments || choice->arguments->n_fields > max_arguments)
        return bad(s, f->name, "has no arguments that make sense");
    d.tool = tool_of(s->c, f);
    if (d.tool == JV_NONE)
        return bad(s, f->name, "is of a tool that went away");
    d.arguments = jv_msg_new(&google__protobuf__struct__descriptor, s->a);
    r = f->tool ? fit_tool(s, &s->c->tools[d.tool], choice->arguments, &d)
                : fit_text(s, f, choice->arguments, &d);
    for (size_t i = 0; !r && i < s->n; i++)
        if (jv_draft_same(&s->drafts[i], &d))
            return JV_OK;
    if (r)
        return r;
    if (s->n == JV_CALLS_MAX)
        return bad(s, f->name, "is one too many");
    s->drafts[s->n++] = d;
    return JV_OK;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* No argument of one says otherwise than the other's. A text may be written in many ways: where
 * that is allowed, it never does. */
static bool agrees(const Struct *own, const Struct *chosen, bool loosely)
{
    for (size_t i = 0; i < own->n_fields; i++) {
        const Value *v = jv_struct_get(chosen, own->fields[i]->key);

        if (v && !jv_value_same(v, own->fields[i]->value) &&
            !(loosely &&
              own->fields[i]->value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE))
            return false;
    }
    return true;
}

/* The same change was found in the words themselves: it is done as they say it, and as often. */
static bool is_own(struct choosing *s, struct jv_draft *d, bool loosely)
{
    const struct jv_cat_tool *t = &s->c->tools[d->tool];

    if (s->own->kind != JV_PLAN_CALLS || !t->name)
        return false;
    for (size_t i = 0; i < s->own->n && i < JV_CALLS_MAX; i++) {
        const struct jv_planned *p = &s->own->calls[i];

        if (!s->done[i] && p->tool && strcmp(p->tool, t->name) == 0 &&
            strcmp(p->agent, s->c->agents[t->agent].token) == 0 &&
            agrees(p->arguments, d->arguments, loosely)) {
            d->arguments = p->arguments;
            d->missing = NULL;
            return s->done[i] = true;
        }
    }
    return false;
}

/* Take out the changes that nobody asked for in words. Returns how many. */
static size_t take_doubtful(struct choosing *s, struct jv_draft ret[JV_CALLS_MAX])
{
    bool sure[JV_CALLS_MAX] = { 0 };
    size_t n = 0, kept = 0;

    for (int loosely = 0; loosely < 2; loosely++) /* what is the same is not taken by another */
        for (size_t i = 0; i < s->n; i++)
            sure[i] = sure[i] || s->c->tools[s->drafts[i].tool].read_only ||
                      is_own(s, &s->drafts[i], loosely);
    for (size_t i = 0; i < s->n; i++)
        if (sure[i])
            s->drafts[kept++] = s->drafts[i];
        else
            ret[n++] = s->drafts[i];
    s->n = kept;
    return n;
}

/* ---- the plan -------------------------------------------------------------------------------- */

static struct jv_planned planned(const struct choosing *s, const struct jv_draft *d)
{
    const struct jv_cat_tool *t = &s->c->tools[d->tool];

    return (struct jv_planned){
        .agent = jv_arena_strdup(s->a, s->c->agents[t->agent].token),
        .tool = t->name ? jv_arena_strdup(s->a, t->name) : NULL,
        .text = t->name ? NULL : jv_struct_text(d->arguments, "text"),
        .arguments = d->arguments,
        .person = t->owner ? jv_struct_text(d->arguments, t->owner) : NULL,
        .confidence = d->confidence,
    };
}

static void publish(const struct choosing *s, size_t n, const struct jv_draft *drafts,
                    struct jv_plan *ret)
{
    ret->calls = JV_NEW_ARRAY(s->a, struct jv_planned, n + 1);
    ret->n = n;
    for (size_t i = 0; i < n; i++)
        ret->calls[i] = planned(s, &drafts[i]);
}

/* A question back: about the first change that lacks something, else whether to do them. */
static void ask(struct choosing *s, size_t n, const struct jv_draft *open, struct jv_plan *ret)
{
    for (size_t i = 0; i < n; i++)
        if (open[i].missing) {
            s->memory.asks = true;
            s->memory.ask = open[i];
            jv_talk_ask(s->c, &open[i], s->a, ret);
            return;
        }
    memcpy(s->memory.confirm, open, n * sizeof(*open));
    s->memory.n_confirm = n;
    jv_talk_confirm(s->c, n, open, s->a, ret);
}

static int lacks(struct choosing *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->drafts[i].missing)
            return bad(s, s->c->tools[s->drafts[i].tool].name, "lacks an argument");
    return JV_OK;
}

static void begin(struct choosing *s)
{
    s->memory = jv_memory_read(s->c, s->in->memory, s->a);
    s->memory.asks = false;
    s->memory.n_confirm = 0;
}

int jv_plan_chosen(const struct jv_catalog *c, const struct jv_plan_input *in,
                   const struct jv_plan *own, size_t n_functions,
                   const struct jv_function *functions, size_t n, const struct jv_choice *choices,
                   struct jv_arena *a, struct jv_plan *ret, struct jv_err *err)
{
    struct choosing *s = JV_NEW(a, struct choosing);
    struct jv_draft open[JV_CALLS_MAX];
    size_t n_open;
    int r = JV_OK;

    *s = (struct choosing){ .c = c, .in = in, .own = own, .a = a, .err = err };
    begin(s);
    for (size_t i = 0; !r && i < n; i++)
        r = take(s, function_of(n_functions, functions, choices[i].name), &choices[i]);
    if (r)
        return r;
    n_open = take_doubtful(s, open);
    r = lacks(s); /* a look cannot be asked about: the words say too little of it */
    if (r)
        return r;
    *ret = (struct jv_plan){ .kind = JV_PLAN_CALLS };
    if (s->n)
        jv_memory_push(&s->memory, c, s->n, s->drafts);
    if (n_open)
        ask(s, n_open, open, ret);
    if (s->n)
        ret->kind = JV_PLAN_CALLS;
    publish(s, s->n ? s->n : n_open, s->n ? s->drafts : open, ret);
    ret->memory = jv_memory_write(c, &s->memory, a);
    return JV_OK;
}

void jv_plan_said(const struct jv_catalog *c, const struct jv_plan_input *in, const char *text,
                  struct jv_arena *a, struct jv_plan *ret)
{
    struct jv_memory m = jv_memory_read(c, in->memory, a);

    m.asks = false;
    m.n_confirm = 0;
    *ret = (struct jv_plan){ .kind = JV_PLAN_TALK, .text = text };
    ret->memory = jv_memory_write(c, &m, a);
}
