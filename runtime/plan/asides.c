/* asides.c -- what stands in a text and is none of the wish's: days of a story, numbers that count.
 *
 * "It's Friday and I need my tickets" asks for no tickets of Friday, and "2 monitors for floor 3"
 * for no ticket 2 or 3. */
#include <string.h>

#include "plan/reading.h"

static bool is_one_of(const struct jv_reading *r, size_t i, const char *const *words, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (jv_word_is(r, i, words[k]))
            return true;
    return false;
}
#define IS(r, i, words) is_one_of(r, i, words, JV_COUNT(words))

/* ---- days ------------------------------------------------------------------------------------ */

/* A part of the text begins here. */
static bool parts(const struct jv_reading *r, size_t i)
{
    static const char *const joins[] = { "but", "so", "because", "and" };

    return i == 0 || r->tokens[i].word->before || r->tokens[i].word->told || IS(r, i - 1, joins) ||
           IS(r, i, joins);
}

/* The word asks for something, or says what is asked for. */
static bool asks(const struct jv_reading *r, size_t i)
{
    static const jv_roles roles = JV_READ | JV_ASKING | JV_WISH | JV_POLITE | JV_EVERY;
    static const char *const others[] = { "those", "these", "ones", "one", "them", "mean" };
    const struct jv_token *t = &r->tokens[i];

    if (t->word->roles & roles || t->in_value || IS(r, i, others))
        return true;
    return t->term != JV_NONE && r->catalog->terms[t->term].strong && !t->in_date &&
           !(t->word->roles & (JV_FUNCTION | JV_GENERAL));
}

/* "I was out [yesterday]", "it is [Friday]": a part of its own that tells and does not ask. */
static bool is_told(const struct jv_reading *r, const struct jv_date *d)
{
    static const jv_roles subject = JV_SELF | JV_WE | JV_THEIRS;
    size_t from = d->from, to = d->from + d->n;
    bool told = false;

    while (!parts(r, from))
        from--;
    while (to < r->n && !parts(r, to))
        to++;
    if (to - from == r->n || r->tokens[to - 1].word->asked || jv_roles_at(r, from) & JV_BE)
        return false; /* a question: "do I sit anything next week?" */
    for (size_t i = from; i < to; i++) {
        bool in = i >= d->from && i < d->from + d->n;

        if (!in && asks(r, i))
            return false;
        told = told || (!in && jv_roles_at(r, i) & subject) ||
               (jv_word_is(r, i, "it") && jv_roles_at(r, i + 1) & JV_BE && i + 2 == d->from);
    }
    return told;
}

/* "before the weekend starts", "every Friday", "today is" */
static bool is_event(const struct jv_reading *r, const struct jv_date *d)
{
    static const char *const verbs[] = {
        "starts", "begins", "ends", "comes", "arrives", "is", "was"
    };
    size_t next = d->from + d->n;

    if (d->from && jv_roles_at(r, d->from - 1) & JV_FEELING)
        return true; /* "happy Friday" */
    if (d->from && (jv_word_is(r, d->from - 1, "every") || jv_word_is(r, d->from - 1, "each")))
        return true;
    return next < r->n && !r->tokens[next].word->before && IS(r, next, verbs) &&
           !jv_word_is(r, next + 1, "there");
}

/* "tomorrow's standup" is no time of the exams; "tomorrow's exams" is. */
static bool is_of_other(const struct jv_reading *r, const struct jv_date *d)
{
    size_t last = d->from + d->n - 1;

    if (!r->tokens[last].word->possessive)
        return false;
    for (size_t i = last + 1; i < r->n && i < last + 4 && !r->tokens[i].word->before; i++)
        if (jv_token_personal(r, i))
            return false;
    return true;
}

/* "leaving out what was filed [before that day]" */
static bool is_left_out(const struct jv_reading *r, const struct jv_date *d)
{
    enum { near = 7 };
    static const char *const excluders[] = { "except",   "excluding", "exclude",  "omit",
                                             "omitting", "skip",      "skipping", "ignore",
                                             "leaving",  "leave" };

    if (d->from && jv_word_is(r, d->from - 1, "not"))
        return true;
    for (size_t i = d->from; i > 0 && i + near > d->from && !r->tokens[i].word->before; i--)
        if (IS(r, i - 1, excluders) && jv_roles_at(r, i - 1) & (JV_NOT | JV_NO))
            return true;
    return false;
}

/* What is left when those days are left out; of days in between nothing can be said. */
static void turn(struct jv_date *d)
{
    int64_t since = d->since;

    d->since = d->until == INT64_MAX || since != INT64_MIN ? INT64_MIN : d->until;
    d->until = since == INT64_MIN || d->until != INT64_MAX ? INT64_MAX : since;
}

static void drop_days(struct jv_reading *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->n_dates; i++)
        if (is_left_out(r, &r->dates[i]))
            turn(&r->dates[i]);

    for (size_t i = 0; i < r->n_dates; i++)
        if (!is_told(r, &r->dates[i]) && !is_event(r, &r->dates[i]) &&
            !is_of_other(r, &r->dates[i]))
            r->dates[kept++] = r->dates[i];
    r->n_dates = kept;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* The word names what is looked up by a number, "ticket 5"; or does something to it, "close 5". */
static bool is_numbered(const struct jv_reading *r, size_t i, bool *ret_does)
{
    const struct jv_catalog *c = r->catalog;
    const struct jv_token *token = &r->tokens[i];
    bool numbered = false;

    *ret_does = false;
    if (token->term == JV_NONE || token->word->roles || token->word->past)
        return false;
    for (size_t k = 0; k < c->terms[token->term].n_postings; k++) {
        const struct jv_posting *p = &c->terms[token->term].postings[k];

        numbered = numbered || (p->weight >= 0.5f && c->families[p->family].needs_number);
        *ret_does = *ret_does || p->acts;
    }
    return numbered;
}

/* Nothing follows that it could count: "close 5", "close 5 and 6". */
static bool ends_there(const struct jv_reading *r, size_t i)
{
    return i + 1 >= r->n || r->tokens[i + 1].word->before ||
           jv_roles_at(r, i + 1) & (JV_JOIN | JV_POLITE);
}

/* "#5", "no. 5", "ticket 5", "ids 5 and 6" */
static bool is_labelled(const struct jv_reading *r, size_t i)
{
    static const char *const labels[] = { "no",  "nr", "number", "numbers",
                                          "num", "id", "ids",    "ticket_id" };
    size_t from = r->tokens[i].word->from;
    bool does;

    if (from && r->words.text[from - 1] == '#')
        return true;
    if (!i || r->tokens[i].word->before == JV_STOP)
        return false;
    if (IS(r, i - 1, labels))
        return true;
    return is_numbered(r, i - 1, &does) && (!(does || r->tokens[i].word->told) || ends_there(r, i));
}

/* "5 days", "20 euros", "$5", "5%" */
static bool is_measure(const struct jv_reading *r, size_t i)
{
    static const char *const units[] = {
        "day",    "days",    "week",    "weeks",  "month",  "months",  "year", "years",
        "hour",   "hours",   "min",     "mins",   "minute", "minutes", "am",   "pm",
        "euro",   "euros",   "eur",     "usd",    "gb",     "inch",    "tb",   "mb",
        "dollar", "dollars", "percent", "people", "times",  "pieces",
    };
    const struct jv_word *w = r->tokens[i].word;
    const char *text = r->words.text;

    if (text[w->to] == '%' || (w->from && text[w->from - 1] == '$'))
        return true;
    return i + 1 < r->n && !r->tokens[i + 1].word->before && IS(r, i + 1, units);
}

/* "3 monitors", "2 newest tickets" */
static bool counts(const struct jv_reading *r, size_t i)
{
    for (size_t k = i + 1; k < r->n && k < i + 3 && !r->tokens[k].word->before; k++)
        if (r->tokens[k].word->plural && !(jv_roles_at(r, k) & JV_FUNCTION))
            return true;
    return false;
}

/* The text is a number and nothing else of weight: an answer. */
static bool is_bare(const struct jv_reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->tokens[i].word->number &&
            (!(jv_roles_at(r, i) & (JV_FUNCTION | JV_YES)) || jv_roles_at(r, i) & JV_ASKING))
            return false;
    return true;
}

/* One more in a row of ids: "tickets 1, 2 and 3", "1 to 3", but not "12304 and 5 more". */
static bool lists_on(const struct jv_reading *r, size_t i)
{
    static const char *const others[] = { "more", "others", "other", "of" };
    bool joined = i && (jv_roles_at(r, i - 1) & (JV_JOIN | JV_OR) || jv_word_is(r, i - 1, "to") ||
                        jv_word_is(r, i - 1, "through"));
    size_t before = joined ? i - 1 : i;

    if (i + 1 < r->n && !r->tokens[i + 1].word->before && IS(r, i + 1, others))
        return false;

    return before && r->tokens[i].word->before != JV_STOP && jv_token_number(r, before - 1) &&
           !counts(r, i);
}

/* "1. my tickets 2. my exams": the place in a list. */
static bool is_mark(const struct jv_reading *r, size_t i, char digit)
{
    const struct jv_word *w = r->tokens[i].word;

    return w->number && w->norm[0] == digit && !w->norm[1] && i + 1 < r->n &&
           strchr(".):", r->words.text[w->to]) && r->words.text[w->to];
}

static bool is_list(const struct jv_reading *r)
{
    size_t i = 0;

    while (i < r->n && !is_mark(r, i, '1'))
        i++;
    while (i < r->n && !is_mark(r, i, '2'))
        i++;
    return i < r->n;
}

static void find_amounts(struct jv_reading *r)
{
    size_t least = r->catalog->least_digits;
    bool bare = is_bare(r), list = is_list(r);

    for (size_t i = 0; i < r->n; i++) {
        struct jv_token *t = &r->tokens[i];
        bool named = bare || strlen(t->word->norm) >= least;

        if (t->word->number)
            t->amount = is_measure(r, i) || (list && is_mark(r, i, t->word->norm[0])) ||
                        !(named || is_labelled(r, i) || lists_on(r, i));
    }
}

void jv_asides_mark(struct jv_reading *r)
{
    drop_days(r);
    find_amounts(r);
}
