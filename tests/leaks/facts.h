/* facts.h -- what is somebody's own, and whether a text tells it to somebody who may not know.
 *
 * A fact is a word or a number that stands nowhere else: a made-up name, the number of a ticket, an
 * amount. Texts are searched word by word, never for parts of words. A word is letters and digits;
 * JSON's and Markdown's escapes end words. Numbers are compared by their digits alone: 1,234.56,
 * 1234.56 and 123456 are the same, and 2011-03-05 is 20110305. UUIDs are skipped. */
#ifndef FACTS_H
#define FACTS_H

#include "jv/base.h"

/* Whose scope lets one see it: bits of facts and of people. */
enum { SEE_TICKETS = 1 << 0, SEE_FINOPS = 1 << 1, SEE_OXYGEN = 1 << 2, SEE_ANY = 7 };

struct fact {
    const char *word; /* as it is compared */
    const char *what; /* "operation of ticket 12345678" */
    int owner;        /* a person's number */
    unsigned see;     /* whoever has one of these for all may see it */
    bool said;        /* the owner said it: may know it whatever the scopes */
    bool copied;      /* whoever says it may have it in their own data from then on */
    uint32_t told;    /* people who said it themselves, ever: a bit each */
    uint32_t given;   /* people in whose data it stands, too: somebody who may has put it there */
};

/* Whoever reads the text; owner -1: somebody without a token. */
struct reader {
    int owner;
    unsigned own; /* may see own facts of these */
    unsigned all; /* may see everybody's of these */
};

struct facts;

struct facts *facts_new(struct jv_arena *a);
/* Texts are borrowed. A word that is there already stays what it was: false. */
bool facts_add(struct facts *f, const struct fact *fact);
bool facts_has(const struct facts *f, const char *word);
size_t facts_count(const struct facts *f);
const struct fact *facts_at(const struct facts *f, size_t i);

bool fact_may_see(const struct fact *fact, const struct reader *r);

/* Whoever says a fact knows it; whose data has it may see it. */
void facts_told(struct facts *f, int who, const char *text);
void facts_given(struct facts *f, int who, const char *text);

/* The first fact in the text that the reader may not see and that does not stand in `typed`, what
 * the reader said for it (NULL: all that the reader ever said); NULL: none. *ret_allowed counts
 * those that may be seen (may be NULL). */
const struct fact *facts_leak(const struct facts *f, const struct reader *r, const char *text,
                              const char *typed, size_t *ret_allowed);

/* The digits of a number, as facts are compared: "123456" of "1,234.56". */
char *fact_digits(struct jv_arena *a, const char *number);

#endif
