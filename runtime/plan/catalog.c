/* catalog.c -- the catalogue's lists, its terms by number, and what others ask of it. */
#include "plan/catalog.h"

#include <string.h>

struct jv_catalog *jv_catalog_new(void)
{
    struct jv_arena *a = jv_arena_new(JV_CATALOG_LIMIT);
    struct jv_catalog *c = JV_NEW(a, struct jv_catalog);

    c->arena = a;
    c->scratch = jv_arena_new(JV_CATALOG_LIMIT);
    return c;
}

struct jv_catalog *jv_catalog_free(struct jv_catalog *c)
{
    if (c) {
        jv_arena_free(c->scratch);
        jv_arena_free(c->arena);
    }
    return NULL;
}

void *jv_catalog_grow(struct jv_arena *a, void *list, size_t n, size_t *cap, size_t size)
{
    void *bigger;

    if (n < *cap)
        return list;
    *cap = *cap ? *cap * 2 : 8;
    bigger = jv_arena_alloc(a, *cap * size);
    if (n)
        memcpy(bigger, list, n * size);
    return bigger;
}

/* ---- terms by number: open addressing -------------------------------------------------------- */

static uint32_t hash_of(const char *s)
{
    uint32_t h = 2166136261u;

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

/* Where a stem is or would be; slots hold the term's number + 1. */
static uint32_t *find(const struct jv_catalog *c, const char *stem)
{
    for (size_t i = hash_of(stem);; i++) {
        uint32_t *slot = &c->hash[i & (c->cap_hash - 1)];

        if (!*slot || strcmp(c->terms[*slot - 1].stem, stem) == 0)
            return slot;
    }
}

uint32_t jv_catalog_term(const struct jv_catalog *c, const char *stem)
{
    return c->cap_hash && *find(c, stem) ? *find(c, stem) - 1 : JV_NONE;
}

static void rehash(struct jv_catalog *c)
{
    c->cap_hash = c->cap_hash ? c->cap_hash * 2 : 1024;
    c->hash = JV_NEW_ARRAY(c->arena, uint32_t, c->cap_hash);
    for (size_t i = 0; i < c->n_terms; i++)
        *find(c, c->terms[i].stem) = (uint32_t)i + 1;
}

uint32_t jv_catalog_intern(struct jv_catalog *c, const char *stem)
{
    uint32_t known = jv_catalog_term(c, stem);
    struct jv_term *t;

    if (known != JV_NONE)
        return known;
    if (c->n_terms * 2 >= c->cap_hash)
        rehash(c);
    t = JV_CAT_ADD(c, terms);
    *t = (struct jv_term){ .stem = jv_arena_strdup(c->arena, stem), .len = strlen(stem) };
    *find(c, stem) = (uint32_t)c->n_terms;
    return (uint32_t)c->n_terms - 1;
}

/* Where the family's posting is or would be: they are sorted by family. */
static size_t posting_at(const struct jv_term *t, uint32_t family)
{
    size_t from = 0, to = t->n_postings;

    if (to && t->postings[to - 1].family < family)
        return to;
    while (from < to) {
        size_t mid = (from + to) / 2;

        if (t->postings[mid].family < family)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

void jv_catalog_post(struct jv_catalog *c, uint32_t term, struct jv_posting p)
{
    struct jv_term *t = &c->terms[term];
    size_t at = posting_at(t, p.family);

    if (at < t->n_postings && t->postings[at].family == p.family) {
        struct jv_posting *have = &t->postings[at];

        have->acts = have->acts || p.acts;
        have->past = have->past && p.past;
        have->weight = have->weight < p.weight ? p.weight : have->weight;
        return;
    }
    t->postings = jv_catalog_grow(c->arena, t->postings, t->n_postings, &t->cap_postings,
                                  sizeof(t->postings[0]));
    memmove(&t->postings[at + 1], &t->postings[at], (t->n_postings - at) * sizeof(t->postings[0]));
    t->postings[at] = p;
    t->n_postings++;
}

/* The agent has this value by these words already: several of its tools take it. */
static bool has_value(const struct jv_catalog *c, const struct jv_term *t,
                      const struct jv_phrase *value)
{
    enum { looked_at = 256 }; /* a card may list values without end */
    size_t least = t->n_phrases < looked_at ? 0 : t->n_phrases - looked_at;

    for (size_t i = t->n_phrases; i-- > least;) { /* those of the agent at hand are the last */
        const struct jv_phrase *p = &c->phrases[t->phrases[i].phrase];

        if (p->family != JV_NONE)
            continue;
        if (p->agent != value->agent)
            return false;
        if (p->n == value->n && memcmp(p->terms, value->terms, p->n * sizeof(p->terms[0])) == 0 &&
            p->past == value->past && strcmp(p->member, value->member) == 0 &&
            strcmp(p->value, value->value) == 0)
            return true;
    }
    return false;
}

void jv_catalog_phrase(struct jv_catalog *c, struct jv_phrase phrase)
{
    struct jv_term *t = &c->terms[phrase.terms[0]];

    if (phrase.family == JV_NONE && has_value(c, t, &phrase))
        return;
    t->phrases = jv_catalog_grow(c->arena, t->phrases, t->n_phrases, &t->cap_phrases,
                                 sizeof(t->phrases[0]));
    t->phrases[t->n_phrases++] =
            (struct jv_head){ .phrase = (uint32_t)c->n_phrases,
                              .second = phrase.n > 1 ? phrase.terms[1] : JV_NONE,
                              .value = phrase.family == JV_NONE };
    *JV_CAT_ADD(c, phrases) = phrase;
}

/* ---- asked by others ------------------------------------------------------------------------- */

const struct jv_slot *jv_catalog_slot(const struct jv_cat_tool *t, const char *name)
{
    for (size_t i = 0; i < t->n_slots; i++)
        if (strcmp(t->slots[i].name, name) == 0)
            return &t->slots[i];
    return NULL;
}

bool jv_family_needs(const struct jv_catalog *c, uint32_t family, enum jv_slot_kind kind)
{
    const struct jv_cat_tool *t = &c->tools[c->families[family].any];

    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].required && t->slots[i].kind == kind)
            return true;
    return false;
}

bool jv_catalog_takes(const struct jv_catalog *c, uint32_t family, const struct jv_phrase *value)
{
    if (c->families[family].agent != value->agent)
        return false;
    for (size_t i = 0; i < value->n_takers; i++)
        if (value->takers[i].family == family)
            return true;
    return false;
}

static bool holds(const char *scopes, const char *scope, const char *tail)
{
    size_t n = strlen(scope), more = strlen(tail);

    for (const char *p = scopes; *p; p += *p == ' ') {
        size_t len = strcspn(p, " ");

        if (len == n + more && memcmp(p, scope, n) == 0 && memcmp(p + n, tail, more) == 0)
            return true;
        p += len;
    }
    return false;
}

bool jv_catalog_everybodys(const struct jv_catalog *c, const struct jv_cat_tool *t)
{
    const struct jv_cat_family *f = &c->families[t->family];

    return t->whose == JV_EVERYBODYS &&
           (f->tools[JV_CALLERS] != JV_NONE || f->tools[JV_SOMEBODYS] != JV_NONE);
}

bool jv_catalog_may(const struct jv_catalog *c, const struct jv_cat_tool *t, const char *scopes)
{
    bool everybodys = jv_catalog_everybodys(c, t);

    if (!t->scope)
        return true;
    if (!scopes)
        return !everybodys;
    return holds(scopes, t->scope, "") && (!everybodys || holds(scopes, t->scope, ":all"));
}

uint32_t jv_catalog_agent(const struct jv_catalog *c, const char *token)
{
    for (uint32_t i = 0; i < c->n_agents; i++)
        if (strcmp(c->agents[i].token, token) == 0)
            return i;
    return JV_NONE;
}

uint32_t jv_catalog_tool(const struct jv_catalog *c, const char *token, const char *tool)
{
    uint32_t agent = jv_catalog_agent(c, token);

    if (agent == JV_NONE || !tool)
        return JV_NONE;
    for (uint32_t i = c->agents[agent].first_tool; i < c->n_tools && c->tools[i].agent == agent;
         i++)
        if (c->tools[i].name && strcmp(c->tools[i].name, tool) == 0)
            return i;
    return JV_NONE;
}

const char *jv_catalog_name(const struct jv_catalog *c, const char *token)
{
    uint32_t agent = jv_catalog_agent(c, token);

    return agent == JV_NONE ? token : c->agents[agent].name;
}

bool jv_catalog_read_only(const struct jv_catalog *c, const char *token, const char *tool)
{
    uint32_t t = jv_catalog_tool(c, token, tool);

    return t != JV_NONE && c->tools[t].read_only;
}
