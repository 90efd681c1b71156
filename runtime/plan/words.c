/* words.c -- text as words. */
#include "plan/words.h"

#include <string.h>

#include "plan/lexicon.h"

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- punctuation that is written in several bytes -------------------------------------------- */

struct mark {
    const char *bytes;
    char means;
};

static const struct mark marks[] = {
    { "\xe2\x80\x98", '\'' }, { "\xe2\x80\x99", '\'' }, /* single quotation marks */
    { "\xe2\x80\x9c", '"' },  { "\xe2\x80\x9d", '"' },  /* double ones */
    { "\xe2\x80\x93", ',' },  { "\xe2\x80\x94", ',' },  /* dashes */
    { "\xe2\x80\xa6", '.' },  { "\xc2\xa0", ' ' },      /* dots; a space that does not break */
    { "\xc2\xbf", ' ' },      { "\xc2\xa1", ' ' },
};

/* The character at p in plain ASCII (or its first byte) and how long it is. */
static char char_at(const char *p, size_t *ret_len)
{
    *ret_len = 1;
    if ((unsigned char)*p < 0x80)
        return *p;
    for (size_t i = 0; i < JV_COUNT(marks); i++) {
        size_t n = strlen(marks[i].bytes);

        if (strncmp(p, marks[i].bytes, n) == 0) {
            *ret_len = n;
            return marks[i].means;
        }
    }
    return *p;
}

/* ---- what is seen only, or not at all -------------------------------------------------------- */

/* Code points from..to: dropped (they have no width) or read as a space (pictures, signs). */
static const struct unseen {
    uint32_t from, to;
    bool drop;
} unseen[] = {
    { 0xa1, 0xa9, false },     { 0xab, 0xac, false },       { 0xad, 0xad, true },
    { 0xae, 0xb4, false },     { 0xb6, 0xb9, false },       { 0xbb, 0xbf, false },
    { 0x200b, 0x200f, true },  { 0x2000, 0x200a, false },   { 0x2028, 0x2029, false },
    { 0x202a, 0x202e, true },  { 0x2060, 0x206f, true },    { 0x2070, 0x2bff, false },
    { 0x3000, 0x3004, false }, { 0xe000, 0xf8ff, false },   { 0xfe00, 0xfe0f, true },
    { 0xfeff, 0xfeff, true },  { 0x1f000, 0x1faff, false }, { 0xe0000, 0xe0fff, true },
};

/* The code point at p and how many bytes it has; a broken one is its first byte. */
static uint32_t code_at(const char *p, size_t *ret_len)
{
    const unsigned char *s = (const unsigned char *)p;
    size_t n = s[0] < 0xc2 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 1;
    uint32_t code = n == 1 ? s[0] : s[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            *ret_len = 1;
            return 0;
        }
        code = code << 6 | (s[i] & 0x3fu);
    }
    *ret_len = n;
    return code;
}

static const struct unseen *unseen_at(uint32_t code)
{
    for (size_t i = 0; code > 0x7f && i < JV_COUNT(unseen); i++)
        if (code >= unseen[i].from && code <= unseen[i].to)
            return &unseen[i];
    return NULL;
}

static bool is_mark(const char *p)
{
    for (size_t i = 0; i < JV_COUNT(marks); i++)
        if (strncmp(p, marks[i].bytes, strlen(marks[i].bytes)) == 0)
            return true;
    return false;
}

/* The text without them, and the wide forms of ASCII as ASCII. */
static const char *seen(struct jv_arena *a, const char *text)
{
    enum { wide_first = 0xff01, wide_last = 0xff5e, wide_by = 0xfee0 };
    struct jv_buf b = jv_buf_new(a);
    size_t len;

    for (const char *p = text; *p; p += len) {
        uint32_t code = code_at(p, &len);
        const struct unseen *u = is_mark(p) ? NULL : unseen_at(code);

        if (code >= wide_first && code <= wide_last)
            jv_buf_char(&b, (char)(code - wide_by));
        else if (!u)
            jv_buf_add(&b, p, len);
        else if (!u->drop)
            jv_buf_char(&b, ' ');
    }
    return b.data ? b.data : "";
}

/* ---- stems ----------------------------------------------------------------------------------- */

static bool ends(const char *w, size_t n, const char *tail)
{
    size_t t = strlen(tail);

    return n > t && memcmp(w + n - t, tail, t) == 0;
}

static bool has_vowel(const char *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strchr("aeiouy", w[i]))
            return true;
    return false;
}

static size_t without_plural(char *w, size_t n)
{
    if (n > 4 && ends(w, n, "ies")) {
        w[n - 3] = 'y';
        return n - 2;
    }
    if (ends(w, n, "sses") || ends(w, n, "xes") || ends(w, n, "ches") || ends(w, n, "shes") ||
        ends(w, n, "zes"))
        return n - 2;
    if (n > 3 && ends(w, n, "s") && !ends(w, n, "ss") && !ends(w, n, "us") && !ends(w, n, "is"))
        return n - 1;
    return n;
}

/* Take off -ing or -ed: "spending" and "spend", "planned" and "plan". */
static size_t without_ending(const char *w, size_t n, const char *tail)
{
    size_t left = n - strlen(tail);

    if (!ends(w, n, tail) || left < 3 || !has_vowel(w, left))
        return n;
    if (w[left - 1] == w[left - 2] && !strchr("lsze", w[left - 1]))
        left--;
    return left;
}

bool jv_words_stem(char *w)
{
    size_t n = strlen(w), without;

    for (size_t i = 0; i < n; i++)
        if (is_digit(w[i]) || w[i] == '_' || (unsigned char)w[i] >= 0x80)
            return false;
    n = without_plural(w, n);
    n = without_ending(w, n, "ing");
    without = ends(w, n, "eed") ? n : without_ending(w, n, "ed");
    w[without] = '\0';
    if (without > 4 && w[without - 1] == 'e')
        w[without - 1] = '\0';
    return without < n;
}

bool jv_words_typo(const char *a, const char *b)
{
    enum { substitution_length = 5, insertion_length = 4 };
    size_t na = strlen(a), nb = strlen(b), i = 0;

    if (na > nb) /* a is the shorter one from here on */
        return jv_words_typo(b, a);
    if (nb - na > 1)
        return false;
    while (i < na && a[i] == b[i])
        i++;
    if (nb > na)
        return nb >= insertion_length && i > 0 && strcmp(a + i, b + i + 1) == 0;
    if (i == na)
        return false; /* the same word */
    if (strcmp(a + i + 1, b + i + 1) == 0)
        return na >= substitution_length; /* of short words too many are one letter apart */
    return a[i + 1] && a[i] == b[i + 1] && a[i + 1] == b[i] && strcmp(a + i + 2, b + i + 2) == 0;
}

const char *jv_words_key(const struct jv_word *w)
{
    return w->roles & JV_NOT ? "not" : w->stem;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
    struct jv_arena *arena;
    const char *p;
    struct jv_words words;
    enum jv_break gap;
    bool quoted, colon;
};

static struct jv_word *add(struct reader *r, size_t from, size_t to, const char *norm)
{
    struct jv_word *w = &r->words.at[r->words.n++];
    char *stem = jv_arena_strdup(r->arena, norm);

    *w = (struct jv_word){ .norm = norm,
                           .from = from,
                           .to = to,
                           .before = r->gap,
                           .quoted = r->quoted,
                           .told = r->colon };
    w->past = jv_words_stem(stem);
    w->going = ends(norm, strlen(norm), "ing");
    w->stem = stem;
    w->base = jv_arena_printf(r->arena, "%se", stem);
    w->plural = strlen(norm) > 3 && strncmp(norm, stem, strlen(norm) - 1) != 0
                        ? false
                        : ends(norm, strlen(norm), "s") && !ends(norm, strlen(norm), "ss");
    w->roles = jv_lexicon(norm);
    if (w->plural && !(w->roles & JV_FUNCTION))
        w->roles &= ~JV_WISH; /* "requests" */
    if (!w->roles && !w->past)
        w->roles = jv_lexicon(stem) & ~JV_WISH;
    r->gap = JV_NO_BREAK;
    r->colon = false;
    return w;
}

static bool all_digits(const char *s)
{
    if (*s == '-')
        s++;
    return *s && strspn(s, "0123456789") == strlen(s);
}

/* What follows an apostrophe: "s" of a possessive or of "is", "m" of "am"; others are dropped. */
static void read_apostrophe(struct reader *r, struct jv_word *w)
{
    size_t len, start = (size_t)(r->p - r->words.text);
    char first;

    if (char_at(r->p, &len) != '\'')
        return;
    first = r->p[len];
    if (!is_letter((unsigned char)first)) {
        if (ends(w->norm, strlen(w->norm), "s") && !r->quoted) /* james' */
            w->possessive = true;
        return;
    }
    r->p += len;
    while (is_letter((unsigned char)*r->p) && (unsigned char)*r->p < 0x80)
        r->p++;
    w->to = start;
    if (first == 't' || first == 'T') /* can't */
        w->roles |= JV_FUNCTION | JV_NOT;
    if ((first == 's' || first == 'S') &&
        !is_letter((unsigned char)r->words.text[start + len + 1])) {
        w->possessive =
                !(w->roles & JV_FUNCTION) || w->roles & JV_EVERY ||
                (w->roles & (JV_AUX | JV_NOUGHT) && !(w->roles & (JV_BE | JV_ASKING))); /* Will's */
        if (!w->possessive && r->words.n < JV_WORDS_MAX)
            add(r, start, start, "is");
    } else if ((first == 'm' || first == 'M') && r->words.n < JV_WORDS_MAX) {
        add(r, start, start, "am");
    }
}

/* A lower-case copy of at most JV_WORD_SIZE bytes that does not end within a character. */
static char *lower_copy(struct jv_arena *a, const char *s, size_t n)
{
    return jv_lower(a, jv_arena_strndup(a, s, jv_clip(s, n, JV_WORD_SIZE)));
}

/* "O'Brien", "g'day", but not "o'clock": the mark is part of the word. */
static bool is_o(const char *start, const char *end)
{
    static const char clock[] = "clock";
    size_t n = 0;

    if (end != start + 1 || !strchr("oOgG", *start) || *end != '\'')
        return false;
    while (is_letter((unsigned char)end[n + 1]))
        n++;
    return n > 2 && strncmp(end + 1, clock, strlen(clock)) != 0;
}

/* "12,301": up to three digits, then groups of three. */
static char *with_thousands(struct reader *r, char *norm)
{
    enum { group = 3 };

    if (strlen(norm) > group || *norm == '0')
        return norm;
    while (*r->p == ',' && strspn(r->p + 1, "0123456789") == group &&
           !is_letter((unsigned char)r->p[1 + group]) && r->p[1 + group] != '\'') {
        norm = jv_arena_printf(r->arena, "%s%.3s", norm, r->p + 1);
        r->p += 1 + group;
    }
    return norm;
}

static void read_word(struct reader *r)
{
    const char *start = r->p;
    struct jv_word *w;
    size_t len = 1;
    char *norm;

    if (*r->p == '-')
        r->p++;
    while (is_letter((unsigned char)*r->p) && is_letter((unsigned char)char_at(r->p, &len)))
        r->p += len;
    if (is_o(start, r->p))
        for (r->p++; is_letter((unsigned char)*r->p);)
            r->p++;
    len = (size_t)(r->p - start);
    norm = lower_copy(r->arena, start, len);
    if (all_digits(norm))
        norm = with_thousands(r, norm);
    w = add(r, (size_t)(start - r->words.text), (size_t)(r->p - r->words.text), norm);
    w->capital = *start >= 'A' && *start <= 'Z';
    w->number = all_digits(norm);
    read_apostrophe(r, w);
}

/* A minus sign: before digits, after a space. */
static bool is_minus(const struct reader *r)
{
    return *r->p == '-' && is_digit(r->p[1]) && (r->p == r->words.text || r->p[-1] == ' ');
}

/* "ticket no. 12301" */
static bool is_no(const struct reader *r)
{
    const char *p = r->p + 1 + strspn(r->p + 1, " ");

    return r->words.n && is_digit(*p) && strcmp(r->words.at[r->words.n - 1].norm, "no") == 0;
}

/* A dash that parts: with a space before it. */
static bool is_dash(const struct reader *r, char c)
{
    return c == '-' && r->p > r->words.text && (r->p[-1] == ' ' || r->p[-1] == '-');
}

/* 'do it': a single mark that opens a quotation, or closes the one that is open. */
static bool quotes(const struct reader *r)
{
    const char *close = r->p + 1;

    if (r->quoted)
        return true;
    if (r->p > r->words.text && r->p[-1] != ' ')
        return false;
    while ((close = strchr(close, '\'')) && is_letter((unsigned char)close[1]))
        close++;
    return close != NULL;
}

/* "10/Jan" */
static bool is_day(const struct reader *r)
{
    const struct jv_word *w = r->words.n ? &r->words.at[r->words.n - 1] : NULL;

    return w && ((w->number && strlen(w->norm) <= 2) || strcmp(w->norm, "w") == 0); /* w/, with */
}

static void read_mark(struct reader *r, char c, size_t len)
{
    char next = r->p[len];

    bool parts = strchr(",()", c) || is_dash(r, c);

    if (parts && r->gap < JV_COMMA)
        r->gap = JV_COMMA;
    if (strchr("?!;\n", c) || (c == '.' && !is_letter((unsigned char)next) && !is_no(r)))
        r->gap = JV_STOP;
    r->colon = r->colon || c == '>' || (c == ':' && !is_digit(next)); /* "->", too */
    if (c == '?' && r->words.n)
        r->words.at[r->words.n - 1].asked = true;
    if (c == '"' || (c == '\'' && quotes(r)))
        r->quoted = !r->quoted;
    if (strchr("&+/", c) && !(c == '/' && (is_digit(next) || is_day(r))) &&
        r->words.n < JV_WORDS_MAX) {
        size_t at = (size_t)(r->p - r->words.text);

        add(r, at, at + len, "and");
    }
    r->p += len;
}

static bool is(const struct jv_words *w, size_t i, const char *word)
{
    return i < w->n && strcmp(w->at[i].norm, word) == 0;
}

/* "leave out the finished ones", "leaving completed ones out", "other than", "apart from" */
static bool excludes(const struct jv_words *w, size_t i)
{
    enum { apart = 6 }; /* words between "leave" and "out" */
    static const char *const verbs[] = {
        "leave", "leav", "filter", "weed", "sort", "keep", "take"
    };

    if ((is(w, i, "other") && is(w, i + 1, "than")) || (is(w, i, "apart") && is(w, i + 1, "from")))
        return true;
    for (size_t k = 0; k < JV_COUNT(verbs); k++)
        for (size_t out = i + 1; strcmp(w->at[i].stem, verbs[k]) == 0 && out < w->n &&
                                 out <= i + apart && w->at[out].before == JV_NO_BREAK;
             out++)
            if (is(w, out, "out"))
                return true;
    return false;
}

/* Words that deny together: "no one", "no need", "leave ... out". */
static void find_denials(struct jv_words *w)
{
    for (size_t i = 0; i + 1 < w->n; i++) {
        if (is(w, i, "no") && (is(w, i + 1, "one") || is(w, i + 1, "need")))
            w->at[i].roles = JV_FUNCTION | JV_NOT | JV_NOUGHT;
        else if (excludes(w, i))
            w->at[i].roles = JV_FUNCTION | JV_NOT;
    }
}

/* "of course" is a yes, and no course. */
static void find_of_course(struct jv_words *w)
{
    for (size_t i = 1; i < w->n; i++)
        if (is(w, i, "course") && is(w, i - 1, "of")) {
            w->at[i].norm = w->at[i].stem = w->at[i].base = "yes";
            w->at[i].roles = JV_GENERAL | JV_YES;
        }
}

/* "my tix", but "new tix: vpn" */
static void find_tix(struct jv_words *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (is(w, i, "tix"))
            w->at[i].plural = !(i && w->at[i - 1].roles & JV_ONE) && !w->at[i + 1].told;
}

/* "IT" among small letters is the department. */
static void find_it(const char *text, struct jv_words *w)
{
    bool small = false;

    for (const char *p = text; *p; p++)
        small = small || (*p >= 'a' && *p <= 'z');
    for (size_t i = 0; small && i < w->n; i++)
        if (is(w, i, "it") && w->at[i].to == w->at[i].from + 2 && text[w->at[i].from + 1] == 'T')
            w->at[i].roles = JV_FUNCTION;
}

struct jv_words jv_words_read(struct jv_arena *a, const char *text)
{
    size_t len_all = strlen(text), max = len_all < JV_WORDS_MAX ? len_all + 2 : JV_WORDS_MAX + 1;
    struct reader r = { .arena = a };

    text = seen(a, text);
    r.p = text;
    r.words = (struct jv_words){ text, 0, JV_NEW_ARRAY(a, struct jv_word, max) };

    while (*r.p && r.words.n < JV_WORDS_MAX) {
        size_t len;
        char c = char_at(r.p, &len);

        if (is_letter((unsigned char)c) || is_minus(&r))
            read_word(&r);
        else
            read_mark(&r, c, len);
    }
    find_denials(&r.words);
    find_of_course(&r.words);
    find_tix(&r.words);
    find_it(text, &r.words);
    return r.words;
}
