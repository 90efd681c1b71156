/* clause.c -- a sentence as wishes: its parts, mended. A part without a head of its own takes its
 * neighbour's ("aws and gcp cost"); one that does not say whose is about whom the others are; where
 * something is requested, the story around it is background. */
#include "plan/parts.h"

#include <string.h>

static const double head_terms = 0.2, head_confidence = 0.3;

static void match(const struct jv_reading *r, struct jv_wish *w, struct jv_arena *a)
{
    w->n_picks = jv_match(r, &w->clause, a, w->picks, JV_COUNT(w->picks));
}

bool jv_wish_has_head(const struct jv_wish *w)
{
    const struct jv_score *best = &w->picks[0].score;

    return w->n_picks && best->confidence >= head_confidence &&
           (best->terms >= head_terms || best->acts);
}

/* Nothing is said but a time: "and next week?" */
static bool only_date(const struct jv_reading *r, const struct jv_clause *c)
{
    bool dated = false;

    for (size_t i = c->from; i < c->to; i++) {
        dated = dated || r->tokens[i].in_date;
        if (!r->tokens[i].in_date && (!r->tokens[i].word->roles || jv_roles_at(r, i) & JV_GREET))
            return false;
    }
    return dated;
}

/* "the pending ones": it says nothing but values. */
static bool only_values(const struct jv_reading *r, const struct jv_clause *c)
{
    bool valued = false;

    for (size_t i = c->from; i < c->to; i++) {
        valued = valued || r->tokens[i].in_value;
        if (!r->tokens[i].in_value && !r->tokens[i].aside &&
            !(jv_roles_at(r, i) & (JV_FUNCTION | JV_POLITE)))
            return false;
    }
    return valued;
}

static bool holds_value(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].in_value || jv_token_number(r, i))
            return true;
    return false;
}

bool jv_has_value(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].in_value || r->tokens[i].name > JV_NAME_MAYBE || jv_token_number(r, i))
            return true;
    return only_date(r, c);
}

/* "when are mine?", "how many I have": nothing but whose. */
static bool is_mine(const struct jv_reading *r, const struct jv_clause *c)
{
    bool asks = false;

    for (size_t i = c->from; i < c->to; i++) {
        asks = asks || jv_roles_at(r, i) & JV_ASKING;
        if (!(jv_roles_at(r, i) & JV_FUNCTION))
            return false;
    }
    return asks && c->to > c->from + 1 &&
           (jv_word_is(r, c->to - 1, "mine") ||
            (jv_word_is(r, c->to - 1, "have") && jv_roles_at(r, c->to - 2) & JV_SELF));
}

/* Some family of the neighbour's agent can take what this part names; the very family, where that
 * is to change something. */
static bool fits(const struct jv_reading *r, const struct jv_clause *c, const struct jv_wish *head)
{
    uint32_t family = head->picks[0].family, agent = r->catalog->families[family].agent;
    bool acts = head->picks[0].score.acts, named = false;

    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = &r->catalog->phrases[r->values[i].phrase];

        if (r->values[i].from >= c->from && r->values[i].from < c->to && p->agent == agent &&
            (!acts || jv_catalog_takes(r->catalog, family, p)))
            return true;
    }
    for (size_t i = c->from; i < c->to; i++)
        named = named || r->tokens[i].name > JV_NAME_MAYBE || jv_token_number(r, i) ||
                (r->tokens[i].in_date && !acts);
    return named || is_mine(r, c);
}

/* What is left where others are denied: "all clouds, [but not aws]". */
static bool is_the_rest(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = 0; i < r->n_values; i++)
        if (r->values[i].other && r->values[i].from >= c->from && r->values[i].from < c->to)
            return true;
    return false;
}

static void borrow_head(const struct jv_reading *r, struct jv_wish *wishes, size_t n, size_t at,
                        struct jv_arena *a)
{
    struct jv_clause *c = &wishes[at].clause;
    struct jv_wish *from = NULL;
    bool own;

    for (size_t i = c->from; i < c->to; i++)
        if (jv_token_unknown(r, i) && r->tokens[i].name <= JV_NAME_MAYBE)
            return; /* it has a subject, just not one that is known */
    for (size_t i = at; i-- > 0 && !from;)
        if ((jv_wish_has_head(&wishes[i]) || wishes[i].picks[0].score.values >= 1.5) &&
            wishes[i].n_picks && fits(r, c, &wishes[i]))
            from = &wishes[i];
    for (size_t i = at + 1; i < n && !from; i++)
        if (jv_wish_has_head(&wishes[i]) && fits(r, c, &wishes[i]))
            from = &wishes[i];
    if (!from ||
        (wishes[at].mood == JV_STATEMENT && c->whom == JV_WHOM_PERSON && !holds_value(r, c)))
        return;                                          /* "I stand in for vishal" */
    own = from->clause.head_to > from->clause.head_from; /* "close 1, 2 and 3" */
    c->head_from = own ? from->clause.head_from : from->clause.from;
    c->head_to = own ? from->clause.head_to : from->clause.to;
    c->head_acts = from->n_picks && from->picks[0].score.acts;
    c->looks = from->clause.looks;
    match(r, &wishes[at], a);
    if ((is_the_rest(r, c) && !jv_has_value(r, &from->clause)) ||
        (is_mine(r, c) && from->mood == JV_STATEMENT))
        from->n_picks = 0;
}

/* It says not; other than in a value: "not closed". */
static bool denies(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (r->tokens[i].word->roles & (JV_NOT | JV_NO) && !r->tokens[i].in_value)
            return true;
    return false;
}

/* "not my tickets", "skip the courses" */
static bool is_refused(const struct jv_reading *r, const struct jv_clause *c)
{
    static const char *const words[] = { "skip", "forget", "ignore", "drop", "leave", "never" };
    bool number = jv_match_number(r, c, 0) != SIZE_MAX;

    if (number || !(jv_roles_at(r, c->from + 1) & (JV_MY | JV_ARTICLE | JV_THEIRS)))
        return false;
    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (jv_word_is(r, c->from, words[i]))
            return true;
    return jv_word_is(r, c->from, "not");
}

/* "not the finished ones, only what is open": what is waved away is no wish. */
static bool is_waved_away(const struct jv_reading *r, const struct jv_wish *wishes, size_t n,
                          size_t at)
{
    if (is_the_rest(r, &wishes[at].clause))
        return false;
    if (n > 1 && wishes[at].mood == JV_FRAGMENT && is_refused(r, &wishes[at].clause))
        for (size_t i = 0; i < n; i++)
            if (i != at && jv_wish_has_head(&wishes[i]))
                return true;
    if (n > 1 && denies(r, &wishes[at].clause) && !jv_wish_has_head(&wishes[at]) &&
        wishes[at].clause.whom == JV_WHOM_PERSON)
        return true; /* "my tickets, not alex's" */
    if (at && jv_word_is(r, wishes[at].clause.from, "but") && !jv_wish_has_head(&wishes[at]) &&
        wishes[at].clause.whom == JV_WHOM_PERSON && wishes[at - 1].clause.whom == JV_WHOM_EVERYBODY)
        return true; /* "everybody's, but not alex's" */
    if (at && jv_word_is(r, wishes[at].clause.from, "but") && !jv_wish_has_head(&wishes[at]) &&
        !jv_word_is(r, wishes[at].clause.from + 1, "only") &&
        !jv_word_is(r, wishes[at].clause.from + 1, "just") &&
        wishes[at].clause.whom == JV_WHOM_NONE && jv_has_value(r, &wishes[at - 1].clause))
        return true; /* "started, but not finished" */
    if (!denies(r, &wishes[at].clause) || !jv_has_value(r, &wishes[at].clause))
        return false;
    for (size_t i = 0; i < n; i++)
        if (i != at && jv_has_value(r, &wishes[i].clause) && !denies(r, &wishes[i].clause))
            return !(wishes[at].picks[0].score.acts &&
                     jv_match_number(r, &wishes[at].clause, 0) != SIZE_MAX);
    return false;
}

/* Parts with a head or a value stay; what says nothing lengthens the text of the one before. */
static size_t keep_telling(const struct jv_reading *r, struct jv_wish *all, size_t n,
                           struct jv_wish *wishes)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        bool says = jv_wish_has_head(&all[i]) || jv_has_value(r, &all[i].clause) ||
                    (all[i].clause.whom == JV_WHOM_CALLER &&
                     all[i].clause.to - all[i].clause.from < 5) || /* "and mine?" */
                    all[i].clause.whom == JV_WHOM_PERSON ||
                    (all[i].n_picks && all[i].picks[0].score.confidence >= head_confidence);

        if (says && is_waved_away(r, all, n, i))
            continue;
        if (says)
            wishes[kept++] = all[i];
        else if (kept && all[i].clause.before != JV_STOP)
            wishes[kept - 1].text_to = all[i].clause.to;
    }
    return kept;
}

static void hand_to(const struct jv_reading *r, struct jv_wish *w, const struct jv_clause *from,
                    struct jv_arena *a)
{
    jv_take_whom(&w->clause, from);
    match(r, w, a);
}

/* "pending tickets, everybody's", "Alex - his tickets?": whose is said in a part of its own. */
static void hand_over_whom(const struct jv_reading *r, struct jv_wish *all, size_t n,
                           struct jv_arena *a)
{
    for (size_t i = 0; i < n; i++) {
        const struct jv_clause *c = &all[i].clause;

        bool mine = c->whom == JV_WHOM_CALLER && c->to - c->from < 3;
        size_t before = i;

        if (jv_wish_has_head(&all[i]) ||
            (c->whom != JV_WHOM_EVERYBODY && c->whom != JV_WHOM_PERSON && !mine))
            continue;
        while (before && !all[before - 1].n_picks)
            before--; /* "ticket list, please. Mine." */
        if (before && all[before - 1].clause.whom == JV_WHOM_NONE)
            hand_to(r, &all[before - 1], c, a);
        if (i + 1 < n && jv_wish_has_head(&all[i + 1]) && all[i + 1].clause.whom == JV_WHOM_NONE)
            hand_to(r, &all[i + 1], c, a);
    }
}

/* "it", "those"; not "the tickets that she has". */
static bool points(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_roles_at(r, i) & JV_IT &&
            !(i > c->from && (jv_token_personal(r, i - 1) || jv_word_is(r, i, "that")) &&
              jv_roles_at(r, i + 1) & (JV_SELF | JV_SHE | JV_THEIRS | JV_BE | JV_AUX | JV_WE)))
            return true;
    return false;
}

/* "tell me what state it is in": what is requested was said before. */
static bool requests(const struct jv_reading *r, const struct jv_wish *w)
{
    bool vague = w->n_picks && !w->picks[0].score.acts && points(r, &w->clause);
    double least = vague ? 0.65 : head_confidence;

    return w->n_picks && (jv_wish_has_head(w) || w->picks[0].score.values >= 1.5) &&
           w->picks[0].score.confidence >= least;
}

/* "For the AI Studio, ...": it begins with a word that only leads to something. */
static bool begins_aside(const struct jv_reading *r, const struct jv_clause *c)
{
    static const char *const words[] = { "in", "on", "at", "with", "for", "about", "during" };

    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (jv_word_is(r, c->from, words[i]))
            return true;
    return false;
}

/* "by provider and by each service" */
static bool distributes(const struct jv_reading *r, const struct jv_clause *c)
{
    static const char *const words[] = { "by", "per", "each", "every", "all" };

    for (size_t i = 0; i < JV_COUNT(words); i++)
        if (jv_word_is(r, c->from, words[i]))
            return true;
    return jv_word_is(r, c->from + 1, "by") && c->from + 2 < c->to; /* service by service */
}

static bool says_it(const struct jv_reading *r, const struct jv_clause *c)
{
    for (size_t i = c->from; i < c->to; i++)
        if (jv_word_is(r, i, "it") || jv_word_is(r, i, "they"))
            return true;
    return false;
}

/* "I use S3 a lot, what does it cost?": the question is about what was named before. */
static void point_back(const struct jv_reading *r, struct jv_wish *all, size_t n,
                       struct jv_arena *a)
{
    for (size_t i = 1; i < n; i++) {
        struct jv_wish *w = &all[i];
        bool topic = all[i - 1].mood == JV_FRAGMENT && w->clause.from == all[i - 1].clause.to;
        bool found = false;

        if (w->mood != JV_REQUEST || !(points(r, &w->clause) || topic) || !jv_wish_has_head(w) ||
            jv_has_value(r, &w->clause) || w->picks[0].score.acts)
            continue;
        if (i && says_it(r, &w->clause) && w->clause.before == JV_NO_BREAK &&
            jv_wish_has_head(&all[i - 1]) && !all[i - 1].picks[0].score.acts &&
            r->catalog->families[w->picks[0].family].agent ==
                    r->catalog->families[all[i - 1].picks[0].family].agent) {
            w->clause.head_from = all[i - 1].clause.from; /* "my budget and how it is divided" */
            w->clause.head_to = all[i - 1].clause.to;
            match(r, w, a);
            continue;
        }
        if (topic && jv_wish_has_head(&all[i - 1]) && w->clause.before == JV_COMMA &&
            says_it(r, &w->clause) && w->picks[0].family != all[i - 1].picks[0].family &&
            r->catalog->families[w->picks[0].family].agent ==
                    r->catalog->families[all[i - 1].picks[0].family].agent) {
            if (w->clause.whom == JV_WHOM_NONE)
                jv_take_whom(&w->clause, &all[i - 1].clause);
            all[i - 1].n_picks = 0; /* "my budget, how is it divided?" */
            continue;
        }
        for (size_t k = i; k-- > 0 && (!(found || topic) || all[k].mood == JV_FRAGMENT);) {
            if (!jv_has_value(r, &all[k].clause) || !fits(r, &all[k].clause, w) ||
                (jv_wish_has_head(&all[k]) && !topic))
                continue;
            all[k].clause.head_from = w->clause.from;
            all[k].clause.head_to = w->clause.to;
            all[k].clause.looks = w->clause.looks;
            all[k].mood = JV_REQUEST;
            match(r, &all[k], a);
            found = true;
        }
        if (found)
            w->n_picks = 0;
    }
}

/* "some of my requests lie there: list the pending ones": what they are was said before. */
static void point_ones(const struct jv_reading *r, struct jv_wish *all, size_t n,
                       struct jv_arena *a)
{
    static const double weak = 0.6;

    for (size_t i = 1; i < n; i++) {
        struct jv_wish *w = &all[i];
        size_t k = i;

        if (w->mood != JV_REQUEST || !points(r, &w->clause) || !jv_has_value(r, &w->clause) ||
            (w->n_picks && (w->picks[0].score.terms >= weak || w->picks[0].score.acts)))
            continue;
        while (k-- > 0 && !(jv_wish_has_head(&all[k]) && fits(r, &w->clause, &all[k])))
            ;
        if (k >= i)
            continue;
        w->clause.head_from = all[k].clause.from;
        w->clause.head_to = all[k].clause.to;
        w->clause.head_acts = all[k].picks[0].score.acts;
        match(r, w, a);
    }
}

/* "compute spend, gcp": the last part is a value that the part before lacks. */
static bool completes(const struct jv_reading *r, const struct jv_wish *w,
                      const struct jv_wish *last, bool ends)
{
    uint32_t family = last->n_picks ? last->picks[0].family : JV_NONE;
    bool all_value = true, lacks = false;

    for (size_t i = w->clause.from; i < w->clause.to; i++)
        all_value = all_value && r->tokens[i].in_value;
    if (!all_value || !ends || w->clause.before != JV_COMMA || !jv_wish_has_head(last) ||
        w->clause.from != last->clause.to || last->picks[0].score.missing)
        return false;
    for (size_t i = 0; i < r->n_values; i++) {
        const struct jv_phrase *p = &r->catalog->phrases[r->values[i].phrase];

        if (r->values[i].from >= w->clause.from && jv_catalog_takes(r->catalog, family, p))
            lacks = jv_match_value(r, &last->clause, family, p->member, 0) == SIZE_MAX;
    }
    return lacks;
}

/* "..., which provider?" */
static bool which(const struct jv_reading *r, const struct jv_clause *c)
{
    return c->before == JV_COMMA && c->to - c->from < 4 && jv_word_is(r, c->from, "which");
}

/* "all our cloud costs, service by service": a part that only says it closer. */
static size_t join_closer(const struct jv_reading *r, struct jv_wish *all, size_t n,
                          struct jv_arena *a)
{
    size_t kept = n ? 1 : 0;

    for (size_t i = 1; i < n; i++) {
        struct jv_wish *w = &all[i], *last = &all[kept - 1];
        bool closer = false;

        for (size_t k = 0; k < w->n_picks && last->n_picks; k++)
            closer = closer ||
                     (w->picks[k].family == last->picks[0].family &&
                      w->picks[k].score.total >=
                              (distributes(r, &w->clause) ? 0.2 : 0.5) * w->picks[0].score.total);
        if (w->n_picks && last->n_picks && distributes(r, &w->clause) &&
            !jv_has_value(r, &last->clause) &&
            (last->clause.whom == JV_WHOM_NONE || last->clause.whom == JV_WHOM_EVERYBODY))
            closer = closer || r->catalog->families[w->picks[0].family].agent ==
                                       r->catalog->families[last->picks[0].family].agent;
        if (w->n_picks && last->n_picks && which(r, &w->clause))
            closer = closer || r->catalog->families[w->picks[0].family].agent ==
                                       r->catalog->families[last->picks[0].family].agent;
        if (closer && (w->mood == JV_FRAGMENT || which(r, &w->clause)) &&
            (w->clause.before == JV_COMMA || distributes(r, &w->clause)) && jv_wish_has_head(w) &&
            jv_wish_has_head(last) && !jv_has_value(r, &w->clause) &&
            (w->clause.whom == JV_WHOM_NONE || w->clause.whom == JV_WHOM_EVERYBODY) &&
            last->picks[0].family != w->picks[0].family) {
            last->clause.to = last->text_to = w->clause.to;
            match(r, last, a);
            continue;
        }
        if (completes(r, w, last, i + 1 == n)) {
            last->clause.to = last->text_to = w->clause.to;
            match(r, last, a);
            continue;
        }
        all[kept++] = *w;
    }
    return kept;
}

static bool is_turn(const struct jv_reading *r, size_t i)
{
    static const char *const words[] = { "so", "but", "therefore", "hence", "thus" };

    for (size_t k = 0; k < JV_COUNT(words); k++)
        if (jv_word_is(r, i, words[k]))
            return true;
    return false;
}

/* "HR wants to know [how many ...]", "... and [have not even started]": no question of its own. */
static bool is_embedded(const struct jv_reading *r, const struct jv_wish *all, size_t at)
{
    static const jv_roles leads = JV_SELF | JV_WE | JV_READ | JV_AUX | JV_POLITE;
    const struct jv_clause *c = &all[at].clause, *before = at ? &all[at - 1].clause : NULL;

    if (!before || c->before == JV_STOP)
        return false;
    if (jv_roles_at(r, c->from) & (JV_BE | JV_AUX))
        return c->from > before->to && !(jv_roles_at(r, c->from + 1) & (JV_SELF | JV_WE)) &&
               !r->tokens[c->from + 1].name;
    return c->before == JV_NO_BREAK && c->from == before->to &&
           jv_roles_at(r, c->from) & JV_ASKING && !(jv_roles_at(r, before->from) & leads);
}

/* "On Azure, how much is the storage?": a value said before the question that lacks it. */
static size_t lend_values(const struct jv_reading *r, struct jv_wish *all, size_t n,
                          struct jv_arena *a)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct jv_wish *next = i + 1 < n ? &all[i + 1] : NULL;
        bool lends = next && only_values(r, &all[i].clause) && begins_aside(r, &all[i].clause) &&
                     next->clause.before == JV_COMMA && next->mood == JV_REQUEST &&
                     jv_wish_has_head(next) && !next->picks[0].score.acts &&
                     !next->picks[0].score.missing;

        for (size_t k = 0; k < r->n_values && lends; k++) {
            const struct jv_phrase *p = &r->catalog->phrases[r->values[k].phrase];

            if (r->values[k].from >= all[i].clause.from && r->values[k].from < all[i].clause.to)
                lends = jv_catalog_takes(r->catalog, next->picks[0].family, p) &&
                        jv_match_value(r, &next->clause, next->picks[0].family, p->member, 0) ==
                                SIZE_MAX;
        }
        if (lends) {
            next->clause.head_from = all[i].clause.from;
            next->clause.head_to = all[i].clause.to;
            match(r, next, a);
        } else {
            all[kept++] = all[i];
        }
    }
    return kept;
}

/* "..., tickets I mean": what the part before is about. */
static size_t take_meant(const struct jv_reading *r, struct jv_wish *all, size_t n,
                         struct jv_arena *a)
{
    for (size_t i = 1; i < n; i++) {
        struct jv_clause *c = &all[i].clause;
        size_t end = i + 1 < n && all[i + 1].clause.from == c->to ? all[i + 1].clause.to : c->to;
        bool meant = end > c->from + 1 && jv_word_is(r, end - 1, "mean") &&
                     jv_roles_at(r, end - 2) & JV_SELF;

        if (!meant || !jv_wish_has_head(&all[i]) || c->to - c->from > 4)
            continue;
        c->head_from = all[i - 1].clause.from;
        c->head_to = all[i - 1].clause.to;
        if (c->whom == JV_WHOM_NONE || (all[i - 1].clause.whom == JV_WHOM_PERSON && c->to == end))
            jv_take_whom(c, &all[i - 1].clause);
        match(r, &all[i], a);
        all[i].mood = JV_REQUEST;
        memmove(&all[i - 1], &all[i], (n - i) * sizeof(*all));
        return n - 1;
    }
    return n;
}

/* "<a story>, so please show me ...", "..., but first I need ...": the story is background. */
static void set_back(const struct jv_reading *r, struct jv_wish *all, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t at = all[i].clause.from;
        bool turns = is_turn(r, at) || (at && is_turn(r, at - 1));

        for (size_t k = i; turns && k < n && all[k].clause.before != JV_STOP; k++)
            if (all[k].mood == JV_REQUEST && requests(r, &all[k])) {
                for (size_t j = i; j-- > 0;) {
                    if (!all[j].clause.looks || is_embedded(r, all, j))
                        all[j].mood = JV_STATEMENT;
                    if (all[j].clause.before == JV_STOP)
                        break;
                }
                break;
            }
    }
}

/* "in money as well as in time": nothing that could be looked up. */
static bool is_aside(const struct jv_reading *r, const struct jv_wish *w)
{
    static const double plain = 0.6;

    return w->mood == JV_FRAGMENT && !jv_has_value(r, &w->clause) && begins_aside(r, &w->clause) &&
           !(jv_wish_has_head(w) && w->picks[0].score.confidence >= plain &&
             (jv_names_things(r, w) || jv_word_is(r, w->clause.from + 1, "each") ||
              jv_roles_at(r, w->clause.from + 1) & JV_EVERY));
}

/* "New year, new notebook. What exams do I have?": a word that may be a value, in a sentence that
 * is about nothing, behind or before one that asks. */
static bool is_stray(const struct jv_reading *r, const struct jv_wish *all, size_t n, size_t at)
{
    size_t from = at, to = at + 1;

    if (jv_wish_has_head(&all[at]) || all[at].mood == JV_REQUEST ||
        (all[at].n_picks && all[at].picks[0].score.values >= 1.5) ||
        only_values(r, &all[at].clause) || !holds_value(r, &all[at].clause))
        return false;
    for (size_t i = all[at].clause.from; i < all[at].clause.to; i++)
        if (jv_token_number(r, i))
            return false;
    while (from && all[from].clause.before != JV_STOP)
        from--;
    while (to < n && all[to].clause.before != JV_STOP)
        to++;
    for (size_t i = from; i < to; i++)
        if (jv_wish_has_head(&all[i]) && all[i].mood == JV_REQUEST)
            return false;
    return true;
}

/* "I'd be interested to learn | what we spend": the question is what counts. */
static bool leads_in(const struct jv_reading *r, const struct jv_wish *w,
                     const struct jv_wish *next)
{
    return next && next->clause.from == w->clause.to && next->clause.before == JV_NO_BREAK &&
           jv_roles_at(r, next->clause.from) & JV_ASKING && jv_wish_has_head(next) &&
           jv_roles_of(r, &w->clause) & (JV_WISH | JV_READ);
}

/* "I am glad that the budget was raised": it tells, and says how that feels. */
static bool only_feels(const struct jv_reading *r, const struct jv_wish *all, size_t n)
{
    bool feels = false;

    for (size_t i = 0; i < n; i++) {
        if (all[i].mood == JV_REQUEST ||
            (jv_wish_has_head(&all[i]) && all[i].mood != JV_STATEMENT) ||
            jv_match_number(r, &all[i].clause, 0) != SIZE_MAX)
            return false;
        for (size_t k = all[i].clause.from; k < all[i].clause.to; k++)
            feels = feels ||
                    (jv_roles_at(r, k) & JV_FEELING && r->tokens[k].name < JV_NAME_SUBJECT);
    }
    return feels;
}

/* Where something is requested, the rest of the story is background. */
static size_t keep_requests(const struct jv_reading *r, const struct jv_wish *all, size_t n,
                            struct jv_wish *wishes)
{
    bool requested = false;
    size_t kept = 0, n_heads = 0;

    for (size_t i = 0; i < n; i++) {
        requested = requested || (all[i].mood == JV_REQUEST && requests(r, &all[i]));
        requested = requested || (all[i].mood == JV_REQUEST && i + 1 < n &&
                                  r->tokens[all[i + 1].clause.from].word->told);
        n_heads += jv_wish_has_head(&all[i]);
    }
    if (!requested && only_feels(r, all, n))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const struct jv_wish *next = i + 1 < n ? &all[i + 1] : NULL;
        bool told = all[i].mood == JV_STATEMENT || is_aside(r, &all[i]) || is_stray(r, all, n, i);
        bool vague = all[i].mood == JV_REQUEST && !requests(r, &all[i]) && n_heads > 1 &&
                     jv_wish_has_head(&all[i]);

        if ((requested ? !told : !vague) && !leads_in(r, &all[i], next))
            wishes[kept++] = all[i];
        else if (kept && all[i].clause.before != JV_STOP && wishes[kept - 1].picks[0].score.acts)
            wishes[kept - 1].text_to =
                    all[i].clause.to; /* "open a ticket, the printer is broken" */
    }
    return kept;
}

/* "... all the pending ones": of what the part before is about, if that can be pending. */
static bool is_of_those(const struct jv_reading *r, const struct jv_wish *wishes, size_t at)
{
    const struct jv_wish *w = &wishes[at];

    return at && only_values(r, &w->clause) && !w->picks[0].score.acts &&
           jv_wish_has_head(&wishes[at - 1]) && fits(r, &w->clause, &wishes[at - 1]);
}

/* "approve 1 and also ticket 2": the same is to be done with another one. */
static bool goes_on(const struct jv_reading *r, const struct jv_wish *wishes, size_t at)
{
    const struct jv_wish *w = &wishes[at], *last = at ? &wishes[at - 1] : NULL;

    return last && w->mood == JV_FRAGMENT && w->clause.before != JV_STOP && last->n_picks &&
           last->picks[0].score.acts && jv_match_number(r, &w->clause, 0) != SIZE_MAX &&
           r->catalog->families[last->picks[0].family].needs_number && w->n_picks &&
           r->catalog->families[last->picks[0].family].agent ==
                   r->catalog->families[w->picks[0].family].agent;
}

size_t jv_clauses(const struct jv_reading *r, const struct jv_asker *who, struct jv_arena *a,
                  struct jv_wish wishes[JV_CLAUSES])
{
    struct jv_wish *all = JV_NEW_ARRAY(a, struct jv_wish, JV_PARTS);
    struct jv_wish *telling = JV_NEW_ARRAY(a, struct jv_wish, JV_PARTS);
    size_t n = jv_parts(r, all, JV_PARTS);

    for (size_t i = 0; i < n; i++) {
        jv_find_whom(r, who, &all[i].clause);
        jv_find_mood(r, &all[i]);
        match(r, &all[i], a);
        if (all[i].n_picks && all[i].picks[0].score.acts)
            all[i].mood = JV_REQUEST;
    }
    n = jv_join_names(r, all, n);
    n = join_closer(r, all, n, a);
    n = lend_values(r, all, n, a);
    n = take_meant(r, all, n, a);
    point_back(r, all, n, a);
    point_ones(r, all, n, a);
    hand_over_whom(r, all, n, a);
    set_back(r, all, n);
    n = keep_requests(r, all, n, all);
    n = keep_telling(r, all, n, telling);
    n = n < JV_CLAUSES ? n : JV_CLAUSES;
    memcpy(wishes, telling, n * sizeof(*wishes));
    for (size_t i = 0; i < n; i++)
        if (!jv_wish_has_head(&wishes[i]) || is_of_those(r, wishes, i) || goes_on(r, wishes, i))
            borrow_head(r, wishes, n, i, a);
    jv_share_whom(wishes, n);
    jv_share_dates(r, wishes, n);
    jv_trust_rows(r, wishes, n);
    return n;
}
