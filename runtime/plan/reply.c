/* reply.c -- the answer to a question that was asked back. Only what plainly answers it is taken;
 * everything else is a question of its own. */
#include "plan/reply.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"

typedef Google__Protobuf__Value Value;

enum { short_reply = 6 };

/* It asks for something of its own: "show my courses", "approve 1" instead of what was asked. */
static bool asks_anew(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                      const struct jv_memory *m, bool has_value)
{
    uint32_t open = r->catalog->tools[m->ask.tool].family;

    for (size_t i = 0; i < n; i++) {
        const struct jv_score *best = &wishes[i].picks[0].score;

        if (!jv_wish_has_head(&wishes[i]) || best->confidence < 0.6)
            continue;
        if (best->acts && !best->missing)
            return true;
        if (wishes[i].picks[0].family != open &&
            (wishes[i].clause.looks || best->acts || wishes[i].clause.whom == JV_WHOM_CALLER))
            return true;
    }
    return !has_value &&
           jv_has_role(r, JV_READ | JV_ASKING | JV_HELP | JV_GREET | JV_THANKS | JV_OFF);
}

/* A value that the open question can take. */
static bool names_value_of(const struct jv_reading *r, const struct jv_draft *ask)
{
    struct jv_clause all = { .from = 0, .to = r->n };

    return jv_match_value(r, &all, r->catalog->tools[ask->tool].family, ask->missing->name, 0) !=
           SIZE_MAX;
}

/* "never mind", "I changed my mind", "not needed any more", "on second thoughts, don't" */
static bool gives_up(const struct jv_reading *r, const struct jv_draft *ask)
{
    uint32_t family = r->catalog->tools[ask->tool].family;
    bool no = jv_has_role(r, JV_NO), denies = r->n && r->tokens[r->n - 1].word->roles & JV_NOT;

    denies = denies || (r->n && r->tokens[0].word->roles & JV_NOT);
    for (size_t i = 0; i + 1 < r->n; i++) /* "please don't create anything" */
        for (size_t k = i + 1; r->tokens[i].word->roles & JV_NOT && k < r->n && k < i + 3; k++)
            if (jv_slots_asks(r, k, family) || r->tokens[k].word->roles & JV_WISH)
                return true;
    return !names_value_of(r, ask) &&
           ((no && (r->n <= short_reply || jv_has_role(r, JV_NOT | JV_SELF))) ||
            (denies && r->n <= short_reply));
}

/* "12304 or 12301?", "maybe 12304", "is 12304 still needed?", "not 12304": no plain answer. */
static bool hesitates(const struct jv_reading *r)
{
    static const char *const words[] = { "maybe",    "perhaps", "might",   "later",
                                         "probably", "but",     "anything" };
    bool asks = r->n && jv_roles_at(r, 0) & (JV_BE | JV_AUX | JV_ASKING) && !jv_word_is_you(r, 1);

    for (size_t i = 0; i < r->n; i++) {
        asks = asks || (r->tokens[i].word->asked && i + 1 < r->n);
        if (jv_roles_at(r, i) & (JV_NOT | JV_OR) && !r->tokens[i].in_value)
            return true;
        for (size_t k = 0; k < JV_COUNT(words); k++)
            if (jv_word_is(r, i, words[k]))
                return true;
    }
    return asks || (r->n && r->tokens[r->n - 1].word->asked);
}

/* Words of its own behind the number or the value: "12304 is important, keep it". */
static bool says_more(const struct jv_reading *r, const struct jv_draft *ask)
{
    uint32_t family = r->catalog->tools[ask->tool].family;

    for (size_t i = 0; i < r->n; i++) {
        jv_roles roles = jv_roles_at(r, i);

        if (r->tokens[i].in_value || jv_token_number(r, i) || r->tokens[i].name > JV_NAME_MAYBE ||
            jv_slots_asks(r, i, family) || jv_token_personal(r, i) || jv_word_is(r, i, "number") ||
            roles & (JV_POLITE | JV_YES | JV_GREET | JV_THANKS))
            continue;
        if (!(roles & JV_FUNCTION) || roles & (JV_SELF | JV_WE | JV_THEIRS) ||
            (roles & (JV_BE | JV_AUX) && !(i == 1 && jv_roles_at(r, 0) & JV_IT)))
            return true;
    }
    return false;
}

/* The open call for somebody who is named in the answer: "gpu, for alex". */
static struct jv_draft asked_for(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                                 const struct jv_draft *ask, struct jv_arena *a)
{
    const struct jv_cat_tool *was = &r->catalog->tools[ask->tool];
    uint32_t tool = jv_slots_tool(r->catalog, was->family, JV_WHOM_PERSON);
    const char *owner = r->catalog->tools[tool].owner, *name = NULL;
    struct jv_draft d = *ask;

    d.arguments = jv_struct_copy(ask->arguments, a);
    d.wish = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        if (wishes[i].clause.whom == JV_WHOM_PERSON)
            name = wishes[i].clause.names[0];
    if (name && owner && !was->read_only) {
        d.tool = tool;
        d.missing = jv_catalog_slot(&r->catalog->tools[tool], ask->missing->name);
        jv_struct_set(d.arguments, a, owner, jv_value_text(a, name));
    }
    return d;
}

/* Every value or number that the answer names for the member: one call each. */
static size_t fill_each(const struct jv_reading *r, const struct jv_draft *open, struct jv_arena *a,
                        struct jv_draft *ret)
{
    struct jv_clause all = { .from = 0, .to = r->n };
    uint32_t family = r->catalog->tools[open->tool].family;
    bool number = open->missing->kind == JV_SLOT_INTEGER;
    size_t n = 0, at = 0;

    for (; n < JV_CALLS_MAX; at++) {
        at = number ? jv_match_number(r, &all, at)
                    : jv_match_value(r, &all, family, open->missing->name, at);
        if (at == SIZE_MAX)
            break;
        ret[n] = *open;
        ret[n].arguments = jv_struct_copy(open->arguments, a);
        jv_struct_set(ret[n].arguments, a, open->missing->name,
                      number ? jv_value_number(a, strtod(r->tokens[at].word->norm, NULL))
                             : jv_value_text(a, r->catalog->phrases[r->values[at].phrase].value));
        ret[n].missing = NULL;
        ret[n++].confidence = 0.9;
    }
    return n;
}

/* The words themselves, where any text will do: at least two, and nothing that is meant for
 * somebody else. */
static size_t fill_text(const struct jv_reading *r, const struct jv_draft *open, struct jv_arena *a,
                        struct jv_draft *ret)
{
    size_t said = 0;
    Value *v;

    for (size_t i = 0; i < r->n; i++) {
        said += !r->tokens[i].word->roles && !r->tokens[i].word->number;
        if (jv_word_is_you(r, i) || r->tokens[i].in_value || jv_token_number(r, i) ||
            jv_roles_at(r, i) & (JV_FEELING | JV_NO))
            return 0;
    }
    v = said >= 2 ? jv_slots_answer(r, open->tool, open->missing, a) : NULL;
    if (!v)
        return 0;
    *ret = *open;
    jv_struct_set(ret->arguments, a, open->missing->name, v);
    ret->missing = NULL;
    ret->confidence = 0.9;
    return 1;
}

enum jv_reply jv_reply(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                       const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret,
                       size_t *ret_n)
{
    struct jv_draft open;

    if (!m->asks)
        return JV_REPLY_NONE;
    if (gives_up(r, &m->ask))
        return JV_REPLY_DROPPED;
    if (asks_anew(r, wishes, n_wishes, m, names_value_of(r, &m->ask)) || hesitates(r))
        return JV_REPLY_NONE;
    open = asked_for(r, wishes, n_wishes, &m->ask, a);
    if (!open.missing || (open.missing->kind == JV_SLOT_INTEGER && says_more(r, &open)))
        return JV_REPLY_NONE;
    *ret_n = fill_each(r, &open, a, ret);
    if (!*ret_n && open.missing->kind == JV_SLOT_TEXT)
        *ret_n = fill_text(r, &open, a, ret);
    return *ret_n ? JV_REPLY_FILLED : JV_REPLY_NONE;
}
