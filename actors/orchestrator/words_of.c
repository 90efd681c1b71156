/* words_of.c -- a text as plain words, and patterns over them. */
#include "words_of.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *word, *first, *second;
} contractions[] = {
    { "i'm", "i", "am" },         { "im", "i", "am" },          { "i've", "i", "have" },
    { "ive", "i", "have" },       { "i'd", "i", "would" },      { "id", "i", "would" },
    { "i'll", "i", "will" },      { "don't", "do", "not" },     { "dont", "do", "not" },
    { "doesn't", "does", "not" }, { "isn't", "is", "not" },     { "can't", "can", "not" },
    { "we're", "we", "are" },     { "we've", "we", "have" },    { "you've", "you", "have" },
    { "what's", "what", "is" },   { "name's", "name", "is" },   { "team's", "team", "is" },
    { "that's", "that", "is" },   { "haven't", "have", "not" }, { "role's", "role", "is" },
};

static const struct {
    const char *name, *words;
} classes[] = {
    { "<short>",
      "short shorter brief briefer concise terse succinct compact crisp minimal snappy" },
    { "<long>", "long longer detailed full verbose thorough complete comprehensive elaborate "
                "extensive lengthy normal usual regular ordinary" },
    { "<answers>", "answer answers reply replies response responses explanations summaries" },
};

/* ---- reading --------------------------------------------------------------------------------- */

static void add(struct said *s, const char *norm, size_t from, size_t to, bool loud)
{
    if (s->n == max_said_words)
        s->too_long = true;
    else
        s->at[s->n++] = (struct said_word){ .norm = norm, .from = from, .to = to, .loud = loud };
}

static bool is_loud(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (islower((unsigned char)s[i]))
            return false;
    return n > 1;
}

/* Lower case, and one kind of apostrophe. */
static char *normal(struct jv_arena *a, const char *s, size_t n)
{
    char *w = jv_arena_strndup(a, s, n), *to = w;

    for (const char *p = w; *p; p++)
        if (strncmp(p, "\xe2\x80\x99", 3) == 0) {
            *to++ = '\'';
            p += 2;
        } else {
            *to++ = (char)tolower((unsigned char)*p);
        }
    *to = '\0';
    return w;
}

static void add_word(struct jv_arena *a, struct said *s, size_t from, size_t to)
{
    const char *w = normal(a, s->text + from, to - from);
    bool loud = is_loud(s->text + from, to - from);

    for (size_t i = 0; i < JV_COUNT(contractions); i++)
        if (strcmp(contractions[i].word, w) == 0) {
            add(s, contractions[i].first, from, to, loud);
            add(s, contractions[i].second, from, to, loud);
            return;
        }
    add(s, w, from, to, loud);
}

static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '+' || c == '#';
}

/* A run without blanks: a word with what clings to it, "answers." */
static void add_run(struct jv_arena *a, struct said *s, size_t from, size_t to)
{
    size_t first = from, end = to;

    while (first < end && !is_letter(s->text[first]))
        first++;
    while (end > first && !is_letter(s->text[end - 1]))
        end--;
    if (first < end)
        add_word(a, s, first, end);
    for (size_t i = end; i < to && s->n; i++) {
        s->question = s->question || s->text[i] == '?';
        if (strchr(".!?;", s->text[i]))
            s->at[s->n - 1].stop = true;
    }
}

void said_read(struct jv_arena *a, const char *text, struct said *ret)
{
    *ret = (struct said){ .text = text };
    for (size_t i = 0, n; text[i]; i += n) {
        n = strcspn(text + i, " \t\r\n");
        if (n)
            add_run(a, ret, i, i + n);
        else
            n = 1;
    }
}

static bool listed(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = list; *p; p += strcspn(p, " "), p += *p == ' ')
        if (strncmp(p, word, n) == 0 && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

bool said_is(const struct said *s, size_t i, const char *list)
{
    return i < s->n && listed(list, s->at[i].norm);
}

bool said_any(const struct said *s, size_t from, size_t to, const char *list)
{
    for (size_t i = from; i < to; i++)
        if (said_is(s, i, list))
            return true;
    return false;
}

char *said_text(struct jv_arena *a, const struct said *s, size_t from, size_t to)
{
    size_t start = from < to ? s->at[from].from : 0, end = from < to ? s->at[to - 1].to : 0;

    return jv_arena_strndup(a, s->text + start, end - start);
}

/* ---- patterns -------------------------------------------------------------------------------- */

static bool in_class(const char *name, size_t n, const char *word)
{
    for (size_t i = 0; i < JV_COUNT(classes); i++)
        if (strncmp(classes[i].name, name, n) == 0)
            return listed(classes[i].words, word);
    return false;
}

static bool one_of(const char *p, size_t len, const char *word)
{
    size_t n;

    for (const char *end = p + len; p < end; p += n + 1) {
        n = strcspn(p, "/ ]");
        if (*p == '<' ? in_class(p, n, word) : strlen(word) == n && strncmp(p, word, n) == 0)
            return true;
    }
    return false;
}

/* The rest of the pattern from p on against the words from i on. Each step is a word of the
 * pattern, so it goes no deeper than that is long. */
static bool fits_from(const struct said *s, const char *p, size_t i, struct rest *ret)
{
    size_t len = strcspn(p, " "), optional = *p == '[';
    const char *next = p + len + (p[len] == ' ');

    if (!*p)
        return i == s->n;
    if (*p == '*') {
        for (size_t to = s->n; to > i; to--)
            if (fits_from(s, next, to, ret)) {
                *ret = (struct rest){ i, to };
                return true;
            }
        return false;
    }
    if (i < s->n && one_of(p + optional, len - 2 * optional, s->at[i].norm) &&
        fits_from(s, next, i + 1, ret))
        return true;
    return optional && fits_from(s, next, i, ret); /* what may be there is no part of the rest */
}

bool said_fits(const struct said *s, const char *pattern, struct rest *ret)
{
    *ret = (struct rest){ 0 };
    return fits_from(s, pattern, s->first, ret);
}
