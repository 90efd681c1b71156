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

/* A new part begins at this token. */
static bool cuts(const struct jv_reading *r, size_t i)
{
    const struct jv_word *w = r->tokens[i].word;

    if (in_span(r->values, r->n_values, i) || in_span(r->phrases, r->n_phrases, i))
        return false;
    return w->before != JV_NO_BREAK || w->roles & (JV_JOIN | JV_OR);
}

static size_t cut(const struct jv_reading *r, struct jv_wish *wishes, size_t max)
{
    size_t n = 0, from = 0;

    for (size_t i = 0; i <= r->n && n < max; i++) {
        if (i < r->n && (i == 0 || !cuts(r, i)))
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
    if (c->n_names < JV_CLAUSE_NAMES)
        c->names[c->n_names++] = name;
}

static void add_names(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c,
                      enum jv_name_place place)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].name == place)
            add_name(c, who, r->tokens[i].word->norm);
}

static unsigned roles_of(const struct jv_reading *r, const struct jv_clause *c)
{
    unsigned roles = 0;

    for (size_t i = c->from; i < c->to; i++)
        roles |= r->tokens[i].word->roles;
    return roles;
}

/* "do I have any exams": the caller's; "show me any exams": not said. */
static bool speaks_of_self(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i + 1 < c->to; i++) {
        unsigned here = r->tokens[i].word->roles, next = r->tokens[i + 1].word->roles;

        if ((here & JV_BE && next & JV_SELF) || (here & JV_SELF && next & JV_BE))
            return true;
    }
    return false;
}

static void find_whom(const struct jv_reading *r, const struct jv_asker *who, struct jv_clause *c)
{
    unsigned roles = roles_of(r, c);

    add_names(r, who, c, JV_NAME_OWNER);
    if (c->whom == JV_WHOM_NONE && roles & JV_MY)
        c->whom = JV_WHOM_CALLER;
    if (c->whom == JV_WHOM_NONE)
        add_names(r, who, c, JV_NAME_SUBJECT);
    if (c->whom == JV_WHOM_NONE && roles & JV_THEIRS && who->person)
        add_name(c, who, who->person);
    if (c->whom == JV_WHOM_NONE && roles & JV_SHE)
        c->whom = JV_WHOM_UNCLEAR;
    if (c->whom == JV_WHOM_NONE && speaks_of_self(r, c))
        c->whom = JV_WHOM_CALLER;
    if (c->whom == JV_WHOM_NONE && roles & JV_EVERY)
        c->whom = JV_WHOM_EVERYBODY;
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
        c->whom = before->whom;
        c->n_names = before->n_names;
        memcpy(c->names, before->names, sizeof(c->names));
    }
    for (size_t i = n; i-- > 1;) {
        struct jv_clause *c = &wishes[i - 1].clause;
        const struct jv_clause *after = &wishes[i].clause;

        if (c->whom != JV_WHOM_NONE || after->before == JV_STOP || after->whom != JV_WHOM_PERSON)
            continue;
        c->whom = after->whom;
        c->n_names = after->n_names;
        memcpy(c->names, after->names, sizeof(c->names));
    }
}

/* ---- what kind of sentence ------------------------------------------------------------------- */

static void find_mood(const struct jv_reading *r, struct jv_clause *c)
{
    unsigned roles = roles_of(r, c);
    size_t i = c->from;

    while (i < c->to && r->tokens[i].word->roles & (JV_GREET | JV_JOIN | JV_YES | JV_NO))
        i++;
    while (i < c->to && r->tokens[i].word->roles == JV_FUNCTION)
        i++;
    c->looks = i < c->to && r->tokens[i].word->roles & (JV_ASKING | JV_BE | JV_EVERY);
    while (i < c->to && r->tokens[i].word->roles & JV_FUNCTION &&
           !(r->tokens[i].word->roles & JV_READ)) /* could you please ... */
        i++;
    c->looks = c->looks || (i < c->to && r->tokens[i].word->roles & JV_READ);
    c->negated = roles & JV_NOT;
    c->wishes = roles & JV_WISH && !(roles & (JV_READ | JV_MY | JV_ASKING | JV_NOT));
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

static bool has_value(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].in_value || r->tokens[i].name || r->tokens[i].word->number)
            return true;
    return false;
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
        named = named || r->tokens[i].name || r->tokens[i].word->number;
    return named;
}

static void borrow_head(const struct jv_reading *r, struct jv_wish *wishes, size_t n, size_t at,
                        struct jv_arena *a)
{
    struct jv_clause *c = &wishes[at].clause;
    const struct jv_wish *from = NULL;

    for (size_t i = c->from; i < c->to; i++)
        if (jv_token_unknown(r, i) && !r->tokens[i].name)
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

/* Parts with a head or a value stay; what says nothing lengthens the text of the one before. */
static size_t keep_telling(const struct jv_reading *r, struct jv_wish *wishes, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool says = jv_wish_has_head(&wishes[i]) || has_value(r, &wishes[i].clause) ||
                    wishes[i].clause.whom == JV_WHOM_CALLER || /* "and mine?" */
                    (wishes[i].n_picks && wishes[i].picks[0].score.confidence >= head_confidence);

        if (says)
            wishes[kept++] = wishes[i];
        else if (kept && wishes[i].clause.before != JV_STOP)
            wishes[kept - 1].text_to = wishes[i].clause.to;
    }
    return kept;
}

size_t jv_clauses(const struct jv_reading *r, const struct jv_asker *who, struct jv_arena *a,
                  struct jv_wish wishes[JV_CLAUSES])
{
    size_t n = cut(r, wishes, JV_CLAUSES);

    for (size_t i = 0; i < n; i++) {
        find_whom(r, who, &wishes[i].clause);
        find_mood(r, &wishes[i].clause);
        match(r, &wishes[i], a);
    }
    n = keep_telling(r, wishes, n);
    for (size_t i = 0; i < n; i++)
        if (!jv_wish_has_head(&wishes[i]))
            borrow_head(r, wishes, n, i, a);
    share_whom(wishes, n);
    return n;
}
