/* slots.c -- from a wish to tool calls. */
#include "plan/slots.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

enum { max_free_text = 200 };

uint32_t jv_slots_tool(const struct jv_catalog *c, uint32_t family, enum jv_whom whom)
{
    static const enum jv_whose order[][JV_N_WHOSE] = {
        [JV_WHOM_NONE] = { JV_CALLERS, JV_SOMEBODYS, JV_NOBODYS, JV_EVERYBODYS },
        [JV_WHOM_CALLER] = { JV_CALLERS, JV_SOMEBODYS, JV_NOBODYS, JV_EVERYBODYS },
        [JV_WHOM_PERSON] = { JV_SOMEBODYS, JV_NOBODYS, JV_EVERYBODYS, JV_CALLERS },
        [JV_WHOM_EVERYBODY] = { JV_EVERYBODYS, JV_CALLERS, JV_SOMEBODYS, JV_NOBODYS },
        [JV_WHOM_UNCLEAR] = { JV_SOMEBODYS, JV_NOBODYS, JV_CALLERS, JV_EVERYBODYS },
    };

    for (size_t i = 0; i < JV_N_WHOSE; i++)
        if (c->families[family].tools[order[whom][i]] != JV_NONE)
            return c->families[family].tools[order[whom][i]];
    return c->families[family].any;
}

/* ---- free text ------------------------------------------------------------------------------- */

static const char *raw(const struct jv_reading *r, size_t from, size_t to, struct jv_arena *a)
{
    size_t start = r->tokens[from].word->from, end = r->tokens[to - 1].word->to;

    if (end - start > max_free_text)
        return NULL;
    return jv_arena_strndup(a, r->words.text + start, end - start);
}

/* Words at the edges that say nothing: "a new mouse please" -> "mouse". */
static const char *trimmed(const struct jv_reading *r, size_t from, size_t to, struct jv_arena *a)
{
    while (from < to && (r->tokens[from].word->roles || r->tokens[from].name > JV_NAME_MAYBE))
        from++;
    while (to > from && (r->tokens[to - 1].word->roles || r->tokens[to - 1].name > JV_NAME_MAYBE))
        to--;
    return from < to ? raw(r, from, to, a) : NULL;
}

static bool marks_text(const struct jv_reading *r, size_t i)
{
    static const char *const markers[] = { "for", "to",      "about",  "regarding", "concerning",
                                           "on",  "because", "called", "named",     "titled" };

    for (size_t k = 0; k < JV_COUNT(markers); k++)
        if (strcmp(r->tokens[i].word->norm, markers[k]) == 0)
            return true;
    return i > 0 && r->tokens[i].word->before == JV_STOP;
}

/* What the wish is about in its own words: between quotation marks, or behind "for", "to get". */
static const char *free_text(const struct jv_reading *r, const struct jv_wish *w,
                             struct jv_arena *a)
{
    size_t from = w->clause.from, to;

    while (from < w->text_to && !r->tokens[from].word->quoted)
        from++;
    for (to = from; to < w->text_to && r->tokens[to].word->quoted;)
        to++;
    if (from < to)
        return raw(r, from, to, a);
    for (size_t i = w->clause.from; i < w->text_to; i++) {
        const char *text = marks_text(r, i) ? trimmed(r, i + 1, w->text_to, a) : NULL;

        if (text)
            return text;
    }
    return NULL;
}

/* "with operation foo": the word behind the member's name. */
static const char *labelled(const struct jv_reading *r, const struct jv_clause *c,
                            const struct jv_slot *slot)
{
    for (size_t i = c->from; i + 1 < c->to; i++)
        if (strncmp(slot->name, r->tokens[i].word->norm, strlen(r->tokens[i].word->norm)) == 0 &&
            strlen(r->tokens[i].word->norm) > 3 && jv_token_unknown(r, i + 1))
            return r->tokens[i + 1].word->norm;
    return NULL;
}

/* ---- one member ------------------------------------------------------------------------------ */

struct filling {
    const struct jv_reading *r;
    const struct jv_wish *w;
    const struct jv_pick *pick;
    struct jv_arena *a;
    size_t turn; /* which of several values */
};

/* The turn-th value or number in a clause, the last one when there are fewer; SIZE_MAX when there
 * is none. */
static size_t nth_in(const struct filling *f, const struct jv_clause *c, const struct jv_slot *slot,
                     size_t *ret_count)
{
    size_t found = SIZE_MAX, at = 0;

    *ret_count = 0;
    for (;;) {
        at = slot->kind == JV_SLOT_INTEGER
                     ? jv_match_number(f->r, c, at)
                     : jv_match_value(f->r, c, f->pick->family, slot->name, at);
        if (at == SIZE_MAX)
            return found;
        if (*ret_count <= f->turn)
            found = at;
        (*ret_count)++;
        at++;
    }
}

/* A clause without a value of its own shares its neighbour's: "close tickets 1 and 2". */
static size_t nth(const struct filling *f, const struct jv_slot *slot, size_t *ret_count)
{
    const struct jv_clause *c = &f->w->clause;
    struct jv_clause head = { .from = c->head_from, .to = c->head_to };
    size_t at = nth_in(f, c, slot, ret_count);

    return at == SIZE_MAX ? nth_in(f, &head, slot, ret_count) : at;
}

static Value *value_for(const struct filling *f, const struct jv_cat_tool *tool,
                        const struct jv_slot *slot)
{
    const char *text = NULL;
    size_t count, at = slot->kind == JV_SLOT_OTHER ? SIZE_MAX : nth(f, slot, &count);

    if (at != SIZE_MAX && slot->kind == JV_SLOT_INTEGER)
        return jv_value_number(f->a, strtod(f->r->tokens[at].word->norm, NULL));
    if (at != SIZE_MAX)
        return jv_value_text(f->a, f->r->catalog->phrases[f->r->values[at].phrase].value);
    if (slot->kind != JV_SLOT_TEXT)
        return NULL;
    text = labelled(f->r, &f->w->clause, slot);
    if (!text && slot->required && !tool->read_only)
        text = free_text(f->r, f->w, f->a);
    if (!text && slot->required && f->pick->score.unknown != SIZE_MAX)
        text = f->r->tokens[f->pick->score.unknown].word->norm;
    return text ? jv_value_text(f->a, text) : NULL;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static struct jv_draft fill_one(const struct filling *f, uint32_t tool, const char *person)
{
    const struct jv_cat_tool *t = &f->r->catalog->tools[tool];
    struct jv_draft d = { .tool = tool, .confidence = f->pick->score.confidence };

    d.arguments = jv_msg_new(&google__protobuf__struct__descriptor, f->a);
    if (person && t->owner)
        jv_struct_set(d.arguments, f->a, t->owner, jv_value_text(f->a, person));
    for (size_t i = 0; i < t->n_slots; i++) {
        Value *v = value_for(f, t, &t->slots[i]);

        if (v)
            jv_struct_set(d.arguments, f->a, t->slots[i].name, v);
        else if (t->slots[i].required && !d.missing)
            d.missing = &t->slots[i];
    }
    return d;
}

static size_t most_values(struct filling *f, const struct jv_cat_tool *t)
{
    size_t most = 1, count = 0;

    for (size_t i = 0; i < t->n_slots; i++) {
        if (t->slots[i].kind != JV_SLOT_OTHER)
            nth(f, &t->slots[i], &count);
        most = count > most ? count : most;
    }
    return most;
}

/* Nobody is named, but the words are those of the tool for everybody's: "tickets with operation x"
 */
static enum jv_whom whom_of(const struct jv_reading *r, const struct jv_clause *c, uint32_t family)
{
    if (c->whom != JV_WHOM_NONE)
        return c->whom;
    for (size_t i = 0; i < r->n_phrases; i++) {
        const struct jv_phrase *p = &r->catalog->phrases[r->phrases[i].phrase];

        if (r->phrases[i].from >= c->from && r->phrases[i].from < c->to && p->family == family &&
            p->tool == r->catalog->families[family].tools[JV_EVERYBODYS])
            return JV_WHOM_EVERYBODY;
    }
    return JV_WHOM_NONE;
}

size_t jv_slots_fill(const struct jv_reading *r, const struct jv_wish *w, const struct jv_pick *p,
                     struct jv_arena *a, struct jv_draft *ret, size_t max)
{
    const struct jv_clause *c = &w->clause;
    uint32_t tool = jv_slots_tool(r->catalog, p->family, whom_of(r, c, p->family));
    struct filling f = { r, w, p, a, 0 };
    size_t turns, n = 0, people = c->n_names ? c->n_names : 1;

    if (!r->catalog->tools[tool].owner)
        people = 1;
    turns = most_values(&f, &r->catalog->tools[tool]);
    for (size_t who = 0; who < people; who++)
        for (f.turn = 0; f.turn < turns && n < max; f.turn++)
            ret[n++] = fill_one(&f, tool, c->n_names ? c->names[who] : NULL);
    return n;
}

Value *jv_slots_answer(const struct jv_reading *r, uint32_t tool, const struct jv_slot *slot,
                       struct jv_arena *a)
{
    const struct jv_cat_tool *t = &r->catalog->tools[tool];
    struct jv_wish w = { .clause = { .from = 0, .to = r->n }, .text_to = r->n };
    size_t at = slot->kind == JV_SLOT_INTEGER
                        ? jv_match_number(r, &w.clause, 0)
                        : jv_match_value(r, &w.clause, t->family, slot->name, 0);
    const char *text;

    if (at != SIZE_MAX && slot->kind == JV_SLOT_INTEGER)
        return jv_value_number(a, strtod(r->tokens[at].word->norm, NULL));
    if (at != SIZE_MAX)
        return jv_value_text(a, r->catalog->phrases[r->values[at].phrase].value);
    if (slot->kind != JV_SLOT_TEXT)
        return NULL;
    text = free_text(r, &w, a);
    if (!text)
        text = trimmed(r, 0, r->n, a);
    return text ? jv_value_text(a, text) : NULL;
}
