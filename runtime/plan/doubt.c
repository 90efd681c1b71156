/* doubt.c -- what speaks against doing a change at once.
 *
 * A change is done when the words ask for it and nothing else is in the way: "delete all but 1",
 * "close it once 2 is done", "approve 1 tomorrow", "a ticket for vpn? or gpu?", "create it.
 * Actually, don't" are asked about first. */
#include "plan/doubt.h"

#include <stdio.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"
#include "plan/acts.h"

enum { id_digits = 4, brief = 7 };

static bool is_any(const struct jv_reading *r, size_t i, const char *const *words, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (jv_word_is(r, i, words[k]))
            return true;
    return false;
}

static bool changes(const struct jv_reading *r, const struct jv_draft *d)
{
    return !r->catalog->tools[d->tool].read_only;
}

/* It changes what is there, by its number. */
static bool is_numbered(const struct jv_reading *r, const struct jv_draft *d)
{
    return r->catalog->families[r->catalog->tools[d->tool].family].needs_number;
}

static bool is_id(const struct jv_reading *r, size_t i)
{
    return jv_token_number(r, i) && strlen(r->tokens[i].word->norm) >= id_digits;
}

/* ---- the words around it --------------------------------------------------------------------- */

/* From the stop before the part to the stop behind it. */
static struct jv_clause sentence_of(const struct jv_reading *r, const struct jv_clause *c)
{
    struct jv_clause s = { .from = c->from, .to = c->to };

    while (s.from > 0 && r->tokens[s.from].word->before != JV_STOP)
        s.from--;
    while (s.to < r->n && r->tokens[s.to].word->before != JV_STOP)
        s.to++;
    return s;
}

/* "all but 1", "except 1", "rather than 1", "the others", "maybe" */
static bool excepts(const struct jv_reading *r, const struct jv_clause *s)
{
    static const char *const words[] = { "except",   "excluding", "unless",  "others",
                                         "rest",     "maybe",     "perhaps", "might",
                                         "probably", "remaining", "whether" };
    static const char *const pairs[][2] = { { "rather", "than" }, { "instead", "of" },
                                            { "other", "than" },  { "apart", "from" },
                                            { "but", "not" },     { "as", "soon" },
                                            { "or", "rather" },   { "no", "longer" },
                                            { "only", "if" } };

    for (size_t i = s->from; i < s->to; i++) {
        if (is_any(r, i, words, JV_COUNT(words)))
            return true;
        for (size_t k = 0; k < JV_COUNT(pairs); k++)
            if (jv_word_is(r, i, pairs[k][0]) && jv_word_is(r, i + 1, pairs[k][1]))
                return true;
        if (jv_word_is(r, i, "but") && i &&
            (jv_roles_at(r, i - 1) & JV_EVERY || jv_word_is(r, i - 1, "everything") ||
             jv_word_is(r, i - 1, "anything")))
            return true;
    }
    return false;
}

/* Somebody else's words are shown, or it was not meant: "summarise this: delete 1", "> delete 1",
 * "delete 1, just kidding". Wherever in the text that stands. */
static bool is_retold(const struct jv_reading *r)
{
    static const char *const marks[] = { "\n>",        "```",      "\nsubject:", "this:",
                                         "following:", "example:", "says:",      "reads:",
                                         "wrote:",     "to me:",   "never mind" };
    static const char *const words[] = { "kidding",   "joking",    "summarise",
                                         "summarize", "translate", "nevermind" };

    if (r->words.text[0] == '>')
        return true;
    for (size_t i = 0; i < JV_COUNT(marks); i++)
        if (strcasestr(r->words.text, marks[i]))
            return true;
    for (size_t i = 0; i < r->n; i++)
        if (is_any(r, i, words, JV_COUNT(words)))
            return true;
    return false;
}

/* What somebody else would like, or nobody: "alex wants to delete 1", "it is wrong to". */
static bool is_not_wished(const struct jv_reading *r, const struct jv_clause *s)
{
    static const char *const words[] = { "wants", "afraid", "wrong", "stop", "avoid", "refuse" };

    for (size_t i = s->from; i < s->to; i++)
        if (is_any(r, i, words, JV_COUNT(words)))
            return true;
    return false;
}

/* The first word of a sentence that says something. */
static size_t begin_of(const struct jv_reading *r, const struct jv_clause *s)
{
    size_t i = s->from;

    while (i < s->to && jv_roles_at(r, i) & (JV_GREET | JV_JOIN | JV_POLITE | JV_YES) &&
           !(jv_roles_at(r, i) & JV_CAUSE))
        i++;
    return i;
}

/* A condition begins here: "if it is done", "once 1 is closed"; not "if you could", "before I
 * forget". */
static bool conditions(const struct jv_reading *r, size_t i, size_t end, bool numbered)
{
    static const char *const strict[] = { "if", "once", "provided", "unless" };
    static const char *const loose[] = { "when", "after", "before", "until", "till" };
    static const char *const polite[] = { "possible", "may",   "could", "can",  "would", "d",
                                          "forget",   "leave", "have",  "need", "want" };
    bool yours = jv_word_is_you(r, i + 1) || jv_roles_at(r, i + 1) & (JV_SELF | JV_WE);

    if (!is_any(r, i, strict, JV_COUNT(strict)) &&
        !(numbered && is_any(r, i, loose, JV_COUNT(loose))))
        return false;
    if (r->tokens[i].in_date || i + 1 >= end || r->tokens[i + 1].in_date ||
        is_any(r, i + 1, polite, JV_COUNT(polite)))
        return false;
    for (size_t k = i + 1; yours && k < end && k < i + 4; k++)
        if (is_any(r, k, polite, JV_COUNT(polite)))
            return false;
    return true;
}

/* The sentence begins with one, or the part goes on with one. */
static bool is_conditional(const struct jv_reading *r, const struct jv_clause *c,
                           const struct jv_clause *s, bool numbered)
{
    if (conditions(r, begin_of(r, s), s->to, numbered))
        return true;
    for (size_t i = c->from; i < s->to && i <= c->to; i++)
        if (conditions(r, i, s->to, numbered))
            return true;
    return false;
}

/* "approve it tomorrow", "close it later" */
static bool is_later(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_word_is(r, i, "later") ||
            (r->tokens[i].in_date && !jv_word_is(r, i, "today") && !jv_word_is(r, i, "now")))
            return true;
    return false;
}

/* "so it may be closed", "please", "thanks": said in order to have it done. */
static bool concludes(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from ? c->from - 1 : 0; i < r->n; i++)
        if (jv_roles_at(r, i) & (JV_POLITE | JV_THANKS) ||
            (jv_word_is(r, i, "do") && jv_roles_at(r, i + 1) & JV_IT) ||
            (i <= c->from && jv_word_is(r, i, "so")))
            return true;
    return false;
}

static bool speaks_to_you(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_word_is_you(r, i) || jv_word_is(r, i, "mind"))
            return true;
    return false;
}

/* "create 2 tickets for vpn access": one would be made. */
static bool counts(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i + 1 < c->to; i++)
        if ((r->tokens[i].word->number || jv_word_is(r, i, "two") || jv_word_is(r, i, "three")) &&
            !is_id(r, i) && r->tokens[i + 1].word->plural && jv_token_personal(r, i + 1))
            return true;
    return false;
}

/* "can you create tickets for vpn access?" */
static bool asks_of_many(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; c->asked && i < c->to; i++)
        if (r->tokens[i].word->plural && jv_token_personal(r, i) &&
            jv_match_number(r, c, 0) == SIZE_MAX)
            return true;
    return false;
}

/* "will it be approved?", "can 1 be closed", "can I delete 1?" */
static bool wonders(const struct jv_reading *r, const struct jv_clause *c, bool numbered)
{
    static const char *const may[] = { "will", "can", "may", "should", "shall", "is", "was" };
    size_t i = c->from;

    while (i < c->to && jv_roles_at(r, i) & (JV_GREET | JV_JOIN | JV_POLITE | JV_YES))
        i++;
    if (jv_word_is(r, i, "will") && !jv_word_is_you(r, i + 1))
        return true;
    if (numbered && is_any(r, i, may, JV_COUNT(may)) && !jv_word_is_you(r, i + 1))
        return !(jv_roles_at(r, i + 1) & JV_PERSON) && !jv_word_is(r, i + 1, "someone") &&
               !jv_word_is(r, i + 1, "somebody");
    if (numbered && c->asked && !concludes(r, c) && !speaks_to_you(r, c))
        return true; /* "approve 1?" */
    for (; numbered && i + 1 < c->to; i++)
        if (is_any(r, i, may, 3) && jv_word_is(r, i + 1, "be"))
            return !concludes(r, c); /* "1 can be closed" */
    return false;
}

/* "alex told me to close it" */
static bool was_told(const struct jv_reading *r, const struct jv_clause *c)
{
    static const char *const words[] = { "told", "asked", "wants", "asks", "wanted" };

    for (size_t i = c->from; i + 2 < c->to; i++)
        if (is_any(r, i, words, JV_COUNT(words)) && jv_roles_at(r, i + 1) & (JV_SELF | JV_WE) &&
            jv_word_is(r, i + 2, "to"))
            return true;
    return false;
}

/* ---- taken back ------------------------------------------------------------------------------ */

/* "Actually, don't", "no, wait", "scratch that", "sorry, I meant ..." begin here. */
static bool takes_back(const struct jv_reading *r, size_t i)
{
    static const char *const turns[] = { "actually", "wait", "sorry", "or",  "but",   "oops",
                                         "hm",       "hmm",  "well",  "and", "please" };
    bool turned = false;

    for (; i < r->n && is_any(r, i, turns, JV_COUNT(turns)); i++)
        turned = turned || !(jv_roles_at(r, i) & (JV_JOIN | JV_POLITE | JV_OR));
    if (i >= r->n)
        return turned;
    if (jv_word_is(r, i, "meant") || (turned && jv_word_is(r, i + 1, "meant")))
        return true;
    return jv_roles_at(r, i) & JV_NO || jv_word_is(r, i, "don") || jv_word_is(r, i, "dont") ||
           jv_word_is(r, i, "not");
}

static bool is_taken_back(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from + 1; i < r->n; i++)
        if (r->tokens[i].word->before != JV_NO_BREAK && !r->tokens[i].in_value && takes_back(r, i))
            return true;
    for (size_t i = c->to; i < r->n; i++)
        if (jv_word_is(r, i, "meant"))
            return true;
    return false;
}

/* "for vpn? or gpu?": what was meant is open. */
static bool alternates(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from + 1; i + 1 < r->n; i++)
        if (jv_roles_at(r, i) & JV_OR &&
            (r->tokens[i + 1].in_value || jv_token_number(r, i + 1) || r->tokens[i + 1].name))
            return true;
    return false;
}

/* ---- what would be done ---------------------------------------------------------------------- */

static bool same_number(const struct jv_draft *a, const struct jv_draft *b)
{
    for (size_t i = 0; i < a->arguments->n_fields; i++) {
        const Google__Protobuf__Value *v = a->arguments->fields[i]->value;

        if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
            jv_value_same(v, jv_struct_get(b->arguments, a->arguments->fields[i]->key)))
            return true;
    }
    return false;
}

/* Approved and rejected, changed and deleted. */
static bool contradicts(const struct jv_reading *r, const struct jv_draft *drafts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++)
            if (changes(r, &drafts[i]) && changes(r, &drafts[k]) &&
                same_number(&drafts[i], &drafts[k]))
                return true;
    return false;
}

static bool holds_number(const struct jv_draft *d, const char *digits)
{
    for (size_t i = 0; i < d->arguments->n_fields; i++) {
        const Google__Protobuf__Value *v = d->arguments->fields[i]->value;
        char text[32];

        if (v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
            continue;
        snprintf(text, sizeof(text), "%.0f", v->number_value);
        if (strcmp(text, digits) == 0)
            return true;
    }
    return false;
}

static bool is_year(const char *digits)
{
    return strlen(digits) == 4 && (strncmp(digits, "19", 2) == 0 || strncmp(digits, "20", 2) == 0);
}

/* "1-5" */
static bool is_range(const struct jv_reading *r, size_t i)
{
    const struct jv_word *w = r->tokens[i].word;

    if (i + 1 >= r->n || !jv_token_number(r, i))
        return false;
    if (jv_word_is(r, i + 1, "to") || jv_word_is(r, i + 1, "through"))
        return i + 2 < r->n && jv_token_number(r, i + 2);
    return jv_token_number(r, i + 1) && r->words.text[w->to] == '-';
}

/* An id that no call takes, or a row of them: "delete 1 to 5". */
static bool leaves_ids(const struct jv_reading *r, const struct jv_draft *drafts, size_t n)
{
    for (size_t i = 0; i < r->n; i++) {
        bool taken = !is_id(r, i) || is_year(r->tokens[i].word->norm);

        for (size_t k = 0; k < n && !taken; k++)
            taken = holds_number(&drafts[k], r->tokens[i].word->norm);
        if (!taken || is_range(r, i))
            return true;
    }
    return false;
}

/* "for everyone", "delete all of them", "close all open tickets"; not "all sorted" */
static bool sweeps(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++) {
        if (!(jv_roles_at(r, i) & JV_EVERY && jv_roles_at(r, i) & JV_FUNCTION))
            continue;
        if ((i && jv_roles_at(r, i - 1) & JV_OWNER) || jv_word_is(r, i + 1, "of"))
            return true;
        for (size_t k = i + 1; k < c->to && k < i + 4; k++)
            if (r->tokens[k].word->plural && jv_token_personal(r, k))
                return true;
    }
    return false;
}

/* "gitlab ticket for alex": it may be there already. */
static bool merely_names(const struct jv_reading *r, const struct jv_clause *c,
                         const struct jv_draft *d)
{
    uint32_t family = r->catalog->tools[d->tool].family;

    return c->fragment && !(jv_roles_of(r, c) & JV_WISH) && !c->makes_new &&
           c->head_from == c->head_to && !is_numbered(r, d) &&
           !jv_begins_with_one(r, c, &r->catalog->families[family]) &&
           !jv_asks_within(r, c, family);
}

/* "alex needs a gpu": nobody asked for a ticket. */
static bool needs_for(const struct jv_reading *r, const struct jv_clause *c,
                      const struct jv_draft *d)
{
    return c->whom == JV_WHOM_PERSON && !is_numbered(r, d) &&
           !jv_asks_within(r, c, r->catalog->tools[d->tool].family);
}

/* "for the new hire to get a laptop": for whom? */
static bool for_others(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i + 3 < c->to; i++) {
        if (!jv_word_is(r, i, "for") || !(jv_roles_at(r, i + 1) & (JV_ARTICLE | JV_MY | JV_WE)))
            continue;
        for (size_t k = i + 2; k + 1 < c->to && k < i + 6 && !r->tokens[k].in_value; k++)
            if (jv_word_is(r, k, "to") &&
                (jv_word_is(r, k + 1, "get") || jv_word_is(r, k + 1, "have")))
                return true;
    }
    return false;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Some part asks for it in so many words. */
static bool is_asked_for(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                         uint32_t family)
{
    for (size_t i = 0; i < n; i++)
        if (jv_asks_within(r, &wishes[i].clause, family) ||
            jv_begins_with_one(r, &wishes[i].clause, &r->catalog->families[family]))
            return true;
    return false;
}

static bool doubts(const struct jv_reading *r, const struct jv_clause *c, const struct jv_draft *d)
{
    struct jv_clause s = sentence_of(r, c);
    bool numbered = is_numbered(r, d);

    return excepts(r, &s) || is_conditional(r, c, &s, numbered) || (numbered && is_later(r, c)) ||
           for_others(r, c) || asks_of_many(r, c) || (!numbered && counts(r, c)) ||
           wonders(r, c, numbered) || was_told(r, c) || sweeps(r, c) || is_taken_back(r, c) ||
           alternates(r, c) || is_retold(r) || (numbered && is_not_wished(r, &s));
}

bool jv_doubtful(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                 const struct jv_draft *drafts, size_t n_drafts)
{
    bool change = false;

    for (size_t i = 0; i < n_drafts; i++) {
        const struct jv_draft *d = &drafts[i];

        if (!changes(r, d))
            continue;
        change = true;
        if (d->guessed)
            return true;
        if (d->wish < n_wishes &&
            !is_asked_for(r, wishes, n_wishes, r->catalog->tools[d->tool].family) &&
            (merely_names(r, &wishes[d->wish].clause, d) ||
             needs_for(r, &wishes[d->wish].clause, d)))
            return true;
        if (d->wish < n_wishes && doubts(r, &wishes[d->wish].clause, d))
            return true;
    }
    return contradicts(r, drafts, n_drafts) || (change && leaves_ids(r, drafts, n_drafts));
}

/* ---- the answer ------------------------------------------------------------------------------ */

bool jv_says_yes(const struct jv_reading *r, const struct jv_draft *asked, size_t n)
{
    static const char *const words[] = { "do",        "go",      "ahead",   "confirm",
                                         "confirmed", "correct", "exactly", "right" };
    static const jv_roles gentle = JV_YES | JV_POLITE | JV_THANKS | JV_GREET;
    bool yes = false;

    for (size_t i = 0; i < r->n && r->n <= brief; i++) {
        bool known = is_any(r, i, words, JV_COUNT(words)), taken = false;

        for (size_t k = 0; k < n && is_id(r, i); k++)
            taken = taken || holds_number(&asked[k], r->tokens[i].word->norm);
        if (jv_roles_at(r, i) & (JV_NO | JV_NOT) || r->tokens[i].word->asked ||
            !(known || taken || jv_roles_at(r, i) & (gentle | JV_FUNCTION)))
            return false;
        yes = yes || known || jv_roles_at(r, i) & JV_YES;
    }
    return yes;
}

bool jv_says_no(const struct jv_reading *r)
{
    for (size_t i = 0; i < r->n && r->n <= brief; i++)
        if (jv_roles_at(r, i) & (JV_NO | JV_NOT))
            return true;
    return false;
}
