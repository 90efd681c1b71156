/* words_of.h -- a text as plain lower-case words, and patterns over them.
 *
 * A pattern is words separated by blanks: "a/b" is either, "[a/b]" either or nothing, "<short>" one
 * of a class, "*" one word or more, which are the rest. It fits the whole of the words or none. */
#ifndef WORDS_OF_H
#define WORDS_OF_H

#include "jv/base.h"

enum { max_said_words = 48 };

struct said_word {
    const char *norm; /* "i", "am" of "I'm" */
    size_t from, to;  /* where it stands in the text */
    bool stop;        /* a sentence ends behind it */
    bool loud;        /* IT, not it */
};

struct said {
    const char *text;
    struct said_word at[max_said_words];
    size_t first, n; /* at[first..n) are looked at */
    bool question;   /* there is a question mark */
    bool too_long;
};

void said_read(struct jv_arena *a, const char *text, struct said *ret);
bool said_is(const struct said *s, size_t i, const char *list); /* "a b c" */
bool said_any(const struct said *s, size_t from, size_t to, const char *list);
/* The words as they were written. */
char *said_text(struct jv_arena *a, const struct said *s, size_t from, size_t to);

struct rest {
    size_t from, to; /* words of the first "*"; from == to: the pattern has none */
};
bool said_fits(const struct said *s, const char *pattern, struct rest *ret);

#endif
