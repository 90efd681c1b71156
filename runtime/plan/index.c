/* index.c -- once all cards are in: examples and descriptions, and how telling each term is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/reading.h"

static const float example_weight = 0.45f, tool_text_weight = 0.25f, agent_text_weight = 0.15f;
static const float strong_posting = 0.5f, least_telling = 0.25f;

/* ---- examples and descriptions --------------------------------------------------------------- */

/* Words of a text that say something speak for a family; names and values in it do not. */
static void post_text(struct jv_catalog *c, struct jv_arena *scratch, const char *text,
                      uint32_t family, float weight)
{
    struct jv_reading r = jv_reading_new(c, scratch, text, NULL);

    for (size_t i = 0; i < r.n; i++) {
        const struct jv_token *t = &r.tokens[i];

        if (t->name <= JV_NAME_MAYBE && !t->in_value && !t->word->number && !t->word->roles)
            jv_catalog_post(c, jv_catalog_intern(c, jv_words_key(t->word)),
                            (struct jv_posting){ .family = family, .weight = weight });
    }
}

/* Keep an example as a row of terms; what stands for a value or a person is left open. */
static void add_example(struct jv_catalog *c, struct jv_arena *scratch, const char *text,
                        uint32_t family)
{
    struct jv_reading r = jv_reading_new(c, scratch, text, NULL);
    uint32_t *terms = JV_NEW_ARRAY(c->arena, uint32_t, r.n + 1);
    struct jv_example e = { .family = family, .terms = terms };

    for (size_t i = 0; i < r.n; i++) {
        const struct jv_token *t = &r.tokens[i];

        if (t->name > JV_NAME_MAYBE || t->in_value || t->word->number)
            terms[e.n++] = JV_NONE;
        else
            terms[e.n++] = jv_catalog_intern(c, jv_words_key(t->word));
    }
    if (e.n)
        *JV_CAT_ADD(c, examples) = e;
}

/* ---- how telling ----------------------------------------------------------------------------- */

/* 1 when one of n has it, falling to 0 when all have; counts may be fractions. */
static double rarity(double have, double n)
{
    return 1 - log(have < 1 ? 1 : have) / log(n + 1);
}

static int by_family(const void *a, const void *b)
{
    const struct jv_posting *x = a, *y = b;

    return (x->family > y->family) - (x->family < y->family);
}

static void weigh(struct jv_catalog *c, struct jv_term *t)
{
    double agents = 0, families = 0, best = 0;

    if (t->n_postings) /* families of an agent stand together */
        qsort(t->postings, t->n_postings, sizeof(t->postings[0]), by_family);
    for (size_t i = 0; i < t->n_postings; i++) {
        const struct jv_posting *p = &t->postings[i];
        bool last = i + 1 == t->n_postings ||
                    c->families[t->postings[i + 1].family].agent != c->families[p->family].agent;

        families += p->weight;
        best = p->weight > best ? p->weight : best;
        if (last) {
            agents += best;
            best = 0;
        }
    }
    t->telling =
            (float)(rarity(agents, (double)c->n_agents) + rarity(families, (double)c->n_families)) /
            2;
    if (t->telling < least_telling)
        t->telling = least_telling;
}

/* A word asks for a change only when no looking tool of the same agent lists it. */
static void settle_acts(const struct jv_catalog *c, struct jv_term *t)
{
    for (size_t i = 0; i < t->n_postings; i++) {
        struct jv_posting *p = &t->postings[i];
        const struct jv_cat_family *f = &c->families[p->family];

        p->acts = p->acts && !f->read_only;
        for (size_t k = 0; k < t->n_postings && p->acts; k++) {
            const struct jv_cat_family *other = &c->families[t->postings[k].family];

            p->acts = !(other->read_only && other->agent == f->agent && !t->postings[k].past &&
                        t->postings[k].weight >= strong_posting);
        }
    }
}

void jv_catalog_index(struct jv_catalog *c)
{
    struct jv_arena *scratch = c->scratch;

    for (uint32_t i = 0; i < c->n_tools; i++) {
        const struct jv_cat_tool *t = &c->tools[i];

        for (size_t k = 0; k < t->n_examples; k++) {
            add_example(c, scratch, t->examples[k], t->family);
            post_text(c, scratch, t->examples[k], t->family, example_weight);
        }
        post_text(c, scratch, t->description, t->family, tool_text_weight);
        post_text(c, scratch, c->agents[t->agent].description, t->family, agent_text_weight);
        jv_arena_reset(scratch);
    }
    for (size_t i = 0; i < c->n_terms; i++) {
        weigh(c, &c->terms[i]);
        settle_acts(c, &c->terms[i]);
    }
    jv_suggest_index(c, scratch);
    c->scratch = jv_arena_free(scratch);
}
