/* slots.c -- from a wish to tool calls. */
#include "plan/slots.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

enum { max_free_text = 64 };

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

/* The words as they were written, without what stands between them: a name, not an essay. */
static const char *raw(const struct jv_reading *r, size_t from, size_t to, struct jv_arena *a)
{
    struct jv_buf b = jv_buf_new(a);

    for (size_t i = from; i < to; i++) {
        const struct jv_word *w = r->tokens[i].word;

        if (b.len + (w->to - w->from) + 1 > max_free_text)
            break;
        if (b.len && w->to > w->from)
            jv_buf_char(&b, ' ');
        jv_buf_add(&b, r->words.text + w->from, w->to - w->from);
    }
    return b.len ? b.data : NULL;
}

/* "open", "ticket" where a ticket is to be opened: what is asked for, not what it is about. */
bool jv_slots_asks(const struct jv_reading *r, size_t i, uint32_t family)
{
    const struct jv_cat_family *f = &r->catalog->families[family];
    const struct jv_term *t =
            r->tokens[i].term == JV_NONE ? NULL : &r->catalog->terms[r->tokens[i].term];

    for (size_t k = 0; k < f->n_core; k++)
        if (f->core[k] == r->tokens[i].term)
            return true;
    for (size_t k = 0; t && k < t->n_postings; k++)
        if (t->postings[k].family == family && t->postings[k].acts)
            return true;
    return false;
}

static bool says_nothing(const struct jv_reading *r, size_t i, uint32_t family)
{
    return r->tokens[i].word->roles || r->tokens[i].name > JV_NAME_MAYBE || r->tokens[i].in_date ||
           jv_slots_asks(r, i, family);
}

/* "repairing", "fixed": alone it does not say what. */
static bool is_verb(const struct jv_word *w)
{
    size_t n = strlen(w->norm);

    return w->past || (n > 4 && strcmp(w->norm + n - 3, "ing") == 0);
}

/* Without the words at the edges that say nothing: "a new mouse please" -> "mouse". "have it
 * repaired" is NULL: it tells of something said before. */
static const char *trimmed(const struct jv_reading *r, size_t from, size_t to, uint32_t family,
                           struct jv_arena *a)
{
    for (size_t i = from; i < to; i++)
        if (strcmp(r->tokens[i].word->norm, "it") == 0)
            return NULL;
    while (from < to && says_nothing(r, from, family))
        from++;
    while (to > from && says_nothing(r, to - 1, family))
        to--;
    if (to == from + 1 && is_verb(r->tokens[from].word))
        return NULL;
    return from < to ? raw(r, from, to, a) : NULL;
}

static bool marks_text(const struct jv_reading *r, size_t i, size_t from)
{
    static const char *const markers[] = { "for",        "to",      "about",  "regarding",
                                           "concerning", "because", "called", "named",
                                           "titled",     "on",      "so",     "that" };

    for (size_t k = 0; k < JV_COUNT(markers); k++)
        if (strcmp(r->tokens[i].word->norm, markers[k]) == 0)
            return true;
    return i > from && (r->tokens[i].word->before != JV_NO_BREAK || r->tokens[i].word->told);
}

/* What the wish is about in its own words: between quotation marks, or behind "for", "to get". */
static const char *free_text(const struct jv_reading *r, const struct jv_wish *w, uint32_t family,
                             struct jv_arena *a)
{
    size_t from = w->clause.from, to;
    const char *text;

    while (from < w->text_to && !r->tokens[from].word->quoted)
        from++;
    for (to = from; to < w->text_to && r->tokens[to].word->quoted;)
        to++;
    if (from < to)
        return raw(r, from, to, a);
    for (size_t i = w->clause.from; i < w->text_to; i++) {
        bool apart = i > w->clause.from &&
                     (r->tokens[i].word->before != JV_NO_BREAK || r->tokens[i].word->told);
        text = marks_text(r, i, w->clause.from)
                       ? trimmed(r, apart ? i : i + 1, w->text_to, family, a)
                       : NULL;

        if (text)
            return text;
    }
    text = trimmed(r, w->clause.from, w->text_to, family, a); /* "new ticket broken printer" */
    return text && strchr(text, ' ') && jv_slots_asks(r, w->clause.from, family) ? text : NULL;
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

/* The value that a text names for a member, if it is one only. */
static const char *only_value(const struct jv_reading *r, uint32_t agent, const char *member)
{
    const char *found = NULL;

    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = &r->catalog->phrases[r->values[i].phrase];

        if (p->agent != agent || strcmp(p->member, member) != 0)
            continue;
        if (found && strcmp(found, p->value) != 0)
            return NULL;
        found = p->value;
    }
    return found;
}

/* "create tickets": what for, is still to be asked. */
static bool names_many(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->plural && jv_token_personal(r, i))
            return true;
    return false;
}

static bool quotes(const struct jv_reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->tokens[i].word->quoted)
            return true;
    return false;
}

/* ---- one member ------------------------------------------------------------------------------ */

struct filling {
    const struct jv_reading *r;
    const struct jv_wish *w;
    const struct jv_pick *pick;
    struct jv_arena *a;
    size_t turn; /* which of several values */
};

/* "from pending [to approved]": what it was. */
static bool is_origin(const struct jv_reading *r, const struct jv_clause *c, size_t value)
{
    size_t from = r->values[value].from;

    if (!from || !jv_word_is(r, from - 1, "from"))
        return false;
    for (size_t i = from; i < c->to; i++)
        if (jv_word_is(r, i, "to") || jv_word_is(r, i, "into"))
            return true;
    return false;
}

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
        if (slot->kind != JV_SLOT_INTEGER && is_origin(f->r, c, at) &&
            !f->r->catalog->families[f->pick->family].read_only) {
            at++;
            continue;
        }
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

/* ---- times: two members of one prefix, due_from and due_until -------------------------------- */

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), t = strlen(tail);

    return n > t && strcmp(s + n - t, tail) == 0;
}

static const struct jv_date *date_in(const struct jv_reading *r, size_t from, size_t to)
{
    for (size_t i = 0; i < r->n_dates; i++)
        if (r->dates[i].from >= from && r->dates[i].from < to)
            return &r->dates[i];
    return NULL;
}

/* "this month I have which exams": the day that was said before the part, with nothing but little
 * words between. */
static const struct jv_date *date_ahead(const struct jv_reading *r, size_t before)
{
    const struct jv_date *d = NULL;

    for (size_t i = 0; i < r->n_dates && r->dates[i].from < before; i++)
        d = &r->dates[i];
    for (size_t i = d ? d->from + d->n : 0; d && i <= before && i < r->n; i++)
        if (r->tokens[i].word->before ||
            (i < before && (!(jv_roles_at(r, i) & JV_FUNCTION) ||
                            jv_roles_at(r, i) & (JV_JOIN | JV_CAUSE | JV_POLITE | JV_WISH))))
            return NULL;
    return d;
}

/* Of several pairs the one whose prefix is said ("updated since Monday"), or else the first. */
static const char *time_prefix(const struct jv_reading *r, const struct jv_clause *c,
                               const struct jv_cat_tool *t, size_t *ret_len)
{
    const char *first = NULL;

    for (size_t i = 0; i < t->n_slots; i++) {
        size_t len = strcspn(t->slots[i].name, "_");

        if (t->slots[i].kind != JV_SLOT_TIME)
            continue;
        for (size_t k = c->from; k < c->to; k++)
            if (strlen(r->tokens[k].word->norm) == len &&
                strncmp(t->slots[i].name, r->tokens[k].word->norm, len) == 0) {
                *ret_len = len;
                return t->slots[i].name;
            }
        first = first ? first : t->slots[i].name;
    }
    *ret_len = first ? strcspn(first, "_") : 0;
    return first;
}

Value *jv_slots_time(const struct jv_reading *r, const struct jv_clause *c,
                     const struct jv_cat_tool *tool, const struct jv_slot *slot, struct jv_arena *a)
{
    const struct jv_date *d = date_in(r, c->from, c->to);
    size_t len;
    const char *prefix = time_prefix(r, c, tool, &len);
    int64_t at;

    if (!d)
        d = date_in(r, c->head_from, c->head_to);
    if (!d)
        d = date_ahead(r, c->from);
    if (!d || strncmp(prefix, slot->name, len) != 0)
        return NULL;
    at = ends_with(slot->name, "_from")    ? d->since
         : ends_with(slot->name, "_until") ? d->until
                                           : INT64_MAX;
    if (at == INT64_MIN || at == INT64_MAX)
        return NULL;
    if (len > 2 && strncmp(slot->name + len - 2, "ed", 2) == 0)
        at -= d->back; /* what was "created on Monday", was so on the last one */
    return jv_value_text(a, jv_time_print(a, at, 0));
}

static Value *value_for(const struct filling *f, const struct jv_cat_tool *tool,
                        const struct jv_slot *slot)
{
    const char *text = NULL;
    size_t count, at = slot->kind >= JV_SLOT_TIME ? SIZE_MAX : nth(f, slot, &count);

    if (slot->kind == JV_SLOT_TIME)
        return jv_slots_time(f->r, &f->w->clause, tool, slot, f->a);
    if (at != SIZE_MAX && slot->kind == JV_SLOT_INTEGER)
        return jv_value_number(f->a, strtod(f->r->tokens[at].word->norm, NULL));
    if (at != SIZE_MAX)
        return jv_value_text(f->a, f->r->catalog->phrases[f->r->values[at].phrase].value);
    if (slot->kind != JV_SLOT_TEXT)
        return NULL;
    text = labelled(f->r, &f->w->clause, slot);
    if (!text && slot->required && !tool->read_only && !quotes(f->r))
        text = only_value(f->r, tool->agent, slot->name);
    if (!text && slot->required && !tool->read_only && !names_many(f->r, &f->w->clause))
        text = free_text(f->r, f->w, f->pick->family, f->a);
    if (!text && slot->required && f->pick->score.unknown != SIZE_MAX)
        text = f->r->tokens[f->pick->score.unknown].word->norm;
    return text ? jv_value_text(f->a, text) : NULL;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static struct jv_draft fill_one(const struct filling *f, uint32_t tool, const char *person)
{
    const struct jv_cat_tool *t = &f->r->catalog->tools[tool];
    struct jv_draft d = { .tool = tool, .confidence = f->pick->score.confidence };

    d.asked = f->w->mood == JV_REQUEST && f->w->clause.looks;
    d.borrows = f->w->clause.head_to > f->w->clause.head_from;
    d.said_whose = f->w->clause.whom != JV_WHOM_NONE;
    for (size_t i = f->w->clause.from; i < f->w->clause.to; i++) {
        d.compares = d.compares || f->r->tokens[i].word->roles & JV_COMPARE;
        d.points = d.points || f->r->tokens[i].word->roles & JV_IT;
    }

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
        if (t->slots[i].kind < JV_SLOT_TIME)
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

/* ---- from elsewhere in the text -------------------------------------------------------------- */

static const char *only_number(const struct jv_reading *r)
{
    const char *found = NULL;

    for (size_t i = 0; i < r->n; i++) {
        if (!jv_token_number(r, i))
            continue;
        if (found && strcmp(found, r->tokens[i].word->norm) != 0)
            return NULL;
        found = r->tokens[i].word->norm;
    }
    return found;
}

/* The first part that tells of a thing: "the printer is broken", not "I am new here". */
static const char *story(const struct jv_reading *r, uint32_t family, struct jv_arena *a)
{
    size_t from = 0, to, at;
    const char *text;
    jv_roles article = JV_ARTICLE | JV_MY | JV_WE;

    while (from < r->n && r->tokens[from].word->roles & (JV_GREET | JV_POLITE | JV_THANKS))
        from++;
    if (jv_roles_at(r, from) & JV_AUX &&
        (jv_word_is(r, from + 1, "someone") || jv_word_is(r, from + 1, "somebody")))
        from += 2; /* could somebody fix ... */
    for (to = from + 1; to < r->n && r->tokens[to].word->before == JV_NO_BREAK &&
                        !(r->tokens[to].word->roles & JV_JOIN);)
        to++;
    for (size_t i = from; i < to; i++)
        if (jv_roles_at(r, i) & JV_SELF && !(jv_roles_at(r, i) & JV_MY))
            return NULL; /* "last time I had to fill in a form" */
    at = from < r->n && r->tokens[from].word->roles & article ? from + 1 : from;
    if (at >= r->n || to >= r->n || says_nothing(r, at, family))
        return NULL;
    text = trimmed(r, from, to, family, a);
    return text && strchr(text, ' ') ? text : NULL;
}

void jv_slots_complete(const struct jv_reading *r, struct jv_draft *d, struct jv_arena *a)
{
    const struct jv_cat_tool *t = &r->catalog->tools[d->tool];
    const char *text = NULL;
    Value *v = NULL;

    if (!d->missing || t->read_only)
        return;
    if (d->missing->kind == JV_SLOT_INTEGER)
        text = only_number(r);
    else if (d->missing->kind < JV_SLOT_TIME)
        text = only_value(r, t->agent, d->missing->name);
    if (!text && d->missing->kind == JV_SLOT_TEXT)
        text = story(r, t->family, a);
    if (!text)
        return;
    v = d->missing->kind == JV_SLOT_INTEGER ? jv_value_number(a, strtod(text, NULL))
                                            : jv_value_text(a, text);
    jv_struct_set(d->arguments, a, d->missing->name, v);
    d->missing = NULL;
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
    text = free_text(r, &w, t->family, a);
    if (!text)
        text = trimmed(r, 0, r->n, t->family, a);
    return text ? jv_value_text(a, text) : NULL;
}
