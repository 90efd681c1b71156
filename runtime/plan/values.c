/* values.c -- which values of a part of the sentence a family takes. */
#include "plan/values.h"

#include "plan/acts.h"

#include <string.h>

const struct jv_phrase *jv_value_of(const struct jv_reading *r, size_t i)
{
    return &r->catalog->phrases[r->values[i].phrase];
}

bool jv_value_inside(const struct jv_clause *clause, const struct jv_span *s)
{
    return s->from >= clause->from && s->from < clause->to;
}

/* "closed" is two values, of which the family takes one: an earlier one, that begins here, too, and
 * that it takes. */
bool jv_value_again(const struct jv_reading *r, size_t i, uint32_t family)
{
    const struct jv_phrase *p = jv_value_of(r, i);

    for (size_t k = i; k-- > 0 && r->values[k].from == r->values[i].from;)
        if (jv_value_of(r, k)->agent == p->agent &&
            strcmp(jv_value_of(r, k)->member, p->member) == 0 &&
            jv_catalog_takes(r->catalog, family, jv_value_of(r, k)) && !r->values[k].other)
            return true;
    return false;
}

/* The family takes the value; what else it may be, when it is denied, only to look. */
bool jv_value_takes(const struct jv_reading *r, size_t i, uint32_t family)
{
    return jv_catalog_takes(r->catalog, family, jv_value_of(r, i)) &&
           !(r->values[i].other && !r->catalog->families[family].read_only) &&
           !jv_value_again(r, i, family);
}

/* The word is one of a tool that changes something. */
static bool does(const struct jv_reading *r, size_t i)
{
    const struct jv_term *t =
            r->tokens[i].term == JV_NONE ? NULL : &r->catalog->terms[r->tokens[i].term];

    for (size_t k = 0; t && k < t->n_postings; k++)
        if (t->postings[k].acts)
            return true;
    return false;
}

/* "complete the ticket", but not "the complete list": a verb is a value only where it is done. */
bool jv_value_only_done(const struct jv_reading *r, const struct jv_clause *clause,
                        const struct jv_span *s, uint32_t family)
{
    const struct jv_catalog *c = r->catalog;

    if (s->other)
        return false;
    if (c->families[family].read_only && s->n == 1 && !r->tokens[s->from].word->past &&
        does(r, s->from) && jv_may_act(r, clause, s->from))
        return true; /* "open a ticket" */
    return c->phrases[s->phrase].verb && c->families[family].read_only &&
           !r->tokens[s->from].word->past && !r->tokens[s->from].typo && s->n == 1 &&
           !(s->from && r->tokens[s->from - 1].word->roles & (JV_BE | JV_LATE));
}

/* Of what else it may be, when a value is denied, this is not the first. */
bool jv_value_other(const struct jv_reading *r, size_t i)
{
    return i && r->values[i].other && r->values[i - 1].other &&
           r->values[i - 1].from == r->values[i].from &&
           jv_value_of(r, i - 1)->agent == jv_value_of(r, i)->agent;
}

size_t jv_match_value(const struct jv_reading *r, const struct jv_clause *clause, uint32_t family,
                      const char *member, size_t at)
{
    const uint32_t *own;
    size_t n = jv_reading_values(r, r->catalog->families[family].agent, &own);

    for (size_t i = 0; i < n; i++)
        if (own[i] >= at && jv_value_inside(clause, &r->values[own[i]]) &&
            strcmp(jv_value_of(r, own[i])->member, member) == 0 &&
            jv_value_takes(r, own[i], family) &&
            !jv_value_only_done(r, clause, &r->values[own[i]], family))
            return own[i];
    return SIZE_MAX;
}

size_t jv_match_number(const struct jv_reading *r, const struct jv_clause *clause, size_t at)
{
    for (at = at < clause->from ? clause->from : at; at < clause->to; at++)
        if (jv_token_number(r, at))
            return at;
    return SIZE_MAX;
}
