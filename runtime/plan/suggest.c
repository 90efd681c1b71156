/* suggest.c -- what could be asked next: short examples of the catalogue that the asker may ask.
 *
 * Examples come from cards and are the same for everybody: one that names a person or a number
 * would tell of what the asker may not see, so it is never offered. */
#include <ctype.h>
#include <string.h>

#include "jv/wire.h"
#include "plan/reading.h"

enum { max_words = 7, max_length = 80, longest_question = 256 };

struct suggesting {
    const struct jv_catalog *c;
    struct jv_arena *a;
    const struct jv_suggest_input *in;
    bool *used;           /* tools that were called, or are offered */
    bool *full;           /* families that have given one */
    const char *question; /* plain */
    const char **ret;
    const char **plain; /* of those */
    size_t n, max;
};

/* ---- may ------------------------------------------------------------------------------------- */

static bool may(const struct suggesting *s, const struct jv_cat_tool *t)
{
    return jv_catalog_may(s->c, t, s->in->scope);
}

/* ---- which example --------------------------------------------------------------------------- */

/* "Show my tickets!" is "show my tickets". */
static char *plain_of(struct jv_arena *a, const char *text)
{
    char *s = jv_arena_strdup(a, text);
    size_t n = 0;

    for (const char *p = text; *p; p++) {
        unsigned char ch = (unsigned char)*p;

        if (ch == ' ' ? n && s[n - 1] != ' ' : isalnum(ch) || ch >= 0x80)
            s[n++] = (char)tolower(ch);
    }
    s[n - (n && s[n - 1] == ' ')] = '\0';
    return s;
}

static size_t words_in(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += *s != ' ' && (s[1] == ' ' || !s[1]);
    return n;
}

static bool names_nobody(const struct jv_reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->tokens[i].name >= JV_NAME_SUBJECT || r->tokens[i].word->number)
            return false;
    return true;
}

static void add_offer(struct jv_catalog *c, struct jv_cat_tool *t, struct jv_offer *offers,
                      const char *text, struct jv_arena *scratch)
{
    struct jv_reading r = jv_reading_new(c, scratch, text, false);
    struct jv_offer *o = &offers[t->n_offers];
    uint32_t *values;

    if (!names_nobody(&r))
        return;
    t->n_offers++;
    o->text = text;
    o->plain = plain_of(c->arena, text);
    o->n_values = r.n_values;
    o->values = values = JV_NEW_ARRAY(c->arena, uint32_t, r.n_values + 1);
    for (size_t i = 0; i < r.n_values; i++)
        values[i] = r.values[i].phrase;
}

void jv_suggest_index(struct jv_catalog *c, struct jv_arena *scratch)
{
    for (size_t i = 0; i < c->n_tools; i++) {
        struct jv_cat_tool *t = &c->tools[i];
        struct jv_offer *offers = JV_NEW_ARRAY(c->arena, struct jv_offer, t->n_examples + 1);

        jv_arena_reset(scratch);
        for (size_t k = 0; k < t->n_examples; k++)
            if (strlen(t->examples[k]) <= max_length && words_in(t->examples[k]) <= max_words)
                add_offer(c, t, offers, t->examples[k], scratch);
        t->offers = offers;
    }
}

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

static bool is_new(const struct suggesting *s, const struct jv_offer *o)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->plain[i], o->plain) == 0)
            return false;
    return strcmp(s->question, o->plain) != 0;
}

/* other: only one about something else than the calls. */
static void offer_tool(struct suggesting *s, uint32_t tool, bool other)
{
    const struct jv_cat_tool *t = &s->c->tools[tool];

    for (size_t k = 0; k < t->n_offers && s->n < s->max; k++) {
        const struct jv_offer *o = &t->offers[k];

        if (!is_new(s, o) || (other && !differs(s, o)))
            continue;
        s->plain[s->n] = o->plain;
        s->ret[s->n++] = o->text;
        s->used[tool] = s->full[t->family] = true;
        return;
    }
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

size_t jv_plan_suggest_to(const struct jv_catalog *c, struct jv_arena *a,
                          const struct jv_suggest_input *in, size_t max, const char **ret)
{
    struct suggesting s = { .c = c, .a = a, .in = in, .ret = ret, .max = max };
    const char *question = in->question ? in->question : "";

    s.question = strlen(question) < longest_question ? plain_of(a, question) : "";
    s.plain = JV_NEW_ARRAY(a, const char *, max + 1);
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
