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

struct found {
    uint32_t term; /* JV_NONE: nothing yet */
    bool other;    /* a letter stands for another one: less likely than all other slips */
};

static bool is_other(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] && a[i] == b[i])
        i++;
    return a[i] && b[i] && strcmp(a + i + 1, b + i + 1) == 0;
}

/* The likelier slip; or else more cards claim it, or it came first. */
static bool is_better(const struct jv_catalog *c, struct found it, struct found than)
{
    size_t a = c->terms[it.term].n_postings;
    size_t b = than.term == JV_NONE ? 0 : c->terms[than.term].n_postings;

    if (than.term == JV_NONE || it.other != than.other)
        return than.term == JV_NONE || than.other;
    return a > b || (a == b && it.term < than.term);
}

/* Among what is listed as words, or stems, of about the same length as s. */
static void search(const struct jv_catalog *c, bool word, const char *s, size_t stem_length,
                   struct found *best)
{
    size_t n = strlen(s);

    for (size_t length = n - 1; length <= n + 1; length++)
        for (int side = FIRST; n >= least_length - 1 && side <= LAST; side++) {
            uint32_t key = key_of(word, (enum side)side, s, n, length);

            for (size_t i = first_of(c, key); i < c->n_near && c->near[i].key == key; i++) {
                const struct jv_term *t = &c->terms[c->near[i].term];
                const char *meant = word ? t->word : t->stem;
                struct found it = { c->near[i].term, is_other(s, meant) };

                if (t->len + 4 >= stem_length && t->len <= stem_length + 3 &&
                    t->len >= least_length - 1 && is_better(c, it, *best) &&
                    jv_words_typo(s, meant))
                    *best = it;
            }
        }
}

uint32_t jv_catalog_near(const struct jv_catalog *c, const char *word, const char *stem)
{
    struct found best = { JV_NONE, false };
    size_t len = strlen(stem);

    if (strlen(word) < least_length)
        return JV_NONE;
    search(c, false, stem, len, &best);
    search(c, true, word, len, &best);
    return best.term;
}
