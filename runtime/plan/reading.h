/* reading.h -- a text as the catalogue sees it: terms, values, phrases, people. */
#ifndef JV_READING_H
#define JV_READING_H

#include <string.h>

#include "plan/catalog.h"
#include "plan/dates.h"
#include "plan/lexicon.h"
#include "plan/words.h"

/* How a name stands in the sentence; the greater, the surer that it is one. */
enum jv_name_place {
    JV_NO_NAME = 0,
    JV_NAME_MAYBE,   /* a word that nobody knows */
    JV_NAME_SUBJECT, /* does alex have ... */
    JV_NAME_OWNER,   /* vishal's, of vishal, user_001 */
};

struct jv_token {
    const struct jv_word *word;
    uint32_t term; /* JV_NONE: no card knows the word */
    bool typo;     /* the term is one letter away */
    bool in_value; /* part of a value's phrase */
    bool in_date;
    bool amount; /* a number that counts: "2 monitors" */
    bool aside;  /* a value that is only told: "divided between [aws] and [gcp]" */
    bool topic;  /* what somebody's thing is about: "my [budget] ticket" */
    enum jv_name_place name;
    const char *person; /* with a name: lower case, without what hangs on it */
};

/* Tokens from..from+n that are a phrase of the catalogue. */
struct jv_span {
    uint32_t from, n, phrase;
    bool other; /* a value that is not said, but left where others are denied: "not pending" */
};

struct jv_reading {
    const struct jv_catalog *catalog;
    struct jv_words words;
    size_t n;
    struct jv_token *tokens;
    size_t n_values, n_phrases;
    struct jv_span *values, *phrases; /* in the order they stand */
    uint32_t *by_agent;               /* of values, those of an agent together */
    size_t n_dates;
    struct jv_date dates[JV_DATES_MAX];
};

/* What somebody says at a time; now_ms NULL: a card's text, read to the letter. */
struct jv_reading jv_reading_new(const struct jv_catalog *c, struct jv_arena *a, const char *text,
                                 const int64_t *now_ms);

static inline jv_roles jv_roles_at(const struct jv_reading *r, size_t i)
{
    return i < r->n ? r->tokens[i].word->roles : 0;
}

/* Some word of it has one of them. */
static inline bool jv_has_role(const struct jv_reading *r, jv_roles roles)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->tokens[i].word->roles & roles)
            return true;
    return false;
}

static inline bool jv_word_is(const struct jv_reading *r, size_t i, const char *word)
{
    return i < r->n && strcmp(r->tokens[i].word->norm, word) == 0;
}

static inline bool jv_word_is_you(const struct jv_reading *r, size_t i)
{
    return jv_word_is(r, i, "you") || jv_word_is(r, i, "u") || jv_word_is(r, i, "y") ||
           jv_word_is(r, i, "ya") || jv_word_is(r, i, "yall");
}

/* The values that an agent knows: indexes of r->values, ascending. */
size_t jv_reading_values(const struct jv_reading *r, uint32_t agent, const uint32_t **ret);

/* Values that are denied give way to those that are left (.other); the other end of an order goes,
 * and what a thing is about becomes a value of it. There is room for max values. */
void jv_settle_values(struct jv_reading *r, struct jv_arena *a, size_t max);

/* Mark the tokens that stand where a name stands. */
void jv_people_mark(struct jv_reading *r, struct jv_arena *a);

/* Drop the days that belong to a story, and mark the numbers that count. */
void jv_asides_mark(struct jv_reading *r);

/* The word speaks for somebody's own data: "tickets" where there is get_my_tickets. */
bool jv_token_personal(const struct jv_reading *r, size_t i);
/* A number that names a thing: written like those of the examples, or said to be one. */
bool jv_token_number(const struct jv_reading *r, size_t i);
/* A word that no card and no lexicon knows: a name, an unknown value or plain noise. */
bool jv_token_unknown(const struct jv_reading *r, size_t i);
/* How much a token says, 0 to 1. */
double jv_token_weight(const struct jv_reading *r, size_t i);

#endif
