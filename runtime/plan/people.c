/* people.c -- whose: names are told by where they stand, never by a list of users.
 *
 * A word that a card, the lexicon or English knows is no name ("gcp's", "today's"), whoever is
 * called so, unless it stands where nothing but a name can ("of happy", "will's"). */
#include <string.h>

#include "plan/reading.h"

enum { longest_name = 40 };

static bool is_end(const struct jv_reading *r, size_t i)
{
    return i >= r->n || r->tokens[i].word->before != JV_NO_BREAK || r->tokens[i].word->told;
}

static bool has_role(const struct jv_reading *r, size_t i, jv_roles roles)
{
    return i < r->n && r->tokens[i].word->roles & roles;
}

/* user_001: an id as sign-in gives them. */
static bool is_user_id(const struct jv_word *w)
{
    return strncmp(w->norm, "user_", 5) == 0 && w->norm[5];
}

/* "belonging to", "assigned to" */
static bool is_attached(const struct jv_word *w)
{
    size_t n = strlen(w->norm);

    return w->past || (n > 5 && strcmp(w->norm + n - 3, "ing") == 0) ||
           strcmp(w->norm, "belong") == 0 || strcmp(w->norm, "belongs") == 0;
}

/* No number, no sign, no verb in -ing. */
static bool is_name_like(const char *s)
{
    size_t n = strlen(s);

    return n > 1 && n <= longest_name && !(n > 4 && strcmp(s + n - 3, "ing") == 0) &&
           !(s[strspn(s, "0123456789")] == '\0') && s[0] != '-';
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

/* What somebody's things may be called between the name and the noun: "alex open tickets". */
static bool qualifies(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    return t->in_value || has_role(r, i, JV_LATE) || (has_role(r, i, JV_GENERAL) && !t->name);
}

/* The noun that follows, behind at most two words that qualify it; SIZE_MAX: none does. */
static size_t noun_after(const struct jv_reading *r, size_t i)
{
    for (size_t k = i + 1; k < r->n && k < i + 4 && r->tokens[k].word->before == JV_NO_BREAK; k++) {
        if (jv_token_personal(r, k))
            return k;
        if (!qualifies(r, k))
            break;
    }
    return SIZE_MAX;
}

/* "sarahs tickets": the apostrophe is missing. */
static const char *without_s(const struct jv_word *w, struct jv_arena *a)
{
    size_t n = strlen(w->norm);

    if (n < 4 || w->norm[n - 1] != 's' || strchr("seiuo", w->norm[n - 2]))
        return w->norm;
    return jv_arena_strndup(a, w->norm, n - 1);
}

/* "requests Sarah raised", "vishal needs", "what alex still has" */
static bool acts(const struct jv_reading *r, size_t i)
{
    const struct jv_word *next = i + 1 < r->n ? r->tokens[i + 1].word : NULL;

    if (is_end(r, i + 1))
        return false;
    return next->past || next->roles & (JV_AUX | JV_BE | JV_WISH | JV_LATE) ||
           (has_role(r, i + 1, JV_JOIN) && has_role(r, i + 2, JV_SELF));
}

static enum jv_name_place place_of(const struct jv_reading *r, size_t i)
{
    const struct jv_token *t = &r->tokens[i];
    bool apart = t->word->before != JV_NO_BREAK || i == 0;
    bool feels = t->word->roles & JV_FEELING; /* "I am happy" is nobody's name */

    if (is_user_id(t->word))
        return JV_NAME_OWNER;
    if (t->word->roles & (JV_AUX | JV_NOUGHT) && !(t->word->roles & (JV_BE | JV_ASKING)) &&
        !t->in_date &&
        (t->word->possessive ||
         (!apart && has_role(r, i - 1, JV_OWNER | JV_PERSON) && stands_alone(r, i))))
        return JV_NAME_OWNER; /* Will's, "for Will to get" */
    if (!jv_token_unknown(r, i) || t->word->quoted || !is_name_like(t->word->norm))
        return JV_NO_NAME;
    if (i > 1 && strcmp(r->tokens[i - 1].word->norm, "to") == 0 &&
        is_attached(r->tokens[i - 2].word))
        return JV_NAME_OWNER;
    if (t->word->possessive || lists_on(r, i))
        return JV_NAME_OWNER;
    if (!apart && has_role(r, i - 1, JV_PERSON))
        return JV_NAME_OWNER;
    if (!apart && has_role(r, i - 1, JV_OWNER) && stands_alone(r, i))
        return JV_NAME_OWNER;
    if (!apart && strcmp(r->tokens[i - 1].word->norm, "about") == 0 && is_end(r, i + 1))
        return JV_NAME_OWNER; /* "what about alex" */
    if (noun_after(r, i) != SIZE_MAX && (apart || !has_role(r, i - 1, JV_MY)))
        return JV_NAME_OWNER; /* "alex progress", "show sarahs open tickets" */
    if (!apart && has_role(r, i - 1, feels ? JV_AUX : JV_AUX | JV_BE) && !t->word->past &&
        !is_end(r, i + 1))
        return JV_NAME_SUBJECT;
    if (acts(r, i) && !(feels && !t->word->capital))
        return JV_NAME_SUBJECT;
    if (!apart && jv_token_personal(r, i - 1) && is_end(r, i + 1))
        return JV_NAME_OWNER; /* "tickets vishal" */
    if (t->word->past && !t->word->capital)
        return JV_NO_NAME;
    return feels && !(t->word->capital && !apart) ? JV_NO_NAME : JV_NAME_MAYBE;
}

void jv_people_mark(struct jv_reading *r, struct jv_arena *a)
{
    for (size_t i = 0; i < r->n; i++) {
        struct jv_token *t = &r->tokens[i];

        t->name = place_of(r, i);
        t->person = t->word->norm;
        if (t->name == JV_NAME_OWNER && !t->word->possessive && noun_after(r, i) != SIZE_MAX)
            t->person = without_s(t->word, a);
    }
}
