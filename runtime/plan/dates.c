/* dates.c -- times that people name.
 *
 * A point is some whole days: "tomorrow", "next week", "January", "18 Jan 2025". What stands before
 * it says which side is meant: "by", "since", "between ... and ...". */
#include "plan/dates.h"

#include <string.h>

#include "plan/days.h"

enum { day_s = 86400 };

/* ---- sides ----------------------------------------------------------------------------------- */

struct side {
    const char *words;
    bool from_start, from_end, to_start, to_end;
};

static const struct side sides[] = {
    { " by until till through thru including deadline ", false, false, false, true },
    { " before ", false, false, true, false },
    { " after past ", false, true, false, false },
    { " since from starting as ", true, false, false, false },
    { " older ", false, false, true, false },
    { " newer younger ", false, true, false, false },
};
enum { BY, BEFORE, AFTER, SINCE };

static const struct side *side_before(const struct jv_calendar *c, size_t at, size_t *ret_from)
{
    size_t i = at;

    while (i > 0 && jv_day_is(c, i - 1, " the than on or and ") && at - i < 3)
        i--;
    for (size_t k = 0; i > 0 && k < JV_COUNT(sides); k++)
        if (jv_day_is(c, i - 1, sides[k].words)) {
            *ret_from = i - 1;
            return &sides[k];
        }
    if (i > 0 && jv_day_is(c, i, " than ")) { /* no later than */
        bool no = i > 1 && jv_day_is(c, i - 2, " no not ");

        *ret_from = i - 1;
        return jv_day_is(c, i - 1, " later ")            ? &sides[no ? BY : AFTER]
               : jv_day_is(c, i - 1, " earlier sooner ") ? &sides[no ? SINCE : BEFORE]
                                                         : NULL;
    }
    if (at > 1 && jv_day_is(c, at - 1, " of ") && jv_day_is(c, at - 2, " as ")) {
        *ret_from = at - 2;
        return &sides[SINCE];
    }
    if (at > 1 && jv_day_is(c, at - 1, " to ") && jv_day_is(c, at - 2, " up ")) {
        *ret_from = at - 2;
        return &sides[BY];
    }
    return NULL;
}

/* "up to and including the": the words before a point that say no more than "by". */
static const struct side *up_to(const struct jv_calendar *c, size_t at, size_t *ret_from)
{
    size_t i = at && jv_day_is(c, at - 1, " the ") ? at - 1 : at;

    if (i > 3 && jv_day_is(c, i - 1, " including ") && jv_day_is(c, i - 2, " and ") &&
        jv_day_is(c, i - 3, " to ") && jv_day_is(c, i - 4, " up ")) {
        *ret_from = i - 4;
        return &sides[0];
    }
    return NULL;
}

/* "on Friday at the latest", "at the earliest on Friday" */
static const struct side *at_most(const struct jv_calendar *c, size_t i, size_t *n, size_t more,
                                  const struct side *otherwise)
{
    bool latest = jv_day_is(c, i, " latest ");

    if (!latest && !jv_day_is(c, i, " earliest "))
        return otherwise;
    *n += more;
    return &sides[latest ? BY : SINCE];
}

/* "on or after", "from ... on(wards)" keep the day; plain "after" does not. */
static struct jv_date dated(const struct jv_calendar *c, size_t i, const struct jv_point *p)
{
    struct jv_date d = { .from = i, .n = p->n, .since = INT64_MIN, .until = INT64_MAX };
    size_t from = i;
    const struct side *side = up_to(c, i, &from);
    const struct side *s = side ? side : side_before(c, i, &from);
    bool onwards = jv_day_is(c, i + p->n, " on onwards onward forward ");
    bool or_after = s == &sides[AFTER] && from > 0 && jv_day_is(c, from - 1, " or and ");
    bool or_before = s == &sides[BEFORE] && from > 0 && jv_day_is(c, from - 1, " or and ");
    int64_t later = 0; /* "before Friday", on a Friday */

    d.n += i - from + (onwards ? 1 : 0);
    d.from = from;
    if (p->first == INT64_MIN || p->after == INT64_MAX ||
        (s && jv_day_is(c, from, " as ") && p->first <= c->today &&
         c->today < p->after)) /* no such day; "as of today" */
        return d;
    if (s == &sides[BY] && jv_day_is(c, i, " now date "))
        return d; /* "till now" leaves nothing out */
    if (s && from > 0 && jv_day_is(c, from - 1, " not "))
        s = s == &sides[BEFORE] ? &sides[SINCE] : s == &sides[AFTER] ? &sides[BY] : s;
    if (s == &sides[BEFORE] && (or_before || jv_day_is(c, i + jv_day_the(c, i), " end ")))
        s = &sides[BY]; /* "on or before", "before the end of the month" */
    if (s == &sides[BEFORE] && jv_day_of_week(c, i) && p->first == c->today)
        later = 7;
    if (s && jv_day_is(c, from, " from ") && p->period && !onwards)
        s = NULL;
    if (jv_day_is(c, i + p->n, " at ") && jv_day_is(c, i + p->n + 1, " the "))
        s = at_most(c, i + p->n + 2, &d.n, 3, s);
    else if (from > 2 && jv_day_is(c, from - 1, " on the ") &&
             jv_day_is(c, from - 2, " latest earliest "))
        s = at_most(c, from - 2, &d.n, 0, s);
    else if (from > 1 && !s)
        s = at_most(c, from - 1, &d.n, 0, s);
    if (s != &sides[BY] && s != &sides[BEFORE] && p->after - 1 > c->today &&
        (jv_day_of_week(c, i) || jv_day_is(c, i + jv_day_the(c, i), " weekend ")) && p->n < 3)
        d.back = 7 * day_s;
    if (or_after || onwards) {
        d.since = p->first * day_s;
        return d;
    }
    if (!s) {
        d.since = p->first * day_s;
        d.until = p->after * day_s;
        return d;
    }
    if (s->from_start || s->from_end)
        d.since = (s->from_start ? p->first : p->after) * day_s;
    if (s->to_start || s->to_end)
        d.until = ((s->to_start ? p->first : p->after) + later) * day_s;
    return d;
}

/* "more than a week away", "older than 2 days", "less than 3 days ago"; n is 0: none. */
static struct jv_date measured(const struct jv_calendar *c, size_t i)
{
    struct jv_date d = { .from = i, .since = INT64_MIN, .until = INT64_MAX };
    bool old = jv_day_is(c, i, " older "), young = jv_day_is(c, i, " newer younger "),
         than = jv_day_is(c, i + 1, " than ");
    bool more = than && jv_day_is(c, i, " more longer further "),
         less = than && jv_day_is(c, i, " less fewer ");
    size_t at = i + (than ? 2 : 1), n = at + 2 - i;
    int64_t count, first = c->today;
    bool back, ahead;

    more = more || jv_day_is(c, i, " over ");
    less = less || jv_day_is(c, i, " under ");
    count = (more || less || (than && (old || young))) ? jv_day_span(c, at) : 0;
    if (!count)
        return d;
    back = old || young || jv_day_is(c, at + 2, " ago old back ");
    ahead = jv_day_is(c, at + 2, " away ahead left off out ") || (i && jv_day_is(c, i - 1, " in "));
    if (!back && !ahead && jv_day_is(c, at + 2, " from ") && jv_day_is(c, at + 3, " now today "))
        ahead = ++n;
    if (!back && !ahead)
        return d;
    d.n = n + (jv_day_is(c, i + n, " ago old back away ahead left off out now today ") ? 1 : 0);
    if (back && (more || old))
        d.until = (first - count) * day_s;
    else if (back)
        d.since = (first - count) * day_s;
    else if (more)
        d.since = (first + count + 1) * day_s;
    else {
        d.since = first * day_s;
        d.until = (first + count) * day_s;
    }
    if (d.from + d.n > c->w->n)
        d.n = c->w->n - d.from;
    return d;
}

/* "between the 13th and the 17th", "from Monday to Friday": one range. */
static bool joins(const struct jv_calendar *c, const struct jv_date *a, const struct jv_date *b)
{
    size_t end = a->from + a->n;

    return a->until != INT64_MIN && b->from <= end + 1 &&
           (jv_day_is(c, a->from, " between from since ") ||
            (a->from && jv_day_is(c, a->from - 1, " between ")) ||
            jv_day_is(c, b->from - 1, " to ") || jv_day_is(c, b->from, " through thru ")) &&
           (jv_day_is(c, b->from - 1, " and to ") ||
            jv_day_is(c, b->from, " until till to and through thru up "));
}

/* "10/01/2025 (10 January)", "until the 18th, that date also included": the same said again. */
static bool repeats(const struct jv_calendar *c, const struct jv_date *before,
                    const struct jv_date *d, const struct jv_point *p)
{
    size_t end = before->from + before->n;

    return p->first >= c->last.first && p->after <= c->last.after && d->n == p->n &&
           d->from <= end + 2 &&
           (c->w->at[d->from].before == JV_COMMA ||
            (d->from > end && jv_day_is(c, d->from - 1, " e is ")));
}

size_t jv_dates_read(const struct jv_words *w, int64_t now_ms, struct jv_date ret[JV_DATES_MAX])
{
    struct jv_calendar c = { .w = w, .today = now_ms / (day_s * 1000) };
    size_t n = 0;

    for (size_t i = 0; i < w->n && n < JV_DATES_MAX; i++) {
        struct jv_date d = measured(&c, i);
        struct jv_point p;

        if (d.n) {
            ret[n++] = d;
            i += d.n - 1;
            continue;
        }
        p = jv_point_at(&c, i);
        if (!p.n)
            continue;
        d = dated(&c, i, &p);
        if (n && repeats(&c, &ret[n - 1], &d, &p)) {
            ret[n - 1].n = i + p.n - ret[n - 1].from;
            i += p.n - 1;
            continue;
        }
        c.last = p;
        if (n && d.from < ret[n - 1].from + ret[n - 1].n) {
            d.n -= ret[n - 1].from + ret[n - 1].n - d.from;
            d.from = ret[n - 1].from + ret[n - 1].n;
        }
        i += p.n - 1;
        if (n && p.first != INT64_MIN && joins(&c, &ret[n - 1], &d)) {
            if (d.since != INT64_MIN || d.until != INT64_MAX)
                ret[n - 1].until = p.after * day_s;
            if (ret[n - 1].until <= ret[n - 1].since) /* from Monday to Friday */
                ret[n - 1].until += 7 * day_s;
            ret[n - 1].n = d.from + d.n - ret[n - 1].from;
            if (ret[n - 1].since != INT64_MIN)
                c.last = (struct jv_point){ ret[n - 1].since / day_s, ret[n - 1].until / day_s, 1,
                                            true };
            continue;
        }
        ret[n++] = d;
    }
    return n;
}
