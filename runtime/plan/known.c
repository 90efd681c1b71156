/* known.c -- the words of lexicon.c, english.c and a dictionary, looked up in the table made of
 * them. */
#include <string.h>

#include "jv/base.h"
#include "plan/tables/table.h"

#include "plan/words_made.h" /* text, known, of_length, hash */

static const struct jv_known_word *find(const char *word)
{
    for (uint32_t i = jv_word_hash(word);; i++) {
        uint16_t slot = hash[i % JV_COUNT(hash)];

        if (!slot)
            return NULL;
        if (strcmp(text + known[slot - 1].at, word) == 0)
            return &known[slot - 1];
    }
}

jv_roles jv_lexicon(const char *word)
{
    const struct jv_known_word *w = find(word);

    return w ? w->roles : 0;
}

bool jv_english(const char *word)
{
    const struct jv_known_word *w = find(word);

    return w && w->english;
}

bool jv_ordinary(const char *word)
{
    const struct jv_known_word *w = find(word);

    return w && (w->english || w->ordinary);
}

/* Two letters swapped, or one too many or too few; another one only in long words: too many are
 * alike. */
static bool slip(const char *a, size_t na, const char *b, size_t nb)
{
    enum { substitution_length = 6 };
    size_t i = 0;

    if (na > nb)
        return slip(b, nb, a, na);
    while (i < na && a[i] == b[i])
        i++;
    if (nb == na + 1)
        return na > 3 && memcmp(a + i, b + i + 1, na - i) == 0;
    if (na == nb && na >= substitution_length && i && i < na &&
        memcmp(a + i + 1, b + i + 1, na - i - 1) == 0)
        return true;
    return na == nb && na > 2 && i + 1 < na && a[i] == b[i + 1] && a[i + 1] == b[i] &&
           memcmp(a + i + 2, b + i + 2, na - i - 2) == 0;
}

bool jv_lexicon_slip(const char *word, char ret[JV_LEXICON_WORD])
{
    size_t len = strlen(word);
    const struct jv_known_word *best = NULL;

    if (len <= 2 || len >= JV_LEXICON_WORD || jv_ordinary(word))
        return false;
    for (size_t i = of_length[len - 1]; i < of_length[len + 2]; i++)
        if ((!best || known[i].order < best->order) &&
            slip(word, len, text + known[i].at, known[i].len))
            best = &known[i]; /* the first of the rows */
    if (best)
        memcpy(ret, text + best->at, best->len + 1u);
    return best;
}
