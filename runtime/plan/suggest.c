/* suggest.c -- what could be asked next: short examples of the catalogue. */
#include <string.h>

#include "plan/reading.h"

enum { max_words = 7, max_length = 80 };

struct suggesting {
    const struct jv_catalog *c;
    bool *used; /* families that are done or chosen */
    const char **ret;
    size_t n, max;
};

static size_t words_in(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += *s != ' ' && (s[1] == ' ' || !s[1]);
    return n;
}

/* A short example that is about the asker or about nobody. */
static const char *example_of(const struct jv_catalog *c, uint32_t family)
{
    static const enum jv_whose order[] = { JV_CALLERS, JV_NOBODYS, JV_EVERYBODYS };
    const struct jv_cat_family *f = &c->families[family];

    for (size_t i = 0; i < JV_COUNT(order); i++) {
        uint32_t tool = f->tools[order[i]];

        for (size_t k = 0; tool != JV_NONE && k < c->tools[tool].n_examples; k++) {
            const char *text = c->tools[tool].examples[k];

            if (strlen(text) <= max_length && words_in(text) <= max_words)
                return text;
        }
    }
    return NULL;
}

static void offer(struct suggesting *s, uint32_t family)
{
    const char *text = s->used[family] || s->n == s->max ? NULL : example_of(s->c, family);

    s->used[family] = true;
    for (size_t i = 0; text && i < s->n; i++)
        if (strcmp(s->ret[i], text) == 0)
            return;
    if (text)
        s->ret[s->n++] = text;
}

/* A word of an answer that is telling for one family: an update_budget ticket leads to budgets. */
static void offer_seen(struct suggesting *s, struct jv_arena *a, const char *seen)
{
    enum { longest = 64 };
    struct jv_words w;
    char *spaced = jv_arena_strndup(a, seen, longest);

    for (char *p = spaced; *p; p++)
        if (*p == '_' || *p == '-')
            *p = ' ';
    w = jv_words_read(a, spaced);
    for (size_t i = 0; i < w.n; i++) {
        uint32_t term = w.at[i].roles ? JV_NONE : jv_catalog_term(s->c, w.at[i].stem);
        const struct jv_term *t = term == JV_NONE ? NULL : &s->c->terms[term];

        for (size_t k = 0; t && t->strong && k < t->n_postings; k++)
            if (t->postings[k].weight >= 0.8f && s->c->families[t->postings[k].family].read_only)
                offer(s, t->postings[k].family);
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

size_t jv_plan_suggest(const struct jv_catalog *c, struct jv_arena *a, size_t n_done,
                       const struct jv_planned *done, const char *const *seen, size_t max,
                       const char **ret)
{
    struct suggesting s = { c, JV_NEW_ARRAY(a, bool, c->n_families + 1), ret, 0, max };

    for (size_t i = 0; i < n_done; i++) {
        uint32_t tool = jv_catalog_tool(c, done[i].agent, done[i].tool);

        if (tool != JV_NONE)
            s.used[c->tools[tool].family] = true;
    }
    for (size_t i = 0; seen && seen[i]; i++)
        offer_seen(&s, a, seen[i]);
    for (size_t i = 0; i < n_done; i++) { /* its neighbours */
        uint32_t agent = jv_catalog_agent(c, done[i].agent);

        for (uint32_t f = agent == JV_NONE ? JV_NONE : c->agents[agent].first_family;
             f < c->n_families && c->families[f].agent == agent && s.n < max / 2 + 1; f++)
            offer(&s, f);
    }
    offer_rounds(&s, true);
    offer_rounds(&s, false);
    for (size_t i = 0; i < s.n; i++)
        ret[i] = jv_arena_strdup(a, ret[i]);
    return s.n;
}
