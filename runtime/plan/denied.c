/* denied.c -- values that are not meant as they stand: denied ("not pending", "all but aws"), one
 * end of a row ("from least to most"), or only what a thing is about ("my budget ticket"). */
#include <string.h>

#include "plan/reading.h"

enum { most_left = 4, most_choices = 16 }; /* values that may take the place of those denied */

static const struct jv_phrase *phrase_of(const struct jv_reading *r, size_t value)
{
    return &r->catalog->phrases[r->values[value].phrase];
}

static bool same_member(const struct jv_phrase *a, const struct jv_phrase *b)
{
    return a->agent == b->agent && a->family == b->family && strcmp(a->member, b->member) == 0;
}

static bool is_one_of(const struct jv_reading *r, size_t i, const char *const *words, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (jv_word_is(r, i, words[k]))
            return true;
    return false;
}

static bool is_order(const struct jv_phrase *p)
{
    return strcmp(p->member, "order") == 0;
}

/* ---- what is denied -------------------------------------------------------------------------- */

/* A word that may stand between "not" and the value: "not [interested in the] storage". */
static bool leads_to_value(const struct jv_reading *r, size_t i)
{
    static const jv_roles whose =
            JV_MY | JV_SELF | JV_WE | JV_THEIRS | JV_ASKING | JV_JOIN | JV_OR | JV_CAUSE;
    static const char *const verbs[] = { "show", "list", "give", "tell" };
    jv_roles roles = jv_roles_at(r, i);

    if (i && (jv_word_is(r, i, "me") || jv_word_is(r, i, "us")) &&
        is_one_of(r, i - 1, verbs, JV_COUNT(verbs)))
        return true;
    if (roles & JV_READ)
        return is_one_of(r, i, verbs, JV_COUNT(verbs));
    return roles & (JV_FUNCTION | JV_GENERAL) && !(roles & whose) && !jv_word_is_you(r, i);
}

/* "everything but": all else. */
static bool is_all_but(const struct jv_reading *r, size_t i)
{
    static const char *const all[] = { "all", "everything", "everyone", "everybody", "anything" };

    if (!i || !jv_word_is(r, i, "but"))
        return false;
    return is_one_of(r, i - 1, all, JV_COUNT(all)) ||
           (i > 1 && jv_roles_at(r, i - 2) & JV_EVERY && jv_roles_at(r, i + 1) & JV_ARTICLE);
}

/* "not only", "why don't you": it denies nothing. */
static bool denies(const struct jv_reading *r, size_t i)
{
    static const char *const more[] = { "only", "just", "merely", "sure" };

    if (is_all_but(r, i) || (i && jv_word_is(r, i, "besides") && jv_token_personal(r, i - 1)))
        return true;
    if (jv_word_is(r, i, "no") && r->tokens[i + 1].in_value && (!i || r->tokens[i].word->before))
        return true; /* "..., no closed tickets please" */
    return jv_roles_at(r, i) & JV_NOT && !r->tokens[i].in_value &&
           !is_one_of(r, i + 1, more, JV_COUNT(more)) && !jv_word_is_you(r, i + 1) &&
           !(jv_roles_at(r, i + 1) & (JV_SELF | JV_WE));
}

/* "finished or not": both. */
static bool is_either(const struct jv_reading *r, const struct jv_span *s)
{
    size_t i = s->from + s->n;

    while (jv_word_is(r, i, "ones") || jv_word_is(r, i, "yet") || jv_word_is(r, i, "already"))
        i++;
    return jv_word_is(r, i, "or") && jv_word_is(r, i + 1, "not") && !r->tokens[i + 1].in_value;
}

/* "except", "other than", "leaving out": left out of what is looked at, whatever it is. */
static bool leaves_out(const struct jv_reading *r, size_t i)
{
    static const char *const words[] = { "except", "excluding", "exclude", "omit",   "omitting",
                                         "minus",  "other",     "apart",   "besides" };

    return is_all_but(r, i) || is_one_of(r, i, words, JV_COUNT(words)) ||
           jv_word_is(r, i, "leave") || jv_word_is(r, i, "leaving");
}

/* sharp: only what is left out, not what is "not" there. */
static bool is_denied(const struct jv_reading *r, size_t value, bool sharp)
{
    enum { reach = 6 };
    size_t from = r->values[value].from;

    for (size_t i = from; i-- > 0 && i + reach >= from;) {
        if (r->tokens[i + 1].word->before != JV_NO_BREAK)
            return false;
        if (denies(r, i) && (!sharp || leaves_out(r, i)))
            return true;
        if (!leads_to_value(r, i))
            return false;
    }
    return false;
}

/* "except aws and gcp": it goes on with one that is denied. */
static bool goes_on(const struct jv_reading *r, size_t value, size_t denied)
{
    const struct jv_span *s = &r->values[value], *d = &r->values[denied];

    if (s->from < d->from + d->n || !same_member(phrase_of(r, value), phrase_of(r, denied)))
        return false;
    for (size_t i = d->from + d->n; i < s->from; i++)
        if (!(jv_roles_at(r, i) & (JV_JOIN | JV_OR | JV_NOT | JV_ARTICLE)))
            return false;
    return r->tokens[s->from].word->before < JV_STOP;
}

/* Another agent's value in the same words, where those go on with what is denied. */
static bool goes_with(const struct jv_reading *r, size_t value, size_t denied)
{
    for (size_t k = 0; k < r->n_values; k++)
        if (r->values[k].from == r->values[value].from && r->values[k].n == r->values[value].n &&
            goes_on(r, k, denied))
            return true;
    return false;
}

/* Words of one's own that a change may be about: "I cannot work without a laptop". */
static bool is_wanted(const struct jv_reading *r, size_t value)
{
    const struct jv_phrase *p = phrase_of(r, value);

    for (size_t i = 0; i < p->n_takers; i++) {
        const struct jv_cat_family *f = &r->catalog->families[p->takers[i].family];
        const struct jv_slot *s = jv_catalog_slot(&r->catalog->tools[f->any], p->member);

        if (!f->read_only && s && s->kind == JV_SLOT_TEXT)
            return true;
    }
    return false;
}

static bool find_denied(const struct jv_reading *r, bool *denied)
{
    bool any = false;

    for (size_t i = 0; i < r->n_values; i++) {
        denied[i] = is_denied(r, i, is_wanted(r, i)) || is_either(r, &r->values[i]);
        for (size_t k = 0; k < i && !denied[i]; k++)
            denied[i] = denied[k] && goes_on(r, i, k);
        any = any || denied[i];
    }
    return any;
}

/* ---- what is left ---------------------------------------------------------------------------- */

/* All tools of the agent that choose this member can be given the value. */
static bool is_plain(const struct jv_catalog *c, const struct jv_phrase *p)
{
    for (size_t i = 0; i < c->n_tools; i++) {
        const struct jv_slot *s =
                c->tools[i].agent == p->agent ? jv_catalog_slot(&c->tools[i], p->member) : NULL;
        bool has = !s || s->kind != JV_SLOT_CHOICE;

        for (size_t k = 0; !has && k < s->n_choices; k++)
            has = strcmp(s->choices[k], p->value) == 0;
        if (!has)
            return false;
    }
    return true;
}

static bool is_listed(const struct jv_catalog *c, const uint32_t *phrases, size_t n,
                      const struct jv_phrase *p)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(c->phrases[phrases[i]].value, p->value) == 0)
            return true;
    return false;
}

/* The values of the member, each by one of its phrases. */
static size_t all_values(const struct jv_catalog *c, const struct jv_phrase *of, uint32_t *ret)
{
    size_t n = 0;

    for (uint32_t i = 0; i < c->n_phrases && n < most_choices; i++)
        if (c->phrases[i].family == JV_NONE && same_member(&c->phrases[i], of) &&
            !is_listed(c, ret, n, &c->phrases[i]) && is_plain(c, &c->phrases[i]))
            ret[n++] = i;
    return n;
}

/* The value is said, too, of the same member, and not denied: "not the finished ones, only what is
 * open". */
static bool is_said_otherwise(const struct jv_reading *r, const bool *denied, size_t value)
{
    for (size_t i = 0; i < r->n_values; i++)
        if (!denied[i] && same_member(phrase_of(r, i), phrase_of(r, value)))
            return true;
    return false;
}

static bool is_first(const struct jv_reading *r, const bool *denied, size_t value)
{
    for (size_t i = 0; i < value; i++)
        if (denied[i] && same_member(phrase_of(r, i), phrase_of(r, value)))
            return false;
    return true;
}

/* What may stand for a denied value: all of the member that nobody denied; 0: too many. */
static size_t left(const struct jv_reading *r, const bool *denied, size_t value, uint32_t *ret)
{
    const struct jv_catalog *c = r->catalog;
    uint32_t all[most_choices];
    size_t n_all = all_values(c, phrase_of(r, value), all), n = 0;

    for (size_t k = 0; k < n_all; k++) {
        bool out = false;

        for (size_t i = 0; i < r->n_values; i++)
            out = out || (denied[i] && same_member(phrase_of(r, i), phrase_of(r, value)) &&
                          strcmp(phrase_of(r, i)->value, c->phrases[all[k]].value) == 0);
        if (!out && n < most_left)
            ret[n++] = all[k];
        else if (!out)
            return 0;
    }
    return n < n_all ? n : 0; /* "open" is not among them */
}

static void set_aside(struct jv_reading *r, const struct jv_span *s)
{
    for (size_t k = s->from; k < s->from + s->n; k++) {
        r->tokens[k].aside = true;
        r->tokens[k].in_value = false;
    }
}

static void settle_denied(struct jv_reading *r, struct jv_arena *a, size_t max)
{
    struct jv_span *kept = JV_NEW_ARRAY(a, struct jv_span, max);
    bool *denied = JV_NEW_ARRAY(a, bool, r->n_values + 1);
    size_t n = 0;

    if (!find_denied(r, denied))
        return;
    for (size_t i = 0; i < r->n_values && n < max; i++) {
        uint32_t others[most_left];
        size_t n_others = 0;

        bool gone = false;

        for (size_t k = 0; k < i && !denied[i]; k++)
            gone = gone || (denied[k] && goes_with(r, i, k));
        if (gone)
            continue;
        if (denied[i] && !is_either(r, &r->values[i]) && !is_order(phrase_of(r, i)) &&
            is_first(r, denied, i) && !is_said_otherwise(r, denied, i))
            n_others = left(r, denied, i, others);
        if (denied[i] && !n_others)
            set_aside(r, &r->values[i]);
        for (size_t k = 0; k < n_others && n < max; k++) {
            kept[n] = r->values[i];
            kept[n].phrase = others[k];
            kept[n++].other = true;
        }
        if (!denied[i])
            kept[n++] = r->values[i];
    }
    memcpy(r->values, kept, n * sizeof(*kept));
    r->n_values = n;
    for (size_t i = 0; i < n; i++) /* another agent may well mean it */
        for (size_t k = r->values[i].from; k < r->values[i].from + r->values[i].n; k++) {
            r->tokens[k].in_value = true;
            r->tokens[k].aside = false;
        }
}

/* ---- from one end to the other --------------------------------------------------------------- */

/* "from least [to] most expensive", "begin with the cheapest and end [with] the dearest" */
static bool is_other_end(const struct jv_reading *r, size_t value)
{
    static const char *const words[] = { "to", "at", "end", "last", "back", "until", "till" };
    size_t from = r->values[value].from;

    for (size_t i = from; i-- > 0 && i + 3 >= from;) {
        if (is_one_of(r, i, words, JV_COUNT(words)))
            return true;
        if (!(jv_roles_at(r, i) & JV_FUNCTION) || jv_roles_at(r, i) & (JV_JOIN | JV_OR))
            return false;
    }
    return false;
}

/* Things come in one order: the first that is said. */
static void settle_order(struct jv_reading *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = phrase_of(r, i);
        bool end = false;

        for (size_t k = 0; k < n && is_order(p); k++)
            end = end || (same_member(phrase_of(r, k), p) && is_other_end(r, i));
        if (end)
            set_aside(r, &r->values[i]);
        else
            r->values[n++] = r->values[i];
    }
    r->n_values = n;
}

/* ---- what a thing is about ------------------------------------------------------------------- */

/* An agent that has the word for somebody's own things; JV_NONE. */
static uint32_t owner_of(const struct jv_reading *r, size_t i)
{
    const struct jv_catalog *c = r->catalog;
    const struct jv_term *t;

    if (i >= r->n || !jv_token_personal(r, i) || r->tokens[i].in_value)
        return JV_NONE;
    t = &c->terms[r->tokens[i].term];
    for (size_t k = 0; k < t->n_postings; k++)
        if (t->postings[k].weight >= 0.9f &&
            c->families[t->postings[k].family].tools[JV_SOMEBODYS] != JV_NONE)
            return c->families[t->postings[k].family].agent;
    return JV_NONE;
}

/* "my [budget] ticket", "tickets about my [budget]": the thing it qualifies; SIZE_MAX. */
static size_t qualified(const struct jv_reading *r, size_t i)
{
    static const char *const about[] = { "about", "regarding", "concerning" };
    uint32_t agent = owner_of(r, i), other;
    size_t k = i;

    if (agent == JV_NONE)
        return SIZE_MAX;
    other = owner_of(r, i + 1);
    if (other != JV_NONE && other != agent && !r->tokens[i].word->plural &&
        !r->tokens[i].word->possessive && r->tokens[i + 1].word->before == JV_NO_BREAK &&
        !(i && owner_of(r, i - 1) != JV_NONE))
        return i + 1;
    while (k && jv_roles_at(r, k - 1) & (JV_MY | JV_ARTICLE | JV_WE | JV_THEIRS) && k + 2 > i)
        k--;
    if (k > 1 && is_one_of(r, k - 1, about, JV_COUNT(about))) {
        other = owner_of(r, k - 2);
        if (other != JV_NONE && other != agent)
            return k - 2;
    }
    return SIZE_MAX;
}

/* The only value of the agent that has this word in it; JV_NONE. */
static uint32_t value_with(const struct jv_catalog *c, uint32_t agent, uint32_t term)
{
    uint32_t found = JV_NONE;

    for (uint32_t i = 0; i < c->n_phrases; i++) {
        const struct jv_phrase *p = &c->phrases[i];
        bool has = false;

        for (size_t k = 0; k < p->n && p->family == JV_NONE && p->agent == agent; k++)
            has = has || p->terms[k] == term;
        if (has && found != JV_NONE &&
            !(same_member(p, &c->phrases[found]) && strcmp(p->value, c->phrases[found].value) == 0))
            return JV_NONE;
        if (has && found == JV_NONE)
            found = i;
    }
    return found;
}

static void settle_topics(struct jv_reading *r, size_t max)
{
    for (uint32_t i = 0; i < r->n; i++) {
        size_t of = qualified(r, i);
        uint32_t value;

        if (of == SIZE_MAX)
            continue;
        r->tokens[i].topic = true;
        value = value_with(r->catalog, owner_of(r, of), r->tokens[i].term);
        if (value == JV_NONE || r->n_values >= max)
            continue;
        r->values[r->n_values++] = (struct jv_span){ i, 1, value, .other = true };
        r->tokens[i].in_value = true;
    }
}

void jv_settle_values(struct jv_reading *r, struct jv_arena *a, size_t max)
{
    settle_denied(r, a, max);
    settle_order(r);
    settle_topics(r, max);
}
