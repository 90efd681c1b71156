/* suggest.c -- what could be asked next: short examples of the catalogue that the asker may ask.
 *
 * Examples come from cards and are the same for everybody: one that names a person or a number
 * would tell of what the asker may not see, so it is never offered. */
#include <string.h>

#include "jv/wire.h"
#include "plan/reading.h"

enum { max_words = 7, max_length = 80, max_readings = 64, longest_seen = 64 };

struct suggesting {
    const struct jv_catalog *c;
    struct jv_arena *a;
    const struct jv_suggest_input *in;
    bool *used; /* tools that were called, or are offered */
    bool *full; /* families that have given one */
    size_t n_readings;
    const char **ret;
    size_t n, max;
};

/* ---- may ------------------------------------------------------------------------------------- */

static bool holds(const char *scopes, const char *scope, const char *tail)
{
    size_t n = strlen(scope), more = strlen(tail);

    for (const char *p = scopes; *p; p += *p == ' ') {
        size_t len = strcspn(p, " ");

        if (len == n + more && memcmp(p, scope, n) == 0 && memcmp(p + n, tail, more) == 0)
            return true;
        p += len;
    }
    return false;
}

/* Everybody's, and not the organisation's, which goes by "all", too. */
static bool is_personal(const struct jv_catalog *c, const struct jv_cat_tool *t)
{
    const struct jv_cat_family *f = &c->families[t->family];

    return t->whose == JV_EVERYBODYS &&
           (f->tools[JV_CALLERS] != JV_NONE || f->tools[JV_SOMEBODYS] != JV_NONE);
}

/* Everybody's data is for those who may see everybody's. */
static bool may(const struct suggesting *s, const struct jv_cat_tool *t)
{
    const char *scopes = s->in->scope;
    bool personal = is_personal(s->c, t);

    if (!t->scope)
        return true;
    if (!scopes)
        return !personal;
    return holds(scopes, t->scope, "") && (!personal || holds(scopes, t->scope, ":all"));
}

/* ---- which example --------------------------------------------------------------------------- */

static size_t words_in(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += *s != ' ' && (s[1] == ' ' || !s[1]);
    return n;
}

static bool is_short(const char *text)
{
    return strlen(text) <= max_length && words_in(text) <= max_words;
}

/* "Show my tickets!" is "show my tickets". */
static bool same_words(struct jv_arena *a, const char *x, const char *y)
{
    struct jv_words v = jv_words_read(a, x), w = jv_words_read(a, y);

    for (size_t i = 0; i < v.n && i < w.n; i++)
        if (strcmp(v.at[i].norm, w.at[i].norm) != 0)
            return false;
    return v.n == w.n;
}

static bool names_nobody(const struct jv_reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->tokens[i].name >= JV_NAME_SUBJECT || r->tokens[i].word->number)
            return false;
    return true;
}

/* Whether it is about another value than a call was: GCP after AWS. */
static bool differs(const struct suggesting *s, const struct jv_reading *r)
{
    bool other = false;

    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = &r->catalog->phrases[r->values[i].phrase];

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

/* other: only one about something else than the calls. */
static bool fits(struct suggesting *s, const char *text, bool other)
{
    struct jv_reading r;

    if (!is_short(text) || s->n_readings++ >= max_readings)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (same_words(s->a, s->ret[i], text))
            return false;
    if (s->in->question && same_words(s->a, s->in->question, text))
        return false;
    r = jv_reading_new(s->c, s->a, text, false);
    return names_nobody(&r) && (!other || differs(s, &r));
}

static bool offer_tool(struct suggesting *s, uint32_t tool, bool other)
{
    const struct jv_cat_tool *t = &s->c->tools[tool];

    for (size_t k = 0; k < t->n_examples && s->n < s->max; k++) {
        if (!fits(s, t->examples[k], other))
            continue;
        s->ret[s->n++] = t->examples[k];
        s->used[tool] = s->full[t->family] = true;
        return true;
    }
    return false;
}

/* One example: everybody's for those who may see it, else the asker's own, or nobody's. */
static void offer(struct suggesting *s, uint32_t family)
{
    static const enum jv_whose order[] = { JV_EVERYBODYS, JV_CALLERS, JV_NOBODYS };
    const struct jv_cat_family *f = &s->c->families[family];

    for (size_t i = 0; i < JV_COUNT(order) && !s->full[family] && s->n < s->max; i++) {
        uint32_t tool = f->tools[order[i]];

        if (tool != JV_NONE && !s->used[tool] && may(s, &s->c->tools[tool]))
            offer_tool(s, tool, false);
    }
}

/* ---- where from ------------------------------------------------------------------------------ */

/* The name is one of few that a member can have: in_progress says how far, not what about. */
static bool is_choice(const struct jv_catalog *c, const struct jv_words *w, const char *seen)
{
    for (size_t i = 0; i < w->n; i++) {
        uint32_t term = jv_catalog_term(c, w->at[i].stem);

        for (size_t k = 0; term != JV_NONE && k < c->terms[term].n_phrases; k++) {
            const struct jv_phrase *p = &c->phrases[c->terms[term].phrases[k]];

            if (p->family != JV_NONE || strcmp(p->value, seen) != 0)
                continue;
            for (uint32_t t = c->agents[p->agent].first_tool;
                 t < c->n_tools && c->tools[t].agent == p->agent; t++) {
                const struct jv_slot *slot = jv_catalog_slot(&c->tools[t], p->member);

                if (slot && slot->kind == JV_SLOT_CHOICE)
                    return true;
            }
        }
    }
    return false;
}

/* A word of an answer that is telling for one family: an update_budget ticket leads to budgets. */
static void offer_seen(struct suggesting *s, const char *seen)
{
    struct jv_words w;
    char *spaced = jv_arena_strndup(s->a, seen, longest_seen);

    for (char *p = spaced; *p; p++)
        if (*p == '_' || *p == '-')
            *p = ' ';
    w = jv_words_read(s->a, spaced);
    if (is_choice(s->c, &w, seen))
        return;
    for (size_t i = 0; i < w.n; i++) {
        uint32_t term = w.at[i].roles ? JV_NONE : jv_catalog_term(s->c, w.at[i].stem);
        const struct jv_term *t = term == JV_NONE ? NULL : &s->c->terms[term];

        for (size_t k = 0; t && t->strong && k < t->n_postings; k++)
            if (t->postings[k].weight >= 0.8f && s->c->families[t->postings[k].family].read_only)
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

    for (uint32_t round = 0; more && s->n < s->max && s->n_readings < max_readings; round++) {
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

size_t jv_plan_suggest_to(const struct jv_catalog *c, struct jv_arena *a,
                          const struct jv_suggest_input *in, size_t max, const char **ret)
{
    struct suggesting s = { .c = c, .a = a, .in = in, .ret = ret, .max = max };

    s.used = JV_NEW_ARRAY(a, bool, c->n_tools + 1);
    s.full = JV_NEW_ARRAY(a, bool, c->n_families + 1);
    for (size_t i = 0; i < in->n_done; i++)
        mark_done(&s, &in->done[i]);
    for (size_t i = 0; in->seen && in->seen[i]; i++)
        offer_seen(&s, in->seen[i]);
    for (size_t i = 0; i < in->n_done; i++)
        offer_other(&s, &in->done[i]);
    for (size_t i = 0; i < in->n_done; i++)
        offer_neighbours(&s, &in->done[i]);
    offer_rounds(&s, true);
    offer_rounds(&s, false);
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
