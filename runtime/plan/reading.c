/* reading.c -- a text as the catalogue sees it. */
#include "plan/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { max_spans = 512, max_meanings = 16, max_fillers = 3 };

static const double unknown_weight = 0.5, general_weight = 0.1, ordinary_weight = 0.2;

/* ---- terms ----------------------------------------------------------------------------------- */

/* The catalogue's term of a word, if an agent chose it; JV_NONE. */
static uint32_t strong_term(const struct jv_catalog *c, const char *word)
{
    char stem[JV_WORD_SIZE + 1];
    uint32_t term;

    snprintf(stem, sizeof(stem), "%s", word);
    jv_words_stem(stem);
    term = jv_catalog_term(c, stem);
    return term != JV_NONE && c->terms[term].strong ? term : JV_NONE;
}

static void swap(char *a, char *b)
{
    char was = *a;

    *a = *b;
    *b = was;
}

/* "closd", "closde", "compleetd": the ending of what is done. */
static uint32_t past_term(const struct jv_catalog *c, const char *norm)
{
    char word[JV_WORD_SIZE + 2];
    size_t n = strlen(norm);
    uint32_t term = JV_NONE;

    if (n < 5 || (norm[n - 1] != 'd' && strcmp(norm + n - 2, "de") != 0))
        return JV_NONE;
    snprintf(word, sizeof(word), "%s", norm);
    if (norm[n - 1] == 'e') {
        swap(&word[n - 2], &word[n - 1]);
        return strong_term(c, word);
    }
    if (norm[n - 3] == 'e' && norm[n - 2] != 'e') {
        swap(&word[n - 3], &word[n - 2]);
        term = strong_term(c, word);
    }
    if (term == JV_NONE && norm[n - 2] != 'e') {
        snprintf(word + n - 1, 3, "ed");
        word[n - 1] = 'e';
        term = strong_term(c, word);
    }
    return term;
}

/* "closd", of close: a past form with a slip in it. */
static bool is_past(const struct jv_catalog *c, uint32_t term, const char *norm)
{
    size_t n = strlen(norm), len = c->terms[term].len;

    return (norm[n - 1] == 'd' || strcmp(norm + n - 2, "de") == 0) &&
           c->terms[term].stem[len - 1] != 'd';
}

/* "gpc", "exm": of three letters two are swapped, or a vowel is missing. */
static uint32_t short_term(const struct jv_catalog *c, const char *norm)
{
    uint32_t term = JV_NONE;

    if (strlen(norm) != 3)
        return JV_NONE;
    for (size_t i = 0; i < 2 && term == JV_NONE; i++) {
        char word[4] = { norm[0], norm[1], norm[2], '\0' };

        swap(&word[i], &word[i + 1]);
        term = strong_term(c, word);
    }
    for (size_t i = 1; i < 3 && term == JV_NONE; i++)
        for (const char *v = "aeiou"; *v && term == JV_NONE; v++) {
            char word[5] = { norm[0], i > 1 ? norm[1] : *v, i > 1 ? *v : norm[1], norm[2], '\0' };

            term = strong_term(c, word);
        }
    return term;
}

/* "coursewise" */
static uint32_t wise_term(const struct jv_catalog *c, struct jv_arena *a, const char *norm)
{
    size_t n = strlen(norm);

    if (n < 7 || strcmp(norm + n - 4, "wise") != 0)
        return JV_NONE;
    return strong_term(c, jv_arena_strndup(a, norm, n - 4));
}

/* "pleeease", "helloooo": letters that are drawn out, once each. */
static const char *squeezed(struct jv_arena *a, const char *norm)
{
    char *s = jv_arena_strdup(a, norm), *to = s;
    bool drawn = false;

    for (const char *p = norm; *p; p++) {
        bool run = p > norm && p[-1] == *p;

        drawn = drawn || (run && p[1] == *p);
        if (!run)
            *to++ = *p;
    }
    *to = '\0';
    return drawn ? s : NULL;
}

/* Roles of a word that is drawn out; 0: it is none. */
static jv_roles drawn_roles(struct jv_arena *a, const char *norm)
{
    const char *s = squeezed(a, norm);
    char meant[JV_LEXICON_WORD];

    if (!s)
        return 0;
    if (!jv_lexicon(s) && jv_lexicon_slip(s, meant)) /* "helo" */
        return jv_lexicon(meant);
    return jv_lexicon(s);
}

/* What of the catalogue's was meant. */
static uint32_t meant_term(const struct jv_catalog *c, struct jv_arena *a, const struct jv_word *w)
{
    uint32_t term = wise_term(c, a, w->norm);

    if (term == JV_NONE)
        term = jv_catalog_near(c, w->norm, w->stem);
    if (term == JV_NONE && !jv_ordinary(w->norm))
        term = past_term(c, w->norm);
    if (term == JV_NONE && !jv_ordinary(w->norm) && !w->capital)
        term = short_term(c, w->norm);
    return term;
}

/* A word that nobody knows may be a slip of the fingers: for a card's word first. */
static void forgive(const struct jv_catalog *c, struct jv_arena *a, struct jv_token *t,
                    struct jv_word *w)
{
    char meant[JV_LEXICON_WORD];

    if (w->roles || w->number || jv_english(w->norm) || jv_english(w->stem))
        return;
    if (w->possessive) { /* "evrybody's", but a name is no slip */
        if (jv_lexicon_slip(w->norm, meant))
            w->roles = jv_lexicon(meant) & JV_EVERY;
        return;
    }
    w->roles = drawn_roles(a, w->norm);
    if (w->roles)
        return;
    t->term = meant_term(c, a, w);
    t->typo = t->term != JV_NONE;
    w->past = w->past || (t->typo && is_past(c, t->term, w->norm));
    if (!t->typo && jv_lexicon_slip(w->norm, meant)) {
        w->norm = jv_arena_strdup(a, meant);
        w->roles = jv_lexicon(meant);
        t->term = jv_catalog_term(c, w->norm);
    }
    if (w->roles & JV_NOT)
        t->term = jv_catalog_term(c, "not");
}

static void find_term(const struct jv_catalog *c, struct jv_arena *a, struct jv_token *t,
                      struct jv_word *w, bool typos)
{
    t->word = w;
    t->term = jv_catalog_term(c, jv_words_key(w));
    if (typos && t->term == JV_NONE)
        forgive(c, a, t, w);
}

/* "EC 2": a value of the catalogue that was written in two. */
static void join_digit(struct jv_reading *r, struct jv_arena *a, size_t i)
{
    struct jv_token *t = &r->tokens[i];
    const struct jv_word *next = r->tokens[i + 1].word;
    uint32_t term;

    if (strlen(t->word->norm) > 3 || next->before || !next->number || strlen(next->norm) > 2 ||
        t->term != JV_NONE || jv_english(t->word->norm))
        return;
    term = jv_catalog_term(r->catalog, jv_arena_printf(a, "%s%s", t->word->norm, next->norm));
    if (term == JV_NONE || !r->catalog->terms[term].strong)
        return;
    t->term = term;
    r->tokens[i + 1].aside = true;
}

/* ---- phrases --------------------------------------------------------------------------------- */

/* What the family is about. */
static bool is_core(const struct jv_catalog *c, uint32_t term, uint32_t family)
{
    for (size_t i = 0; i < c->families[family].n_core; i++)
        if (c->families[family].core[i] == term)
            return true;
    return false;
}

/* Little words may stand within a phrase: "not [been] closed", "status of [the] ticket". */
static bool fills(const struct jv_reading *r, const struct jv_token *t, uint32_t family)
{
    const struct jv_word *w = t->word;

    if (w->roles & JV_MY)
        return true; /* "update [my] budget" */
    if (family != JV_NONE && (w->number || t->in_value || is_core(r->catalog, t->term, family)))
        return true; /* "give [ticket 12304 my] approval" */
    if (family == JV_NONE && (strcmp(w->norm, "with") == 0 || strcmp(w->norm, "than") == 0))
        return false; /* "s3 with storage" are two */
    return w->roles & (JV_FUNCTION | JV_ONE) &&
           !(w->roles & (JV_NOT | JV_MY | JV_OWNER | JV_JOIN | JV_OR | JV_THEIRS | JV_ASKING |
                         JV_READ | JV_WISH));
}

/* The value of a verb: "finish", where "finished" is listed, too. */
static bool is_verb(const struct jv_catalog *c, const struct jv_phrase *p)
{
    const struct jv_term *t = &c->terms[p->terms[0]];

    for (size_t k = 0; k < t->n_phrases; k++) {
        const struct jv_phrase *other = &c->phrases[t->phrases[k].phrase];

        if (other->family == JV_NONE && other->n == 1 && other->past &&
            strcmp(other->value, p->value) == 0)
            return true;
    }
    return false;
}

/* "what did I open": not open, but what "did I finish" is finished. */
static bool was_done(const struct jv_reading *r, size_t i, const struct jv_phrase *p)
{
    return i > 1 && r->tokens[i - 1].word->roles & JV_SELF &&
           strcmp(r->tokens[i - 2].word->norm, "did") == 0 && !is_verb(r->catalog, p);
}

/* "the complete list" */
static bool is_whole(const struct jv_reading *r, size_t i, const struct jv_phrase *p)
{
    return i && r->tokens[i - 1].word->roles & JV_ARTICLE && !p->past && is_verb(r->catalog, p);
}

/* How many tokens from `at` are the phrase; 0 when they are not. */
static size_t match_phrase(const struct jv_reading *r, size_t at, const struct jv_phrase *p)
{
    size_t i = at;

    for (size_t k = 0; k < p->n; k++, i++) {
        size_t fillers = 0;

        while (k && i < r->n && r->tokens[i].term != p->terms[k] &&
               fills(r, &r->tokens[i], p->family) && fillers++ < max_fillers)
            i++;
        if (i >= r->n || r->tokens[i].term != p->terms[k])
            return 0;
        if (k && r->tokens[i].word->before != JV_NO_BREAK)
            return 0;
    }
    if (p->family == JV_NONE && p->n == 1 && !r->tokens[at].typo &&
        (r->tokens[at].word->past != p->past || r->tokens[at].word->going < p->going ||
         was_done(r, at, p) || is_whole(r, at, p)))
        return 0; /* "the ticket I opened" is not open, "to start" is not started,
                   * and what "can wait" is not waiting */
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

static uint32_t agent_of(const struct jv_reading *r, uint32_t value)
{
    return r->catalog->phrases[r->values[value].phrase].agent;
}

static int by_agent(const void *a, const void *b, void *reading)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint32_t agent_x = agent_of(reading, x), agent_y = agent_of(reading, y);

    if (agent_x != agent_y)
        return agent_x < agent_y ? -1 : 1;
    return (x > y) - (x < y);
}

static void sort_values(struct jv_reading *r)
{
    for (uint32_t i = 0; i < r->n_values; i++)
        r->by_agent[i] = i;
    if (r->n_values)
        qsort_r(r->by_agent, r->n_values, sizeof(r->by_agent[0]), by_agent, r);
}

size_t jv_reading_values(const struct jv_reading *r, uint32_t agent, const uint32_t **ret)
{
    size_t from = 0, to = r->n_values, n = 0;

    while (from < to) {
        size_t mid = (from + to) / 2;

        if (agent_of(r, r->by_agent[mid]) < agent)
            from = mid + 1;
        else
            to = mid;
    }
    *ret = r->by_agent + from;
    while (from + n < r->n_values && agent_of(r, r->by_agent[from + n]) == agent)
        n++;
    return n;
}

/* Drop values that stand within a longer one of the same agent, and repetitions. */
static void drop_covered(struct jv_reading *r)
{
    size_t kept = 0, n;
    bool drop[max_spans] = { false };

    sort_values(r);
    for (size_t from = 0; from < r->n_values; from += n) {
        const uint32_t *own;

        n = jv_reading_values(r, agent_of(r, r->by_agent[from]), &own);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0;
                 k < n && !drop[own[i]] && r->values[own[k]].from <= r->values[own[i]].from; k++)
                drop[own[i]] = k != i && covers(r, &r->values[own[k]], &r->values[own[i]]);
    }
    for (size_t i = 0; i < r->n_values; i++)
        if (!drop[i])
            r->values[kept++] = r->values[i];
    r->n_values = kept;
    sort_values(r);
}

/* The term stands behind the token, little words between them. */
static bool follows(const struct jv_reading *r, size_t at, uint32_t term)
{
    for (size_t i = at + 1; i < r->n && i <= at + 1 + max_fillers; i++)
        if (r->tokens[i].term == term)
            return true;
    return false;
}

/* As many values of one agent begin with the token as are listed. */
static bool is_crowded(const struct jv_reading *r, uint32_t token, uint32_t phrase)
{
    const struct jv_span *s;

    if (r->n_values < max_meanings)
        return false;
    s = &r->values[r->n_values - max_meanings];
    return s->from == token &&
           r->catalog->phrases[s->phrase].agent == r->catalog->phrases[phrase].agent;
}

static void find_spans(struct jv_reading *r, bool values)
{
    const struct jv_catalog *c = r->catalog;
    size_t *n = values ? &r->n_values : &r->n_phrases;
    struct jv_span *spans = values ? r->values : r->phrases;

    for (uint32_t i = 0; i < r->n; i++) {
        const struct jv_term *t =
                r->tokens[i].term == JV_NONE ? NULL : &c->terms[r->tokens[i].term];

        for (size_t k = 0; t && k < t->n_phrases && !r->tokens[i].in_date; k++) {
            const struct jv_head *h = &t->phrases[k];
            uint32_t len = 0;

            if (h->value == values && (h->second == JV_NONE || follows(r, i, h->second)))
                len = (uint32_t)match_phrase(r, i, &c->phrases[h->phrase]);
            if (len && *n < max_spans && !(values && is_crowded(r, i, h->phrase)))
                spans[(*n)++] = (struct jv_span){ i, len, h->phrase };
        }
    }
}

static bool is_one_of(const struct jv_reading *r, size_t i, const char *const *words, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (strcmp(r->tokens[i].word->norm, words[k]) == 0)
            return true;
    return false;
}

/* "divided between aws, azure and gcp": among what, is only told. */
static bool is_told(const struct jv_reading *r, size_t value)
{
    static const char *const verbs[] = { "divided", "divide",      "split",   "shared",
                                         "spread",  "distributed", "divvied", "parted" };
    static const char *const among[] = { "between", "among", "amongst", "across", "over" };
    size_t from = r->values[value].from, at;

    for (at = from; at-- > 0 && !is_one_of(r, at, among, JV_COUNT(among));)
        if (!r->tokens[at].in_value && !(r->tokens[at].word->roles & JV_FUNCTION))
            return false;
    for (size_t i = at < from ? at : 0; i-- > 0;)
        if (is_one_of(r, i, verbs, JV_COUNT(verbs)))
            return true;
    return false;
}

static void drop_told(struct jv_reading *r)
{
    bool told[max_spans] = { false };
    size_t kept = 0;

    for (size_t i = 0; i < r->n_values; i++)
        told[i] = is_told(r, i);
    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_span *s = &r->values[i];

        for (size_t k = s->from; told[i] && k < s->from + s->n; k++) {
            r->tokens[k].aside = true;
            r->tokens[k].in_value = false;
        }
        if (!told[i])
            r->values[kept++] = *s;
    }
    r->n_values = kept;
    sort_values(r);
}

/* Values first: they may stand within a phrase, "put in a [vpn] request". */
static void find_phrases(struct jv_reading *r, struct jv_arena *a, bool said)
{
    find_spans(r, true);
    drop_covered(r);
    for (size_t i = 0; i < r->n_values; i++)
        for (uint32_t k = 0; k < r->values[i].n; k++)
            r->tokens[r->values[i].from + k].in_value = true;
    drop_told(r);
    if (said)
        jv_settle_values(r, a, max_spans);
    sort_values(r);
    find_spans(r, false);
}

static void find_dates(struct jv_reading *r, int64_t now_ms)
{
    r->n_dates = jv_dates_read(&r->words, now_ms, r->dates);
    for (size_t i = 0; i < r->n_dates; i++)
        for (size_t k = 0; k < r->dates[i].n; k++) {
            struct jv_word *w = &r->words.at[r->dates[i].from + k];

            r->tokens[r->dates[i].from + k].in_date = true;
            if (strcmp(w->norm, "then") == 0 || strcmp(w->norm, "it") == 0)
                w->roles = JV_FUNCTION; /* "until then", "in it" */
        }
}

struct jv_reading jv_reading_new(const struct jv_catalog *c, struct jv_arena *a, const char *text,
                                 const int64_t *now_ms)
{
    struct jv_reading r = { .catalog = c, .words = jv_words_read(a, text) };

    r.n = r.words.n;
    r.tokens = JV_NEW_ARRAY(a, struct jv_token, r.n + 1);
    r.values = JV_NEW_ARRAY(a, struct jv_span, max_spans);
    r.phrases = JV_NEW_ARRAY(a, struct jv_span, max_spans);
    r.by_agent = JV_NEW_ARRAY(a, uint32_t, max_spans);
    for (size_t i = 0; i < r.n; i++)
        find_term(c, a, &r.tokens[i], &r.words.at[i], now_ms != NULL);
    for (size_t i = 0; now_ms && i + 1 < r.n; i++)
        join_digit(&r, a, i);
    if (now_ms)
        find_dates(&r, *now_ms);
    find_phrases(&r, a, now_ms != NULL);
    if (now_ms)
        jv_asides_mark(&r);
    jv_people_mark(&r, a);
    return r;
}

bool jv_token_personal(const struct jv_reading *r, size_t i)
{
    const struct jv_catalog *c = r->catalog;
    const struct jv_term *t;
    float least;

    if (i >= r->n || r->tokens[i].term == JV_NONE || r->tokens[i].word->roles & JV_FUNCTION)
        return false;
    least = r->tokens[i].word->roles & JV_GENERAL ? 0.9f : 0.5f;
    t = &c->terms[r->tokens[i].term];
    for (size_t k = 0; k < t->n_postings; k++)
        if (t->postings[k].weight >= least &&
            c->families[t->postings[k].family].tools[JV_SOMEBODYS] != JV_NONE)
            return true;
    return false;
}

bool jv_token_number(const struct jv_reading *r, size_t i)
{
    return r->tokens[i].word->number && !r->tokens[i].in_date && !r->tokens[i].amount;
}

/* "easiest", "quicker" */
static bool is_compared(const char *s, size_t n)
{
    char word[JV_LEXICON_WORD];
    size_t tail = n > 5 && strcmp(s + n - 3, "est") == 0  ? 3
                  : n > 4 && strcmp(s + n - 2, "er") == 0 ? 2
                                                          : 0;

    if (!tail || n - tail >= sizeof(word) - 1)
        return false;
    memcpy(word, s, n - tail);
    word[n - tail] = '\0';
    if (word[n - tail - 1] == 'i')
        word[n - tail - 1] = 'y';
    return jv_english(word);
}

static bool is_english(const struct jv_word *w)
{
    size_t n = strlen(w->norm);

    return jv_english(w->norm) || jv_english(w->stem) || jv_english(w->base) ||
           (n > 5 && strcmp(w->norm + n - 2, "ly") == 0) || is_compared(w->norm, n);
}

bool jv_token_unknown(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    if (t->in_value || t->in_date || t->aside || t->typo || t->word->number)
        return false;
    if (t->term != JV_NONE && r->catalog->terms[t->term].strong)
        return false;
    if (t->word->roles & JV_FEELING)
        return true;
    return !t->word->roles && !is_english(t->word);
}

double jv_token_weight(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    if (t->in_value || jv_token_number(r, i))
        return 1;
    if (t->word->roles & JV_FUNCTION || t->name > JV_NAME_MAYBE || t->in_date || t->aside)
        return 0;
    if (t->term != JV_NONE && r->catalog->terms[t->term].strong &&
        !(t->word->roles & (JV_COMPARE | JV_MORE)))
        return r->catalog->terms[t->term].telling;
    if (t->word->roles)
        return general_weight;
    return jv_token_unknown(r, i) ? unknown_weight : ordinary_weight;
}
