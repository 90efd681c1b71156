/* people.c -- whose: names are told by where they stand, never by a list of users.
 *
 * A word that a card or the lexicon knows is no name ("gcp's", "today's"), whoever is called so. */
#include <string.h>

#include "plan/reading.h"

static bool is_end(const struct jv_reading *r, size_t i)
{
    return i >= r->n || r->tokens[i].word->before != JV_NO_BREAK;
}

static bool has_role(const struct jv_reading *r, size_t i, unsigned roles)
{
    return i < r->n && r->tokens[i].word->roles & roles;
}

/* user_001: an id as sign-in gives them. */
static bool is_user_id(const struct jv_word *w)
{
    return strncmp(w->norm, "user_", 5) == 0 && w->norm[5];
}

/* "for alex to get ...", "tickets of alex", but not "for laptop repair". */
static bool stands_alone(const struct jv_reading *r, size_t i)
{
    return is_end(r, i + 1) || has_role(r, i + 1, JV_FUNCTION);
}

/* "for alex, vishal and sarah": one more name in the row. */
static bool lists_on(const struct jv_reading *r, size_t i)
{
    size_t before = i && has_role(r, i - 1, JV_JOIN | JV_OR) ? i - 1 : i;

    return before && (before < i || r->tokens[i].word->before == JV_COMMA) &&
           r->tokens[before - 1].name == JV_NAME_OWNER && !r->tokens[before - 1].word->possessive &&
           stands_alone(r, i);
}

static enum jv_name_place place_of(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];
    bool apart = t->word->before != JV_NO_BREAK || i == 0;

    if (is_user_id(t->word))
        return JV_NAME_OWNER;
    if (!jv_token_unknown(r, i))
        return JV_NO_NAME;
    if (t->word->possessive || lists_on(r, i))
        return JV_NAME_OWNER;
    if (apart)
        return JV_NO_NAME;
    if (has_role(r, i - 1, JV_PERSON))
        return JV_NAME_OWNER;
    if (has_role(r, i - 1, JV_OWNER) && stands_alone(r, i))
        return JV_NAME_OWNER;
    if (has_role(r, i - 1, JV_AUX) && !t->word->past && !is_end(r, i + 1))
        return JV_NAME_SUBJECT;
    /* written as a name: "show Alex tickets" */
    if (t->word->capital && !r->tokens[i - 1].word->capital && i + 1 < r->n &&
        has_role(r, i - 1, JV_READ | JV_SELF))
        return JV_NAME_OWNER;
    return JV_NO_NAME;
}

void jv_people_mark(struct jv_reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        r->tokens[i].name = place_of(r, i);
}
