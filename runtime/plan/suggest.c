/* suggest.c -- what could be asked next: short examples of the catalogue that the asker may ask.
 *
 * Examples come from cards and are the same for everybody: one that names a person or a number
 * would tell of what the asker may not see. So it is offered only with a name or a number of what
 * the asker was just shown in its place. */
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"
#include "plan/reading.h"

enum { longest_question = 256 };

struct suggesting {
    const struct jv_catalog *c;
    struct jv_arena *a;
    const struct jv_suggest_input *in;
    bool *used;           /* tools that were called, or are offered */
    bool *full;           /* families that have given one */
    const char *question; /* plain */
    const char **stale;   /* plain */
    size_t n_stale;
    const char **ret;
    const char **plain; /* of those */
    size_t n, max;
};

/* ---- may ------------------------------------------------------------------------------------- */

static bool may(const struct suggesting *s, const struct jv_cat_tool *t)
{
    return jv_catalog_may(s->c, t, s->in->scope);
}

/* Of somebody else, too. */
static bool may_all(const struct suggesting *s, const struct jv_cat_tool *t)
{
    const char *p = t->scope && s->in->scope ? strstr(s->in->scope, t->scope) : NULL;
    size_t n = t->scope ? strlen(t->scope) : 0;

    for (; p; p = strstr(p + 1, t->scope))
        if ((p == s->in->scope || p[-1] == ' ') && strncmp(p + n, ":all", 4) == 0 &&
            (!p[n + 4] || p[n + 4] == ' '))
            return may(s, t);
    return false;
}

/* ---- which example --------------------------------------------------------------------------- */

/* Whether it is about another value than a call was: GCP after AWS. */
static bool differs(const struct suggesting *s, const struct jv_offer *o)
{
    bool other = false;

    for (size_t i = 0; i < o->n_values; i++) {
        const struct jv_phrase *p = &s->c->phrases[o->values[i]];

        for (size_t k = 0; k < s->in->n_done; k++) {
            const struct jv_planned *done = &s->in->done[k];
            const char *value = done->arguments ? jv_struct_text(done->arguments, p->member) : NULL;

            if (value && strcmp(value, p->value) == 0)
                return false;
            other = other || value;
        }
    }
    return other;
}

static bool is_new(const struct suggesting *s, const char *plain)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->plain[i], plain) == 0)
            return false;
    for (size_t i = 0; i < s->n_stale; i++)
        if (strcmp(s->stale[i], plain) == 0)
            return false;
    return strcmp(s->question, plain) != 0;
}

static void add(struct suggesting *s, uint32_t tool, const char *text, const char *plain)
{
    s->plain[s->n] = plain;
    s->ret[s->n++] = text;
    s->used[tool] = s->full[s->c->tools[tool].family] = true;
}

/* other: only one about something else than the calls. */
static void offer_tool(struct suggesting *s, uint32_t tool, bool other)
{
    const struct jv_cat_tool *t = &s->c->tools[tool];

    for (size_t k = 0; k < t->n_offers && s->n < s->max; k++) {
        const struct jv_offer *o = &t->offers[k];

        if (is_new(s, o->plain) && (!other || differs(s, o))) {
            add(s, tool, o->text, o->plain);
            return;
        }
    }
}

/* Who looks after others has seldom something of their own to look at. */
static bool has_others(const struct suggesting *s, const struct jv_cat_family *f)
{
    uint32_t somebodys = f->tools[JV_SOMEBODYS];

    return f->read_only && somebodys != JV_NONE && may_all(s, &s->c->tools[somebodys]);
}

/* One example: everybody's for those who may see it, else the asker's own, or nobody's. */
static void offer(struct suggesting *s, uint32_t family)
{
    static const enum jv_whose order[] = { JV_EVERYBODYS, JV_CALLERS, JV_NOBODYS };
    const struct jv_cat_family *f = &s->c->families[family];
    bool others = has_others(s, f);

    for (size_t i = 0; i < JV_COUNT(order) && !s->full[family] && s->n < s->max; i++) {
        uint32_t tool = f->tools[order[i]];

        if (tool != JV_NONE && !s->used[tool] && may(s, &s->c->tools[tool]) &&
            !(others && order[i] == JV_CALLERS))
            offer_tool(s, tool, false);
    }
}

/* ---- where from ------------------------------------------------------------------------------ */

/* A value that a member of the agent's tools has few of: in_progress says how far, not what about.
 */
static bool is_choice(const struct jv_catalog *c, const struct jv_phrase *p)
{
    for (uint32_t t = c->agents[p->agent].first_tool;
         t < c->n_tools && c->tools[t].agent == p->agent; t++) {
        const struct jv_slot *slot = jv_catalog_slot(&c->tools[t], p->member);

        if (slot && slot->kind == JV_SLOT_CHOICE)
            return true;
    }
    return false;
}

/* The terms of a name, update_budget; how many. None when the whole is a choice. */
static size_t terms_of(const struct jv_catalog *c, const char *seen, uint32_t *ret, size_t max)
{
    size_t n = 0, len;

    for (const char *p = seen; *p && n < max; p += len + (p[len] != 0)) {
        char word[JV_WORD_SIZE] = "";
        const struct jv_term *t;

        len = strcspn(p, "_- ");
        memcpy(word, p, len < sizeof(word) ? len : sizeof(word) - 1);
        jv_words_stem(word);
        ret[n] = jv_catalog_term(c, word);
        if (ret[n] == JV_NONE)
            continue;
        t = &c->terms[ret[n++]];
        for (size_t k = 0; k < t->n_phrases; k++) {
            const struct jv_phrase *phrase = &c->phrases[t->phrases[k].phrase];

            if (phrase->family == JV_NONE && strcmp(phrase->value, seen) == 0 &&
                is_choice(c, phrase))
                return 0;
        }
    }
    return n;
}

/* A word of an answer that is telling for one family: an update_budget ticket leads to budgets. */
static void offer_seen(struct suggesting *s, const char *seen)
{
    enum { max_terms = 8 };
    uint32_t terms[max_terms];
    size_t n = terms_of(s->c, seen, terms, max_terms);

    for (size_t i = 0; i < n && s->n < s->max; i++) {
        const struct jv_term *t = &s->c->terms[terms[i]];

        for (size_t k = 0; t->strong && k < t->n_postings; k++)
            if (t->postings[k].weight >= 0.8f && s->c->families[t->postings[k].family].read_only &&
                !jv_lexicon(t->stem))
                offer(s, t->postings[k].family);
    }
}

/* What was called is not offered again. Whoever may not see everybody's saw their own, and so did
 * who asked for it. */
static void mark_done(struct suggesting *s, const struct jv_planned *done)
{
    uint32_t tool = done->tool ? jv_catalog_tool(s->c, done->agent, done->tool) : JV_NONE;
    const struct jv_cat_tool *t = tool == JV_NONE ? NULL : &s->c->tools[tool];

    if (!t)
        return;
    s->used[tool] = true;
    if (t->whose == JV_EVERYBODYS && !may(s, t) &&
        s->c->families[t->family].tools[JV_CALLERS] != JV_NONE)
        s->used[s->c->families[t->family].tools[JV_CALLERS]] = true;
}

/* The same of something else. */
static void offer_other(struct suggesting *s, const struct jv_planned *done)
{
    uint32_t tool = done->tool ? jv_catalog_tool(s->c, done->agent, done->tool) : JV_NONE;

    if (tool != JV_NONE && !s->full[s->c->tools[tool].family] && s->c->tools[tool].read_only &&
        may(s, &s->c->tools[tool]))
        offer_tool(s, tool, true);
}

/* Families of the same agent: those of the same skill first, then those that look, then others. */
static void offer_neighbours(struct suggesting *s, const struct jv_planned *done)
{
    uint32_t tool = done->tool ? jv_catalog_tool(s->c, done->agent, done->tool) : JV_NONE;
    uint32_t agent = jv_catalog_agent(s->c, done->agent);
    const char *skill = tool == JV_NONE ? "" : s->c->tools[tool].skill;

    for (int round = 0; agent != JV_NONE && round < 3; round++)
        for (uint32_t f = s->c->agents[agent].first_family;
             f < s->c->n_families && s->c->families[f].agent == agent && s->n < s->max / 2 + 1;
             f++) {
            const struct jv_cat_family *family = &s->c->families[f];
            bool same = strcmp(s->c->tools[family->any].skill, skill) == 0;

            if (round == 2 || (family->read_only && (round == 1 || same)))
                offer(s, f);
        }
}

/* One family of each agent in turn, so that no agent fills the list alone. */
static void offer_rounds(struct suggesting *s, bool read_only)
{
    bool more = true;

    for (uint32_t round = 0; more && s->n < s->max; round++) {
        more = false;
        for (size_t i = 0; i < s->c->n_agents && s->n < s->max; i++) {
            uint32_t f = s->c->agents[i].first_family + round;

            if (f >= s->c->n_families || s->c->families[f].agent != i)
                continue;
            more = true;
            if (s->c->families[f].read_only == read_only)
                offer(s, f);
        }
    }
}

/* ---- of what was just shown ------------------------------------------------------------------ */

enum { max_found = 4 };

struct found {
    size_t n;
    const char *list[max_found];
};

static void found_add(struct found *f, const char *text)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->list[i], text) == 0)
            return;
    if (f->n < max_found)
        f->list[f->n++] = text;
}

/* What a result holds under that name, or under "id" for a number, at most two levels down. */
static void find_members(struct jv_arena *a, const Google__Protobuf__Struct *s, const char *name,
                         bool number, int depth, struct found *ret)
{
    for (size_t i = 0; s && i < s->n_fields; i++) {
        const Google__Protobuf__Value *v = s->fields[i]->value;
        const char *key = s->fields[i]->key;

        if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE) {
            for (size_t k = 0; depth && k < v->list_value->n_values && k < 2 * max_found; k++)
                if (v->list_value->values[k]->kind_case ==
                    GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
                    find_members(a, v->list_value->values[k]->struct_value, name, number, depth - 1,
                                 ret);
        } else if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE) {
            if (depth)
                find_members(a, v->struct_value, name, number, depth - 1, ret);
        } else if (number && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE) {
            if (strcmp(key, name) == 0 || strcmp(key, "id") == 0)
                found_add(ret, jv_arena_printf(a, "%.0f", v->number_value));
        } else if (!number && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE) {
            if (strcmp(key, name) == 0 && v->string_value[0])
                found_add(ret, v->string_value);
        }
    }
}

/* The call was about this very thing, and told all of it. */
static bool was_asked(const struct jv_planned *done, const char *name, const char *number)
{
    const Google__Protobuf__Value *v =
            done->arguments ? jv_struct_get(done->arguments, name) : NULL;

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
           v->number_value == strtod(number, NULL);
}

static void offer_pattern(struct suggesting *s, uint32_t tool, const char *what)
{
    const struct jv_cat_tool *t = &s->c->tools[tool];

    for (size_t k = 0; k < t->n_patterns && s->n < s->max && !s->used[tool]; k++) {
        const struct jv_pattern *p = &t->patterns[k];
        const char *text =
                jv_arena_printf(s->a, "%.*s%s%s", (int)p->from, p->text, what, p->text + p->to);
        const char *plain = jv_suggest_plain(s->a, text);

        if (is_new(s, plain))
            add(s, tool, text, plain);
    }
}

static const char *number_of(const struct jv_cat_tool *t)
{
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].required && t->slots[i].kind == JV_SLOT_INTEGER)
            return t->slots[i].name;
    return NULL;
}

/* "what's the status of ticket 12301?" after a list that it stands in. */
static void offer_item(struct suggesting *s, const struct jv_planned *done,
                       const Google__Protobuf__Struct *result)
{
    uint32_t agent = jv_catalog_agent(s->c, done->agent);

    for (uint32_t i = agent == JV_NONE ? (uint32_t)s->c->n_tools : s->c->agents[agent].first_tool;
         i < s->c->n_tools && s->c->tools[i].agent == agent; i++) {
        const struct jv_cat_tool *t = &s->c->tools[i];
        const char *name = t->read_only && may(s, t) ? number_of(t) : NULL;
        struct found found = { 0 };

        if (name)
            find_members(s->a, result, name, true, 2, &found);
        for (size_t k = 0; k < found.n; k++)
            if (!was_asked(done, name, found.list[k]))
                offer_pattern(s, i, found.list[k]);
    }
}

/* "show sarah's budget" for somebody who may see it, after what is sarah's. */
static void offer_people(struct suggesting *s, const Google__Protobuf__Struct *result)
{
    const char *me = s->in->username ? s->in->username : "";
    size_t until = s->n + 2 < s->max ? s->n + 2 : s->max;

    for (uint32_t i = 0; i < s->c->n_tools && s->n < until; i++) {
        const struct jv_cat_tool *t = &s->c->tools[i];
        struct found found = { 0 };

        if (t->whose != JV_SOMEBODYS || !t->read_only || s->used[i] || s->full[t->family] ||
            !may_all(s, t))
            continue;
        find_members(s->a, result, "username", false, 2, &found);
        find_members(s->a, result, "user", false, 2, &found);
        for (size_t k = 0; k < found.n && !s->used[i]; k++)
            if (strcmp(found.list[k], me) != 0)
                offer_pattern(s, i, found.list[k]);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void offer_all(struct suggesting *s)
{
    const struct jv_suggest_input *in = s->in;

    for (size_t i = 0; in->results && i < in->n_done; i++)
        if (in->results[i])
            offer_item(s, &in->done[i], in->results[i]);
    for (size_t i = 0; in->seen && in->seen[i]; i++)
        offer_seen(s, in->seen[i]);
    for (size_t i = 0; i < in->n_done; i++)
        offer_other(s, &in->done[i]);
    for (size_t i = 0; in->results && i < in->n_done; i++)
        if (in->results[i])
            offer_people(s, in->results[i]);
    for (size_t i = 0; i < in->n_done; i++)
        offer_neighbours(s, &in->done[i]);
    offer_rounds(s, true);
    offer_rounds(s, false);
}

static void read_stale(struct suggesting *s)
{
    const char *const *list = s->in->stale;
    size_t n = 0;

    while (list && list[n])
        n++;
    s->stale = JV_NEW_ARRAY(s->a, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) < longest_question)
            s->stale[s->n_stale++] = jv_suggest_plain(s->a, list[i]);
}

size_t jv_plan_suggest_to(const struct jv_catalog *c, struct jv_arena *a,
                          const struct jv_suggest_input *in, size_t max, const char **ret)
{
    struct suggesting s = { .c = c, .a = a, .in = in, .ret = ret, .max = max };
    const char *question = in->question ? in->question : "";

    s.question = strlen(question) < longest_question ? jv_suggest_plain(a, question) : "";
    s.plain = JV_NEW_ARRAY(a, const char *, max + 1);
    s.used = JV_NEW_ARRAY(a, bool, c->n_tools + 1);
    s.full = JV_NEW_ARRAY(a, bool, c->n_families + 1);
    read_stale(&s);
    for (size_t i = 0; i < in->n_done; i++)
        mark_done(&s, &in->done[i]);
    offer_all(&s);
    s.n_stale = 0; /* rather the same again than nothing */
    if (s.n < max)
        offer_all(&s);
    for (size_t i = 0; i < s.n; i++)
        ret[i] = jv_arena_strdup(a, ret[i]);
    return s.n;
}

size_t jv_plan_suggest(const struct jv_catalog *c, struct jv_arena *a, size_t n_done,
                       const struct jv_planned *done, const char *const *seen, size_t max,
                       const char **ret)
{
    const struct jv_suggest_input in = { .n_done = n_done, .done = done, .seen = seen };

    return jv_plan_suggest_to(c, a, &in, max, ret);
}
