/* near.c -- the card's word that somebody meant to type.
 *
 * One slip of the fingers touches at most two letters side by side, so that the first or the last
 * letters of the word are as they were meant: words are listed by length and by those. */
#include <stdlib.h>
#include <string.h>

#include "plan/catalog.h"
#include "plan/words.h"

enum { least_length = 4 };

enum side { FIRST, LAST };

/* What is listed: a term's stem or its word, the length, and two letters of one side; of short
 * words one. */
static uint32_t key_of(bool word, enum side side, const char *s, size_t n, size_t length)
{
    enum { short_length = 6 };
    size_t letters = length < short_length ? 1 : 2;
    const char *p = side == FIRST ? s : s + n - letters;
    uint32_t key = (uint32_t)length << 2 | (uint32_t)word << 1 | (uint32_t)side;

    for (size_t i = 0; i < letters; i++)
        key = key << 8 | (unsigned char)p[i];
    return key;
}

static int by_key(const void *a, const void *b)
{
    const struct jv_near *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->term > y->term) - (x->term < y->term);
}

static void list(struct jv_near *near, size_t *n, uint32_t term, bool word, const char *s)
{
    size_t len = s ? strlen(s) : 0;

    if (len < least_length - 1)
        return;
    near[(*n)++] = (struct jv_near){ key_of(word, FIRST, s, len, len), term };
    near[(*n)++] = (struct jv_near){ key_of(word, LAST, s, len, len), term };
}

void jv_near_index(struct jv_catalog *c)
{
    struct jv_near *near = JV_NEW_ARRAY(c->arena, struct jv_near, c->n_terms * 4 + 1);

    for (uint32_t i = 0; i < c->n_terms; i++)
        if (c->terms[i].strong) {
            list(near, &c->n_near, i, false, c->terms[i].stem);
            list(near, &c->n_near, i, true, c->terms[i].word);
        }
    if (c->n_near)
        qsort(near, c->n_near, sizeof(*near), by_key);
    c->near = near;
}

static size_t first_of(const struct jv_catalog *c, uint32_t key)
{
    size_t from = 0, to = c->n_near;

    while (from < to) {
        size_t mid = (from + to) / 2;

        if (c->near[mid].key < key)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

/* More cards claim it, or it came first. */
static bool is_better(const struct jv_catalog *c, uint32_t term, uint32_t than)
{
    size_t a = c->terms[term].n_postings, b = than == JV_NONE ? 0 : c->terms[than].n_postings;

    return than == JV_NONE || a > b || (a == b && term < than);
}

/* Among what is listed as words, or stems, of about the same length as s. */
static void search(const struct jv_catalog *c, bool word, const char *s, size_t stem_length,
                   uint32_t *best)
{
    size_t n = strlen(s);

    for (size_t length = n - 1; length <= n + 1; length++)
        for (int side = FIRST; n >= least_length - 1 && side <= LAST; side++) {
            uint32_t key = key_of(word, (enum side)side, s, n, length);

            for (size_t i = first_of(c, key); i < c->n_near && c->near[i].key == key; i++) {
                const struct jv_term *t = &c->terms[c->near[i].term];

                if (t->len + 4 >= stem_length && t->len <= stem_length + 3 &&
                    t->len >= least_length - 1 && is_better(c, c->near[i].term, *best) &&
                    jv_words_typo(s, word ? t->word : t->stem))
                    *best = c->near[i].term;
            }
        }
}

uint32_t jv_catalog_near(const struct jv_catalog *c, const char *word, const char *stem)
{
    uint32_t best = JV_NONE;
    size_t len = strlen(stem);

    if (strlen(word) < least_length)
        return JV_NONE;
    search(c, false, stem, len, &best);
    search(c, true, word, len, &best);
    return best;
}
