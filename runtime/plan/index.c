/* index.c -- once all cards are in: examples and descriptions, and how telling each term is. */
#include <math.h>
#include <string.h>

#include "plan/reading.h"

static const float example_weight = 0.45f, tool_text_weight = 0.25f, agent_text_weight = 0.15f;
static const float strong_posting = 0.5f, least_telling = 0.25f;

/* ---- examples and descriptions --------------------------------------------------------------- */

/* The token says something; names and values do not. */
static bool says(const struct jv_token *t)
{
    return t->name <= JV_NAME_MAYBE && !t->in_value && !t->word->number && !t->word->roles;
}

/* Words of a text that say something speak for the families from..to. */
static void post_text(struct jv_catalog *c, const struct jv_reading *r, uint32_t from, uint32_t to,
                      float weight)
{
    for (size_t i = 0; i < r->n; i++) {
        uint32_t term;

        if (!says(&r->tokens[i]))
            continue;
        term = jv_catalog_intern(c, jv_words_key(r->tokens[i].word));
        for (uint32_t f = from; f < to; f++)
            jv_catalog_post(c, term, (struct jv_posting){ .family = f, .weight = weight });
    }
}

/* Keep an example as a row of terms; what stands for a value or a person is left open. */
static void add_example(struct jv_catalog *c, const struct jv_reading *r, uint32_t family)
{
    uint32_t *terms = JV_NEW_ARRAY(c->arena, uint32_t, r->n + 1);
    struct jv_example e = { .family = family, .terms = terms };

    for (size_t i = 0; i < r->n; i++) {
        const struct jv_token *t = &r->tokens[i];
        size_t digits = t->word->number ? strlen(t->word->norm) : 0;

        if (digits && (!c->least_digits || digits < c->least_digits))
            c->least_digits = digits;
        if (t->name > JV_NAME_MAYBE || t->in_value || t->word->number)
            terms[e.n++] = JV_NONE;
        else
            terms[e.n++] = jv_catalog_intern(c, jv_words_key(t->word));
    }
    if (e.n)
        *JV_CAT_ADD(c, examples) = e;
}

static void read_tool(struct jv_catalog *c, struct jv_arena *scratch, const struct jv_cat_tool *t)
{
    struct jv_reading r;

    jv_arena_reset(scratch);
    for (size_t k = 0; k < t->n_examples; k++) {
        r = jv_reading_new(c, scratch, t->examples[k], NULL);
        add_example(c, &r, t->family);
        post_text(c, &r, t->family, t->family + 1, example_weight);
    }
    r = jv_reading_new(c, scratch, t->description, NULL);
    post_text(c, &r, t->family, t->family + 1, tool_text_weight);
}

static uint32_t family_end(const struct jv_catalog *c, uint32_t agent)
{
    return agent + 1 < c->n_agents ? c->agents[agent + 1].first_family : (uint32_t)c->n_families;
}

static void read_agent(struct jv_catalog *c, struct jv_arena *scratch, uint32_t agent)
{
    struct jv_reading r;

    jv_arena_reset(scratch);
    r = jv_reading_new(c, scratch, c->agents[agent].description, NULL);
    post_text(c, &r, c->agents[agent].first_family, family_end(c, agent), agent_text_weight);
}

/* ---- how telling ----------------------------------------------------------------------------- */

double jv_rarity(double have, double n)
{
    return 1 - log(have < 1 ? 1 : have) / log(n + 1);
}

static void weigh(struct jv_catalog *c, struct jv_term *t)
{
    double agents = 0, families = 0, best = 0;

    for (size_t i = 0; i < t->n_postings; i++) { /* families of an agent stand together */
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
    t->telling = (float)(jv_rarity(agents, (double)c->n_agents) +
                         jv_rarity(families, (double)c->n_families)) /
                 2;
    if (t->telling < least_telling)
        t->telling = least_telling;
}

/* A word asks for a change only when no looking tool of the same agent lists it. */
static void settle_acts(const struct jv_catalog *c, struct jv_term *t)
{
    for (size_t i = 0; i < t->n_postings; i++) {
        struct jv_posting *p = &t->postings[i];
        uint32_t agent = c->families[p->family].agent;
        size_t k = i;

        p->acts = p->acts && !c->families[p->family].read_only;
        while (p->acts && k && c->families[t->postings[k - 1].family].agent == agent)
            k--;
        for (; p->acts && k < t->n_postings; k++) {
            const struct jv_cat_family *other = &c->families[t->postings[k].family];

            if (other->agent != agent)
                break;
            p->acts = !(other->read_only && !t->postings[k].past &&
                        t->postings[k].weight >= strong_posting);
        }
    }
}

/* ---- which families take what ---------------------------------------------------------------- */

/* The member of the family that the value is of; NULL when it has none, or not this value. */
static const struct jv_slot *slot_for(const struct jv_catalog *c, uint32_t family,
                                      const struct jv_phrase *value)
{
    const struct jv_slot *slot = jv_catalog_slot(&c->tools[c->families[family].any], value->member);

    if (!slot || slot->kind != JV_SLOT_CHOICE)
        return slot;
    for (size_t i = 0; i < slot->n_choices; i++)
        if (strcmp(slot->choices[i], value->value) == 0)
            return slot;
    return NULL;
}

static void find_takers(struct jv_catalog *c, struct jv_phrase *p)
{
    uint32_t from = c->agents[p->agent].first_family, to = family_end(c, p->agent);
    struct jv_taker *takers;

    for (uint32_t f = from; f < to; f++)
        p->n_takers += slot_for(c, f, p) != NULL;
    p->takers = takers = JV_NEW_ARRAY(c->arena, struct jv_taker, p->n_takers + 1);
    for (uint32_t f = from; f < to; f++)
        if (slot_for(c, f, p))
            *takers++ = (struct jv_taker){ f, slot_for(c, f, p)->required };
}

/* Its word is one that a tool, which takes the value, is asked for a change by. */
static bool is_verb(const struct jv_catalog *c, const struct jv_phrase *p)
{
    const struct jv_term *t = &c->terms[p->terms[0]];

    for (size_t i = 0; i < t->n_postings && p->n == 1; i++)
        if (t->postings[i].acts && jv_catalog_takes(c, t->postings[i].family, p))
            return true;
    return false;
}

/* How telling a phrase is: as its most telling word, or middling when all are function words. */
static double telling_of(const struct jv_catalog *c, const struct jv_phrase *p)
{
    double best = 0.5;

    for (size_t i = 0; i < p->n; i++)
        if (c->terms[p->terms[i]].strong && c->terms[p->terms[i]].telling > best)
            best = c->terms[p->terms[i]].telling;
    return best;
}

static void settle_phrases(struct jv_catalog *c)
{
    for (size_t i = 0; i < c->n_phrases; i++) {
        struct jv_phrase *p = &c->phrases[i];

        p->telling = telling_of(c, p);
        if (p->family != JV_NONE)
            continue;
        find_takers(c, p);
        p->verb = is_verb(c, p);
    }
}

static void settle_families(struct jv_catalog *c)
{
    uint32_t *numbered = JV_NEW_ARRAY(c->arena, uint32_t, c->n_families + 1);

    for (uint32_t i = 0; i < c->n_families; i++) {
        struct jv_cat_family *f = &c->families[i];
        const struct jv_cat_tool *t = &c->tools[f->any];

        for (size_t k = 0; k < t->n_slots; k++) {
            f->numbered = f->numbered || t->slots[k].kind == JV_SLOT_INTEGER;
            f->dated = f->dated || t->slots[k].kind == JV_SLOT_TIME;
        }
        f->needs_number = jv_family_needs(c, i, JV_SLOT_INTEGER);
        if (f->needs_number)
            numbered[c->n_numbered++] = i;
    }
    c->numbered = numbered;
}

/* ---- examples by family ---------------------------------------------------------------------- */

double jv_shape_weight(const struct jv_catalog *c, uint32_t term)
{
    static const double open = 0.6, function = 0.15;

    if (term == JV_NONE)
        return open;
    if (term == JV_NO_TERM || !(c->terms[term].strong || c->terms[term].n_postings))
        return function;
    return c->terms[term].telling;
}

static void sort_examples(struct jv_catalog *c)
{
    struct jv_example *sorted = JV_NEW_ARRAY(c->arena, struct jv_example, c->n_examples + 1);
    uint32_t at = 0;

    for (size_t i = 0; i < c->n_examples; i++)
        c->families[c->examples[i].family].n_examples++;
    for (size_t i = 0; i < c->n_families; i++) {
        c->families[i].first_example = at;
        at += c->families[i].n_examples;
        c->families[i].n_examples = 0;
    }
    for (size_t i = 0; i < c->n_examples; i++) {
        struct jv_cat_family *f = &c->families[c->examples[i].family];

        sorted[f->first_example + f->n_examples++] = c->examples[i];
    }
    c->examples = sorted;
}

/* A text without any word that a card claims can only be like an example of which a good part is
 * open or little words. */
static void weigh_examples(struct jv_catalog *c)
{
    static const double least = 0.375;
    uint32_t *loose = JV_NEW_ARRAY(c->arena, uint32_t, c->n_examples + 1);

    for (uint32_t i = 0; i < c->n_examples; i++) {
        struct jv_example *e = &c->examples[i];
        double unclaimed = 0;

        for (size_t k = 0; k < e->n; k++) {
            e->weight += jv_shape_weight(c, e->terms[k]);
            if (e->terms[k] == JV_NONE || !c->terms[e->terms[k]].n_postings)
                unclaimed += jv_shape_weight(c, e->terms[k]);
        }
        if (unclaimed >= least * e->weight)
            loose[c->n_loose++] = i;
    }
    c->loose = loose;
}

void jv_catalog_index(struct jv_catalog *c)
{
    struct jv_arena *scratch = c->scratch;

    for (uint32_t i = 0; i < c->n_tools; i++)
        read_tool(c, scratch, &c->tools[i]);
    for (uint32_t i = 0; i < c->n_agents; i++)
        read_agent(c, scratch, i);
    for (size_t i = 0; i < c->n_terms; i++) {
        weigh(c, &c->terms[i]);
        settle_acts(c, &c->terms[i]);
    }
    settle_phrases(c);
    settle_families(c);
    sort_examples(c);
    weigh_examples(c);
    jv_near_index(c);
    jv_suggest_index(c, scratch);
    c->scratch = jv_arena_free(scratch);
}
