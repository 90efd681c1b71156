/* make.c -- run while building: the rows of words as one table with a hash over it, on stdout.
 *
 *     plan_words DICTIONARY
 *
 * The dictionary has a word a line. One that also stands there with a capital ("Mark") is left out:
 * it may be a name. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/tables/table.h"

enum {
    max_words = 60000,
    max_text = 1 << 20,
    max_length = JV_LEXICON_WORD - 1,
    max_line = 64,
    slots = 1 << 17
};

struct making {
    size_t n, len;
    struct jv_known_word words[max_words];
    uint16_t hash[slots]; /* of words: the number + 1 */
    char text[max_text];
};

static uint16_t *find(struct making *m, const char *word)
{
    for (uint32_t i = jv_word_hash(word);; i++) {
        uint16_t *slot = &m->hash[i % slots];

        if (!*slot || strcmp(m->text + m->words[*slot - 1].at, word) == 0)
            return slot;
    }
}

static void die(const char *why, const char *word)
{
    fprintf(stderr, "words of the planner: %s: %s\n", why, word);
    exit(1);
}

static struct jv_known_word *add(struct making *m, const char *word)
{
    uint16_t *slot = find(m, word);
    size_t len = strlen(word);

    if (*slot)
        return &m->words[*slot - 1];
    if (m->n == max_words || m->len + len + 1 > max_text)
        die("there are too many", word);
    m->words[m->n] = (struct jv_known_word){ .at = (uint32_t)m->len, .len = (uint8_t)len };
    memcpy(m->text + m->len, word, len + 1);
    m->len += len + 1;
    *slot = (uint16_t)++m->n;
    return &m->words[m->n - 1];
}

/* Call on every word of a row. */
static void each(struct making *m, const char *row, jv_roles roles, char first)
{
    char word[64];
    int len;

    for (const char *p = row; sscanf(p, "%63s%n", word, &len) == 1; p += len) {
        struct jv_known_word *w = add(m, word);

        if (roles && strlen(word) > max_length)
            die("too long", word);
        if (first && word[0] != first)
            die("it stands under another letter", word);
        if (roles && !w->order)
            w->order = (uint16_t)m->n;
        w->english = w->english || first;
        w->roles |= roles;
    }
}

/* A line without its end; false when there is none. */
static bool next_line(FILE *f, char line[max_line])
{
    if (!fgets(line, max_line, f))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* Only small letters, at least two of them. */
static bool is_plain(const char *line)
{
    size_t n = strlen(line);

    return n > 1 && strspn(line, "abcdefghijklmnopqrstuvwxyz") == n;
}

static void read_dictionary(struct making *m, struct making *names, const char *path)
{
    FILE *f = fopen(path, "r");
    char line[max_line];

    if (!f)
        die("this dictionary cannot be read (Debian has it in the package wamerican-small)", path);
    while (next_line(f, line)) {
        bool capital = isupper((unsigned char)line[0]);

        line[0] = (char)tolower((unsigned char)line[0]);
        if (capital && is_plain(line))
            add(names, line);
    }
    rewind(f);
    while (next_line(f, line))
        if (is_plain(line) && !*find(names, line))
            add(m, line)->ordinary = true;
    fclose(f);
}

static int by_length(const void *a, const void *b)
{
    const struct jv_known_word *x = a, *y = b;

    if (!x->order || !y->order)
        return !x->order - !y->order;
    return x->len != y->len ? x->len - y->len : x->order - y->order;
}

static void rehash(struct making *m)
{
    memset(m->hash, 0, sizeof(m->hash));
    for (size_t i = 0; i < m->n; i++)
        *find(m, m->text + m->words[i].at) = (uint16_t)(i + 1);
}

static void print(const struct making *m)
{
    size_t i = 0;

    printf("static const char text[] =\n");
    for (size_t k = 0; k < m->len; k += strlen(m->text + k) + 1)
        printf("    \"%s\\0\"\n", m->text + k);
    printf("    ;\nstatic const struct jv_known_word known[] = {\n");
    for (size_t k = 0; k < m->n; k++)
        printf("    { %u, %u, %u, %d, %d, UINT64_C(%llu) },\n", m->words[k].at, m->words[k].order,
               m->words[k].len, m->words[k].english, m->words[k].ordinary,
               (unsigned long long)m->words[k].roles);
    printf("};\n/* Where the lexicon's words of a length begin. */\nstatic const uint16_t "
           "of_length[] = {");
    for (size_t len = 0; len <= max_length + 2; len++) {
        while (i < m->n && m->words[i].order && m->words[i].len < len)
            i++;
        printf(" %zu,", i);
    }
    printf(" };\nstatic const uint16_t hash[%d] = {", slots);
    for (size_t k = 0; k < slots; k++)
        printf("%s%u,", k % 16 ? " " : "\n    ", m->hash[k]);
    printf("\n};\n");
}

int main(int argc, char **argv)
{
    static struct making m, names;

    for (size_t i = 0; i < jv_n_lexicon_rows; i++)
        each(&m, jv_lexicon_rows[i].words, jv_lexicon_rows[i].roles, '\0');
    for (size_t i = 0; i < 26; i++)
        each(&m, jv_english_words[i], 0, (char)('a' + i));
    read_dictionary(&m, &names, argc > 1 ? argv[1] : "");
    qsort(m.words, m.n, sizeof(m.words[0]), by_length);
    rehash(&m);
    print(&m);
    return 0;
}
