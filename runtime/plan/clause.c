/* clause.c -- a sentence as wishes: cut at "and" and commas, then mended: a part without a head of
 * its own takes its neighbour's ("aws and gcp cost"), one that does not say whose is about whom the
 * others are. */
#include "plan/clause.h"

#include <string.h>
#include <strings.h>

static const double head_terms = 0.2, head_confidence = 0.3;

/* ---- cutting --------------------------------------------------------------------------------- */

static bool in_span(const struct jv_span *spans, size_t n, size_t token)
{
    for (size_t i = 0; i < n; i++)
        if (spans[i].from < token && token < spans[i].from + spans[i].n)
            return true;
    return false;
}

static jv_roles roles_at(const struct jv_reading *r, size_t i)
{
    return i < r->n ? r->tokens[i].word->roles : 0;
}

static bool is_word(const struct jv_reading *r, size_t i, const char *word)
{
    return i < r->n && strcmp(r->tokens[i].word->norm, word) == 0;
}

/* "tickets which are open", "to which cloud": it goes on with what was said. */
static bool relates(const struct jv_reading *r, size_t i)
{
    jv_roles before = i ? roles_at(r, i - 1) : 0;

    if (!i || r->tokens[i].word->before != JV_NO_BREAK)
        return false;
    if (before & JV_OWNER || is_word(r, i - 1, "to") || is_word(r, i - 1, "in"))
        return true;
    return (jv_token_personal(r, i - 1) || before & (JV_MY | JV_IT)) &&
           roles_at(r, i + 1) & (JV_BE | JV_AUX | JV_SELF | JV_THEIRS);
}

/* A request begins here: "please show", "could you", "show me", "I need", "which". */
static bool cues(const struct jv_reading *r, size_t i)
{
    jv_roles here = roles_at(r, i), next = roles_at(r, i + 1);
    bool ends = i + 1 >= r->n || r->tokens[i + 1].word->before != JV_NO_BREAK;
    bool you = is_word(r, i + 1, "you") || is_word(r, i + 1, "u");

    if (ends)
        return false;
    if (here & JV_POLITE)
        return !(next & (JV_JOIN | JV_CAUSE));

    if (here & JV_AUX)
        return you || next & (JV_SELF | JV_WE);
    if (here & JV_READ)
        return next & (JV_SELF | JV_MY | JV_WE) || is_word(r, i + 1, "us");
    if (here & JV_FUNCTION && (is_word(r, i, "you") || is_word(r, i, "u")))
        return next & JV_AUX && (!i || is_word(r, i - 1, "if"));
    if (here & JV_SELF &&
        !(i && (is_word(r, i - 1, "that") || roles_at(r, i - 1) & (JV_BE | JV_AUX))))
        return next & JV_WISH || is_word(r, i + 1, "d") ||
               (is_word(r, i + 1, "would") && roles_at(r, i + 2) & JV_WISH);
    if (is_word(r, i, "when") || is_word(r, i, "where") || is_word(r, i, "who"))
        return i == 0 || r->tokens[i].word->before != JV_NO_BREAK ||
               roles_at(r, i - 1) & (JV_READ | JV_SELF);
    return here & JV_ASKING && !relates(r, i);
}

/* Background begins here: "because ...", "before I ring him", "as we have". */
static bool backs(const struct jv_reading *r, size_t i)
{
    jv_roles next = roles_at(r, i + 1);

    if (!(roles_at(r, i) & JV_CAUSE) || r->tokens[i].in_date || r->tokens[i].in_value)
        return false;
    if (is_word(r, i, "because") || is_word(r, i, "although") || is_word(r, i, "though") ||
        is_word(r, i, "but") || is_word(r, i, "whereas") || is_word(r, i, "however"))
        return true;
    return next & (JV_SELF | JV_WE | JV_THEIRS | JV_ARTICLE | JV_MY) ||
           (i + 1 < r->n && r->tokens[i + 1].name != JV_NO_NAME) || is_word(r, i, "so");
}

/* A new part begins at this token. */
static bool cuts(const struct jv_reading *r, size_t i)
{
    const struct jv_word *w = r->tokens[i].word;

    if (in_span(r->values, r->n_values, i) || in_span(r->phrases, r->n_phrases, i))
        return w->before == JV_STOP;
    for (size_t k = 0; k < r->n_dates; k++)
        if (r->dates[k].from < i && i < r->dates[k].from + r->dates[k].n)
            return false;
    if ((is_word(r, i, "along") || is_word(r, i, "together")) && is_word(r, i + 1, "with"))
        return true;
    if (is_word(r, i, "as") && is_word(r, i + 1, "well") && is_word(r, i + 2, "as"))
        return true;
    return w->before != JV_NO_BREAK || w->roles & (JV_JOIN | JV_OR) || cues(r, i) || backs(r, i);
}

/* "my courses my tickets", "his tickets together with his exams": another noun of somebody's. */
static bool owns_again(const struct jv_reading *r, size_t from, size_t i)
{
    if (!(roles_at(r, i) & (JV_MY | JV_THEIRS)) || !jv_token_personal(r, i + 1))
        return false;
    for (size_t k = from; k < i; k++)
        if (jv_token_personal(r, k) && r->tokens[k].term != r->tokens[i + 1].term &&
            (r->tokens[k].word->plural ||
             (k && roles_at(r, k - 1) & (JV_MY | JV_THEIRS | JV_ARTICLE))))
            return true;
    return false;
}

static size_t cut(const struct jv_reading *r, struct jv_wish *wishes, size_t max)
{
    size_t n = 0, from = 0;

    for (size_t i = 0; i <= r->n && n < max; i++) {
        bool told = i < r->n && r->tokens[i].word->told && i > from + 3; /* "..., namely: ..." */

        if (i < r->n && (i == 0 || !(told || cuts(r, i) || owns_again(r, from, i))))
            continue;
        while (from < i && r->tokens[from].word->roles & (JV_JOIN | JV_OR))
            from++;
        if (from < i)
            wishes[n++] = (struct jv_wish){ .clause = { .from = from, .to = i }, .text_to = i };
        from = i;
    }
    for (size_t i = 0; i < n; i++) {
        struct jv_clause *c = &wishes[i].clause;

        for (size_t k = i ? wishes[i - 1].clause.to : 0; k <= c->from; k++)
            if (r->tokens[k].word->before > c->before)
                c->before = r->tokens[k].word->before;
    }
    return n;
}

/* ---- whose ----------------------------------------------------------------------------------- */

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

static void add_names(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c,
                      enum jv_name_place place)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].name == place)
            add_name(c, who, r->tokens[i].person);
}

static jv_roles roles_of(const struct jv_reading *r, const struct jv_clause *c)
{
    jv_roles roles = 0;

    for (size_t i = c->from; i < c->to; i++)
        roles |= r->tokens[i].word->roles;
    return roles;
}

/* "do I have any exams": the caller's; "show me any exams": not said. */
static bool speaks_of_self(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->roles & JV_SELF && !is_word(r, i, "me") &&
            !(is_word(r, i + 1, "have") && is_word(r, i + 2, "to")) &&
            !(i > c->from && roles_at(r, i - 1) & JV_AUX) && !(roles_at(r, i + 1) & JV_WISH) &&
            !is_word(r, i + 1, "d") && !is_word(r, i + 1, "would"))
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
    return is_word(r, c->from, "whose") ||
           (is_word(r, c->from, "who") && !is_word(r, c->from + 1, "am") &&
            !is_word(r, c->from + 1, "are"));
}

/* Nothing but names: "Alex - open tickets?" */
static void find_topic(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].name == JV_NO_NAME &&
            (!r->tokens[i].word->roles || roles_at(r, i) & (JV_READ | JV_ASKING | JV_OFF)))
            return;
    add_names(r, who, c, JV_NAME_MAYBE);
}

/* "which tickets has got Sarah": written as a name, or behind a verb that has. */
static bool names_whom(const struct jv_reading *r, size_t i)
{
    bool begins = i == 0 || r->tokens[i].word->before == JV_STOP;

    return (r->tokens[i].word->capital && !begins && !r->tokens[i - 1].word->capital) ||
           (i && (roles_at(r, i - 1) & JV_BE || is_word(r, i - 1, "having")));
}

static void find_whom(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c)
{
    jv_roles roles = roles_of(r, c);
    const char *person = roles & JV_THEIRS ? spoken_of(r, who, c->to) : NULL;

    add_names(r, who, c, JV_NAME_OWNER);
    if (c->whom == JV_WHOM_NONE && person && roles & JV_SHE)
        add_name(c, who, person);
    if (c->whom == JV_WHOM_NONE && roles & JV_MY)
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
    if (c->whom == JV_WHOM_NONE && roles & JV_SHE)
        c->whom = JV_WHOM_UNCLEAR;
    if (c->whom == JV_WHOM_NONE && speaks_of_self(r, c))
        c->whom = JV_WHOM_CALLER;
    if (c->whom == JV_WHOM_NONE && (roles & JV_EVERY || asks_who(r, c)))
        c->whom = JV_WHOM_EVERYBODY;
}

static void take_whom(struct jv_clause *to, const struct jv_clause *from)
{
    to->whom = from->whom;
    to->n_names = from->n_names;
    memcpy(to->names, from->names, sizeof(to->names));
}

/* A part that does not say whose is about whom the parts before speak of, or, if none does, about
 * the one named at the end: "show tickets and courses of vishal". */
static void share_whom(struct jv_wish *wishes, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct jv_clause *c = &wishes[i].clause;
        const struct jv_clause *before = &wishes[i - 1].clause;

        if (c->whom != JV_WHOM_NONE || c->before == JV_STOP)
            continue;
        take_whom(c, before);
    }
    for (size_t i = n; i-- > 1;) {
        struct jv_clause *c = &wishes[i - 1].clause;
        const struct jv_clause *after = &wishes[i].clause;

        if (c->whom != JV_WHOM_NONE || after->before == JV_STOP || after->whom != JV_WHOM_PERSON)
            continue;
        take_whom(c, after);
    }
}

/* ---- what kind of sentence ------------------------------------------------------------------- */

/* Words before the one that decides: "well, could you please kindly". */
static size_t behind_softeners(const struct jv_reading *r, const struct jv_clause *c)
{
    size_t i = c->from;

    while (i < c->to &&
           (roles_at(r, i) &
                    (JV_GREET | JV_JOIN | JV_YES | JV_NO | JV_POLITE | JV_THANKS | JV_LATE) ||
            roles_at(r, i) == JV_FUNCTION || r->tokens[i].in_date) &&
           !(roles_at(r, i) & JV_READ))
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
    bool offers = is_word(r, i + 1, "about") || is_word(r, i + 2, "possible"); /* how about ... */

    if (is_word(r, i, "do") && roles_at(r, i + 1) & JV_ARTICLE)
        offers = true; /* do a ticket */
    if (is_word(r, c->from, "which") && c->before == JV_COMMA && !asked(r, c))
        offers = true; /* ..., which means ... */
    c->looks = roles_at(r, i) & (JV_ASKING | JV_BE | JV_EVERY) && i < c->to && !offers;
    while (i < c->to && roles_at(r, i) & JV_FUNCTION && !(roles_at(r, i) & JV_READ))
        i++; /* could you please ... */
    if (is_word(r, i, "give") && !(roles_at(r, i + 1) & (JV_SELF | JV_WE)))
        return; /* give ticket 1 the green light */
    c->looks = c->looks || (i < c->to && roles_at(r, i) & JV_READ);
}

/* "it would be good to see ...", "if I could look at ...": looking that is hoped for. */
static bool hopes_to_look(const struct jv_reading *r, const struct jv_clause *c)
{
    bool hopes = false;

    for (size_t i = c->from; i < c->to; i++) {
        hopes = hopes || roles_at(r, i) & JV_WISH || is_word(r, i, "to") || is_word(r, i, "could");
        if (hopes && roles_at(r, i) & JV_READ)
            return !(roles_of(r, c) & JV_NOT);
    }
    return false;
}

/* A verb that says how things are; not one of "those that are open". */
static bool states(const struct jv_reading *r, const struct jv_clause *c, size_t start)
{
    jv_roles subject = roles_at(r, start);

    if (start >= c->to)
        return false;
    if (r->tokens[start].word->past && !r->tokens[start].in_value)
        return true; /* "... and asked me" */
    if (r->tokens[start].name && start + 1 < c->to &&
        (r->tokens[start + 1].word->past || roles_at(r, start + 1) & (JV_WISH | JV_BE)))
        return true; /* "Sarah wants ..." */
    if (subject & (JV_SELF | JV_WE | JV_SHE | JV_THEIRS) && !(subject & JV_MY) &&
        !jv_token_personal(r, start + 1))
        return true;
    if (is_word(r, start, "that") && roles_at(r, start + 1) & JV_BE && c->before == JV_COMMA)
        return false; /* "..., that are pending" */
    if (subject & JV_IT && subject & JV_FUNCTION && !is_word(r, start, "those") &&
        !is_word(r, start, "these") && !is_word(r, start, "one") && !is_word(r, start, "ones") &&
        !jv_token_personal(r, start + 1))
        return true;
    for (size_t i = start + 1; i < c->to; i++) {
        if (roles_at(r, i) & (JV_ASKING | JV_SELF | JV_SHE) || is_word(r, i, "that") ||
            is_word(r, i, "they"))
            return false;
        if (roles_at(r, i) & (JV_BE | JV_AUX)) /* but "exams has vishal got" asks */
            return !(r->tokens[i + 1].name || roles_at(r, i + 1) & (JV_SELF | JV_WE));
    }
    return false;
}

static size_t subject_at(const struct jv_reading *r, const struct jv_clause *c)
{
    size_t i = c->from;

    while (i < c->to && roles_at(r, i) & (JV_GREET | JV_JOIN | JV_YES | JV_NO | JV_POLITE |
                                          JV_THANKS | JV_LATE | JV_CAUSE))
        i++;
    return i;
}

static enum jv_mood mood_of(const struct jv_reading *r, const struct jv_clause *c)
{
    jv_roles roles = roles_of(r, c);
    size_t i = behind_softeners(r, c);

    if (cues(r, c->from) || asked(r, c))
        return JV_REQUEST;
    if (roles_at(r, c->from) & JV_CAUSE && backs(r, c->from) && !hopes_to_look(r, c))
        return JV_STATEMENT;
    if (i < c->to && roles_at(r, i) & (JV_READ | JV_ASKING))
        return JV_REQUEST;
    if (hopes_to_look(r, c))
        return JV_REQUEST;
    if (i + 1 < c->to && roles_at(r, i) & (JV_BE | JV_AUX) &&
        (roles_at(r, i + 1) & (JV_SELF | JV_WE | JV_THEIRS | JV_ARTICLE) || r->tokens[i + 1].name))
        return JV_REQUEST;
    i = subject_at(r, c);
    if (!states(r, c, i))
        return JV_FRAGMENT;
    return roles & JV_WISH && i < c->to && !(roles_at(r, i) & (JV_THEIRS | JV_IT)) ? JV_REQUEST
                                                                                   : JV_STATEMENT;
}

/* "can I get ...", "get me ..." */
static bool asks_to_have(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i + 1 < c->to && i < c->from + 5; i++)
        if (is_word(r, i, "get") && (roles_at(r, i + 1) & (JV_SELF | JV_ONE) || i > c->from))
            return true;
        else if (roles_at(r, i) & JV_SELF && i > c->from && is_word(r, i + 1, "have") &&
                 roles_at(r, i - 1) & JV_AUX)
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

static void find_mood(const struct jv_reading *r, struct jv_wish *w)
{
    struct jv_clause *c = &w->clause;
    jv_roles roles = roles_of(r, c);

    find_looks(r, c);
    w->mood = mood_of(r, c);
    for (size_t i = c->from; i < c->to; i++)
        c->negated = c->negated || (roles_at(r, i) & JV_NOT && !r->tokens[i].in_value);
    c->fragment = w->mood == JV_FRAGMENT;
    c->wishes = (roles & JV_WISH || asks_to_have(r, c) ||
                 (c->fragment && roles & JV_POLITE &&
                  (roles & JV_ONE || is_word(r, c->from, "one")))) &&
                !(roles & (JV_READ | JV_MY | JV_ASKING | JV_NOT | JV_EVERY)) && !names_many(r, c);
}

/* ---- mending --------------------------------------------------------------------------------- */

static void match(const struct jv_reading *r, struct jv_wish *w, struct jv_arena *a)
{
    w->n_picks = jv_match(r, &w->clause, a, w->picks, JV_COUNT(w->picks));
}

bool jv_wish_has_head(const struct jv_wish *w)
{
    const struct jv_score *best = &w->picks[0].score;

    return w->n_picks && best->confidence >= head_confidence &&
           (best->terms >= head_terms || best->acts);
}

/* Nothing is said but a time: "and next week?" */
static bool only_date(const struct jv_reading *r, const struct jv_clause *c)
{
    bool dated = false;

    for (size_t i = c->from; i < c->to; i++) {
        dated = dated || r->tokens[i].in_date;
        if (!r->tokens[i].in_date && !r->tokens[i].word->roles)
            return false;
    }
    return dated;
}

static bool has_value(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].in_value || r->tokens[i].name > JV_NAME_MAYBE || jv_token_number(r, i))
            return true;
    return only_date(r, c);
}

/* Some family of the neighbour's agent can take what this part names. */
static bool fits(const struct jv_reading *r, const struct jv_clause *c, const struct jv_wish *head)
{
    uint32_t agent = r->catalog->families[head->picks[0].family].agent;
    bool named = false;

    for (size_t i = 0; i < r->n_values; i++)
        if (r->values[i].from >= c->from && r->values[i].from < c->to &&
            r->catalog->phrases[r->values[i].phrase].agent == agent)
            return true;
    for (size_t i = c->from; i < c->to; i++)
        named = named || r->tokens[i].name > JV_NAME_MAYBE || jv_token_number(r, i) ||
                r->tokens[i].in_date;
    return named;
}

static void borrow_head(const struct jv_reading *r, struct jv_wish *wishes, size_t n, size_t at,
                        struct jv_arena *a)
{
    struct jv_clause *c = &wishes[at].clause;
    const struct jv_wish *from = NULL;

    for (size_t i = c->from; i < c->to; i++)
        if (jv_token_unknown(r, i) && r->tokens[i].name <= JV_NAME_MAYBE)
            return; /* it has a subject, just not one that is known */
    for (size_t i = at; i-- > 0 && !from;)
        if (jv_wish_has_head(&wishes[i]) && fits(r, c, &wishes[i]))
            from = &wishes[i];
    for (size_t i = at + 1; i < n && !from; i++)
        if (jv_wish_has_head(&wishes[i]) && fits(r, c, &wishes[i]))
            from = &wishes[i];
    if (!from)
        return;
    c->head_from = from->clause.from;
    c->head_to = from->clause.to;
    c->looks = from->clause.looks;
    match(r, &wishes[at], a);
}

/* It says not; other than in a value: "not closed". */
static bool denies(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->roles & (JV_NOT | JV_NO) && !r->tokens[i].in_value)
            return true;
    return false;
}

/* "not the finished ones, only what is open": what is waved away is no wish. */
static bool is_waved_away(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                          size_t at)
{
    if (at && is_word(r, wishes[at].clause.from, "but") && wishes[at].mood == JV_FRAGMENT &&
        !jv_wish_has_head(&wishes[at]) && wishes[at].clause.whom == JV_WHOM_NONE)
        return true; /* "started, but not finished" */
    if (!denies(r, &wishes[at].clause) || !has_value(r, &wishes[at].clause))
        return false;
    for (size_t i = 0; i < n; i++)
        if (i != at && has_value(r, &wishes[i].clause) && !denies(r, &wishes[i].clause))
            return !(wishes[at].picks[0].score.acts &&
                     jv_match_number(r, &wishes[at].clause, 0) != SIZE_MAX);
    return false;
}

/* Parts with a head or a value stay; what says nothing lengthens the text of the one before. */
static size_t keep_telling(const struct jv_reading *r, struct jv_wish *all, size_t n,
                           struct jv_wish *wishes)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool says = jv_wish_has_head(&all[i]) || has_value(r, &all[i].clause) ||
                    (all[i].clause.whom == JV_WHOM_CALLER &&
                     all[i].clause.to - all[i].clause.from < 5) || /* "and mine?" */
                    all[i].clause.whom == JV_WHOM_PERSON ||
                    (all[i].n_picks && all[i].picks[0].score.confidence >= head_confidence);

        if (says && is_waved_away(r, all, n, i))
            continue;
        if (says)
            wishes[kept++] = all[i];
        else if (kept && all[i].clause.before != JV_STOP)
            wishes[kept - 1].text_to = all[i].clause.to;
    }
    return kept;
}

static void hand_to(const struct jv_reading *r, struct jv_wish *w, const struct jv_clause *from,
                    struct jv_arena *a)
{
    take_whom(&w->clause, from);
    match(r, w, a);
}

/* "pending tickets, everybody's", "Alex - his tickets?": whose is said in a part of its own. */
static void hand_over_whom(const struct jv_reading *r, struct jv_wish *all, size_t n,
                           struct jv_arena *a)
{
    for (size_t i = 0; i < n; i++) {
        const struct jv_clause *c = &all[i].clause;

        if (jv_wish_has_head(&all[i]) ||
            (c->whom != JV_WHOM_EVERYBODY && c->whom != JV_WHOM_PERSON))
            continue;
        if (i && all[i - 1].n_picks && all[i - 1].clause.whom == JV_WHOM_NONE)
            hand_to(r, &all[i - 1], c, a);
        if (i + 1 < n && jv_wish_has_head(&all[i + 1]) && all[i + 1].clause.whom == JV_WHOM_NONE)
            hand_to(r, &all[i + 1], c, a);
    }
}

/* "tell me what state it is in": what is requested was said before. */
static bool requests(const struct jv_reading *r, const struct jv_wish *w)
{
    bool points = w->n_picks && !w->picks[0].score.acts && roles_of(r, &w->clause) & JV_IT;
    double least = points ? 0.65 : head_confidence;

    return w->n_picks && (jv_wish_has_head(w) || w->picks[0].score.values >= 1.5) &&
           w->picks[0].score.confidence >= least;
}

/* "For the AI Studio, ...": it begins with a word that only leads to something. */
static bool begins_aside(const struct jv_reading *r, const struct jv_clause *c)
{
    static const char *const words[] = { "in", "on", "at", "with", "for", "about", "during" };

    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (is_word(r, c->from, words[i]))
            return true;
    return false;
}

/* "by provider and by each service" */
static bool distributes(const struct jv_reading *r, const struct jv_clause *c)
{
    static const char *const words[] = { "by", "per", "each", "every", "all" };

    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (is_word(r, c->from, words[i]))
            return true;
    return false;
}

/* "I use S3 a lot, what does it cost?": the question is about what was named before. */
static void point_back(const struct jv_reading *r, struct jv_wish *all, size_t n,
                       struct jv_arena *a)
{
    for (size_t i = 1; i < n; i++) {
        struct jv_wish *w = &all[i];
        bool topic = all[i - 1].mood == JV_FRAGMENT && w->clause.from == all[i - 1].clause.to;
        bool found = false;

        if (w->mood != JV_REQUEST || !(roles_of(r, &w->clause) & JV_IT || topic) ||
            !jv_wish_has_head(w) || has_value(r, &w->clause) || w->picks[0].score.acts)
            continue;
        for (size_t k = i; k-- > 0 && (!found || all[k].mood == JV_FRAGMENT);) {
            if (!has_value(r, &all[k].clause) || !fits(r, &all[k].clause, w) ||
                (jv_wish_has_head(&all[k]) && !topic))
                continue;
            all[k].clause.head_from = w->clause.from;
            all[k].clause.head_to = w->clause.to;
            all[k].clause.looks = w->clause.looks;
            all[k].mood = JV_REQUEST;
            match(r, &all[k], a);
            found = true;
        }
        if (found)
            w->n_picks = 0;
    }
}

/* "all our cloud costs, service by service": a part that only says it closer. */
static size_t join_closer(const struct jv_reading *r, struct jv_wish *all, size_t n,
                          struct jv_arena *a)
{
    size_t kept = n ? 1 : 0;

    for (size_t i = 1; i < n; i++) {
        struct jv_wish *w = &all[i], *last = &all[kept - 1];
        bool closer = false;

        for (size_t k = 0; k < w->n_picks && last->n_picks; k++)
            closer = closer ||
                     (w->picks[k].family == last->picks[0].family &&
                      w->picks[k].score.total >=
                              (distributes(r, &w->clause) ? 0.3 : 0.5) * w->picks[0].score.total);
        if (closer && w->mood == JV_FRAGMENT &&
            (w->clause.before == JV_COMMA || distributes(r, &w->clause)) && jv_wish_has_head(w) &&
            jv_wish_has_head(last) && !has_value(r, &w->clause) && w->clause.whom == JV_WHOM_NONE &&
            last->picks[0].family != w->picks[0].family) {
            last->clause.to = last->text_to = w->clause.to;
            match(r, last, a);
            continue;
        }
        all[kept++] = *w;
    }
    return kept;
}

/* "<a story>, so please show me ...", "..., but first I need ...": the story is background. */
static void set_back(const struct jv_reading *r, struct jv_wish *all, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t at = all[i].clause.from;
        bool turns = is_word(r, at, "so") || is_word(r, at, "but") ||
                     (at && (is_word(r, at - 1, "so") || is_word(r, at - 1, "but")));

        for (size_t k = i; turns && k < n && all[k].clause.before != JV_STOP; k++)
            if (all[k].mood == JV_REQUEST && requests(r, &all[k])) {
                for (size_t j = i; j-- > 0;) {
                    if (!all[j].clause.looks)
                        all[j].mood = JV_STATEMENT;
                    if (all[j].clause.before == JV_STOP)
                        break;
                }
                break;
            }
    }
}

/* "in money as well as in time": nothing that could be looked up. */
static bool is_aside(const struct jv_reading *r, const struct jv_wish *w)
{
    static const double plain = 0.6;

    return w->mood == JV_FRAGMENT && !has_value(r, &w->clause) && begins_aside(r, &w->clause) &&
           !(jv_wish_has_head(w) && w->picks[0].score.confidence >= plain);
}

/* "I'd be interested to learn | what we spend": the question is what counts. */
static bool leads_in(const struct jv_reading *r, const struct jv_wish *w,
                     const struct jv_wish *next)
{
    return next && next->clause.from == w->clause.to && next->clause.before == JV_NO_BREAK &&
           roles_at(r, next->clause.from) & JV_ASKING && jv_wish_has_head(next) &&
           roles_of(r, &w->clause) & (JV_WISH | JV_READ);
}

/* Where something is requested, the rest of the story is background. */
static size_t keep_requests(const struct jv_reading *r, const struct jv_wish *all, size_t n,
                            struct jv_wish *wishes)
{
    bool requested = false;
    size_t kept = 0, n_heads = 0;

    for (size_t i = 0; i < n; i++) {
        requested = requested || (all[i].mood == JV_REQUEST && requests(r, &all[i]));
        n_heads += jv_wish_has_head(&all[i]);
    }
    for (size_t i = 0; i < n; i++) {
        const struct jv_wish *next = i + 1 < n ? &all[i + 1] : NULL;
        bool told = all[i].mood == JV_STATEMENT || is_aside(r, &all[i]);
        bool vague = all[i].mood == JV_REQUEST && !requests(r, &all[i]) && n_heads > 1 &&
                     jv_wish_has_head(&all[i]);

        if ((requested ? !told : !vague) && !leads_in(r, &all[i], next))
            wishes[kept++] = all[i];
    }
    return kept;
}

/* "... all the pending ones": of what the part before is about, if that can be pending. */
static bool is_of_those(const struct jv_reading *r, const struct jv_wish *wishes, size_t at)
{
    const struct jv_wish *w = &wishes[at];

    return at && (is_word(r, w->clause.to - 1, "ones") || is_word(r, w->clause.to - 2, "ones")) &&
           w->picks[0].score.terms < 0.6 && jv_wish_has_head(&wishes[at - 1]) &&
           fits(r, &w->clause, &wishes[at - 1]);
}

size_t jv_clauses(const struct jv_reading *r, const struct jv_asker *who, struct jv_arena *a,
                  struct jv_wish wishes[JV_CLAUSES])
{
    struct jv_wish *all = JV_NEW_ARRAY(a, struct jv_wish, JV_PARTS);
    struct jv_wish *telling = JV_NEW_ARRAY(a, struct jv_wish, JV_PARTS);
    size_t n = cut(r, all, JV_PARTS);

    for (size_t i = 0; i < n; i++) {
        find_whom(r, who, &all[i].clause);
        find_mood(r, &all[i]);
        match(r, &all[i], a);
        if (all[i].n_picks && all[i].picks[0].score.acts)
            all[i].mood = JV_REQUEST;
    }
    n = join_closer(r, all, n, a);
    point_back(r, all, n, a);
    hand_over_whom(r, all, n, a);
    set_back(r, all, n);
    n = keep_requests(r, all, n, all);
    n = keep_telling(r, all, n, telling);
    n = n < JV_CLAUSES ? n : JV_CLAUSES;
    memcpy(wishes, telling, n * sizeof(*wishes));
    for (size_t i = 0; i < n; i++)
        if (!jv_wish_has_head(&wishes[i]) || is_of_those(r, wishes, i))
            borrow_head(r, wishes, n, i, a);
    share_whom(wishes, n);
    return n;
}
