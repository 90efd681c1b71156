/* reading.c -- a text as the catalogue sees it. */
#include "plan/reading.h"

#include <string.h>

enum { max_spans = 256, typo_length = 5 };

static const double unknown_weight = 0.5, general_weight = 0.1;

/* ---- terms ----------------------------------------------------------------------------------- */

/* The strong term one letter away; the one more cards claim wins. */
static uint32_t nearest_term(const struct jv_catalog *c, const struct jv_word *w)
{
    uint32_t best = JV_NONE;
    size_t len = strlen(w->stem);

    if (strlen(w->norm) < typo_length || w->number)
        return JV_NONE;
    for (uint32_t i = 0; i < c->n_terms; i++) {
        const struct jv_term *t = &c->terms[i];

        if (!t->strong || t->len + 1 < len || t->len > len + 1 || t->len < typo_length - 1)
            continue;
        if (jv_words_typo(w->stem, t->stem) &&
            (best == JV_NONE || c->terms[best].n_postings < t->n_postings))
            best = i;
    }
    return best;
}

static void find_term(const struct jv_catalog *c, struct jv_token *t, bool typos)
{
    t->term = jv_catalog_term(c, t->word->stem);
    if (!typos || t->term != JV_NONE || t->word->roles || t->word->possessive)
        return;
    t->term = nearest_term(c, t->word);
    t->typo = t->term != JV_NONE;
}

/* ---- phrases --------------------------------------------------------------------------------- */

/* How many tokens from `at` are the phrase, articles in between allowed; 0 when they are not. */
static size_t match_phrase(const struct jv_reading *r, size_t at, const struct jv_phrase *p)
{
    size_t i = at;

    for (size_t k = 0; k < p->n; k++, i++) {
        if (k)
            while (i < r->n && r->tokens[i].term != p->terms[k] &&
                   r->tokens[i].word->roles & JV_ARTICLE)
                i++;
        if (i >= r->n || r->tokens[i].term != p->terms[k])
            return 0;
        if (k && r->tokens[i].word->before == JV_STOP)
            return 0;
    }
    return i - at;
}

static bool covers(const struct jv_reading *r, const struct jv_span *big,
                   const struct jv_span *small)
{
    const struct jv_phrase *a = &r->catalog->phrases[big->phrase];
    const struct jv_phrase *b = &r->catalog->phrases[small->phrase];

    if (a->agent != b->agent || big->from > small->from ||
        big->from + big->n < small->from + small->n)
        return false;
    return big->n > small->n ||
           (big < small && strcmp(a->member, b->member) == 0 && strcmp(a->value, b->value) == 0);
}

/* Drop values that stand within a longer one of the same agent, and repetitions. */
static void drop_covered(struct jv_reading *r)
{
    size_t kept = 0;
    bool drop[max_spans] = { false };

    for (size_t i = 0; i < r->n_values; i++)
        for (size_t k = 0; k < r->n_values && !drop[i]; k++)
            drop[i] = k != i && covers(r, &r->values[k], &r->values[i]);
    for (size_t i = 0; i < r->n_values; i++)
        if (!drop[i])
            r->values[kept++] = r->values[i];
    r->n_values = kept;
}

static void find_phrases(struct jv_reading *r)
{
    const struct jv_catalog *c = r->catalog;

    for (uint32_t i = 0; i < r->n; i++) {
        const struct jv_term *t =
                r->tokens[i].term == JV_NONE ? NULL : &c->terms[r->tokens[i].term];

        for (size_t k = 0; t && k < t->n_phrases; k++) {
            const struct jv_phrase *p = &c->phrases[t->phrases[k]];
            uint32_t n = (uint32_t)match_phrase(r, i, p);
            struct jv_span span = { i, n, t->phrases[k] };

            if (n && p->family == JV_NONE && r->n_values < max_spans)
                r->values[r->n_values++] = span;
            else if (n && p->family != JV_NONE && r->n_phrases < max_spans)
                r->phrases[r->n_phrases++] = span;
        }
    }
    drop_covered(r);
    for (size_t i = 0; i < r->n_values; i++)
        for (uint32_t k = 0; k < r->values[i].n; k++)
            r->tokens[r->values[i].from + k].in_value = true;
}

struct jv_reading jv_reading_new(const struct jv_catalog *c, struct jv_arena *a, const char *text,
                                 bool typos)
{
    struct jv_reading r = { .catalog = c, .words = jv_words_read(a, text) };

    r.n = r.words.n;
    r.tokens = JV_NEW_ARRAY(a, struct jv_token, r.n + 1);
    r.values = JV_NEW_ARRAY(a, struct jv_span, max_spans);
    r.phrases = JV_NEW_ARRAY(a, struct jv_span, max_spans);
    for (size_t i = 0; i < r.n; i++) {
        r.tokens[i].word = &r.words.at[i];
        find_term(c, &r.tokens[i], typos);
    }
    find_phrases(&r);
    jv_people_mark(&r);
    return r;
}

bool jv_token_unknown(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    return !t->in_value && !t->typo && !t->word->number &&
           (!t->word->roles || t->word->roles & JV_FEELING) &&
           (t->term == JV_NONE || !r->catalog->terms[t->term].strong);
}

double jv_token_weight(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    if (t->in_value || t->word->number)
        return 1;
    if (t->word->roles & JV_FUNCTION || t->name)
        return 0;
    if (t->term != JV_NONE && r->catalog->terms[t->term].strong)
        return r->catalog->terms[t->term].telling;
    return t->word->roles ? general_weight : unknown_weight;
}
