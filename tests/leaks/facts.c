/* facts.c -- whether a text tells a fact, word by word. */
#include "leaks/facts.h"

#include <string.h>

enum { n_buckets = 1 << 14, max_word = 64, max_facts = 1 << 16, max_typed = 256 };

struct facts {
    struct jv_arena *arena;
    struct entry {
        struct fact fact;
        struct entry *next;
    } * buckets[n_buckets];
    struct entry *all[max_facts];
    size_t n;
};

struct facts *facts_new(struct jv_arena *a)
{
    struct facts *f = JV_NEW(a, struct facts);

    f->arena = a;
    return f;
}

static struct entry *const *bucket_of(const struct facts *f, const char *word)
{
    uint32_t h = 2166136261u;

    for (const char *p = word; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return &f->buckets[h % n_buckets];
}

static const struct fact *find(const struct facts *f, const char *word)
{
    for (const struct entry *e = *bucket_of(f, word); e; e = e->next)
        if (strcmp(e->fact.word, word) == 0)
            return &e->fact;
    return NULL;
}

bool facts_has(const struct facts *f, const char *word)
{
    return find(f, word) != NULL;
}

bool facts_add(struct facts *f, const struct fact *fact)
{
    struct entry **at = (struct entry **)(uintptr_t)bucket_of(f, fact->word);
    struct entry *e;

    if (find(f, fact->word) || f->n == max_facts)
        return false;
    e = JV_NEW(f->arena, struct entry);
    *e = (struct entry){ *fact, *at };
    *at = e;
    f->all[f->n++] = e;
    return true;
}

size_t facts_count(const struct facts *f)
{
    return f->n;
}

const struct fact *facts_at(const struct facts *f, size_t i)
{
    return &f->all[i]->fact;
}

bool fact_may_see(const struct fact *fact, const struct reader *r)
{
    if (r->owner >= 0 && fact->given & (UINT32_C(1) << r->owner))
        return true;
    if (fact->owner == r->owner)
        return fact->said || (r->own & fact->see);
    return r->own & r->all & fact->see;
}

/* ---- words of a text ------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_uuid_at(const char *p)
{
    for (size_t i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? p[i] != '-' : !is_hex(p[i]))
            return false;
    return true;
}

/* An escape in JSON, also of JSON in JSON: \n, \\n, \u0041, and \_ of Markdown. */
static size_t escape_at(const char *p)
{
    size_t n = strspn(p, "\\");

    if (p[n] == 'u' && is_hex(p[n + 1]) && is_hex(p[n + 2]) && is_hex(p[n + 3]) && is_hex(p[n + 4]))
        return n + 5;
    return n + (p[n] != '\0');
}

/* The length of a number with its separators; 0: a word begins here, or nothing. */
static size_t number_at(const char *p)
{
    size_t n = 0;

    while (is_digit(p[n]) || (n && strchr(",.-", p[n]) && p[n] && is_digit(p[n + 1])))
        n++;
    return is_letter(p[n]) && p[n] != 'T' ? 0 : n; /* 2011-03-05T10:00:00Z is a date and more */
}

static size_t word_at(const char *p)
{
    size_t n = 0;

    while (is_letter(p[n]) || is_digit(p[n]))
        n++;
    return n;
}

/* Lower case, letters and digits alone; false: too long for a fact. */
static bool normal(const char *p, size_t n, char out[max_word])
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (!is_letter(p[i]) && !is_digit(p[i]))
            continue;
        if (len + 1 == max_word)
            return false;
        out[len++] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + ('a' - 'A')) : p[i];
    }
    out[len] = '\0';
    return len > 0;
}

char *fact_digits(struct jv_arena *a, const char *number)
{
    char out[max_word];

    return jv_arena_strdup(a, normal(number, strlen(number), out) ? out : "");
}

struct search {
    const struct facts *facts;
    const struct reader *reader;
    const struct fact *typed[max_typed];
    size_t n_typed, n_allowed;
    bool typing;
    bool ever; /* all that was ever said counts as typed */
    int who;
    const struct fact *leak;
};

typedef void (*on_fact)(struct search *s, const struct fact *fact);

static void look_up(struct search *s, const char *p, size_t n, on_fact fn)
{
    char word[max_word];
    const struct fact *fact = normal(p, n, word) ? find(s->facts, word) : NULL;

    if (fact)
        fn(s, fact);
}

/* "17-12345678" may be two numbers: each is looked up, too. */
static void look_up_number(struct search *s, const char *p, size_t n, on_fact fn)
{
    look_up(s, p, n, fn);
    for (size_t i = 0, len; i < n; i += len + 1) {
        len = strspn(p + i, "0123456789");
        len = len < n - i ? len : n - i;
        if (len < n)
            look_up(s, p + i, len, fn);
    }
}

/* "vishals tickets" says a name. */
static void look_up_typed(struct search *s, const char *p, size_t n, on_fact fn)
{
    look_up(s, p, n, fn);
    if (n > 1 && (p[n - 1] == 's' || p[n - 1] == 'S'))
        look_up(s, p, n - 1, fn);
}

static void each_fact(struct search *s, const char *text, on_fact fn)
{
    for (const char *p = text; *p;) {
        size_t n;

        if (*p == '\\') {
            p += escape_at(p);
        } else if (is_hex(*p) && is_uuid_at(p)) {
            p += 36;
        } else if (is_digit(*p) && (n = number_at(p))) {
            look_up_number(s, p, n, fn);
            p += n;
        } else if ((n = word_at(p))) {
            (s->typing ? look_up_typed : look_up)(s, p, n, fn);
            p += n;
        } else {
            p++;
        }
    }
}

static bool was_typed(const struct search *s, const struct fact *fact)
{
    if (s->ever && s->reader->owner >= 0 && fact->told & (UINT32_C(1) << s->reader->owner))
        return true;
    for (size_t i = 0; i < s->n_typed; i++)
        if (s->typed[i] == fact)
            return true;
    return false;
}

static void note_typed(struct search *s, const struct fact *fact)
{
    if (s->n_typed < max_typed && !was_typed(s, fact))
        s->typed[s->n_typed++] = fact;
}

static void note_told(struct search *s, const struct fact *fact)
{
    struct fact *f = (struct fact *)(uintptr_t)fact;

    f->told |= UINT32_C(1) << s->who;
    if (f->copied)
        f->given |= UINT32_C(1) << s->who;
}

static void note_given(struct search *s, const struct fact *fact)
{
    ((struct fact *)(uintptr_t)fact)->given |= UINT32_C(1) << s->who;
}

void facts_told(struct facts *f, int who, const char *text)
{
    each_fact(&(struct search){ .facts = f, .who = who, .typing = true }, text, note_told);
}

void facts_given(struct facts *f, int who, const char *text)
{
    each_fact(&(struct search){ .facts = f, .who = who }, text, note_given);
}

static void judge(struct search *s, const struct fact *fact)
{
    if (fact_may_see(fact, s->reader))
        s->n_allowed++;
    else if (!s->leak && !was_typed(s, fact))
        s->leak = fact;
}

const struct fact *facts_leak(const struct facts *f, const struct reader *r, const char *text,
                              const char *typed, size_t *ret_allowed)
{
    struct search s = { .facts = f, .reader = r, .ever = !typed };

    s.typing = true;
    each_fact(&s, typed ? typed : "", note_typed);
    s.typing = false;
    each_fact(&s, text ? text : "", judge);
    if (ret_allowed)
        *ret_allowed += s.n_allowed;
    return s.leak;
}
