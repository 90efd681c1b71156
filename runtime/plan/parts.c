/* parts.c -- a sentence cut at "and" and commas, where a request begins ("..., could you"), and
 * where background does ("because ..."). */
#include "plan/parts.h"

#include <string.h>

static bool in_span(const struct jv_span *spans, size_t n, size_t token)
{
    for (size_t i = 0; i < n; i++)
        if (spans[i].from < token && token < spans[i].from + spans[i].n)
            return true;
    return false;
}

/* "tickets which are open", "to which cloud": it goes on with what was said. */
static bool relates(const struct jv_reading *r, size_t i)
{
    jv_roles before = i ? jv_roles_at(r, i - 1) : 0;

    if (!i || r->tokens[i].word->before != JV_NO_BREAK)
        return false;
    if (before & JV_OWNER || jv_word_is(r, i - 1, "to") || jv_word_is(r, i - 1, "in") ||
        jv_word_is(r, i - 1, "about"))
        return true;
    return (jv_token_personal(r, i - 1) || before & (JV_MY | JV_IT)) &&
           jv_roles_at(r, i + 1) & (JV_BE | JV_AUX | JV_SELF | JV_THEIRS);
}

/* "when I need", "if I want": nothing is requested yet. */
static bool is_condition(const struct jv_reading *r, size_t i)
{
    static const char *const words[] = { "when",  "whether", "if",    "before",
                                         "after", "once",    "until", "unless" };

    for (size_t k = 0; i && k < JV_COUNT(words); k++)
        if (jv_word_is(r, i - 1, words[k]))
            return true;
    return false;
}

/* "which are open and [when] my exam is": one more question. */
static bool asks_before(const struct jv_reading *r, size_t i)
{
    while (i-- > 0) {
        if (jv_roles_at(r, i) & JV_ASKING)
            return true;
        if (r->tokens[i].word->before == JV_STOP)
            return false;
    }
    return false;
}

bool jv_cues(const struct jv_reading *r, size_t i)
{
    jv_roles here = jv_roles_at(r, i), next = jv_roles_at(r, i + 1);
    bool ends = i + 1 >= r->n || r->tokens[i + 1].word->before != JV_NO_BREAK;
    bool you = jv_word_is_you(r, i + 1);

    if (ends)
        return false;
    if (here & JV_POLITE)
        return !(next & (JV_JOIN | JV_CAUSE));

    if (here & JV_AUX)
        return you || next & (JV_SELF | JV_WE);
    if (here & JV_READ && r->tokens[i].word->going)
        return false; /* "reading our mails" */
    if (here & JV_READ)
        return next & (JV_SELF | JV_MY | JV_WE) || jv_word_is(r, i + 1, "us");
    if (jv_word_is(r, i, "get"))
        return jv_word_is(r, i + 1, "me") || jv_word_is(r, i + 1, "us");
    if (jv_word_is_you(r, i))
        return next & JV_AUX && (!i || jv_word_is(r, i - 1, "if"));
    if (here & JV_SELF && !is_condition(r, i) &&
        !(i && (jv_word_is(r, i - 1, "that") || jv_roles_at(r, i - 1) & (JV_BE | JV_AUX))))
        return next & JV_WISH || jv_word_is(r, i + 1, "d") || jv_word_is(r, i + 1, "rather") ||
               (jv_word_is(r, i + 1, "would") && jv_roles_at(r, i + 2) & JV_WISH);
    if (jv_word_is(r, i, "when") || jv_word_is(r, i, "where") || jv_word_is(r, i, "who"))
        return i == 0 || r->tokens[i].word->before != JV_NO_BREAK ||
               jv_roles_at(r, i - 1) & (JV_READ | JV_SELF) ||
               (jv_roles_at(r, i - 1) & JV_JOIN && asks_before(r, i));
    return here & JV_ASKING && !relates(r, i);
}

/* ", so please", "so could you"; not "so kind", "so far". */
static bool leads_on(const struct jv_reading *r, size_t i)
{
    return r->tokens[i].word->before != JV_NO_BREAK ||
           jv_roles_at(r, i + 1) &
                   (JV_SELF | JV_WE | JV_THEIRS | JV_AUX | JV_POLITE | JV_IT | JV_READ | JV_ASKING);
}

bool jv_backs(const struct jv_reading *r, size_t i)
{
    jv_roles next = jv_roles_at(r, i + 1);

    if (!(jv_roles_at(r, i) & JV_CAUSE) || r->tokens[i].in_date || r->tokens[i].in_value)
        return false;
    if ((jv_word_is(r, i + 1, "this") || jv_word_is(r, i + 1, "that")) &&
        jv_roles_at(r, i + 2) & (JV_MY | JV_ARTICLE | JV_READ | JV_THEIRS))
        return false; /* "after that my courses": it goes on */
    if (jv_word_is(r, i, "because") || jv_word_is(r, i, "although") || jv_word_is(r, i, "though") ||
        jv_word_is(r, i, "but") || jv_word_is(r, i, "whereas") || jv_word_is(r, i, "however"))
        return true;
    return next & (JV_SELF | JV_WE | JV_THEIRS | JV_ARTICLE | JV_MY) ||
           (i + 1 < r->n && r->tokens[i + 1].name != JV_NO_NAME) ||
           (jv_word_is(r, i, "so") && leads_on(r, i));
}

/* "along with", "as well as": how many words; 0: it joins nothing. */
static size_t joins_more(const struct jv_reading *r, size_t i)
{
    if ((jv_word_is(r, i, "along") || jv_word_is(r, i, "together")) && jv_word_is(r, i + 1, "with"))
        return 2;
    return jv_word_is(r, i, "as") && jv_word_is(r, i + 1, "well") && jv_word_is(r, i + 2, "as") ? 3
                                                                                                : 0;
}

static bool is_long_number(const struct jv_reading *r, size_t i)
{
    enum { id_digits = 4 };

    return i < r->n && jv_token_number(r, i) && strlen(r->tokens[i].word->norm) >= id_digits;
}

/* "12301, 12303 and 12304" stay together. */
static bool lists_numbers(const struct jv_reading *r, size_t i)
{
    bool joins = r->tokens[i].word->roles & JV_JOIN;

    if (!i)
        return false;
    if (joins)
        return is_long_number(r, i - 1) && is_long_number(r, i + 1);
    if (!is_long_number(r, i))
        return false;
    return is_long_number(r, i - 1) ||
           (i > 1 && r->tokens[i - 1].word->roles & JV_JOIN && is_long_number(r, i - 2));
}

/* "do vishal and sarah have": both do. */
static bool joins_people(const struct jv_reading *r, size_t i)
{
    return i && i + 1 < r->n && jv_roles_at(r, i) & JV_JOIN &&
           r->tokens[i - 1].name == JV_NAME_SUBJECT && r->tokens[i + 1].name == JV_NAME_SUBJECT;
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
    if (r->tokens[i].aside || (i && r->tokens[i - 1].aside && r->tokens[i + 1].aside))
        return false;
    if ((w->before != JV_STOP && lists_numbers(r, i)) || joins_people(r, i))
        return false;
    if (joins_more(r, i))
        return true;
    if (jv_word_is(r, i, "against") && jv_roles_at(r, i + 1) & (JV_MY | JV_THEIRS | JV_ARTICLE))
        return false; /* "how is she doing against her budget" */
    if ((i && joins_more(r, i - 1) > 1) || (i > 1 && joins_more(r, i - 2) > 2))
        return false;
    return w->before != JV_NO_BREAK || w->roles & (JV_JOIN | JV_OR) || jv_cues(r, i) ||
           jv_backs(r, i);
}

/* "my courses my tickets", "his tickets together with his exams": another noun of somebody's. */
static bool owns_again(const struct jv_reading *r, size_t from, size_t i)
{
    if (!(jv_roles_at(r, i) & (JV_MY | JV_THEIRS)) || !jv_token_personal(r, i + 1) ||
        (i && (jv_roles_at(r, i - 1) & JV_OWNER || jv_word_is(r, i - 1, "with"))) ||
        in_span(r->values, r->n_values, i))
        return false;
    for (size_t k = from; k < i; k++)
        if (jv_token_personal(r, k) && r->tokens[k].term != r->tokens[i + 1].term &&
            (r->tokens[k].word->plural ||
             (k && jv_roles_at(r, k - 1) & (JV_MY | JV_THEIRS | JV_ARTICLE))))
            return true;
    return false;
}

/* The agent whose own noun for somebody's things stands here; JV_NONE. */
static uint32_t noun_agent(const struct jv_reading *r, size_t i)
{
    const struct jv_term *t;

    if (!jv_token_personal(r, i) || r->tokens[i].in_value || r->tokens[i].topic ||
        r->tokens[i].word->past || r->tokens[i].word->going)
        return JV_NONE;
    t = &r->catalog->terms[r->tokens[i].term];
    for (size_t k = 0; k < t->n_postings; k++)
        if (t->postings[k].weight >= 0.9f &&
            r->catalog->families[t->postings[k].family].tools[JV_SOMEBODYS] != JV_NONE)
            return t->postings[k].family;
    return JV_NONE;
}

/* "tickets exams budget courses": nouns that follow one another without a word between. */
static bool lists(const struct jv_reading *r, size_t from, size_t i)
{
    uint32_t here = i ? noun_agent(r, i) : JV_NONE, before;

    if (here == JV_NONE || r->tokens[i].word->before != JV_NO_BREAK)
        return false;
    before = noun_agent(r, i - 1);
    return before != JV_NONE && before != here &&
           (r->tokens[i - 1].word->plural || (i - 1 == from && i > 1)) && !jv_backs(r, i);
}

/* "compare my budget with sarah's": hers is another one. */
static bool is_other_ones(const struct jv_reading *r, size_t from, size_t i)
{
    static const char *const words[] = { "with", "to", "against", "than" };
    bool joins = false, mine = false;

    for (size_t k = 0; k < JV_COUNT(words); k++)
        joins = joins || jv_word_is(r, i, words[k]);
    for (size_t k = from; k < i && joins; k++)
        mine = mine || ((jv_roles_at(r, k) & JV_MY || r->tokens[k].word->possessive) &&
                        jv_token_personal(r, k + 1));
    return mine && i + 1 < r->n &&
           ((r->tokens[i + 1].name == JV_NAME_OWNER && r->tokens[i + 1].word->possessive) ||
            jv_word_is(r, i + 1, "mine") || jv_word_is(r, i + 1, "his") ||
            jv_word_is(r, i + 1, "hers") || jv_word_is(r, i + 1, "theirs")) &&
           (i + 2 >= r->n || r->tokens[i + 2].word->before != JV_NO_BREAK ||
            jv_roles_at(r, i + 2) & JV_FUNCTION);
}

/* "what exams must I take": the verb of the question that has begun. */
static bool inverts(const struct jv_reading *r, size_t from, size_t i)
{
    size_t k = from;

    if (r->tokens[i].word->before != JV_NO_BREAK || !(jv_roles_at(r, i) & JV_AUX) ||
        !(jv_roles_at(r, i + 1) & (JV_SELF | JV_WE)))
        return false;
    while (k < i && jv_roles_at(r, k) & (JV_GREET | JV_POLITE | JV_JOIN))
        k++;
    if (!(jv_roles_at(r, k) & JV_ASKING))
        return false;
    for (; k < i; k++)
        if (jv_roles_at(r, k) & (JV_AUX | JV_BE | JV_SELF))
            return false;
    return true;
}

size_t jv_parts(const struct jv_reading *r, struct jv_wish *wishes, size_t max)
{
    size_t n = 0, from = 0;

    for (size_t i = 0; i <= r->n && n < max; i++) {
        bool told = i < r->n && r->tokens[i].word->told &&
                    (i > from + 3 || jv_roles_at(r, from) & JV_CAUSE); /* "..., namely: ..." */

        if (i < r->n &&
            (i == 0 || !(told || (cuts(r, i) && !inverts(r, from, i)) || owns_again(r, from, i) ||
                         lists(r, from, i) || is_other_ones(r, from, i))))
            continue;
        while (from < i && (jv_roles_at(r, from) & (JV_JOIN | JV_OR) || joins_more(r, from)))
            from += joins_more(r, from) ? joins_more(r, from) : 1;
        from = from < i ? from : i;
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
