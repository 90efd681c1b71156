/* mood.c -- what kind of sentence a part is: a request, a statement, or no sentence at all. */
#include "plan/parts.h"

#include <string.h>

/* Words before the one that decides: "well, could you please kindly". */
static size_t behind_softeners(const struct jv_reading *r, const struct jv_clause *c)
{
    size_t i = c->from;

    while (i < c->to &&
           (jv_roles_at(r, i) &
                    (JV_GREET | JV_JOIN | JV_YES | JV_NO | JV_POLITE | JV_THANKS | JV_LATE) ||
            jv_roles_at(r, i) == JV_FUNCTION || r->tokens[i].in_date) &&
           !(jv_roles_at(r, i) & JV_READ))
        i++;
    return i;
}

static bool asked(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->asked)
            return true;
    return false;
}

static void find_looks(const struct jv_reading *r, struct jv_clause *c)
{
    size_t i = behind_softeners(r, c);
    bool offers =
            jv_word_is(r, i + 1, "about") || jv_word_is(r, i + 2, "possible"); /* how about ... */

    if (jv_word_is(r, i, "do") && jv_roles_at(r, i + 1) & JV_ARTICLE)
        offers = true; /* do a ticket */
    if (jv_word_is(r, c->from, "which") && c->before == JV_COMMA && !asked(r, c))
        offers = true; /* ..., which means ... */
    c->looks = jv_roles_at(r, i) & (JV_ASKING | JV_BE | JV_EVERY) && i < c->to && !offers;
    while (i < c->to && jv_roles_at(r, i) & JV_FUNCTION && !(jv_roles_at(r, i) & JV_READ))
        i++; /* could you please ... */
    if (jv_word_is(r, i, "give") && !(jv_roles_at(r, i + 1) & (JV_SELF | JV_WE)))
        return; /* give ticket 1 the green light */
    c->looks = c->looks || (i < c->to && jv_roles_at(r, i) & JV_READ);
}

/* "it would be good to see ...", "if I could look at ...": looking that is hoped for. */
static bool hopes_to_look(const struct jv_reading *r, const struct jv_clause *c)
{
    bool hopes = false;

    for (size_t i = c->from; i < c->to; i++) {
        hopes = hopes || jv_roles_at(r, i) & JV_WISH || jv_word_is(r, i, "to") ||
                jv_word_is(r, i, "could");
        if (hopes && jv_roles_at(r, i) & JV_READ)
            return !(jv_roles_of(r, c) & JV_NOT);
    }
    return false;
}

/* A verb that says how things are; not one of "those that are open". */
static bool states(const struct jv_reading *r, const struct jv_clause *c, size_t start)
{
    jv_roles subject = jv_roles_at(r, start);

    if (jv_word_is(r, start, "our"))
        subject &= ~JV_WE; /* "our costs" */
    if (start >= c->to)
        return false;
    if (r->tokens[start].word->past && !r->tokens[start].in_value)
        return true; /* "... and asked me" */
    if (r->tokens[start].name && start + 1 < c->to &&
        (r->tokens[start + 1].word->past || jv_roles_at(r, start + 1) & (JV_WISH | JV_BE)))
        return true; /* "Sarah wants ..." */
    if (subject & (JV_SELF | JV_WE | JV_SHE | JV_THEIRS) && !(subject & JV_MY) &&
        !jv_token_personal(r, start + 1))
        return true;
    if (jv_word_is(r, start, "that") && jv_roles_at(r, start + 1) & JV_BE && c->before == JV_COMMA)
        return false; /* "..., that are pending" */
    if (subject & JV_IT && jv_roles_at(r, start + 1) & JV_OWNER)
        return false; /* "that of gcp" */
    if (subject & JV_IT && subject & JV_FUNCTION && !jv_word_is(r, start, "those") &&
        !jv_word_is(r, start, "these") && !jv_word_is(r, start, "one") &&
        !jv_word_is(r, start, "ones") && !jv_token_personal(r, start + 1))
        return true;
    for (size_t i = start + 1; i < c->to; i++) {
        if (jv_roles_at(r, i) & (JV_ASKING | JV_SELF | JV_SHE) || jv_word_is(r, i, "that") ||
            jv_word_is(r, i, "they"))
            return false;
        if (jv_roles_at(r, i) & (JV_BE | JV_AUX)) /* but "exams has vishal got" asks */
            return !(r->tokens[i + 1].name || jv_roles_at(r, i + 1) & (JV_SELF | JV_WE));
    }
    return false;
}

static size_t subject_at(const struct jv_reading *r, const struct jv_clause *c)
{
    size_t i = c->from;

    while (i < c->to && jv_roles_at(r, i) & (JV_GREET | JV_JOIN | JV_YES | JV_NO | JV_POLITE |
                                             JV_THANKS | JV_LATE | JV_CAUSE))
        i++;
    return i;
}

/* "when I started here", "my boss, who is fond of it", "after hearing that": it tells, though it
 * begins as a question may. */
static bool tells(const struct jv_reading *r, const struct jv_clause *c)
{
    static const jv_roles subject = JV_SELF | JV_WE | JV_THEIRS;
    size_t i = c->from;
    bool led = i && jv_roles_at(r, i - 1) & (JV_READ | JV_SELF) && c->before == JV_NO_BREAK;

    if (led || asked(r, c))
        return false;
    if (jv_word_is(r, i, "when") || jv_word_is(r, i, "where"))
        return jv_roles_at(r, i + 1) & subject && !(jv_roles_at(r, i + 1) & JV_MY);
    if (jv_word_is(r, i, "who"))
        return i && c->before == JV_COMMA && jv_roles_at(r, i + 1) & (JV_BE | JV_AUX);
    return jv_roles_at(r, i) & JV_CAUSE && i + 1 < c->to && r->tokens[i + 1].word->going;
}

static enum jv_mood mood_of(const struct jv_reading *r, const struct jv_clause *c)
{
    jv_roles roles = jv_roles_of(r, c);
    size_t i = behind_softeners(r, c);

    if (tells(r, c))
        return JV_STATEMENT;
    if (jv_cues(r, c->from) || asked(r, c) || jv_word_is(r, c->from, "whether"))
        return JV_REQUEST;
    if (jv_roles_at(r, c->from) & JV_CAUSE && jv_backs(r, c->from) && !hopes_to_look(r, c))
        return JV_STATEMENT;
    if (i < c->to && jv_roles_at(r, i) & (JV_READ | JV_ASKING))
        return JV_REQUEST;
    if (hopes_to_look(r, c))
        return JV_REQUEST;
    if (i + 1 < c->to && jv_roles_at(r, i) & (JV_BE | JV_AUX) &&
        (jv_roles_at(r, i + 1) & (JV_SELF | JV_WE | JV_THEIRS | JV_ARTICLE) ||
         r->tokens[i + 1].name))
        return JV_REQUEST;
    i = subject_at(r, c);
    if (!states(r, c, i))
        return JV_FRAGMENT;
    return roles & JV_WISH && i < c->to && !(jv_roles_at(r, i) & (JV_THEIRS | JV_IT))
                   ? JV_REQUEST
                   : JV_STATEMENT;
}

/* "I need", "we'd really like", "want a ..."; not "I needed", "were to need". */
static bool wants(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++) {
        const char *w = r->tokens[i].word->norm;
        size_t k = i, n = strlen(w);

        if (!(jv_roles_at(r, i) & JV_WISH) || r->tokens[i].word->quoted ||
            (n > 2 && strcmp(w + n - 2, "ed") == 0 && w[n - 3] != 'e'))
            continue;
        while (k > c->from &&
               (jv_roles_at(r, k - 1) & (JV_LATE | JV_POLITE | JV_GREET) ||
                jv_roles_at(r, k - 1) == JV_FUNCTION || jv_word_is(r, k - 1, "would") ||
                jv_word_is(r, k - 1, "am")) &&
               !jv_word_is(r, k - 1, "to") && !jv_word_is(r, k - 1, "gonna"))
            k--;
        if (k == c->from || jv_roles_at(r, k - 1) & (JV_SELF | JV_WE))
            return true;
        if (!(jv_roles_at(r, i) & JV_FUNCTION) &&
            (jv_word_is_you(r, i - 1) ||
             (i > 1 && jv_roles_at(r, i - 1) & JV_AUX && jv_word_is_you(r, i - 2))))
            return true; /* could you request ..., any chance you could request ... */
    }
    return false;
}

/* "can I get ...", "get me ..." */
static bool asks_to_have(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i + 1 < c->to && i < c->from + 5; i++)
        if (jv_word_is(r, i, "get") &&
            (jv_roles_at(r, i + 1) & (JV_SELF | JV_ONE) || r->tokens[i + 1].name || i > c->from))
            return true;
        else if (jv_roles_at(r, i) & JV_SELF && i > c->from && jv_word_is(r, i + 1, "have") &&
                 jv_roles_at(r, i - 1) & JV_AUX)
            return true;
    return false;
}

/* "alex needs a gpu" */
static bool others_want(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from + 1; i + 1 < c->to; i++)
        if ((jv_word_is(r, i, "needs") || jv_word_is(r, i, "requires")) && r->tokens[i - 1].name)
            return true;
    return false;
}

/* "vpn access please", "set up vpn for me": nothing but what something may be for. */
static bool asks_for_value(const struct jv_reading *r, const struct jv_clause *c)
{
    bool value = false, asks = jv_roles_of(r, c) & JV_POLITE;

    for (size_t i = c->from; i < c->to; i++) {
        asks = asks || (jv_word_is(r, i, "for") && jv_word_is(r, i + 1, "me"));
        value = value || r->tokens[i].in_value;
        if (!r->tokens[i].in_value && !(jv_roles_at(r, i) & (JV_FUNCTION | JV_GREET | JV_POLITE)))
            return false;
    }
    return value && asks && c->fragment;
}

/* "only those": of what is there. */
static bool picks_out(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_word_is(r, i, "these") || jv_word_is(r, i, "those") || jv_word_is(r, i, "ones") ||
            jv_word_is(r, i, "them"))
            return true;
    return false;
}

/* "tickets": there are some, they need not be made. */
static bool names_many(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->plural && jv_token_personal(r, i))
            return true;
    return false;
}

void jv_find_mood(const struct jv_reading *r, struct jv_wish *w)
{
    struct jv_clause *c = &w->clause;
    jv_roles roles = jv_roles_of(r, c);

    c->background = jv_roles_at(r, c->from) & JV_CAUSE && jv_backs(r, c->from) &&
                    !(jv_word_is(r, c->from, "if") && jv_roles_at(r, c->from + 1) & JV_ONE) &&
                    !jv_word_is(r, c->from, "so") && !jv_word_is(r, c->from, "but");
    find_looks(r, c);
    w->mood = mood_of(r, c);
    for (size_t i = c->from; i < c->to; i++)
        c->negated = c->negated || (jv_roles_at(r, i) & JV_NOT && !r->tokens[i].in_value &&
                                    r->tokens[i].name <= JV_NAME_MAYBE);
    c->fragment = w->mood == JV_FRAGMENT;
    c->asked = asked(r, c);
    c->makes_new = roles & JV_ONE;
    c->wishes = (wants(r, c) || asks_to_have(r, c) || others_want(r, c) || asks_for_value(r, c) ||
                 (c->fragment && roles & JV_POLITE &&
                  (roles & JV_ONE || jv_word_is(r, c->from, "one")))) &&
                !(roles & (JV_READ | JV_MY | JV_ASKING | JV_NOT | JV_EVERY)) && !c->background &&
                !names_many(r, c) && !picks_out(r, c);
}
