/* match.c -- which family of tools a part of the sentence is about.
 *
 * Every token speaks for the families that claim it; a value speaks for those that can take it;
 * what a family leaves unexplained speaks against it. */
#include "plan/acts.h"
#include "plan/values.h"

#include <string.h>

static const double typo_factor = 0.85, shared_factor = 0.7, phrase_factor = 1.2;
static const double required_value = 1.5, optional_value = 0.9, unknown_value = 0.7;
static const double lost_value = 0.6, lost_foreign_value = 0.3, lost_number = 0.5;
static const double lost_name = 2.5, weak_terms = 0.2, topic_factor = 0.2;
static const double missing_factor = 0.55, example_bonus = 0.8;
static const double acts_bonus = 0.6, half_strength = 0.35;
static const double subject_share = 0.5; /* of a subject: an unknown word is one of its values */
static const double no_head_factor = 0.5, mere_number_factor = 0.4, least_total = 0.05,
                    unsaid_weight = 0.1, fit_bonus = 0.2;
enum { id_digits = 4 }; /* of a number that alone looks like an id */
static const double date_value = 0.2, general_factor = 0.6, interested_factor = 0.3,
                    everybody_bonus = 0.3;

/* A family that something speaks for. */
struct row {
    uint32_t family;
    struct jv_score score;
    double last;    /* evidence of the token in hand */
    size_t last_at; /* that token + 1 */
    double alike;   /* the example most like the clause */
};

struct table {
    const struct jv_reading *r;
    const struct jv_clause *clause;
    struct jv_arena *arena;
    uint32_t *row_of; /* by family: its row + 1 */
    struct row *rows;
    size_t n_rows, cap_rows;
    size_t number;     /* the first in the clause; SIZE_MAX */
    bool any_number;   /* in the whole text */
    double most_terms; /* of a family: what the clause is about */
    size_t n_tokens;   /* of the clause, that are looked at */
    double weights[JV_CLAUSE_TOKENS];
    size_t n_values[JV_CLAUSE_TOKENS]; /* that begin at the token */
};

/* Valid until the next new one. */
static struct row *touch(struct table *t, uint32_t family)
{
    struct row *row;

    if (t->row_of[family])
        return &t->rows[t->row_of[family] - 1];
    t->rows = jv_catalog_grow(t->arena, t->rows, t->n_rows, &t->cap_rows, sizeof(t->rows[0]));
    row = &t->rows[t->n_rows++];
    *row = (struct row){ .family = family, .score = { .unknown = SIZE_MAX } };
    t->row_of[family] = (uint32_t)t->n_rows;
    return row;
}

/* One token counts once for a family, with its best evidence. */
static void give(struct row *row, size_t token, double evidence)
{
    if (row->last_at != token + 1) {
        row->last_at = token + 1;
        row->last = 0;
    }
    if (evidence > row->last) {
        row->score.terms += evidence - row->last;
        row->last = evidence;
    }
}

static void explain(const struct table *t, struct jv_score *s, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (i >= t->clause->from && i - t->clause->from < JV_CLAUSE_TOKENS)
            s->explained |= UINT64_C(1) << (i - t->clause->from);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The family takes a value that covers this token. */
static bool takes_token(const struct table *t, uint32_t family, size_t token)
{
    const uint32_t *own;
    size_t n = jv_reading_values(t->r, t->r->catalog->families[family].agent, &own);

    for (size_t i = 0; i < n; i++) {
        const struct jv_span *s = &t->r->values[own[i]];

        if (s->from <= token && token < s->from + s->n &&
            jv_catalog_takes(t->r->catalog, family, jv_value_of(t->r, own[i])))
            return true;
    }
    return false;
}

static void add_values(struct table *t)
{
    for (size_t i = 0; i < t->r->n_values; i++) {
        const struct jv_phrase *p = jv_value_of(t->r, i);
        const struct jv_span *s = &t->r->values[i];

        if (!jv_value_inside(t->clause, s))
            continue;
        if (s->from - t->clause->from < JV_CLAUSE_TOKENS && !jv_value_other(t->r, i))
            t->n_values[s->from - t->clause->from]++;
        for (size_t k = 0; k < p->n_takers; k++) {
            struct jv_score *score;

            if (jv_value_only_done(t->r, t->clause, s, p->takers[k].family) ||
                !jv_value_takes(t->r, i, p->takers[k].family) ||
                (s->other && jv_value_other(t->r, i)))
                continue;
            score = &touch(t, p->takers[k].family)->score;
            score->values += p->takers[k].required ? required_value : optional_value;
            explain(t, score, s->from, s->n);
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
    bool acts = may_act(t, i);

    if (k->typo)
        factor *= typo_factor;
    if (k->topic)
        factor *= topic_factor;
    if (k->word->roles & (JV_GENERAL | JV_FEELING))
        factor *= k->word->past || k->word->roles & JV_FEELING ? interested_factor : general_factor;
    for (size_t n = 0; n < term->n_postings; n++) {
        const struct jv_posting *p = &term->postings[n];
        bool taken = k->in_value && takes_token(t, p->family, i);
        struct row *row;

        if (taken && !(p->acts && acts))
            continue;
        row = touch(t, p->family);
        row->score.acts = row->score.acts || (p->acts && acts);
        if (taken)
            continue;
        give(row, i, p->weight * term->telling * factor);
        explain(t, &row->score, i, 1);
    }
}

static void add_phrases(struct table *t, size_t from, size_t to, double factor)
{
    for (size_t i = 0; i < t->r->n_phrases; i++) {
        const struct jv_span *s = &t->r->phrases[i];
        const struct jv_phrase *p = &t->r->catalog->phrases[s->phrase];
        struct row *row;

        if (s->from < from || s->from >= to ||
            (takes_token(t, p->family, s->from) && takes_token(t, p->family, s->from + s->n - 1)))
            continue;
        row = touch(t, p->family);
        if (t->r->tokens[s->from + s->n - 1].topic)
            continue; /* "my budget", of a ticket */
        if (p->own && !t->r->catalog->families[p->family].read_only && asks_for(t, s))
            row->score.acts = true; /* "put in a request" */
        give(row, s->from, p->weight * p->telling * phrase_factor * factor);
        explain(t, &row->score, s->from, s->n);
    }
}

static void add_words(struct table *t, size_t from, size_t to, double factor)
{
    for (size_t i = from; i < to; i++) {
        const struct jv_token *k = &t->r->tokens[i];

        if (k->term != JV_NONE && k->name <= JV_NAME_MAYBE && !k->word->number && !k->in_date &&
            !k->aside)
            add_term(t, i, factor);
    }
    add_phrases(t, from, to, factor);
}

/* ---- examples: the shape of the sentence ----------------------------------------------------- */

struct shape {
    size_t n;
    uint32_t terms[JV_CLAUSE_TOKENS]; /* JV_NONE: a value, a name, a number, an unknown word */
    double weights[JV_CLAUSE_TOKENS], weight;
};

static struct shape shape_of(const struct table *t)
{
    struct shape s = { 0 };

    for (size_t i = t->clause->from; i < t->clause->to && s.n < JV_CLAUSE_TOKENS; i++) {
        const struct jv_token *k = &t->r->tokens[i];
        bool open = k->name > JV_NAME_MAYBE || k->in_value || k->in_date || k->word->number ||
                    jv_token_unknown(t->r, i);

        if (!open && k->term == JV_NONE)
            s.terms[s.n++] = JV_NO_TERM;
        else if (!open || !s.n || s.terms[s.n - 1] != JV_NONE)
            s.terms[s.n++] = open ? JV_NONE : k->term;
    }
    for (size_t i = 0; i < s.n; i++) {
        s.weights[i] = jv_shape_weight(t->r->catalog, s.terms[i]);
        s.weight += s.weights[i];
    }
    return s;
}

/* What two rows have in common against what they hold, 0 to 1. */
static double similarity(const struct shape *s, const struct jv_example *e)
{
    double common = 0, all = e->weight;
    uint64_t used = 0;

    for (size_t i = 0; i < s->n; i++) {
        all += s->weights[i];
        for (size_t k = 0; k < e->n && k < 64; k++)
            if (s->terms[i] == e->terms[k] && !(used & UINT64_C(1) << k)) {
                used |= UINT64_C(1) << k;
                common += 2 * s->weights[i];
                break;
            }
    }
    return all > 0 ? common / all : 0;
}

static void add_loose(struct table *t, const struct shape *s)
{
    static const double strong = 0.75;
    const struct jv_catalog *c = t->r->catalog;

    for (size_t i = 0; i < c->n_loose; i++) {
        const struct jv_example *e = &c->examples[c->loose[i]];
        double alike;
        struct row *row;

        if (e->weight * strong > s->weight * (2 - strong))
            continue; /* there is too much more in it */
        alike = similarity(s, e);
        if (alike < strong)
            continue;
        row = touch(t, e->family);
        row->alike = alike > row->alike ? alike : row->alike;
    }
}

/* The bonus of the most alike example goes to each family; alone it is evidence when it is strong.
 */
static void add_examples(struct table *t)
{
    const struct jv_catalog *c = t->r->catalog;
    struct shape s = shape_of(t);

    if (!t->n_rows)
        add_loose(t, &s);
    for (size_t i = 0; i < t->n_rows; i++) {
        struct row *row = &t->rows[i];
        const struct jv_cat_family *f = &c->families[row->family];

        for (uint32_t k = 0; k < f->n_examples; k++) {
            double alike = similarity(&s, &c->examples[f->first_example + k]);

            row->alike = alike > row->alike ? alike : row->alike;
        }
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

static bool lacks_required(const struct table *t, uint32_t family, struct jv_score *s)
{
    const struct jv_catalog *c = t->r->catalog;
    const struct jv_cat_tool *tool = &c->tools[c->families[family].any];

    for (size_t i = 0; i < tool->n_slots; i++) {
        const struct jv_slot *slot = &tool->slots[i];

        if (!slot->required)
            continue;
        if (slot->kind == JV_SLOT_INTEGER) {
            if (t->number == SIZE_MAX)
                return true;
            continue;
        }
        if (jv_match_value(t->r, t->clause, family, slot->name, 0) != SIZE_MAX)
            continue;
        if (slot->kind == JV_SLOT_TEXT && tool->read_only && s->unknown == SIZE_MAX &&
            s->terms >= subject_share * t->most_terms)
            s->unknown = unknown_value_at(t, family);
        if (s->unknown == SIZE_MAX)
            return true;
    }
    return false;
}

/* Values and numbers of the clause that the family cannot take. */
/* "gcp": some tool must have it; it is what the question is about. */
static bool is_name(const struct jv_phrase *p)
{
    for (size_t i = 0; i < p->n_takers; i++)
        if (p->takers[i].required)
            return true;
    return false;
}

static double losses(const struct table *t, uint32_t family, const struct jv_score *s)
{
    const struct jv_catalog *c = t->r->catalog;
    const uint32_t *own;
    size_t n = jv_reading_values(t->r, c->families[family].agent, &own);
    size_t own_at[JV_CLAUSE_TOKENS] = { 0 };
    double lost = 0;

    for (size_t i = 0; i < n; i++) {
        const struct jv_span *span = &t->r->values[own[i]];
        size_t bit = span->from - t->clause->from;

        if (!jv_value_inside(t->clause, span) || jv_value_again(t->r, own[i], family) ||
            jv_value_other(t->r, own[i]))
            continue;
        if (!jv_value_takes(t->r, own[i], family))
            lost += is_name(jv_value_of(t->r, own[i])) ? lost_name : lost_value;
        if (bit < JV_CLAUSE_TOKENS)
            own_at[bit]++;
    }
    for (size_t bit = 0; bit < t->n_tokens; bit++)
        if (t->n_values[bit] > own_at[bit] && !(s->explained & UINT64_C(1) << bit))
            lost += lost_foreign_value *
                    jv_rarity((double)(t->n_values[bit] - own_at[bit]), (double)c->n_agents);
    if (!c->families[family].numbered && t->number != SIZE_MAX)
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
    for (size_t i = 0; dated && i < t->n_rows; i++)
        if (c->families[t->rows[i].family].dated)
            t->rows[i].score.values += date_value;
}

static void add_numbers(struct table *t)
{
    const struct jv_catalog *c = t->r->catalog;

    for (size_t i = 0; t->number != SIZE_MAX && i < c->n_numbered; i++) {
        struct jv_score *s = &touch(t, c->numbered[i])->score;

        s->values += required_value;
        for (size_t k = t->number; k != SIZE_MAX; k = jv_match_number(t->r, t->clause, k + 1))
            explain(t, s, k, 1);
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
    bool nameless = !f->n_core && t->r->catalog->tools[f->any].name; /* "get_all" */
    double sum = nameless ? 1 : 0;

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

/* "is ticket 12301 done?": values of the agent, though not of this tool. */
static uint64_t own_values(const struct table *t, uint32_t agent)
{
    const uint32_t *own;
    size_t n = jv_reading_values(t->r, agent, &own);
    struct jv_score s = { 0 };

    for (size_t i = 0; i < n; i++)
        explain(t, &s, t->r->values[own[i]].from, t->r->values[own[i]].n);
    return s.explained;
}

/* "open a ticket for | repairing the broken printer": what may be any text explains itself. */
static bool begins_text(const struct table *t, const struct jv_score *s,
                        const struct jv_cat_family *f, size_t i)
{
    const struct jv_cat_tool *tool = &t->r->catalog->tools[f->any];
    size_t at = t->clause->from + i;
    bool text = false;

    if (!s->acts || !s->missing || !i)
        return false;
    for (size_t k = 0; k < tool->n_slots; k++)
        text = text || (tool->slots[k].required && tool->slots[k].kind == JV_SLOT_TEXT);
    return text && (jv_word_is(t->r, at, "for") || jv_word_is(t->r, at, "to") ||
                    jv_word_is(t->r, at, "about") || t->r->tokens[at].word->told);
}

static double coverage(const struct table *t, const struct jv_score *s,
                       const struct jv_cat_family *family)
{
    double all = 0, explained = 0;
    uint64_t known = s->explained | own_values(t, family->agent);

    for (size_t i = 0; i < t->n_tokens; i++) {
        if (begins_text(t, s, family, i))
            break;
        if (s->acts && t->clause->wishes && t->r->tokens[t->clause->from + i].word->roles & JV_WISH)
            continue;
        all += t->weights[i];
        if (known & UINT64_C(1) << i)
            explained += t->weights[i];
    }
    return all > 0 ? explained / all : 1;
}

/* "how do 1 and 2 stand?": it goes on with what was said. */
static bool joined(const struct table *t)
{
    size_t from = t->clause->from;

    return from && t->r->tokens[from - 1].word->roles & (JV_JOIN | JV_OR);
}

/* "ticket 12304: rejected": what it is to be. */
static bool is_set(const struct table *t, uint32_t family)
{
    const struct jv_cat_family *f = &t->r->catalog->families[family];

    if (f->read_only || !f->needs_number || t->number == SIZE_MAX || t->clause->asked ||
        t->clause->looks || t->clause->whom != JV_WHOM_NONE)
        return false;
    for (size_t i = 0; i < t->r->n_values; i++)
        if (jv_value_inside(t->clause, &t->r->values[i]) && t->r->values[i].from > t->number &&
            t->r->tokens[t->r->values[i].from].word->told &&
            jv_catalog_takes(t->r->catalog, family, jv_value_of(t->r, i)))
            return true;
    return false;
}

static bool wants_more(const struct table *t)
{
    for (size_t i = t->clause->from; i < t->clause->to; i++)
        if (jv_word_is(t->r, i, "more") || jv_word_is(t->r, i, "another"))
            return true;
    return false;
}

/* It changes something, and nothing asks it to. */
static bool is_out(const struct table *t, const struct jv_cat_family *f, const struct jv_score *s)
{
    if (f->read_only && t->clause->wishes && !t->clause->looks && !t->clause->asked &&
        wants_more(t))
        return s->terms < weak_terms; /* "I need more storage" */
    return !f->read_only && !s->acts && (!f->wanted || t->clause->looks);
}

/* "17 times 34" is about no ticket; "news on 12301?" may be. */
static bool is_mere_number(const struct table *t, const struct jv_score *s, double covered)
{
    bool borrows = t->clause->head_to > t->clause->head_from;

    size_t ids = 0;

    for (size_t i = t->clause->from; i < t->clause->to; i++)
        ids += jv_token_number(t->r, i) && strlen(t->r->tokens[i].word->norm) >= id_digits;
    if (t->number == SIZE_MAX || s->terms >= 0.1 || s->acts || joined(t) || borrows || ids > 1)
        return false;
    return covered < (strlen(t->r->tokens[t->number].word->norm) >= id_digits ? 0.5 : 0.9);
}

/* "... for alex", "... for me" */
static bool for_somebody(const struct table *t)
{
    for (size_t i = t->clause->from; i + 1 < t->clause->to; i++)
        if (jv_word_is(t->r, i, "for") &&
            (jv_roles_at(t->r, i + 1) & (JV_SELF | JV_MY) || t->r->tokens[i + 1].name))
            return true;
    return false;
}

/* "what exams must I have done": a value alone does not speak against what is named. */
static bool is_not_named(const struct table *t, const struct row *row)
{
    const struct jv_catalog *c = t->r->catalog;

    for (size_t i = 0; i < t->n_rows && row->score.terms < weak_terms; i++) {
        const struct jv_cat_family *f = &c->families[t->rows[i].family];

        if (f->agent != c->families[row->family].agent || t->rows[i].family == row->family)
            continue;
        for (size_t k = 0; k < f->n_core && t->rows[i].score.terms >= 3 * weak_terms; k++)
            if (says(t, t->clause->from, t->clause->to, f->core[k]) &&
                f->tools[JV_SOMEBODYS] != JV_NONE)
                return true;
    }
    return false;
}

static void conclude(const struct table *t, struct row *row)
{
    const struct jv_cat_family *f = &t->r->catalog->families[row->family];
    struct jv_score *s = &row->score;
    double evidence, covered;
    bool begins;

    s->acts = s->acts || is_set(t, row->family);
    if (is_out(t, f, s))
        return;
    s->missing = lacks_required(t, row->family, s);
    begins = t->clause->makes_new || jv_begins_with_one(t->r, t->clause, f);
    if (!f->read_only && f->wanted && !t->clause->looks && !t->clause->asked &&
        (t->clause->wishes || begins) && jv_names_one(t->r, t->clause, f))
        s->acts = true; /* "a new ticket", "I need a ticket" */
    if ((t->clause->wishes || ((begins || for_somebody(t)) && jv_names_one(t->r, t->clause, f))) &&
        !t->clause->looks && f->wanted && !f->read_only && !s->missing &&
        s->values >= required_value)
        s->acts = true;
    if (s->acts && (jv_changes_nothing(t->r, t->clause, row->family) ||
                    (!f->read_only && !f->needs_number && jv_names_known(t->r, t->clause, f))))
        s->acts = false;
    if (s->unknown != SIZE_MAX) {
        s->values += unknown_value;
        explain(t, s, s->unknown, 1);
    }
    if (s->terms < 0.2 && row->alike < 0.5 && s->values < required_value)
        s->values *= no_head_factor; /* nothing but the value of an optional member */
    if (s->values < required_value && is_not_named(t, row))
        s->values *= weak_terms;
    evidence = s->terms + s->values + example_bonus * row->alike * row->alike;
    s->unsaid = unsaid(t, f);
    s->total = evidence - losses(t, row->family, s) - s->unsaid + fit(t, f) +
               (s->acts ? acts_bonus : 0) + t->r->catalog->agents[f->agent].priority * 0.0005;
    if (s->missing && (f->read_only || (f->needs_number && !t->any_number)))
        s->total *= missing_factor;
    if (!f->read_only && !s->acts)
        s->total = 0;
    if (s->missing && s->terms < 0.1 &&
        !s->acts) /* like an example, but without what that is about */
        s->total = 0;
    if (s->total < 0)
        s->total = 0;
    covered = coverage(t, s, f);
    if (s->terms >= 0.2 || row->alike > 0.7) /* a value alone proves little among unknown words */
        covered = 0.5 + 0.5 * covered;
    s->confidence = evidence / (evidence + half_strength) * covered;
    if (is_mere_number(t, s, covered))
        s->confidence *= mere_number_factor;
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

/* What is the same for all families. */
static struct table table_of(const struct jv_reading *r, const struct jv_clause *clause,
                             struct jv_arena *a)
{
    struct table t = { .r = r, .clause = clause, .arena = a };

    t.row_of = JV_NEW_ARRAY(a, uint32_t, r->catalog->n_families + 1);
    t.number = jv_match_number(r, clause, 0);
    for (size_t i = 0; i < r->n; i++)
        t.any_number = t.any_number || jv_token_number(r, i);
    t.n_tokens = clause->to - clause->from;
    t.n_tokens = t.n_tokens < JV_CLAUSE_TOKENS ? t.n_tokens : JV_CLAUSE_TOKENS;
    for (size_t i = 0; i < t.n_tokens; i++)
        t.weights[i] = r->tokens[clause->from + i].topic ? 0 : jv_token_weight(r, clause->from + i);
    return t;
}

static void find_subject(struct table *t)
{
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->rows[i].score.terms > t->most_terms)
            t->most_terms = t->rows[i].score.terms;
}

size_t jv_match(const struct jv_reading *r, const struct jv_clause *clause, struct jv_arena *a,
                struct jv_pick *ret, size_t max)
{
    struct table t = table_of(r, clause, a);
    size_t n = 0;

    add_words(&t, clause->head_from, clause->head_to, shared_factor);
    add_words(&t, clause->from, clause->to, 1);
    add_values(&t);
    add_numbers(&t);
    add_dates(&t);
    add_examples(&t);
    find_subject(&t);
    for (size_t i = 0; i < t.n_rows; i++) {
        const struct row *row = &t.rows[i];

        conclude(&t, &t.rows[i]);
        if (row->score.total > least_total)
            keep_best(ret, &n, max, (struct jv_pick){ row->family, row->score });
    }
    return n;
}
