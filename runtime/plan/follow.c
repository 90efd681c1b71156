/* follow.c -- what only makes sense after something. */
#include "plan/follow.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

enum { short_reply = 6 };

/* ---- does it stand alone? -------------------------------------------------------------------- */

/* All the wish's evidence is "details", "cheaper": words that point back. */
bool jv_points_back(const struct jv_reading *r, const struct jv_wish *w)
{
    const struct jv_clause *c = &w->clause;
    bool points = false;

    for (size_t i = c->from; i < c->to && i - c->from < JV_CLAUSE_TOKENS; i++) {
        if (!(w->picks[0].score.explained & UINT64_C(1) << (i - c->from)) || r->tokens[i].in_value)
            continue;
        if (!(r->tokens[i].word->roles & (JV_MORE | JV_COMPARE)))
            return false;
        points = true;
    }
    return points;
}

/* "which of the two costs less?" */
static bool compares_them(const struct jv_reading *r)
{
    static const char *const both[] = { "two", "both", "them", "these", "those" };
    bool them = false, mine = false;

    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < JV_COUNT(both); k++)
            them = them || strcmp(r->tokens[i].word->norm, both[k]) == 0;
    for (size_t i = 0; i < r->n; i++)
        mine = mine || strcmp(r->tokens[i].word->norm, "my") == 0;
    return them && jv_has_role(r, JV_COMPARE) && !mine;
}

/* The value, or one that stands at the same place, is one that the last calls can take. */
static bool last_takes(const struct jv_reading *r, size_t token, const struct jv_memory *m)
{
    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_span *s = &r->values[i];

        for (size_t k = 0; s->from <= token && token < s->from + s->n && k < m->n_calls; k++)
            if (jv_catalog_takes(r->catalog, r->catalog->tools[m->calls[k].tool].family,
                                 &r->catalog->phrases[s->phrase]))
                return true;
    }
    return false;
}

/* "only the pending ones", "what about last week?": nothing but values and days of the last calls.
 */
static bool only_narrows(const struct jv_reading *r, const struct jv_memory *m)
{
    bool narrows = false;

    for (size_t i = 0; i < r->n; i++) {
        bool taken = r->tokens[i].in_date || last_takes(r, i, m);

        if (!taken && (!r->tokens[i].word->roles || r->tokens[i].name > JV_NAME_MAYBE ||
                       jv_token_number(r, i) || jv_roles_at(r, i) & (JV_MY | JV_THEIRS | JV_OFF)))
            return false;
        narrows = narrows || taken;
    }
    return narrows;
}

static bool stands_alone(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                         const struct jv_memory *m)
{
    if (compares_them(r) || only_narrows(r, m))
        return false;
    if (n == 1 && wishes[0].n_picks && wishes[0].picks[0].score.missing &&
        jv_has_role(r, JV_COMPARE) && r->catalog->families[wishes[0].picks[0].family].read_only)
        return false; /* "who charges us less then?" */

    for (size_t i = 0; i < n; i++)
        if (jv_wish_has_head(&wishes[i]) && !jv_points_back(r, &wishes[i]))
            return true;
    return false;
}

/* Words that no card and no lexicon knows, other than names: then it is about something else. */
static bool has_noise(const struct jv_reading *r, const struct jv_wish *wishes, size_t n)
{
    bool person = false;

    for (size_t i = 0; i < n; i++)
        person = person || wishes[i].clause.whom == JV_WHOM_PERSON;

    for (size_t i = 0; i < r->n; i++)
        if (jv_token_unknown(r, i) && !(r->tokens[i].word->roles & JV_FEELING) &&
            r->tokens[i].name < (person ? JV_NAME_MAYBE : JV_NAME_SUBJECT))
            return true;
    return jv_has_role(r, JV_OFF);
}

/* From the first part that wishes something to the last. */
static struct jv_clause said_in(const struct jv_reading *r, const struct jv_wish *wishes, size_t n)
{
    struct jv_clause c = { .from = 0, .to = r->n };

    if (n) {
        c.from = wishes[0].clause.from;
        c.to = wishes[n - 1].clause.to;
    }
    return c;
}

static bool listed(const struct jv_draft *list, size_t n, const struct jv_draft *d)
{
    for (size_t i = 0; i < n; i++)
        if (jv_draft_same(&list[i], d))
            return true;
    return false;
}

/* ---- "the first one" ------------------------------------------------------------------------- */

/* Which of n a word means, from 0 on; n: none. */
static size_t place_of(const struct jv_reading *r, size_t i, size_t n)
{
    static const char *const places[][5] = {
        { "one", "first", "1st", "top", "upper" }, { "two", "second", "2nd", "other", "" },
        { "three", "third", "3rd", "", "" },       { "four", "fourth", "4th", "", "" },
        { "five", "fifth", "5th", "", "" },
    };
    const char *word = r->tokens[i].word->norm;
    bool numbered = i && (strcmp(r->tokens[i - 1].word->norm, "number") == 0 ||
                          strcmp(r->tokens[i - 1].word->norm, "no") == 0);
    long number = r->tokens[i].word->number ? strtol(word, NULL, 10) : 0;

    if (number > 0 && number <= (long)n)
        return (size_t)number - 1;
    for (size_t k = 0; k < JV_COUNT(places) && k < n; k++)
        for (size_t j = numbered ? 0 : 1; j < JV_COUNT(places[k]); j++)
            if (strcmp(places[k][j], word) == 0)
                return k;
    if (strcmp(word, "last") == 0 || strcmp(word, "latter") == 0 || strcmp(word, "bottom") == 0 ||
        strcmp(word, "lower") == 0)
        return n - 1;
    return strcmp(word, "former") == 0 ? 0 : n;
}

/* Nothing but the place of something listed is said: no words of another agent, no "my last". */
static bool points_at_list(const struct jv_reading *r, const struct jv_wish *wishes,
                           size_t n_wishes, const struct jv_memory *m)
{
    const struct jv_catalog *c = r->catalog;
    uint32_t agent = c->tools[m->items[0].tool].agent;

    if (r->n_dates && r->n > short_reply)
        return false;
    if (jv_has_role(r, JV_IT) && !jv_has_role(r, JV_NOT))
        return true;
    if (jv_has_role(r, JV_MY) || (jv_has_role(r, JV_OFF) && !(jv_has_role(r, JV_NTH) && r->n <= 8)))
        return false;
    for (size_t i = 0; i < n_wishes; i++)
        if (jv_wish_has_head(&wishes[i]) &&
            (wishes[i].clause.whom == JV_WHOM_CALLER ||
             (wishes[i].picks[0].score.acts && !wishes[i].picks[0].score.missing) ||
             (c->families[wishes[i].picks[0].family].agent != agent &&
              !jv_points_back(r, &wishes[i]))))
            return false;
    return true;
}

static size_t items_in(const struct jv_reading *r, size_t from, size_t to,
                       const struct jv_memory *m, struct jv_draft *ret)
{
    size_t n = 0;

    for (size_t i = from; i < to && n < JV_CALLS_MAX; i++) {
        size_t at = r->tokens[i].in_date && r->n > short_reply ? m->n_items
                                                               : place_of(r, i, m->n_items);

        if (at < m->n_items && !listed(ret, n, &m->items[at]))
            ret[n++] = m->items[at];
    }
    return n;
}

static size_t listed_items(const struct jv_reading *r, const struct jv_wish *wishes,
                           size_t n_wishes, const struct jv_memory *m, struct jv_draft *ret)
{
    struct jv_clause where = said_in(r, wishes, n_wishes);
    size_t n = 0;

    if (!m->n_items || !points_at_list(r, wishes, n_wishes, m))
        return 0;
    for (size_t i = r->n; i-- > 0 && !n;) /* "I know the first, show me the second" */
        if (jv_roles_at(r, i) & JV_READ)
            n = items_in(r, i, r->n, m, ret);
    if (n)
        return n;
    n = items_in(r, where.from, where.to, m, ret);
    return n ? n : items_in(r, 0, r->n, m, ret);
}

/* ---- "approve it", "delete the first one" ---------------------------------------------------- */

/* What was shown and has such an argument: what the part points at, or else the only one. */
static size_t shown(const struct jv_reading *r, const struct jv_clause *c,
                    const struct jv_memory *m, const char *name, struct jv_draft *ret)
{
    size_t n = items_in(r, c->from, c->to, m, ret), kept = 0;

    if (!n && jv_roles_of(r, c) & JV_IT) {
        for (size_t i = 0; i < m->n_calls; i++)
            if (jv_struct_get(m->calls[i].arguments, name))
                ret[n++] = m->calls[i];
        if (!n && m->n_items == 1)
            ret[n++] = m->items[0];
        n = n == 1 ? n : 0; /* which of them? */
    }
    for (size_t i = 0; i < n; i++)
        if (jv_struct_get(ret[i].arguments, name))
            ret[kept++] = ret[i];
    return kept;
}

/* A change of something that was shown before. */
static size_t acted(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                    const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret)
{
    for (size_t i = 0; i < n_wishes; i++) {
        const struct jv_wish *w = &wishes[i];
        struct jv_draft d;
        size_t n;

        if (!w->n_picks || !w->picks[0].score.acts || !jv_slots_fill(r, w, &w->picks[0], a, &d, 1))
            continue;
        if (!d.missing || d.missing->kind != JV_SLOT_INTEGER)
            continue;
        n = shown(r, &w->clause, m, d.missing->name, ret);
        for (size_t k = 0; k < n; k++) {
            Value *v = jv_struct_get(ret[k].arguments, d.missing->name);

            ret[k] = d;
            ret[k].arguments = jv_struct_copy(d.arguments, a);
            jv_struct_set(ret[k].arguments, a, d.missing->name, v);
            ret[k].missing = NULL;
        }
        if (n)
            return n;
    }
    return 0;
}

static bool goes_on(const struct jv_reading *r)
{
    static const char *const words[] = { "same", "too", "also", "likewise", "another", "again" };

    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < JV_COUNT(words); k++)
            if (jv_word_is(r, i, words[k]))
                return true;
    return r->n && jv_roles_at(r, 0) & JV_JOIN;
}

/* "and 12301", "another one for gpu": the change just made, of something else. */
static size_t changed_again(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                            const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret)
{
    enum { brief = 7 };
    const struct jv_draft *last = &m->calls[0];
    const struct jv_cat_tool *t = m->n_calls == 1 ? &r->catalog->tools[last->tool] : NULL;
    struct jv_clause all = { .from = 0, .to = r->n };

    if (!t || t->read_only || r->n > brief || !goes_on(r) ||
        jv_has_role(r, JV_READ | JV_ASKING | JV_NOT | JV_NO))
        return 0;
    for (size_t i = 0; i < n; i++)
        if (wishes[i].n_picks && wishes[i].picks[0].score.acts)
            return 0;
    for (size_t i = 0; i < t->n_slots; i++) {
        bool number = t->slots[i].kind == JV_SLOT_INTEGER;
        size_t at = number ? jv_match_number(r, &all, 0)
                           : jv_match_value(r, &all, t->family, t->slots[i].name, 0);

        if (!t->slots[i].required || at == SIZE_MAX)
            continue;
        *ret = *last;
        ret->arguments = jv_struct_copy(last->arguments, a);
        jv_struct_set(ret->arguments, a, t->slots[i].name,
                      number ? jv_value_number(a, strtod(r->tokens[at].word->norm, NULL))
                             : jv_value_text(a, r->catalog->phrases[r->values[at].phrase].value));
        ret->guessed = true;
        return 1;
    }
    return 0;
}

/* ---- the same with another value or person --------------------------------------------------- */

static bool read_only(const struct jv_reading *r, const struct jv_draft *d)
{
    return r->catalog->tools[d->tool].read_only;
}

/* The last call with the values that its tool takes: one of each member, and once more for every
 * further value of the same member. */
static size_t with_values(const struct jv_reading *r, const struct jv_draft *last,
                          const struct jv_clause *where, struct jv_arena *a, struct jv_draft *ret,
                          size_t max)
{
    const struct jv_cat_tool *t = &r->catalog->tools[last->tool];
    struct jv_wish all = { .clause = *where, .text_to = r->n };
    size_t n = 0;

    for (size_t i = 0; i < t->n_slots; i++) {
        size_t at = jv_match_value(r, &all.clause, t->family, t->slots[i].name, 0);

        for (size_t k = 0; at != SIZE_MAX && k < max; k++) {
            if (k >= n) {
                ret[n] = n ? ret[0] : *last;
                ret[n].arguments = jv_struct_copy(ret[n].arguments, a);
                n++;
            }
            jv_struct_set(ret[k].arguments, a, t->slots[i].name,
                          jv_value_text(a, r->catalog->phrases[r->values[at].phrase].value));
            at = jv_match_value(r, &all.clause, t->family, t->slots[i].name, at + 1);
        }
    }
    return n;
}

/* The last call at other times. */
static size_t with_times(const struct jv_reading *r, const struct jv_draft *last,
                         struct jv_arena *a, struct jv_draft *ret)
{
    const struct jv_cat_tool *t = &r->catalog->tools[last->tool];
    struct jv_clause all = { .from = 0, .to = r->n };
    bool dated = false;

    ret[0] = *last;
    ret[0].arguments = jv_msg_new(&google__protobuf__struct__descriptor, a);
    for (size_t i = 0; i < last->arguments->n_fields; i++) {
        const char *name = last->arguments->fields[i]->key;
        const struct jv_slot *slot = jv_catalog_slot(t, name);

        if (!slot || slot->kind != JV_SLOT_TIME)
            jv_struct_set(ret[0].arguments, a, name, last->arguments->fields[i]->value);
    }
    for (size_t i = 0; i < t->n_slots; i++) {
        Value *v = t->slots[i].kind == JV_SLOT_TIME ? jv_slots_time(r, &all, t, &t->slots[i], a)
                                                    : NULL;

        if (v)
            jv_struct_set(ret[0].arguments, a, t->slots[i].name, v);
        dated = dated || v;
    }
    return dated;
}

static size_t with_numbers(const struct jv_reading *r, const struct jv_draft *last,
                           struct jv_arena *a, struct jv_draft *ret, size_t max)
{
    const struct jv_cat_tool *t = &r->catalog->tools[last->tool];
    struct jv_wish w = { .clause = { .from = 0, .to = r->n }, .text_to = r->n };
    struct jv_pick p = { .family = t->family, .score = { .unknown = SIZE_MAX } };

    if (jv_match_number(r, &w.clause, 0) == SIZE_MAX)
        return 0;
    for (size_t i = 0; i < t->n_slots; i++)
        if (t->slots[i].kind == JV_SLOT_INTEGER)
            return jv_slots_fill(r, &w, &p, a, ret, max);
    return 0;
}

/* The last call about somebody else. */
static size_t with_people(const struct jv_reading *r, const struct jv_draft *last,
                          const struct jv_clause *whose, struct jv_arena *a, struct jv_draft *ret,
                          size_t max)
{
    const struct jv_cat_tool *was = &r->catalog->tools[last->tool];
    uint32_t tool = jv_slots_tool(r->catalog, was->family, whose->whom);
    const struct jv_cat_tool *t = &r->catalog->tools[tool];
    size_t n = 0, people = whose->whom == JV_WHOM_PERSON ? whose->n_names : 1;

    if (whose->whom == JV_WHOM_NONE || (whose->whom == JV_WHOM_PERSON && !t->owner) ||
        (tool == last->tool && !t->owner))
        return 0;
    for (; n < people && n < max; n++) {
        ret[n] = *last;
        ret[n].tool = tool;
        ret[n].arguments = jv_msg_new(&google__protobuf__struct__descriptor, a);
        for (size_t i = 0; i < last->arguments->n_fields; i++)
            if (!was->owner || strcmp(last->arguments->fields[i]->key, was->owner) != 0)
                jv_struct_set(ret[n].arguments, a, last->arguments->fields[i]->key,
                              last->arguments->fields[i]->value);
        if (whose->whom == JV_WHOM_PERSON)
            jv_struct_set(ret[n].arguments, a, t->owner, jv_value_text(a, whose->names[n]));
    }
    return n;
}

/* Whose the last part that says it is about. */
static const struct jv_clause *said_of(const struct jv_wish *wishes, size_t n,
                                       const struct jv_clause *none)
{
    for (size_t i = n; i-- > 0;)
        if (wishes[i].clause.whom != JV_WHOM_NONE)
            return &wishes[i].clause;
    return n ? &wishes[0].clause : none;
}

static size_t changed(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                      const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret)
{
    const struct jv_clause none = { 0 };
    struct jv_clause where = said_in(r, wishes, n_wishes);
    const struct jv_clause *whose = said_of(wishes, n_wishes, &none);
    size_t n = 0;

    for (size_t i = 0; i < m->n_calls && n < JV_CALLS_MAX; i++) {
        const struct jv_draft *last = &m->calls[i];
        size_t more = 0, kept = n;

        if (!read_only(r, last))
            continue;
        more = with_values(r, last, &where, a, ret + n, JV_CALLS_MAX - n);
        if (!more && n < JV_CALLS_MAX)
            more = with_times(r, last, a, ret + n);
        if (!more)
            more = with_numbers(r, last, a, ret + n, JV_CALLS_MAX - n);
        if (!more)
            more = with_people(r, last, whose, a, ret + n, JV_CALLS_MAX - n);
        for (size_t k = 0; k < more; k++) /* two calls may have become one */
            if (!listed(ret, kept, &ret[n + k]))
                ret[kept++] = ret[n + k];
        n = kept;
    }
    return n;
}

/* ---- "which is cheaper?", "the details" ------------------------------------------------------ */

/* The newest calls of one tool that differ in their arguments. */
static size_t alternatives(const struct jv_reading *r, const struct jv_memory *m,
                           struct jv_draft *ret)
{
    const struct jv_draft *lists[] = { m->calls, m->before };
    const size_t sizes[] = { m->n_calls, m->n_before };
    size_t n = 0;

    for (size_t l = 0; l < JV_COUNT(lists); l++)
        for (size_t i = 0; i < sizes[l] && n < JV_CALLS_MAX; i++)
            if (read_only(r, &lists[l][i]) && (!n || lists[l][i].tool == ret[0].tool))
                ret[n++] = lists[l][i];
    return n > 1 ? n : 0;
}

/* A family of the same agent whose words are those that point back ("details"), complete without
 * arguments. */
static uint32_t richer(const struct jv_reading *r, const struct jv_wish *w,
                       const struct jv_draft *last)
{
    const struct jv_catalog *c = r->catalog;

    for (size_t i = 0; i < w->n_picks; i++)
        if (c->families[w->picks[i].family].agent == c->tools[last->tool].agent &&
            !w->picks[i].score.missing && w->picks[i].score.terms > 0.1)
            return w->picks[i].family;
    return JV_NONE;
}

/* "what's in that number?", "how does that sum come about?" */
static bool looks_into(const struct jv_reading *r)
{
    static const char *const sums[] = { "number", "figure", "sum", "amount", "total", "bill" };
    static const char *const ways[] = { "in",    "behind", "come", "comes", "made",
                                        "apart", "makes",  "up",   "hood" };
    bool sum = false, way = false;

    for (size_t i = 0; i < r->n; i++) {
        for (size_t k = 0; k < JV_COUNT(sums); k++)
            sum = sum || (jv_word_is(r, i, sums[k]) && i &&
                          (jv_word_is(r, i - 1, "that") || jv_word_is(r, i - 1, "this")));
        for (size_t k = 0; k < JV_COUNT(ways); k++)
            way = way || jv_word_is(r, i, ways[k]);
    }
    return sum && way;
}

/* The agent's family that gives details; JV_NONE. */
static uint32_t detailed(const struct jv_catalog *c, uint32_t agent)
{
    uint32_t term = jv_catalog_term(c, "detail"), best = JV_NONE;
    float weight = 0;

    for (size_t i = 0; term != JV_NONE && i < c->terms[term].n_postings; i++) {
        const struct jv_posting *p = &c->terms[term].postings[i];

        if (c->families[p->family].agent == agent && c->families[p->family].read_only &&
            p->weight > weight) {
            best = p->family;
            weight = p->weight;
        }
    }
    return best;
}

static size_t repeated(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                       const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_calls; i++) {
        uint32_t family = n_wishes && !m->calls[i].arguments->n_fields
                                  ? richer(r, &wishes[0], &m->calls[i])
                                  : JV_NONE;

        if (!read_only(r, &m->calls[i]))
            continue;
        if (family == JV_NONE && !m->calls[i].arguments->n_fields)
            family = detailed(r->catalog, r->catalog->tools[m->calls[i].tool].agent);
        ret[n] = m->calls[i];
        if (family != JV_NONE) {
            ret[n].tool = jv_slots_tool(r->catalog, family, JV_WHOM_CALLER);
            ret[n].arguments = jv_struct_copy(m->calls[i].arguments, a);
        }
        n++;
    }
    return n;
}

size_t jv_follow(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                 const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret,
                 bool *ret_compare)
{
    size_t n = acted(r, wishes, n_wishes, m, a, ret);

    if (!n)
        n = changed_again(r, wishes, n_wishes, m, a, ret);
    if (!n)
        n = listed_items(r, wishes, n_wishes, m, ret);
    if (!n &&
        (!m->n_calls || stands_alone(r, wishes, n_wishes, m) || has_noise(r, wishes, n_wishes)))
        return 0;
    if (!n && !compares_them(r))
        n = changed(r, wishes, n_wishes, m, a, ret);
    if (!n && (!r->n_values || compares_them(r)) && jv_has_role(r, JV_COMPARE))
        n = alternatives(r, m, ret);
    if (n > 1 && jv_has_role(r, JV_COMPARE))
        *ret_compare = true;
    if (!n && !r->n_values && (jv_has_role(r, JV_MORE) || looks_into(r)))
        n = repeated(r, wishes, n_wishes, m, a, ret);
    for (size_t i = 0; i < n; i++)
        ret[i].confidence = 0.8;
    return n;
}
