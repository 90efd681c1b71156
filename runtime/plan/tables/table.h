/* table.h -- what the rows of lexicon.c and english.c, and a dictionary, become when the program is
 * built. */
#ifndef JV_TABLE_H
#define JV_TABLE_H

#include <stddef.h>

#include "plan/lexicon.h"

struct jv_lexicon_row {
    jv_roles roles;
    const char *words; /* each between spaces; a word may stand in several rows */
};

extern const struct jv_lexicon_row jv_lexicon_rows[];
extern const size_t jv_n_lexicon_rows;
extern const char *const jv_english_words[26];

/* A word of either; those of the lexicon come first, by length. */
struct jv_known_word {
    uint32_t at;    /* in the text of all words */
    uint16_t order; /* in the rows, from 1 on; 0: only ordinary English */
    uint8_t len;
    bool english, ordinary; /* of english.c; of the dictionary */
    jv_roles roles;
};

static inline uint32_t jv_word_hash(const char *word)
{
    uint32_t h = 2166136261u;

    for (; *word; word++)
        h = (h ^ (unsigned char)*word) * 16777619u;
    return h ^ h >> 15;
}

#endif
