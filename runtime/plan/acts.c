/* acts.c -- does a part of the sentence ask for a change, or only speak of one? */
#include "plan/acts.h"

/* "that are [already] closed": how it is. */
static bool is_state(const struct jv_reading *r, size_t i)
{
    while (i > 0 && jv_roles_at(r, i - 1) & JV_LATE)
        i--;
    return i > 1 && (jv_word_is(r, i - 1, "are") || jv_word_is(r, i - 1, "were")) &&
           (jv_word_is(r, i - 2, "that") || jv_word_is(r, i - 2, "which"));
}

/* "has raised", "I raised", "are closed": what was done. */
static bool is_done(const struct jv_reading *r, size_t i)
{
    if (is_state(r, i))
        return true;
    for (size_t k = i > 1 ? i - 2 : 0; k < i; k++)
        if (strncmp(r->tokens[k].word->norm, "ha", 2) == 0 || jv_roles_at(r, k) & JV_SELF)
            return true;
    return false;
}

/* "my colleague said you should delete it": somebody else's words. */
static bool is_reported(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    static const char *const words[] = { "said",  "says",   "saying",    "thinks",   "claims",
                                         "wrote", "writes", "suggested", "suggests", "reckons" };

    for (size_t k = c->from + 1; k < i; k++)
        for (size_t w = 0; w < JV_COUNT(words); w++)
            if (jv_word_is(r, k, words[w]) && !(jv_roles_at(r, k - 1) & JV_SELF))
                return true;
    return false;
}

/* "alex wants to", "I will", "should I": somebody else is to do it, or it is not decided. */
static bool is_others(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    bool passive = false;

    for (size_t k = c->from; k < i; k++)
        passive = passive || jv_word_is(r, k, "be");
    for (size_t k = c->from; k < i; k++) {
        jv_roles roles = jv_roles_at(r, k), next = jv_roles_at(r, k + 1);
        bool may = jv_word_is(r, k, "can") || jv_word_is(r, k, "could") || jv_word_is(r, k, "may");
        bool any = jv_word_is(r, k + 1, "someone") || jv_word_is(r, k + 1, "somebody") ||
                   jv_word_is(r, k + 1, "anyone") || jv_word_is(r, k + 1, "anybody");

        if (r->tokens[k].name == JV_NAME_SUBJECT || roles & JV_SHE)
            return true;
        if (k == c->from && (jv_word_is(r, k, "somebody") || jv_word_is(r, k, "someone")))
            return true;
        if (jv_word_is(r, k, "if") && !jv_word_is_you(r, k + 1) &&
            !(jv_roles_at(r, k + 1) & JV_ONE)) /* "if a ticket could be opened" */
            return true;
        if (roles & (JV_SELF | JV_WE) && next & JV_AUX && !(jv_roles_at(r, k + 2) & JV_WISH))
            return !jv_word_is(r, k + 1, "would");
        if (k == c->from && roles & JV_AUX && !passive && !jv_word_is_you(r, k + 1) &&
            !(may && (any || next & (JV_SELF | JV_WE))))
            return true; /* "would it show up", "should I open" */
    }
    return false;
}

/* "I need to open", "could you close", "must be deleted": what is wished for. */
static bool is_wished(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    if (i > c->from + 1 && jv_word_is(r, i - 1, "to") && jv_word_is(r, i - 2, "you"))
        return true; /* I'd ask you to ... */
    for (size_t k = c->from; k < i; k++) {
        jv_roles roles = jv_roles_at(r, k);

        if (roles & (JV_WISH | JV_POLITE) || (roles & JV_AUX && !(roles & JV_BE)) ||
            jv_word_is(r, k, "let") || jv_word_is(r, k, "lets"))
            return true;
    }
    return false;
}

/* "must be deleted", "I'd like it closed": of a past form. */
static bool is_to_be(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    bool wished = false;

    for (size_t k = c->from; k < i; k++) {
        jv_roles roles = jv_roles_at(r, k);

        if (jv_word_is(r, k, "be") && i - k < 4 && is_wished(r, c, i))
            return true;
        if ((jv_word_is(r, k, "get") || jv_word_is(r, k, "have")) &&
            jv_roles_at(r, k + 1) & JV_ONE && is_wished(r, c, i) &&
            (jv_token_personal(r, k + 2) || jv_token_personal(r, k + 3)))
            return true; /* "let's get a ticket opened" */
        wished = wished || (roles & JV_WISH && roles & JV_FUNCTION);
    }
    return wished;
}

/* Behind "how about we", "let us". */
static size_t opens_with(const struct jv_reading *r, const struct jv_clause *c)
{
    size_t i = c->from;

    if (jv_word_is(r, i, "how") && jv_word_is(r, i + 1, "about"))
        return i + 3;
    if (jv_word_is(r, i, "let") && jv_roles_at(r, i + 1) & JV_WE)
        return i + 2;
    return i;
}

/* Nothing but words that soften stands before it: it is what is asked for. */
static bool leads(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    for (size_t k = opens_with(r, c); k < i; k++)
        if (!(r->tokens[k].word->roles & (JV_FUNCTION | JV_GREET | JV_YES | JV_THANKS) ||
              jv_token_number(r, k)) ||
            r->tokens[k].word->roles & (JV_MY | JV_ARTICLE | JV_BE | JV_SELF | JV_WE))
            return false; /* "we raise tickets" tells, it does not ask */
    return true;
}

static bool speaks_of_many(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    for (size_t k = i + 1; k < c->to && !(jv_roles_at(r, k) & JV_OWNER); k++)
        if ((r->tokens[k].word->plural && jv_token_personal(r, k)) || jv_word_is(r, k, "ones"))
            return true;
    return false;
}

/* "open a ticket", "approve ticket 12304" ask for a change; "my open tickets", "approved" do not.
 */
bool jv_may_act(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    const struct jv_token *k = &r->tokens[i];
    size_t number = jv_match_number(r, c, 0);
    const struct jv_word *next = i + 1 < c->to ? r->tokens[i + 1].word : NULL;

    if (c->looks || c->negated || c->background || k->word->quoted)
        return false; /* what is quoted was said by somebody else */
    if (i > opens_with(r, c) &&
        jv_roles_at(r, i - 1) & (JV_MY | JV_ARTICLE | JV_THEIRS | JV_WE | JV_EVERY) &&
        !(jv_roles_at(r, i - 1) & JV_IT))
        return false; /* "the complete list" */
    if (is_others(r, c, i) || is_reported(r, c, i) || (!leads(r, c, i) && !is_wished(r, c, i)))
        return false;
    if (k->word->past)
        return is_to_be(r, c, i) && !is_done(r, i);
    if (next && (next->roles & JV_SELF || (k->word->roles & JV_ONE && next->plural)))
        return false; /* "update me", "new tickets" */
    if (!k->in_value || (next && next->roles & JV_ONE))
        return true;
    if (i > c->from && (jv_word_is(r, i - 1, "only") || jv_word_is(r, i - 1, "just")))
        return false;                  /* "just open, please" */
    return !speaks_of_many(r, c, i) || /* it is a state, too: "close it", not "open tickets" */
           (number != SIZE_MAX && number > i);
}

/* A phrase of a tool that changes something is what the part begins with. */
bool jv_asks_for(const struct jv_reading *r, const struct jv_clause *c, const struct jv_span *s)
{
    for (size_t k = 0; k < s->n; k++)
        if ((r->tokens[s->from + k].word->roles & JV_WISH &&
             r->tokens[s->from + k].word->roles & JV_FUNCTION) ||
            (r->tokens[s->from + k].word->plural && jv_token_personal(r, s->from + k)))
            return false; /* "I need" alone asks for nothing, nor does "new tickets" */
    if (c->looks && !(r->tokens[s->from].word->roles & JV_READ))
        return false; /* but "give approval" */
    return !c->negated && !c->background && !r->tokens[s->from].word->quoted &&
           !is_others(r, c, s->from) && !is_reported(r, c, s->from) && leads(r, c, s->from) &&
           r->tokens[s->from].word->roles;
}

/* The word is what the family is named for, or one of its own words for that. */
static bool names_family(const struct jv_catalog *c, uint32_t term, const struct jv_cat_family *f)
{
    for (size_t k = 0; k < f->n_core; k++)
        if (term == f->core[k])
            return true;
    for (size_t k = 0; term != JV_NONE && k < c->terms[term].n_postings; k++)
        if (&c->families[c->terms[term].postings[k].family] == f &&
            c->terms[term].postings[k].weight >= 0.9f)
            return true;
    return false;
}

static bool is_definite(const struct jv_reading *r, const struct jv_clause *c, size_t i)
{
    const struct jv_token *t = &r->tokens[i];

    return (jv_roles_at(r, i) & JV_ARTICLE && !(jv_roles_at(r, i) & JV_ONE)) ||
           jv_word_is(r, i, "any") || (t->word->possessive && i + 1 < c->to);
}

/* What the family is named for stands behind at most two words that tell which. */
static bool noun_within(const struct jv_reading *r, const struct jv_clause *c, size_t i,
                        const struct jv_cat_family *f)
{
    for (size_t k = i + 1; k < c->to && k < i + 5; k++) {
        if (names_family(r->catalog, r->tokens[k].term, f))
            return true;
        if (jv_roles_at(r, k) & JV_OWNER)
            return false;
    }
    return false;
}

/* "ticket for a laptop": one of what the tool makes is named, and nothing else is said. */
bool jv_names_one(const struct jv_reading *r, const struct jv_clause *c,
                  const struct jv_cat_family *f)
{
    bool one = false;

    if (!(c->fragment || c->wishes) || c->negated || c->whom == JV_WHOM_CALLER ||
        c->whom == JV_WHOM_EVERYBODY || jv_roles_of(r, c) & (JV_NO | JV_NOT))
        return false;
    for (size_t i = c->from; i < c->to; i++) {
        const struct jv_word *w = r->tokens[i].word;

        if (is_definite(r, c, i) && noun_within(r, c, i, f))
            return false; /* "the ticket", "any vpn ticket": there is one */
        one = one || (!w->plural && !w->quoted && !r->tokens[i].in_value &&
                      names_family(r->catalog, r->tokens[i].term, f));
    }
    return one;
}

bool jv_asks_within(const struct jv_reading *r, const struct jv_clause *c, uint32_t family)
{
    for (size_t i = c->from; i < c->to; i++) {
        const struct jv_term *t =
                r->tokens[i].term == JV_NONE ? NULL : &r->catalog->terms[r->tokens[i].term];

        for (size_t k = 0; t && k < t->n_postings; k++)
            if (t->postings[k].family == family && t->postings[k].acts && jv_may_act(r, c, i))
                return true;
    }
    for (size_t i = 0; i < r->n_phrases; i++) {
        const struct jv_span *s = &r->phrases[i];

        if (s->from >= c->from && s->from < c->to &&
            r->catalog->phrases[s->phrase].family == family && jv_asks_for(r, c, s))
            return true;
    }
    return false;
}

/* "the vpn ticket": one that is there already. */
bool jv_names_known(const struct jv_reading *r, const struct jv_clause *c,
                    const struct jv_cat_family *f)
{
    for (size_t i = c->from; i + 2 < c->to; i++)
        if (is_definite(r, c, i) && r->tokens[i + 1].in_value && noun_within(r, c, i + 1, f))
            return true;
    return false;
}

bool jv_begins_with_one(const struct jv_reading *r, const struct jv_clause *c,
                        const struct jv_cat_family *f)
{
    size_t i = c->from;

    while (i < c->to && jv_roles_at(r, i) & (JV_GREET | JV_POLITE | JV_ONE))
        i++;
    return i + 1 < c->to && names_family(r->catalog, r->tokens[i].term, f) &&
           !r->tokens[i].word->plural &&
           (jv_word_is(r, i + 1, "for") || jv_word_is(r, i + 1, "to") ||
            r->tokens[i + 1].word->told);
}

/* "12301 update": a tool that changes what is named by its number, and no new value is said. */
bool jv_changes_nothing(const struct jv_reading *r, const struct jv_clause *c, uint32_t family)
{
    const struct jv_catalog *catalog = r->catalog;
    const struct jv_cat_tool *tool = &catalog->tools[catalog->families[family].any];
    struct jv_clause head = { .from = c->head_from, .to = c->head_to };
    size_t optional = 0;

    if (!jv_family_needs(catalog, family, JV_SLOT_INTEGER))
        return false;
    for (size_t i = 0; i < tool->n_slots; i++) {
        if (tool->slots[i].required)
            continue;
        optional++;
        if (jv_match_value(r, c, family, tool->slots[i].name, 0) != SIZE_MAX ||
            jv_match_value(r, &head, family, tool->slots[i].name, 0) != SIZE_MAX)
            return false;
    }
    return optional > 0;
}
