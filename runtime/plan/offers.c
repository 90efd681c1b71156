/* offers.c -- which examples of a catalogue may be suggested, and in which a name or a number may
 * be replaced. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plan/reading.h"

enum { max_words = 7, max_length = 80 };

/* "Show my tickets!" is "show my tickets". */
char *jv_suggest_plain(struct jv_arena *a, const char *text)
{
    char *s = jv_arena_strdup(a, text);
    size_t n = 0;

    for (const char *p = text; *p; p++) {
        unsigned char ch = (unsigned char)*p;

        if (ch == ' ' ? n && s[n - 1] != ' ' : isalnum(ch) || ch >= 0x80)
            s[n++] = (char)tolower(ch);
    }
    s[n - (n && s[n - 1] == ' ')] = '\0';
    return s;
}

static size_t words_in(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += *s != ' ' && (s[1] == ' ' || !s[1]);
    return n;
}

/* The only name or number in it; JV_NONE: there are more, or none (then *ret_some is false). */
static uint32_t only_named(const struct jv_reading *r, bool *ret_some)
{
    uint32_t at = JV_NONE;
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++)
        if (r->tokens[i].name >= JV_NAME_SUBJECT || r->tokens[i].word->number) {
            at = (uint32_t)i;
            n++;
        }
    *ret_some = n > 0;
    return n == 1 ? at : JV_NONE;
}

static void add_offer(struct jv_catalog *c, struct jv_cat_tool *t, struct jv_offer *offers,
                      const char *text, const struct jv_reading *r)
{
    struct jv_offer *o = &offers[t->n_offers++];
    uint32_t *values;

    o->text = text;
    o->plain = jv_suggest_plain(c->arena, text);
    o->n_values = r->n_values;
    o->values = values = JV_NEW_ARRAY(c->arena, uint32_t, r->n_values + 1);
    for (size_t i = 0; i < r->n_values; i++)
        values[i] = r->values[i].phrase;
}

/* Where the name or the number stands in the text as it is written. */
static void add_pattern(struct jv_cat_tool *t, struct jv_pattern *patterns, const char *text,
                        const struct jv_token *token)
{
    const char *what = token->word->number ? token->word->norm : token->person;
    struct jv_pattern p = { .text = text, .from = token->word->from };

    if (!what || token->word->number == (t->whose == JV_SOMEBODYS) || p.from >= strlen(text) ||
        strncasecmp(text + p.from, what, strlen(what)) != 0)
        return;
    p.to = p.from + strlen(what);
    patterns[t->n_patterns++] = p;
}

static void add_example(struct jv_catalog *c, struct jv_cat_tool *t, struct jv_offer *offers,
                        struct jv_pattern *patterns, const char *text, struct jv_arena *scratch)
{
    struct jv_reading r = jv_reading_new(c, scratch, text, NULL);
    bool some;
    uint32_t at = only_named(&r, &some);

    if (!some)
        add_offer(c, t, offers, text, &r);
    else if (at != JV_NONE)
        add_pattern(t, patterns, text, &r.tokens[at]);
}

void jv_suggest_index(struct jv_catalog *c, struct jv_arena *scratch)
{
    for (size_t i = 0; i < c->n_tools; i++) {
        struct jv_cat_tool *t = &c->tools[i];
        size_t room = t->n_examples + 1;
        struct jv_offer *offers = JV_NEW_ARRAY(c->arena, struct jv_offer, room);
        struct jv_pattern *patterns = JV_NEW_ARRAY(c->arena, struct jv_pattern, room);

        jv_arena_reset(scratch);
        for (size_t k = 0; k < t->n_examples; k++)
            if (strlen(t->examples[k]) <= max_length && words_in(t->examples[k]) <= max_words)
                add_example(c, t, offers, patterns, t->examples[k], scratch);
        t->offers = offers;
        t->patterns = patterns;
    }
}
