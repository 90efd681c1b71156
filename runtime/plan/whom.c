/* whom.c -- whose data a part of the sentence is about. */
#include "plan/parts.h"

#include <string.h>
#include <strings.h>

static void add_name(struct jv_clause *c, const struct jv_asker *who, const char *name)
{
    if (who->username && strcasecmp(name, who->username) == 0) {
        c->whom = c->whom == JV_WHOM_PERSON ? c->whom : JV_WHOM_CALLER;
        return;
    }
    c->whom = JV_WHOM_PERSON;
    for (size_t i = 0; i < c->n_names; i++)
        if (strcmp(c->names[i], name) == 0)
            return;
    if (c->n_names < JV_CLAUSE_NAMES)
        c->names[c->n_names++] = name;
}

/* "everyone's tickets except alex's": whoever it is about, it is not alex. */
static bool is_left_out(const struct jv_reading *r, size_t i)
{
    while (i-- > 0 && r->tokens[i + 1].word->before == JV_NO_BREAK) {
        if (jv_roles_at(r, i) & JV_NOT)
            return true;
        if (!(jv_roles_at(r, i) & (JV_OWNER | JV_ARTICLE | JV_PERSON)) && !jv_word_is(r, i, "than"))
            return jv_word_is(r, i, "but") && i && jv_roles_at(r, i - 1) & JV_EVERY;
    }
    return false;
}

static void add_names(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c,
                      enum jv_name_place place)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].name == place && !is_left_out(r, i))
            add_name(c, who, r->tokens[i].person);
}

/* "do I have any exams": the caller's; "show me any exams": not said. */
static bool speaks_of_self(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from + 1; i < c->to; i++)
        if (jv_word_is(r, i, "me") && (jv_word_is(r, i - 1, "of") || jv_word_is(r, i - 1, "by") ||
                                       jv_word_is(r, i - 1, "from")))
            return true; /* tickets of me */
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->roles & JV_SELF && !jv_word_is(r, i, "me") &&
            !jv_word_is(r, i + 1, "mean") && !jv_word_is(r, i + 1, "guess") &&
            !jv_word_is(r, i + 1, "think") && !jv_word_is(r, i + 1, "suppose") &&
            !(jv_word_is(r, i + 1, "have") && jv_word_is(r, i + 2, "to")) &&
            !(i > c->from && jv_roles_at(r, i - 1) & JV_AUX) &&
            !(jv_roles_at(r, i + 1) & JV_WISH) && !jv_word_is(r, i + 1, "d") &&
            !jv_word_is(r, i + 1, "would"))
            return true;
    return false;
}

/* Who was spoken of before this part: in this text, or else in the turn before. */
static const char *spoken_of(const struct jv_reading *r, const struct jv_asker *who, size_t before)
{
    const char *maybe = NULL;

    for (size_t i = before; i-- > 0;) {
        if (r->tokens[i].name > JV_NAME_MAYBE)
            return r->tokens[i].person;
        if (r->tokens[i].name == JV_NAME_MAYBE && (r->tokens[i].word->capital || !maybe))
            maybe = r->tokens[i].person;
    }
    return who->person && !maybe ? who->person : maybe;
}

/* "who has requested ...?" is about everybody. */
static bool asks_who(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from + 1; i < c->to; i++)
        if (jv_word_is(r, i, "who") &&
            (jv_word_is(r, i - 1, "matter") || jv_word_is(r, i - 1, "of")))
            return true; /* no matter who, regardless of who */
    return jv_word_is(r, c->from, "whose") ||
           (jv_word_is(r, c->from, "who") && !jv_word_is(r, c->from + 1, "am") &&
            !jv_word_is(r, c->from + 1, "are"));
}

/* Nothing but names: "Alex - open tickets?" */
static void find_topic(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c)
{
    static const jv_roles aside = JV_READ | JV_ASKING | JV_OFF | JV_AUX | JV_BE | JV_ARTICLE;

    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].name == JV_NO_NAME &&
            (!r->tokens[i].word->roles || (jv_roles_at(r, i) & aside && !jv_word_is(r, i, "the"))))
            return;
    add_names(r, who, c, JV_NAME_MAYBE);
}

/* "which tickets has got Sarah": written as a name, or behind a verb that has. */
static bool names_whom(const struct jv_reading *r, size_t i)
{
    static const jv_roles leads = JV_READ | JV_AUX | JV_JOIN | JV_OR | JV_OWNER;
    bool begins = i == 0 || r->tokens[i].word->before == JV_STOP;
    bool capital = r->tokens[i].word->capital && !begins && !r->tokens[i - 1].word->capital &&
                   !(i + 1 < r->n && r->tokens[i + 1].word->capital);

    if (begins && i + 1 < r->n && r->tokens[i + 1].word->told)
        return true; /* vishal: ... */
    return (capital && (r->tokens[i].word->before || jv_roles_at(r, i - 1) & leads ||
                        jv_token_personal(r, i - 1))) ||
           (i && (jv_roles_at(r, i - 1) & JV_BE || jv_word_is(r, i - 1, "having")));
}

/* "my tickets", but not "my colleague alex" */
static bool says_mine(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_roles_at(r, i) & JV_MY &&
            !(jv_roles_at(r, i + 1) & JV_PERSON && i + 2 < r->n && r->tokens[i + 2].name))
            return true;
    return false;
}

/* "all", of people or things; not "first of all". */
static bool says_every(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_roles_at(r, i) & JV_EVERY &&
            !(i && jv_word_is(r, i, "all") &&
              (jv_word_is(r, i - 1, "at") || jv_word_is(r, i - 1, "after") ||
               jv_word_is(r, i - 1, "above") ||
               (i > 1 && jv_word_is(r, i - 1, "of") && jv_roles_at(r, i - 2) & JV_NTH))))
            return true;
    return false;
}

void jv_find_whom(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c)
{
    jv_roles roles = jv_roles_of(r, c);
    const char *person = roles & JV_THEIRS ? spoken_of(r, who, c->to) : NULL;

    add_names(r, who, c, JV_NAME_OWNER);
    if (c->whom == JV_WHOM_NONE && person && roles & JV_SHE)
        add_name(c, who, person);
    if (c->whom == JV_WHOM_NONE && says_mine(r, c))
        c->whom = JV_WHOM_CALLER;
    if (c->whom == JV_WHOM_NONE)
        find_topic(r, who, c);
    if (c->whom == JV_WHOM_NONE)
        add_names(r, who, c, JV_NAME_SUBJECT);
    if (c->whom == JV_WHOM_NONE && person)
        add_name(c, who, person);
    for (size_t i = c->from; i < c->to && c->whom == JV_WHOM_NONE; i++)
        if (r->tokens[i].name == JV_NAME_MAYBE && names_whom(r, i))
            add_name(c, who, r->tokens[i].person);
    for (size_t i = c->from; i < c->to && c->whom == JV_WHOM_NONE && who->person; i++)
        if (jv_word_is(r, i, "too") || jv_word_is(r, i, "also"))
            add_name(c, who, who->person); /* "and the courses, too" */
    if (c->whom == JV_WHOM_NONE && roles & JV_SHE)
        c->whom = JV_WHOM_UNCLEAR;
    for (size_t i = c->from; i < c->to && c->whom == JV_WHOM_NONE; i++)
        if (jv_roles_at(r, i) & JV_EVERY && r->tokens[i].word->possessive)
            c->whom = JV_WHOM_EVERYBODY;
    if (c->whom == JV_WHOM_NONE && speaks_of_self(r, c))
        c->whom = JV_WHOM_CALLER;
    if (c->whom == JV_WHOM_NONE && (says_every(r, c) || asks_who(r, c)))
        c->whom = JV_WHOM_EVERYBODY;
}

void jv_take_whom(struct jv_clause *to, const struct jv_clause *from)
{
    to->whom = from->whom;
    to->n_names = from->n_names;
    memcpy(to->names, from->names, sizeof(to->names));
}

void jv_share_whom(struct jv_wish *wishes, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct jv_clause *c = &wishes[i].clause;
        const struct jv_clause *before = &wishes[i - 1].clause;

        if (c->whom != JV_WHOM_NONE || c->before == JV_STOP)
            continue;
        jv_take_whom(c, before);
    }
    for (size_t i = n; i-- > 1;) {
        struct jv_clause *c = &wishes[i - 1].clause;
        const struct jv_clause *after = &wishes[i].clause;

        if (c->whom != JV_WHOM_NONE || after->before == JV_STOP || after->whom != JV_WHOM_PERSON)
            continue;
        jv_take_whom(c, after);
    }
}
