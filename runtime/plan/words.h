/* words.h -- text as words: where they stand, their stems, what punctuation parts them. */
#ifndef JV_WORDS_H
#define JV_WORDS_H

#include "jv/base.h"
#include "plan/lexicon.h"

enum {
    JV_WORDS_MAX = 400, /* words of one text; the rest is not read */
    JV_WORD_SIZE = 64,  /* bytes of one word; longer ones are cut */
};

enum jv_break {
    JV_NO_BREAK = 0,
    JV_COMMA, /* , ( ) or a dash */
    JV_STOP,  /* . ? ! ; or a new line */
};

struct jv_word {
    const char *norm;     /* lower case */
    const char *stem;     /* "courses" and "course" have the same */
    const char *base;     /* the stem with the e that was taken off */
    size_t from, to;      /* where it stands in the words' text, in bytes */
    enum jv_break before; /* between the word before and this one */
    jv_roles roles;       /* of the language, lexicon.h */
    bool possessive;      /* vishal's */
    bool past, plural;    /* -ed, -s was taken off for the stem */
    bool going;           /* it ends in -ing */
    bool capital, number, quoted;
    bool asked; /* a question mark follows */
    bool told;  /* behind a colon */
};

struct jv_words {
    const char *text; /* what was read: without signs that cannot be seen */
    size_t n;
    struct jv_word *at;
};

struct jv_words jv_words_read(struct jv_arena *a, const char *text);
/* Take off plural, -ing, -ed and a last e; in place. True when it was -ed. */
bool jv_words_stem(char *word);
/* What a word is looked up by: its stem; all that denies is "not". */
const char *jv_words_key(const struct jv_word *w);
/* One letter too many, too few, another one, or two swapped. */
bool jv_words_typo(const char *a, const char *b);

#endif
