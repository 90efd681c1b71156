/* plan.c -- the built-in planner: from words to calls, step by step.
 *
 * reading (words, terms, values, names) -> wishes (clauses with their heads) -> calls (tools and
 * arguments); beside it follow-ups from the last turn, and talk when no agent is wanted. */
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/wire.h"
#include "plan/doubt.h"
#include "plan/follow.h"
#include "plan/reply.h"
#include "plan/talk.h"

static const double least_confidence = 0.3; /* below it the planner does not know */
static const double clear_confidence = 0.7; /* below it it says what it took the words for */
static const double sure_confidence = 0.55; /* from it on it may change something */
static const double ask_confidence = 0.4;
static const double tie = 0.75; /* another agent's tool fits as well as the best */

struct planning {
    const struct jv_catalog *c;
    const struct jv_plan_input *in;
    struct jv_arena *a;
    struct jv_reading reading;
    struct jv_memory memory;
    size_t n_wishes, n_drafts;
    bool unclear; /* whose? */
    bool weak;    /* nothing was found, and so it may be talk */
    struct jv_wish wishes[JV_CLAUSES];
    struct jv_draft drafts[JV_CALLS_MAX];
    struct jv_plan *ret;
};

/* ---- from wishes to drafts ------------------------------------------------------------------- */

/* What this pick understood of the wish is enough to act on it. */
static bool good_enough(const struct planning *p, const struct jv_pick *pick)
{
    bool changes = !p->c->families[pick->family].read_only;

    if (changes && pick->score.missing)
        return pick->score.confidence >= ask_confidence; /* to ask back does no harm */
    return pick->score.confidence >= (changes ? ask_confidence : least_confidence);
}

/* Somebody's data is asked for, and the family only has the caller's. */
static bool misfits(const struct planning *p, const struct jv_wish *w, uint32_t family)
{
    const struct jv_cat_family *f = &p->c->families[family];

    return w->clause.whom == JV_WHOM_PERSON && f->tools[JV_SOMEBODYS] == JV_NONE &&
           f->tools[JV_NOBODYS] == JV_NONE && f->tools[JV_EVERYBODYS] == JV_NONE;
}

/* Several agents answer to the same words equally well: "what is vishal working on?" */
static bool ties(const struct planning *p, const struct jv_wish *w, size_t pick)
{
    const struct jv_score *best = &w->picks[0].score, *s = &w->picks[pick].score;

    if (!p->c->families[w->picks[0].family].read_only ||
        !p->c->families[w->picks[pick].family].read_only)
        return false;
    if (best->unsaid <= 0 && s->unsaid > 0)
        return false; /* "my tickets" are no event tickets */
    for (size_t i = 0; i < pick; i++)
        if (p->c->families[w->picks[i].family].agent == p->c->families[w->picks[pick].family].agent)
            return false;
    return s->total >= tie * best->total && s->explained == best->explained && !s->missing;
}

/* What changes something is done only when it is sure; what it lacks can always be asked for. */
static bool may_do(const struct planning *p, const struct jv_draft *d)
{
    return d->missing || d->confidence >= sure_confidence || p->c->tools[d->tool].read_only;
}

/* It is not said whose, and the asker may see everybody's. */
static bool means_everybodys(const struct planning *p, const struct jv_wish *w, uint32_t family)
{
    uint32_t tool = p->c->families[family].tools[JV_EVERYBODYS];

    return w->clause.whom == JV_WHOM_NONE && tool != JV_NONE && p->in->scope &&
           jv_catalog_everybodys(p->c, &p->c->tools[tool]) &&
           jv_catalog_may(p->c, &p->c->tools[tool], p->in->scope);
}

static void add_drafts(struct planning *p, const struct jv_wish *w, const struct jv_pick *pick)
{
    struct jv_draft drafts[JV_CALLS_MAX];
    struct jv_wish all = *w;
    size_t n;

    if (means_everybodys(p, w, pick->family))
        all.clause.whom = JV_WHOM_EVERYBODY;
    n = jv_slots_fill(&p->reading, &all, pick, p->a, drafts, JV_CALLS_MAX);

    for (size_t i = 0; i < n && p->n_drafts < JV_CALLS_MAX; i++) {
        bool twice = false;

        for (size_t k = 0; k < p->n_drafts && !twice; k++) {
            twice = jv_draft_same(&p->drafts[k], &drafts[i]);
            if (twice && p->drafts[k].confidence < drafts[i].confidence)
                p->drafts[k].confidence = drafts[i].confidence;
        }
        drafts[i].wish = (size_t)(w - p->wishes);
        drafts[i].guessed = !may_do(p, &drafts[i]);
        drafts[i].said_whose = w->clause.whom != JV_WHOM_NONE;
        if (!twice)
            p->drafts[p->n_drafts++] = drafts[i];
    }
}

/* "his courses", and nobody was spoken of. */
static bool unclear(const struct planning *p, const struct jv_wish *w)
{
    return w->n_picks && w->clause.whom == JV_WHOM_UNCLEAR && good_enough(p, &w->picks[0]) &&
           p->c->families[w->picks[0].family].tools[JV_SOMEBODYS] != JV_NONE;
}

/* "approve vishal's ticket": which, is to be asked. */
static bool asks_which(const struct planning *p, const struct jv_wish *w, size_t pick)
{
    const struct jv_cat_family *first = &p->c->families[w->picks[0].family];
    const struct jv_cat_family *f = &p->c->families[w->picks[pick].family];

    return first->read_only && !f->read_only && f->agent == first->agent && f->needs_number &&
           w->picks[pick].score.acts && w->picks[pick].score.missing;
}

static void draft_wishes(struct planning *p)
{
    for (size_t i = 0; i < p->n_wishes; i++) {
        struct jv_wish *w = &p->wishes[i];

        if (p->n_wishes > 1 && w->n_picks && w->picks[0].score.values <= 0 &&
            jv_points_back(&p->reading, w))
            continue; /* "tickets 1 and 2, the details please" */
        if (unclear(p, w)) {
            p->unclear = true;
            continue;
        }
        for (size_t k = 0; k < w->n_picks; k++)
            if (good_enough(p, &w->picks[k]) && !misfits(p, w, w->picks[k].family) &&
                (k == 0 || ties(p, w, k) || asks_which(p, w, k)))
                add_drafts(p, w, &w->picks[k]);
    }
}

static bool is_id(const struct jv_reading *r, size_t i)
{
    enum { id_digits = 4 };

    return jv_token_number(r, i) && strlen(r->tokens[i].word->norm) >= id_digits;
}

/* The call says this number already. */
static bool has_number(const struct jv_draft *d, double number)
{
    for (size_t i = 0; i < d->arguments->n_fields; i++)
        if (d->arguments->fields[i]->value->kind_case ==
                    GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE &&
            d->arguments->fields[i]->value->number_value == number)
            return true;
    return false;
}

/* The family that looks up by a number what this call is about; JV_NONE. */
static uint32_t looked_up_by_number(const struct planning *p, const struct jv_draft *d)
{
    const struct jv_cat_tool *t = &p->c->tools[d->tool];

    for (size_t i = 0; t->read_only && i < p->c->n_numbered; i++) {
        const struct jv_cat_family *f = &p->c->families[p->c->numbered[i]];

        if (f->agent == t->agent && f->read_only && f->needs_number)
            return p->c->numbered[i];
    }
    return JV_NONE;
}

/* "look up two tickets for me, ... one is 12301 and the other 12303": ids that no part took. */
static void draft_numbers(struct planning *p)
{
    uint32_t family = JV_NONE;

    for (size_t i = 0; i < p->n_drafts && family == JV_NONE; i++)
        family = looked_up_by_number(p, &p->drafts[i]);
    for (size_t i = 0; family != JV_NONE && i < p->reading.n; i++) {
        struct jv_wish w = { .clause = { .from = i, .to = i + 1 }, .text_to = i + 1 };
        struct jv_pick pick = { family, { .confidence = clear_confidence, .unknown = SIZE_MAX } };
        bool taken = !is_id(&p->reading, i) || (i && p->reading.tokens[i - 1].word->roles & JV_NOT);

        for (size_t k = 0; k < p->n_drafts && !taken; k++)
            taken = has_number(&p->drafts[k], strtod(p->reading.tokens[i].word->norm, NULL));
        if (!taken && p->n_drafts < JV_CALLS_MAX)
            p->n_drafts += jv_slots_fill(&p->reading, &w, &pick, p->a, p->drafts + p->n_drafts, 1);
    }
}

/* "12301 and 12304 are fine, approve both": the change of each id that was named. */
static void draft_both(struct planning *p)
{
    const struct jv_draft *change = NULL;
    const char *name = NULL;
    bool both = false;

    for (size_t i = 0; i < p->reading.n; i++)
        both = both || jv_word_is(&p->reading, i, "both") || jv_word_is(&p->reading, i, "them");
    for (size_t i = 0; i < p->n_drafts && both && !change; i++)
        if (!p->c->tools[p->drafts[i].tool].read_only &&
            p->c->families[p->c->tools[p->drafts[i].tool].family].needs_number)
            change = &p->drafts[i];
    for (size_t i = 0; change && i < p->c->tools[change->tool].n_slots; i++)
        if (p->c->tools[change->tool].slots[i].kind == JV_SLOT_INTEGER)
            name = p->c->tools[change->tool].slots[i].name;
    for (size_t i = 0; name && i < p->reading.n && p->n_drafts < JV_CALLS_MAX; i++) {
        struct jv_draft d = *change;
        bool taken = !is_id(&p->reading, i);
        double number = taken ? 0 : strtod(p->reading.tokens[i].word->norm, NULL);

        for (size_t k = 0; k < p->n_drafts && !taken; k++)
            taken = p->drafts[k].tool == d.tool && has_number(&p->drafts[k], number);
        if (taken)
            continue;
        d.arguments = jv_struct_copy(change->arguments, p->a);
        jv_struct_set(d.arguments, p->a, name, jv_value_number(p->a, number));
        d.missing = NULL;
        p->drafts[p->n_drafts++] = d;
    }
}

/* ---- what was said twice --------------------------------------------------------------------- */

/* Every argument of b is in a as it is, or not at all. */
static bool agree(const struct jv_draft *a, const struct jv_draft *b)
{
    for (size_t i = 0; i < b->arguments->n_fields; i++) {
        const char *name = b->arguments->fields[i]->key;
        const Google__Protobuf__Value *have = jv_struct_get(a->arguments, name);

        if (have && !jv_value_same(have, b->arguments->fields[i]->value))
            return false;
    }
    return a->tool == b->tool;
}

static void unite(struct planning *p, struct jv_draft *into, const struct jv_draft *more)
{
    for (size_t i = 0; i < more->arguments->n_fields; i++)
        jv_struct_set(into->arguments, p->a, more->arguments->fields[i]->key,
                      more->arguments->fields[i]->value);
    into->missing = !into->missing || !more->missing ? NULL : into->missing;
    if (into->confidence < more->confidence)
        into->confidence = more->confidence;
}

/* "Who asked for a GPU? Show the tickets.": b says nothing of its own. */
static bool repeats(const struct planning *p, const struct jv_draft *a, const struct jv_draft *b)
{
    return p->c->tools[a->tool].family == p->c->tools[b->tool].family && !b->arguments->n_fields &&
           !b->said_whose && p->c->tools[a->tool].read_only;
}

/* "show my tickets, the ones that are open": one call. */
static void unite_drafts(struct planning *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_drafts; i++) {
        size_t k = 0;

        while (k < n && !agree(&p->drafts[k], &p->drafts[i]) &&
               !repeats(p, &p->drafts[k], &p->drafts[i]))
            k++;
        if (k < n)
            unite(p, &p->drafts[k], &p->drafts[i]);
        else
            p->drafts[n++] = p->drafts[i];
    }
    p->n_drafts = n;
}

/* The part of d could as well have meant the other call: "a breakdown, all providers". */
static bool is_kin(const struct planning *p, const struct jv_draft *d, const struct jv_draft *other)
{
    const struct jv_wish *w = &p->wishes[d->wish];

    if (other->wish >= d->wish || other->confidence < clear_confidence - 0.1 ||
        p->c->tools[d->tool].family == p->c->tools[other->tool].family)
        return false;
    for (size_t i = 0; i < w->n_picks; i++)
        if (w->picks[i].family == p->c->tools[other->tool].family)
            return w->picks[i].score.total >= 0.3 * w->picks[0].score.total;
    return false;
}

/* "what we spend, broken down by service": the part of d could have meant the other call, which a
 * later part says clearly. */
static bool leads_to(const struct planning *p, const struct jv_draft *d,
                     const struct jv_draft *other)
{
    const struct jv_wish *w = &p->wishes[d->wish];

    if (other->wish <= d->wish || other->confidence < d->confidence || d->arguments->n_fields ||
        other->arguments->n_fields)
        return false;
    for (size_t i = 1; i < w->n_picks; i++)
        if (w->picks[i].family == p->c->tools[other->tool].family)
            return w->picks[i].score.total >= 0.6 * w->picks[0].score.total;
    return false;
}

/* Another call of the same agent says it better: "I need a laptop, open a ticket" is no wish to see
 * tickets; of "my requests, namely 1 and 2" the numbers count; and "the difference of the costs" is
 * that of those named. */
static bool is_mention(const struct planning *p, const struct jv_draft *d)
{
    static const double poor = 0.55, weak = 0.6, clear = 0.75;
    const struct jv_cat_tool *t = &p->c->tools[d->tool];
    size_t named = 0, numbered = 0;

    if (!t->read_only)
        return false;
    for (size_t i = 0; i < p->n_drafts && d->confidence < (d->asked ? poor : weak); i++)
        if (p->drafts[i].confidence > clear && p->drafts[i].wish != d->wish &&
            p->drafts[i].tool != d->tool)
            return true;
    for (size_t i = 0; i < p->n_drafts; i++) {
        const struct jv_draft *other = &p->drafts[i];
        const struct jv_cat_tool *o = &p->c->tools[other->tool];

        if (other == d || o->agent != t->agent)
            continue;
        if (!o->read_only && !d->asked)
            return true;
        if (!d->asked && jv_family_needs(p->c, o->family, JV_SLOT_INTEGER) &&
            !jv_family_needs(p->c, t->family, JV_SLOT_INTEGER))
            return true;
        if (other->compares && d->borrows && o->family != t->family && other->arguments->n_fields)
            return true; /* "who costs most, aws or gcp?" */
        if (jv_family_needs(p->c, o->family, JV_SLOT_INTEGER) &&
            !jv_family_needs(p->c, t->family, JV_SLOT_INTEGER))
            numbered++;
        if (!d->arguments->n_fields && !d->asked && other->arguments->n_fields &&
            (!d->said_whose || jv_family_needs(p->c, o->family, JV_SLOT_INTEGER)))
            return true;
        if (!d->arguments->n_fields && !d->asked && is_kin(p, d, other) && !leads_to(p, other, d))
            return true;
        if (leads_to(p, d, other))
            return true;
        if (!d->arguments->n_fields && d->points && other->arguments->n_fields)
            return true;
        named += other->arguments->n_fields && o->read_only;
    }
    return !d->arguments->n_fields && ((d->compares && named > 1) || numbered > 1);
}

static void drop_mentions(struct planning *p)
{
    struct jv_draft kept[JV_CALLS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < p->n_drafts; i++)
        if (!is_mention(p, &p->drafts[i]))
            kept[n++] = p->drafts[i];
    memcpy(p->drafts, kept, n * sizeof(kept[0]));
    p->n_drafts = n;
}

/* ---- from drafts to the plan ----------------------------------------------------------------- */

/* An agent that takes text gets its part of the sentence, or all of it when it is asked alone. */
static const char *text_for(const struct planning *p, uint32_t agent)
{
    for (size_t i = 0; i < p->n_wishes && p->n_drafts > 1; i++) {
        const struct jv_wish *w = &p->wishes[i];
        size_t from = p->reading.tokens[w->clause.from].word->from;
        size_t to = p->reading.tokens[w->text_to - 1].word->to;

        if (w->n_picks && p->c->families[w->picks[0].family].agent == agent)
            return jv_arena_strndup(p->a, p->in->text + from, to - from);
    }
    return p->in->text;
}

static void publish(struct planning *p, size_t n, const struct jv_draft *drafts)
{
    p->ret->n = n;
    p->ret->calls = JV_NEW_ARRAY(p->a, struct jv_planned, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct jv_cat_tool *t = &p->c->tools[drafts[i].tool];

        p->ret->calls[i] = (struct jv_planned){
            .agent = jv_arena_strdup(p->a, p->c->agents[t->agent].token),
            .tool = jv_arena_strdup(p->a, t->name),
            .text = t->name ? NULL : text_for(p, t->agent),
            .arguments = drafts[i].arguments,
            .person = t->owner ? jv_struct_text(drafts[i].arguments, t->owner) : NULL,
            .confidence = drafts[i].confidence,
        };
    }
}

/* Take out the calls that lack something; *ret is the first of them. */
static bool take_lacking(struct planning *p, struct jv_draft *ret)
{
    bool found = false;
    size_t n = 0;

    for (size_t i = 0; i < p->n_drafts; i++) {
        if (!p->drafts[i].missing) {
            p->drafts[n++] = p->drafts[i];
            continue;
        }
        if (!found)
            *ret = p->drafts[i];
        found = true;
    }
    p->n_drafts = n;
    return found;
}

/* Take out the changes. Returns how many. */
static size_t take_changes(struct planning *p, struct jv_draft ret[JV_CALLS_MAX])
{
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < p->n_drafts; i++)
        if (p->c->tools[p->drafts[i].tool].read_only)
            p->drafts[kept++] = p->drafts[i];
        else
            ret[n++] = p->drafts[i];
    p->n_drafts = kept;
    return n;
}

/* "Shall I?": the changes wait for a yes. */
static void ask_first(struct planning *p, size_t n, const struct jv_draft *changes)
{
    memcpy(p->memory.confirm, changes, n * sizeof(*changes));
    p->memory.n_confirm = n;
    jv_talk_confirm(p->c, n, changes, p->a, p->ret);
}

static void ask_for(struct planning *p, const struct jv_draft *lacking)
{
    p->memory.asks = true;
    p->memory.ask = *lacking;
    jv_talk_ask(p->c, lacking, p->a, p->ret);
}

/* The calls that can be made, and a question back for what is doubtful or lacks something. */
static void conclude(struct planning *p, bool sure)
{
    struct jv_draft open[JV_CALLS_MAX]; /* what the question is about */
    bool lacks = take_lacking(p, &open[0]);
    size_t n_open = lacks, n_doubtful = 0;

    if (!sure && jv_doubtful(&p->reading, p->wishes, p->n_wishes, p->drafts, p->n_drafts))
        n_open = n_doubtful = take_changes(p, open);
    if (p->n_drafts)
        jv_memory_push(&p->memory, p->c, p->n_drafts, p->drafts);
    if (n_doubtful)
        ask_first(p, n_doubtful, open);
    else if (lacks)
        ask_for(p, &open[0]);
    if (p->n_drafts)
        p->ret->kind = JV_PLAN_CALLS;
    for (size_t i = 0; i < p->n_drafts; i++)
        if (p->drafts[i].confidence < clear_confidence)
            p->ret->taken = jv_talk_taken(p->c, p->n_drafts, p->drafts, p->a);
    publish(p, p->n_drafts ? p->n_drafts : n_open, p->n_drafts ? p->drafts : open);
}

/* "hm", "what can it be?": the question stands. */
static void ask_again(struct planning *p)
{
    struct jv_draft open = p->memory.ask;

    ask_for(p, &open);
    publish(p, 1, &open);
}

/* "Shall I?" was asked: yes, no, or something else that is planned anew. */
static bool answer_confirm(struct planning *p)
{
    struct jv_memory *m = &p->memory;
    size_t n = m->n_confirm;

    m->n_confirm = 0;
    if (n && jv_says_no(&p->reading)) {
        jv_talk_dropped(p->c, p->a, p->ret);
        return true;
    }
    if (!n || !jv_says_yes(&p->reading, m->confirm, n))
        return false;
    memcpy(p->drafts, m->confirm, n * sizeof(p->drafts[0]));
    p->n_drafts = n;
    p->memory.asks = false;
    for (size_t i = 0; i < n; i++)
        p->drafts[i].confidence = 1;
    conclude(p, true);
    return true;
}

/* "compare aws and gcp": calls of one tool that differ. */
static bool compares(const struct planning *p)
{
    bool says = false;

    for (size_t i = 0; i < p->reading.n; i++)
        says = says || p->reading.tokens[i].word->roles & JV_COMPARE;
    for (size_t i = 1; i < p->n_drafts; i++)
        says = says && p->drafts[i].tool == p->drafts[0].tool;
    return says && p->n_drafts > 1;
}

/* "That saved me half an hour, thank you so much": nothing is asked for, and words alone are weak.
 */
static bool chats(struct planning *p)
{
    enum { brief = 15 };
    bool greets = jv_roles_at(&p->reading, 0) & JV_GREET && p->reading.n > brief;
    double clear = greets ? 0.6 : 0.5;

    for (size_t i = 0; i < p->n_wishes; i++)
        if (p->wishes[i].mood == JV_REQUEST ||
            (p->wishes[i].n_picks && p->wishes[i].picks[0].score.confidence >= clear))
            return false;
    return (jv_talks(&p->reading) || greets) &&
           jv_talk(&p->reading, true, p->in->scope, p->a, p->ret);
}

static void talk_or_not(struct planning *p)
{
    p->weak = true;
    if (!jv_talk(&p->reading, true, p->in->scope, p->a, p->ret))
        jv_talk_unknown(p->c, p->a, p->ret);
}

static void plan_text(struct planning *p)
{
    enum jv_reply reply;
    bool asked;

    if (answer_confirm(p))
        return;
    reply = jv_reply(&p->reading, p->wishes, p->n_wishes, &p->memory, p->a, p->drafts,
                     &p->n_drafts);

    if (reply == JV_REPLY_DROPPED) {
        p->memory.asks = false;
        jv_talk_dropped(p->c, p->a, p->ret);
        return;
    }
    if (reply == JV_REPLY_FILLED) {
        conclude(p, false);
        return;
    }
    asked = p->memory.asks;
    p->memory.asks = false;
    if (jv_talk(&p->reading, false, p->in->scope, p->a, p->ret) ||
        (!asked && jv_talk_how(&p->reading, p->a, p->ret)))
        return;
    p->n_drafts = jv_follow(&p->reading, p->wishes, p->n_wishes, &p->memory, p->a, p->drafts,
                            &p->ret->compare);
    if (!p->n_drafts && chats(p)) {
        p->weak = true;
        return;
    }
    if (!p->n_drafts) {
        draft_wishes(p);
        draft_numbers(p);
        draft_both(p);
        for (size_t i = 0; i < p->n_drafts; i++)
            if (p->drafts[i].confidence >= sure_confidence)
                jv_slots_complete(&p->reading, &p->drafts[i], p->a);
        unite_drafts(p);
        drop_mentions(p);
        p->ret->compare = compares(p);
    }
    if (p->n_drafts)
        conclude(p, false);
    else if (p->unclear)
        jv_talk_whose(p->c, p->a, p->ret);
    else if (asked && !jv_talks(&p->reading))
        ask_again(p);
    else
        talk_or_not(p);
}

/* There are more ids, or more wishes of a kind that is known, than calls. */
static bool asks_more(const struct planning *p)
{
    size_t ids = 0, wishes = 0;

    for (size_t i = 0; i < p->reading.n; i++)
        ids += jv_token_number(&p->reading, i);
    for (size_t i = 0; i < p->n_wishes; i++)
        wishes += p->wishes[i].mood != JV_STATEMENT && p->wishes[i].n_picks;
    return ids > JV_CALLS_MAX || wishes > JV_CALLS_MAX;
}

/* "good morning": few words, and all of them known. */
static bool is_small_talk(const struct planning *p)
{
    enum { brief = 8 };

    for (size_t i = 0; i < p->reading.n; i++)
        if (jv_token_unknown(&p->reading, i))
            return false;
    return p->reading.n <= brief;
}

static bool is_sure(const struct planning *p)
{
    const struct jv_plan *plan = p->ret;

    if (plan->kind == JV_PLAN_UNKNOWN || plan->more || plan->taken || p->unclear)
        return false;
    if (p->weak && !is_small_talk(p))
        return false;
    for (size_t i = 0; i < plan->n; i++)
        if (plan->calls[i].confidence < clear_confidence)
            return false;
    return true;
}

static int plan(struct jv_ctx *ctx, const struct jv_catalog *c, const struct jv_plan_input *in,
                struct jv_arena *a, struct jv_plan *ret)
{
    struct planning *p = JV_NEW(a, struct planning);
    struct jv_asker who = { .username = in->username };

    (void)ctx;
    *ret = (struct jv_plan){ 0 };
    *p = (struct planning){ .c = c, .in = in, .a = a, .ret = ret };
    p->reading = jv_reading_new(c, a, in->text, &in->now_ms);
    p->memory = jv_memory_read(c, in->memory, a);
    who.person = p->memory.person;
    p->n_wishes = jv_clauses(&p->reading, &who, a, p->wishes);
    plan_text(p);
    ret->more = ret->n == JV_CALLS_MAX && asks_more(p);
    ret->sure = is_sure(p);
    ret->memory = jv_memory_write(c, &p->memory, a);
    return JV_OK;
}

const struct jv_planner jv_planner_builtin = { .name = "built-in", .plan = plan };
