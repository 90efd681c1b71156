/* words.h -- random questions from a grammar: wishes about one's own and others' things, several in
 * a sentence, follow-ups, attacks, small talk; with the noise of people's typing. */
#ifndef WORDS_H
#define WORDS_H

#include "leaks/people.h"

struct words {
    struct people *people;
    const struct person *me; /* who asks */
    const struct person *other;
};

/* What is asked, and what of it counts as said: the same before noise, so that a number is known to
 * whoever typed it, however it came out. */
struct question {
    const char *text, *said;
};

/* "question" or "follow_up" (words.c has the rules). */
struct question words_make(struct words *w, const char *rule);
/* One alternative of a rule with all in it replaced: "who", "id", "operation", "thing", ... */
const char *words_expand(struct words *w, const char *rule);

#endif
