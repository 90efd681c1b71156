/* rows.c -- what is said once for several things that stand in a row: "alex and sarah's tickets",
 * "exams and tickets due this week". */
#include "plan/parts.h"

static const double least_confidence = 0.3;

/* Nothing but a name, and words that lead to it: "compare alex's". */
static bool is_names(const struct jv_reading *r, const struct jv_clause *c)
{
    bool named = false;

    for (size_t i = c->from; i < c->to; i++) {
        named = named || r->tokens[i].name;
        if (!r->tokens[i].name &&
            !(jv_roles_at(r, i) & (JV_READ | JV_COMPARE | JV_OWNER | JV_POLITE)))
            return false;
    }
    return named && r->tokens[c->to - 1].name;
}

/* "alex and sarah's tickets", "vishal and happy: ...": the next part is about them, too. */
size_t jv_join_names(const struct jv_reading *r, struct jv_wish *all, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct jv_clause *c = &all[i].clause, *next = i + 1 < n ? &all[i + 1].clause : NULL;
        struct jv_clause joined;

        bool listed = next && next->before == JV_COMMA && is_names(r, next) && i + 2 < n;

        if (!next || !is_names(r, c) ||
            (!listed && (next->before != JV_NO_BREAK || next->from == c->to)) ||
            next->whom != JV_WHOM_PERSON || !r->tokens[next->from].name) {
            all[kept++] = all[i];
            continue;
        }
        joined = *next;
        joined.n_names = 0;
        for (size_t k = c->from; k < c->to && joined.n_names < JV_CLAUSE_NAMES; k++)
            if (r->tokens[k].name)
                joined.names[joined.n_names++] = r->tokens[k].person;
        for (size_t k = 0; k < next->n_names && joined.n_names < JV_CLAUSE_NAMES; k++)
            joined.names[joined.n_names++] = next->names[k];
        *next = joined;
    }
    return kept;
}

static const struct jv_date *date_of(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = 0; i < r->n_dates; i++)
        if (r->dates[i].from >= c->from && r->dates[i].from < c->to)
            return &r->dates[i];
    return NULL;
}

/* "exams and tickets due this week": the time is that of both. */
void jv_share_dates(const struct jv_reading *r, struct jv_wish *wishes, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        const struct jv_date *d = date_of(r, &wishes[i].clause);
        struct jv_clause *c = &wishes[i - 1].clause;

        if (!d || d->from + d->n != wishes[i].clause.to || date_of(r, c) ||
            c->head_to > c->head_from || wishes[i].clause.before != JV_NO_BREAK ||
            wishes[i].clause.from != c->to + 1 || jv_has_value(r, c) ||
            !r->catalog->families[wishes[i - 1].picks[0].family].dated)
            continue;
        c->head_from = d->from;
        c->head_to = d->from + d->n;
    }
}

/* "my tickets", "exams": things are named, not just a word about them. */
bool jv_names_things(const struct jv_reading *r, const struct jv_wish *w)
{
    static const jv_roles whose = JV_MY | JV_THEIRS | JV_EVERY | JV_WE;
    const struct jv_cat_family *f = &r->catalog->families[w->picks[0].family];

    for (size_t i = w->clause.from; i < w->clause.to; i++) {
        const struct jv_word *word = r->tokens[i].word;
        bool owned = i && (jv_roles_at(r, i - 1) & whose || r->tokens[i - 1].word->possessive);

        if (!jv_token_personal(r, i) || word->going || word->past)
            continue;
        if (word->plural)
            return true;
        for (size_t k = 0; owned && k < f->n_core; k++)
            if (f->core[k] == r->tokens[i].term)
                return true;
    }
    return false;
}

static bool any_acts(const struct jv_wish *wishes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (wishes[i].n_picks && wishes[i].picks[0].score.acts)
            return true;
    return false;
}

/* A noun of somebody's things, or a thing by its name, in a row of wishes is one, though other
 * words stand around it. */
void jv_trust_rows(const struct jv_reading *r, struct jv_wish *wishes, size_t n)
{
    static const double plain = 0.62, noun = 0.6, named = 1.5;

    for (size_t i = 0; i < n && n > 1 && !any_acts(wishes, n); i++) {
        struct jv_wish *w = &wishes[i];
        struct jv_score *s = &w->picks[0].score;
        bool says = w->n_picks && ((s->terms >= noun && jv_names_things(r, w)) ||
                                   (s->values >= named && w->clause.looks));
        bool row = (i && w->clause.before < JV_STOP) ||
                   (i + 1 < n && wishes[i + 1].clause.before < JV_STOP);

        if (says && row && w->mood != JV_STATEMENT && s->confidence >= least_confidence &&
            s->confidence < plain && r->catalog->families[w->picks[0].family].read_only &&
            !s->missing)
            s->confidence = plain;
    }
}
