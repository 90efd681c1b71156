/* match.c -- which family of tools a part of the sentence is about.
 *
 * Every token speaks for the families that claim it; a value speaks for those that can take it;
 * what a family leaves unexplained speaks against it. */
#include "plan/acts.h"

#include <string.h>

static const double typo_factor = 0.85, shared_factor = 0.7, phrase_factor = 1.2;
static const double required_value = 1.5, optional_value = 0.9, unknown_value = 0.7;
static const double lost_value = 0.6, lost_foreign_value = 0.3, lost_number = 0.5;
static const double missing_factor = 0.55, example_bonus = 0.8, slot_similarity = 0.6;
static const double function_similarity = 0.15, acts_bonus = 0.6, half_strength = 0.35;
static const double no_head_factor = 0.5, least_total = 0.05, unsaid_weight = 0.1, fit_bonus = 0.2;
static const double date_value = 0.2, general_factor = 0.6, interested_factor = 0.3,
                    everybody_bonus = 0.3;

struct table {
    const struct jv_reading *r;
    const struct jv_clause *clause;
    struct jv_score *scores; /* one per family */
    double *last;            /* evidence of the token in hand, per family */
    size_t *last_at;         /* that token + 1 */
    bool *seen;
    uint32_t *touched;
    size_t n_touched;
};

static struct jv_score *touch(struct table *t, uint32_t family)
{
    struct jv_score *s = &t->scores[family];

    if (!t->seen[family]) {
        t->seen[family] = true;
        t->touched[t->n_touched++] = family;
        s->unknown = SIZE_MAX;
    }
    return s;
}

/* One token counts once for a family, with its best evidence. */
static void give(struct table *t, uint32_t family, size_t token, double evidence)
{
    struct jv_score *s = touch(t, family);

    if (t->last_at[family] != token + 1) {
        t->last_at[family] = token + 1;
        t->last[family] = 0;
    }
    if (evidence > t->last[family]) {
        s->terms += evidence - t->last[family];
        t->last[family] = evidence;
    }
}

static void explain(struct table *t, uint32_t family, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (i >= t->clause->from && i - t->clause->from < JV_CLAUSE_TOKENS)
            t->scores[family].explained |= UINT64_C(1) << (i - t->clause->from);
}

/* ---- values ---------------------------------------------------------------------------------- */

static const struct jv_phrase *value_of(const struct jv_reading *r, size_t i)
{
    return &r->catalog->phrases[r->values[i].phrase];
}

static bool inside(const struct jv_clause *clause, const struct jv_span *s)
{
    return s->from >= clause->from && s->from < clause->to;
}

/* "complete the ticket", but not "the complete list": a verb is a value only where it is done. */
static bool is_only_done(const struct jv_reading *r, const struct jv_span *s, uint32_t family)
{
    const struct jv_catalog *c = r->catalog;
    const struct jv_token *k = &r->tokens[s->from];
    const struct jv_term *t = k->term == JV_NONE ? NULL : &c->terms[k->term];

    if (!c->families[family].read_only || k->word->past || s->n > 1 || k->typo ||
        (s->from && r->tokens[s->from - 1].word->roles & (JV_BE | JV_LATE)))
        return false;
    for (size_t i = 0; t && i < t->n_postings; i++)
        if (t->postings[i].acts &&
            jv_catalog_takes(c, t->postings[i].family, &c->phrases[s->phrase]))
            return true;
    return false;
}

/* The family takes a value that covers this token. */
static bool takes_token(const struct table *t, uint32_t family, size_t token)
{
    for (size_t i = 0; i < t->r->n_values; i++) {
        const struct jv_span *s = &t->r->values[i];
        const struct jv_phrase *p = value_of(t->r, i);

        if (s->from <= token && token < s->from + s->n &&
            t->r->catalog->families[family].agent == p->agent &&
            jv_catalog_takes(t->r->catalog, family, p))
            return true;
    }
    return false;
}

size_t jv_match_value(const struct jv_reading *r, const struct jv_clause *clause, uint32_t family,
                      const char *member, size_t at)
{
    for (; at < r->n_values; at++)
        if (inside(clause, &r->values[at]) &&
            value_of(r, at)->agent == r->catalog->families[family].agent &&
            strcmp(value_of(r, at)->member, member) == 0 &&
            jv_catalog_takes(r->catalog, family, value_of(r, at)) &&
            !is_only_done(r, &r->values[at], family))
            return at;
    return SIZE_MAX;
}

size_t jv_match_number(const struct jv_reading *r, const struct jv_clause *clause, size_t at)
{
    for (at = at < clause->from ? clause->from : at; at < clause->to; at++)
        if (jv_token_number(r, at))
            return at;
    return SIZE_MAX;
}

static void add_values(struct table *t)
{
    const struct jv_catalog *c = t->r->catalog;

    for (size_t i = 0; i < t->r->n_values; i++) {
        const struct jv_phrase *p = value_of(t->r, i);
        const struct jv_span *s = &t->r->values[i];

        if (!inside(t->clause, s))
            continue;
        for (uint32_t f = c->agents[p->agent].first_family;
             f < c->n_families && c->families[f].agent == p->agent; f++) {
            const struct jv_slot *slot = jv_catalog_slot(&c->tools[c->families[f].any], p->member);

            if (!slot || !jv_catalog_takes(c, f, p) || is_only_done(t->r, s, f))
                continue;
            touch(t, f)->values += slot->required ? required_value : optional_value;
            explain(t, f, s->from, s->n);
        }
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_head(const struct table *t, size_t i)
{
    return i >= t->clause->head_from && i < t->clause->head_to;
}

/* A head that is shared acts as it did where it stands. */
static bool may_act(const struct table *t, size_t i)
{
    return is_head(t, i) ? t->clause->head_acts : jv_may_act(t->r, t->clause, i);
}

static bool asks_for(const struct table *t, const struct jv_span *s)
{
    return is_head(t, s->from) ? t->clause->head_acts : jv_asks_for(t->r, t->clause, s);
}

static void add_term(struct table *t, size_t i, double factor)
{
    const struct jv_token *k = &t->r->tokens[i];
    const struct jv_term *term = &t->r->catalog->terms[k->term];

    if (k->typo)
        factor *= typo_factor;
    if (k->word->roles & JV_GENERAL)
        factor *= k->word->past ? interested_factor : general_factor;
    for (size_t n = 0; n < term->n_postings; n++) {
        const struct jv_posting *p = &term->postings[n];

        if (p->acts && may_act(t, i))
            touch(t, p->family)->acts = true;
        if (k->in_value && takes_token(t, p->family, i))
            continue;
        give(t, p->family, i, p->weight * term->telling * factor);
        explain(t, p->family, i, 1);
    }
}

/* How telling a phrase is: as its most telling word, or middling when all are function words. */
static double phrase_telling(const struct jv_reading *r, const struct jv_phrase *p)
{
    double best = 0.5;

    for (size_t i = 0; i < p->n; i++)
        if (r->catalog->terms[p->terms[i]].strong && r->catalog->terms[p->terms[i]].telling > best)
            best = r->catalog->terms[p->terms[i]].telling;
    return best;
}

static void add_phrases(struct table *t, size_t from, size_t to, double factor)
{
    for (size_t i = 0; i < t->r->n_phrases; i++) {
        const struct jv_span *s = &t->r->phrases[i];
        const struct jv_phrase *p = &t->r->catalog->phrases[s->phrase];

        if (s->from < from || s->from >= to ||
            (takes_token(t, p->family, s->from) && takes_token(t, p->family, s->from + s->n - 1)))
            continue;
        if (p->own && !t->r->catalog->families[p->family].read_only && asks_for(t, s))
            touch(t, p->family)->acts = true; /* "put in a request" */
        give(t, p->family, s->from, p->weight * phrase_telling(t->r, p) * phrase_factor * factor);
        explain(t, p->family, s->from, s->n);
    }
}

static void add_words(struct table *t, size_t from, size_t to, double factor)
{
    for (size_t i = from; i < to; i++) {
        const struct jv_token *k = &t->r->tokens[i];

        if (k->term != JV_NONE && k->name <= JV_NAME_MAYBE && !k->word->number && !k->in_date)
            add_term(t, i, factor);
    }
    add_phrases(t, from, to, factor);
}

/* ---- examples: the shape of the sentence ----------------------------------------------------- */

static const uint32_t no_term = JV_NONE - 1; /* a word of the lexicon that no card has */

struct shape {
    size_t n;
    uint32_t terms[JV_CLAUSE_TOKENS]; /* JV_NONE: a value, a name, a number, an unknown word */
};

static struct shape shape_of(const struct table *t)
{
    struct shape s = { 0 };

    for (size_t i = t->clause->from; i < t->clause->to && s.n < JV_CLAUSE_TOKENS; i++) {
        const struct jv_token *k = &t->r->tokens[i];
        bool open = k->name > JV_NAME_MAYBE || k->in_value || k->in_date || k->word->number ||
                    jv_token_unknown(t->r, i);

        if (!open && k->term == JV_NONE)
            s.terms[s.n++] = no_term;
        else if (!open || !s.n || s.terms[s.n - 1] != JV_NONE)
            s.terms[s.n++] = open ? JV_NONE : k->term;
    }
    return s;
}

static double shape_weight(const struct jv_catalog *c, uint32_t term)
{
    if (term == JV_NONE)
        return slot_similarity;
    if (term == no_term)
        return function_similarity;
    return c->terms[term].strong || c->terms[term].n_postings ? c->terms[term].telling
                                                              : function_similarity;
}

/* What two rows have in common against what they hold, 0 to 1. */
static double similarity(const struct jv_catalog *c, const struct shape *s,
                         const struct jv_example *e)
{
    double common = 0, all = 0;
    uint64_t used = 0;

    for (size_t i = 0; i < e->n; i++)
        all += shape_weight(c, e->terms[i]);
    for (size_t i = 0; i < s->n; i++) {
        all += shape_weight(c, s->terms[i]);
        for (size_t k = 0; k < e->n && k < 64; k++)
            if (s->terms[i] == e->terms[k] && !(used & UINT64_C(1) << k)) {
                used |= UINT64_C(1) << k;
                common += 2 * shape_weight(c, s->terms[i]);
                break;
            }
    }
    return all > 0 ? common / all : 0;
}

/* The bonus of the most alike example goes to each family; alone it is evidence when it is strong.
 */
static void add_examples(struct table *t, double *ret_best)
{
    const struct jv_catalog *c = t->r->catalog;
    struct shape s = shape_of(t);
    bool nothing = t->n_touched == 0;

    for (size_t i = 0; i < c->n_examples; i++) {
        const struct jv_example *e = &c->examples[i];
        double alike;

        if (!nothing && !t->seen[e->family])
            continue;
        alike = similarity(c, &s, e);
        if (nothing && alike < 0.75)
            continue;
        touch(t, e->family);
        if (alike > ret_best[e->family])
            ret_best[e->family] = alike;
    }
}

/* ---- the sum --------------------------------------------------------------------------------- */

static bool speaks_for(const struct jv_catalog *c, uint32_t term, uint32_t agent)
{
    for (size_t i = 0; term != JV_NONE && i < c->terms[term].n_postings; i++)
        if (c->families[c->terms[term].postings[i].family].agent == agent)
            return true;
    return false;
}

static bool ends_in_ing(const char *s)
{
    size_t n = strlen(s);

    return n > 5 && strcmp(s + n - 3, "ing") == 0;
}

/* An unknown word where a value would stand: "oracle cloud cost", "how much is lambda". */
static size_t unknown_value_at(const struct table *t, uint32_t family)
{
    const struct jv_catalog *c = t->r->catalog;
    const struct jv_cat_family *f = &c->families[family];

    for (size_t i = t->clause->from; i < t->clause->to; i++) {
        const struct jv_token *k = &t->r->tokens[i], *next = k + 1, *previous = k - 1;
        bool last = i + 1 == t->clause->to, first = i == t->clause->from;

        if (!jv_token_unknown(t->r, i) || k->word->past || k->word->roles & JV_FEELING ||
            ends_in_ing(k->word->norm) || speaks_for(c, k->term, f->agent) ||
            (k->name == JV_NAME_OWNER && f->tools[JV_SOMEBODYS] != JV_NONE))
            continue;
        if (!last && !(next->word->roles & JV_FUNCTION) && next->term != JV_NONE)
            return i;
        if (!first && previous->word->roles & (JV_FUNCTION | JV_READ) &&
            (last || next->word->roles & JV_FUNCTION || next->term != JV_NONE))
            return i;
    }
    return SIZE_MAX;
}

static bool lacks_required(struct table *t, uint32_t family)
{
    const struct jv_catalog *c = t->r->catalog;
    const struct jv_cat_tool *tool = &c->tools[c->families[family].any];
    struct jv_score *s = &t->scores[family];

    for (size_t i = 0; i < tool->n_slots; i++) {
        const struct jv_slot *slot = &tool->slots[i];

        if (!slot->required)
            continue;
        if (slot->kind == JV_SLOT_INTEGER) {
            if (jv_match_number(t->r, t->clause, 0) == SIZE_MAX)
                return true;
            continue;
        }
        if (jv_match_value(t->r, t->clause, family, slot->name, 0) != SIZE_MAX)
            continue;
        if (slot->kind == JV_SLOT_TEXT && tool->read_only && s->unknown == SIZE_MAX)
            s->unknown = unknown_value_at(t, family);
        if (s->unknown == SIZE_MAX)
            return true;
    }
    return false;
}

/* Values and numbers of the clause that the family cannot take. */
static double losses(const struct table *t, uint32_t family)
{
    const struct jv_catalog *c = t->r->catalog;
    const struct jv_score *s = &t->scores[family];
    const struct jv_cat_tool *tool = &c->tools[c->families[family].any];
    double lost = 0;
    bool counts = false;

    for (size_t i = 0; i < t->r->n_values; i++) {
        const struct jv_span *span = &t->r->values[i];
        const struct jv_phrase *p = value_of(t->r, i);
        size_t bit = span->from - t->clause->from;

        if (!inside(t->clause, span))
            continue;
        if (p->agent == c->families[family].agent)
            lost += jv_catalog_takes(c, family, p) ? 0 : lost_value;
        else if (bit < JV_CLAUSE_TOKENS && !(s->explained & UINT64_C(1) << bit))
            lost += lost_foreign_value;
    }
    for (size_t i = 0; i < tool->n_slots; i++)
        counts = counts || tool->slots[i].kind == JV_SLOT_INTEGER;
    if (!counts && jv_match_number(t->r, t->clause, 0) != SIZE_MAX)
        lost += lost_number;
    return lost;
}

static bool in_clause(const struct jv_clause *c, size_t token)
{
    return token >= c->from && token < c->to;
}

/* A day or a week speaks for tools that can look at one. */
static void add_dates(struct table *t)
{
    const struct jv_catalog *c = t->r->catalog;
    bool dated = false;

    for (size_t i = 0; i < t->r->n_dates; i++)
        dated = dated || in_clause(t->clause, t->r->dates[i].from);
    for (size_t i = 0; dated && i < t->n_touched; i++) {
        const struct jv_cat_tool *tool = &c->tools[c->families[t->touched[i]].any];

        for (size_t k = 0; k < tool->n_slots; k++)
            if (tool->slots[k].kind == JV_SLOT_TIME) {
                t->scores[t->touched[i]].values += date_value;
                break;
            }
    }
}

static void add_numbers(struct table *t)
{
    const struct jv_catalog *c = t->r->catalog;
    size_t at = jv_match_number(t->r, t->clause, 0);

    for (uint32_t f = 0; at != SIZE_MAX && f < c->n_families; f++) {
        const struct jv_cat_tool *tool = &c->tools[c->families[f].any];

        for (size_t i = 0; i < tool->n_slots; i++)
            if (tool->slots[i].kind == JV_SLOT_INTEGER && tool->slots[i].required) {
                touch(t, f)->values += required_value;
                explain(t, f, at, 1);
                break;
            }
    }
}

static bool says(const struct table *t, size_t from, size_t to, uint32_t term)
{
    for (size_t i = from; i < to; i++)
        if (t->r->tokens[i].term == term)
            return true;
    return false;
}

/* What the family is named for and the clause does not say: "cost" means all costs rather than the
 * cost allocation. */
static double unsaid(const struct table *t, const struct jv_cat_family *f)
{
    double sum = 0;

    for (size_t i = 0; i < f->n_core; i++)
        if (!says(t, t->clause->from, t->clause->to, f->core[i]) &&
            !says(t, t->clause->head_from, t->clause->head_to, f->core[i]))
            sum += t->r->catalog->terms[f->core[i]].telling;
    return sum * unsaid_weight;
}

/* Tools for somebody's data when it is said whose, tools for the organisation's when it is not. */
static double fit(const struct table *t, const struct jv_cat_family *f)
{
    bool personal = f->tools[JV_CALLERS] != JV_NONE || f->tools[JV_SOMEBODYS] != JV_NONE;
    bool said = t->clause->whom == JV_WHOM_CALLER || t->clause->whom == JV_WHOM_PERSON;

    if (t->clause->whom == JV_WHOM_EVERYBODY && f->tools[JV_EVERYBODYS] != JV_NONE)
        return everybody_bonus;
    if (t->clause->whom == JV_WHOM_EVERYBODY && personal)
        return -everybody_bonus;
    return personal == said ? fit_bonus : 0;
}

/* "is ticket 12301 done?": a value of the agent, though not of this tool. */
static bool is_own_value(const struct table *t, size_t token, uint32_t agent)
{
    for (size_t i = 0; i < t->r->n_values; i++) {
        const struct jv_span *s = &t->r->values[i];

        if (s->from <= token && token < s->from + s->n && value_of(t->r, i)->agent == agent)
            return true;
    }
    return false;
}

static double coverage(const struct table *t, const struct jv_score *s, uint32_t agent)
{
    double all = 0, explained = 0;

    for (size_t i = 0; i < JV_CLAUSE_TOKENS && t->clause->from + i < t->clause->to; i++) {
        double w = jv_token_weight(t->r, t->clause->from + i);

        if (s->acts && t->clause->wishes && t->r->tokens[t->clause->from + i].word->roles & JV_WISH)
            continue;
        all += w;
        if (s->explained & UINT64_C(1) << i || is_own_value(t, t->clause->from + i, agent))
            explained += w;
    }
    return all > 0 ? explained / all : 1;
}

/* "how do 1 and 2 stand?": it goes on with what was said. */
static bool joined(const struct table *t)
{
    size_t from = t->clause->from;

    return from && t->r->tokens[from - 1].word->roles & (JV_JOIN | JV_OR);
}

static bool needs_number(const struct table *t, uint32_t family)
{
    for (size_t i = 0; i < t->r->n; i++)
        if (jv_token_number(t->r, i))
            return false;
    return jv_family_needs(t->r->catalog, family, JV_SLOT_INTEGER);
}

static void conclude(struct table *t, uint32_t family, double alike)
{
    const struct jv_cat_family *f = &t->r->catalog->families[family];
    struct jv_score *s = &t->scores[family];
    double evidence, covered;

    s->missing = lacks_required(t, family);
    if (!f->read_only && f->wanted && !t->clause->looks && !t->clause->asked &&
        (t->clause->wishes || t->clause->makes_new || jv_begins_with_one(t->r, t->clause, f)) &&
        jv_names_one(t->r, t->clause, f))
        s->acts = true; /* "a new ticket", "I need a ticket" */
    if ((t->clause->wishes || jv_names_one(t->r, t->clause, f)) && !t->clause->looks && f->wanted &&
        !f->read_only && !s->missing && s->values >= required_value)
        s->acts = true;
    if (s->acts && jv_changes_nothing(t->r, t->clause, family))
        s->acts = false;
    if (s->unknown != SIZE_MAX) {
        s->values += unknown_value;
        explain(t, family, s->unknown, 1);
    }
    if (s->terms < 0.2 && alike < 0.5 && s->values < required_value)
        s->values *= no_head_factor; /* nothing but the value of an optional member */
    evidence = s->terms + s->values + example_bonus * alike * alike;
    s->total = evidence - losses(t, family) - unsaid(t, f) + fit(t, f) +
               (s->acts ? acts_bonus : 0) + t->r->catalog->agents[f->agent].priority * 0.0005;
    if (s->missing && (f->read_only || needs_number(t, family)))
        s->total *= missing_factor;
    if (!f->read_only && !s->acts)
        s->total = 0;
    if (s->missing && s->terms < 0.1 &&
        !s->acts) /* like an example, but without what that is about */
        s->total = 0;
    if (s->total < 0)
        s->total = 0;
    covered = coverage(t, s, f->agent);
    if (s->terms >= 0.2 || alike > 0.7) /* a value alone proves little among unknown words */
        covered = 0.5 + 0.5 * covered;
    s->confidence = evidence / (evidence + half_strength) * covered;
    if (s->terms < 0.1 && !s->acts && covered < 0.9 && !joined(t) &&
        t->clause->head_to == t->clause->head_from &&
        jv_match_number(t->r, t->clause, 0) != SIZE_MAX)
        s->confidence *= no_head_factor; /* "17 times 34" */
}

static void keep_best(struct jv_pick *picks, size_t *n, size_t max, struct jv_pick p)
{
    size_t i = *n < max ? (*n)++ : max;

    for (; i > 0 && picks[i - 1].score.total < p.score.total; i--)
        if (i < max)
            picks[i] = picks[i - 1];
    if (i < max)
        picks[i] = p;
}

size_t jv_match(const struct jv_reading *r, const struct jv_clause *clause, struct jv_arena *a,
                struct jv_pick *ret, size_t max)
{
    size_t families = r->catalog->n_families, n = 0;
    struct table t = { .r = r, .clause = clause };
    double *alike = JV_NEW_ARRAY(a, double, families + 1);

    t.scores = JV_NEW_ARRAY(a, struct jv_score, families + 1);
    t.last = JV_NEW_ARRAY(a, double, families + 1);
    t.last_at = JV_NEW_ARRAY(a, size_t, families + 1);
    t.seen = JV_NEW_ARRAY(a, bool, families + 1);
    t.touched = JV_NEW_ARRAY(a, uint32_t, families + 1);
    add_words(&t, clause->head_from, clause->head_to, shared_factor);
    add_words(&t, clause->from, clause->to, 1);
    add_values(&t);
    add_numbers(&t);
    add_dates(&t);
    add_examples(&t, alike);
    for (size_t i = 0; i < t.n_touched; i++) {
        uint32_t f = t.touched[i];

        conclude(&t, f, alike[f]);
        if (t.scores[f].total > least_total)
            keep_best(ret, &n, max, (struct jv_pick){ f, t.scores[f] });
    }
    return n;
}
