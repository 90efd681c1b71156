/* dates.c -- times that people name.
 *
 * A point is some whole days: "tomorrow", "next week", "January", "18 Jan 2025". What stands before
 * it says which side is meant: "by", "since", "between ... and ...". */
#include "plan/dates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { day_s = 86400 };

/* Days since 1970-01-01. */
struct point {
    int64_t first, after; /* the day behind the last one; INT64_MIN, INT64_MAX: no such day */
    size_t n;             /* words; 0: none */
    bool period;          /* "from" it means in it: "last week", but not "Monday" */
};

struct calendar {
    const struct jv_words *w;
    int64_t today;
    struct point last; /* the one before: "that week" */
};

static const char *word(const struct calendar *c, size_t i)
{
    return i < c->w->n ? c->w->at[i].norm : "";
}

static bool is(const struct calendar *c, size_t i, const char *list)
{
    const char *s = word(c, i), *p = *s ? strstr(list, s) : NULL;
    size_t len = strlen(s);

    for (; p; p = strstr(p + 1, s))
        if (p[-1] == ' ' && p[len] == ' ')
            return true;
    return false;
}

/* As is(), but a slip of the fingers is forgiven in words of four letters and more. */
static bool is_about(const struct calendar *c, size_t i, const char *list)
{
    const char *s = word(c, i);
    char listed[16];
    int len;

    if (is(c, i, list))
        return true;
    for (const char *p = list; strlen(s) > 2 && sscanf(p, " %15s%n", listed, &len) == 1; p += len)
        if (strlen(listed) > 3 && jv_words_typo(s, listed) && !jv_ordinary(s))
            return true;
    return false;
}

/* Between the word and the next there is nothing but this sign. */
static bool tied(const struct calendar *c, size_t i, char sign)
{
    return i + 1 < c->w->n && c->w->at[i].to + 1 == c->w->at[i + 1].from &&
           c->w->text[c->w->at[i].to] == sign;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* "18", "18th", "three", "a"; -1: no number. */
static int64_t number(const struct calendar *c, size_t i)
{
    static const char *const names[] = { "zero", "one",    "two",   "three", "four",
                                         "five", "six",    "seven", "eight", "nine",
                                         "ten",  "eleven", "twelve" };
    static const char *const ordinals[] = {
        "first",     "second",      "third",      "fourth",     "fifth",
        "sixth",     "seventh",     "eighth",     "ninth",      "tenth",
        "eleventh",  "twelfth",     "thirteenth", "fourteenth", "fifteenth",
        "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"
    };
    const char *s = word(c, i);
    size_t digits = strspn(s, "0123456789");

    if (digits && digits < 5 &&
        (!s[digits] || strcmp(s + digits, "st") == 0 || strcmp(s + digits, "nd") == 0 ||
         strcmp(s + digits, "rd") == 0 || strcmp(s + digits, "th") == 0))
        return strtol(s, NULL, 10);
    for (size_t k = 0; k < JV_COUNT(names); k++)
        if (strcmp(s, names[k]) == 0)
            return (int64_t)k;
    for (size_t k = 0; k < JV_COUNT(ordinals); k++)
        if (strcmp(s, ordinals[k]) == 0)
            return (int64_t)k + 1;
    return is(c, i, " a an ") ? 1 : is(c, i, " couple ") ? 2 : -1;
}

static bool in(int64_t n, int64_t least, int64_t most)
{
    return n >= least && n <= most;
}

/* A four-digit year. */
static bool is_year(const struct calendar *c, size_t i)
{
    return strlen(word(c, i)) == 4 && in(number(c, i), 1970, 2199);
}

/* The place of a word in a list of names, from 1 on; short forms have at least three letters. A
 * slip of the fingers in a long one is forgiven. */
static int64_t place_in(const struct calendar *c, size_t i, const char *const *names, size_t n)
{
    const char *s = word(c, i);
    size_t len = strlen(s);

    for (size_t k = 0; k < n; k++) {
        bool brief = len == 3 || (len == 4 && strcmp(s, "sept") == 0) ||
                     (len == 4 && strcmp(s, "tues") == 0) || (len == 5 && strcmp(s, "thurs") == 0);

        if (strcmp(s, names[k]) == 0 || (brief && strncmp(s, names[k], len) == 0) ||
            (len > 5 && jv_words_typo(s, names[k])))
            return (int64_t)k + 1;
    }
    return 0;
}

static int64_t month(const struct calendar *c, size_t i)
{
    static const char *const names[] = { "january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december" };

    return place_in(c, i, names, JV_COUNT(names));
}

static int64_t weekday(const struct calendar *c, size_t i)
{
    static const char *const names[] = { "monday", "tuesday",  "wednesday", "thursday",
                                         "friday", "saturday", "sunday" };

    return place_in(c, i, names, JV_COUNT(names));
}

/* ---- the calendar ---------------------------------------------------------------------------- */

static int64_t year_of(int64_t day)
{
    int64_t y, m, d;

    jv_date_from_days(day, &y, &m, &d);
    return y;
}

/* Days in whole months: month may be 0, 13 and so on. */
static int64_t month_start(int64_t y, int64_t m)
{
    int64_t zero_based = y * 12 + m - 1;

    return jv_days_from_date(zero_based / 12, zero_based % 12 + 1, 1);
}

static struct point days(int64_t first, int64_t after, size_t n)
{
    return (struct point){ first, after, n };
}

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* The d-th of a month; without a year (0) the nearest one. There is no February 30. */
static struct point day_of(const struct calendar *c, int64_t y, int64_t m, int64_t d, size_t n)
{
    int64_t now = year_of(c->today), best = 0;

    if (d > month_start(y ? y : 2024, m + 1) - month_start(y ? y : 2024, m))
        return (struct point){ INT64_MIN, INT64_MAX, n };
    if (y)
        return days(jv_days_from_date(y, m, d), jv_days_from_date(y, m, d) + 1, n);
    for (int64_t k = now - 1; k <= now + 1; k++) {
        int64_t day = jv_days_from_date(k, m, d);

        if (k == now - 1 || apart(day, c->today) < apart(best, c->today))
            best = day;
    }
    return days(best, best + 1, n);
}

/* ---- points ---------------------------------------------------------------------------------- */

static struct point iso(const struct calendar *c, size_t i)
{
    int64_t a = number(c, i), b = number(c, i + 1), d = number(c, i + 2);
    struct point none = { 0 };

    if (i + 2 >= c->w->n || c->w->at[i + 1].before || c->w->at[i + 2].before)
        return none;
    if (is_year(c, i) && in(b, 1, 12) && in(d, 1, 31)) /* 2025-01-18 */
        return day_of(c, a, b, d, 3);
    if (is_year(c, i + 2) && in(b, 1, 12) && in(a, 1, 31)) /* 18.01.2025 */
        return day_of(c, d, b, a, 3);
    if (is_year(c, i + 2) && in(a, 1, 12) && in(b, 13, 31)) /* 01/18/2025 */
        return day_of(c, d, a, b, 3);
    return none;
}

/* "15/01", "on 1/15"; "24/7" and "1/2" are none. */
static struct point by_slash(const struct calendar *c, size_t i)
{
    int64_t a = number(c, i), b = number(c, i + 1);
    bool said = i && is(c, i - 1, " on by until before after since from due till between ");

    if (!tied(c, i, '/') || tied(c, i + 1, '/') || (i && tied(c, i - 1, '/')) ||
        (!said && strlen(word(c, i + 1)) != 2))
        return (struct point){ 0 };
    if (in(a, 1, 31) && in(b, 1, 12))
        return day_of(c, 0, b, a, 2);
    return in(a, 1, 12) && in(b, 13, 31) ? day_of(c, 0, a, b, 2) : (struct point){ 0 };
}

/* "in 2026", "from 2024" */
static struct point by_year(const struct calendar *c, size_t i)
{
    int64_t y = number(c, i);

    if (!is_year(c, i) || !i || !is(c, i - 1, " in from since until before after during year of "))
        return (struct point){ 0 };
    return days(month_start(y, 1), month_start(y + 1, 1), 1);
}

/* "Q1", "q1 2025" */
static struct point by_quarter(const struct calendar *c, size_t i)
{
    const char *s = word(c, i);
    int64_t q = s[0] == 'q' && in(s[1], '1', '4') && !s[2] ? s[1] - '0' : 0;
    bool dated = is_year(c, i + 1);
    int64_t y = dated ? number(c, i + 1) : year_of(c->today);

    if (!q)
        return (struct point){ 0 };
    return days(month_start(y, q * 3 - 2), month_start(y, q * 3 + 1), dated ? 2 : 1);
}

static size_t the(const struct calendar *c, size_t i)
{
    return is(c, i, " the ") ? 1 : 0;
}

/* "18 January 2025", "the 18th of jan", "January 18th, 2025", "January 2025" */
static struct point by_month(const struct calendar *c, size_t i)
{
    size_t skip = the(c, i), of = is(c, i + skip + 1, " of ") ? 1 : 0;
    int64_t d = number(c, i + skip), m = month(c, i + skip + 1 + of);
    size_t n = skip + 2 + of;

    if (in(d, 1, 31) && m && !is(c, i + skip, " a an "))
        return is_year(c, i + n) ? day_of(c, number(c, i + n), m, d, n + 1) : day_of(c, 0, m, d, n);
    m = month(c, i);
    if (!m)
        return (struct point){ 0 };
    n = 1 + the(c, i + 1);
    d = number(c, i + n);
    if (in(d, 1, 31) && !is(c, i + n, " a an ") && strlen(word(c, i + n)) < 5)
        return is_year(c, i + n + 1) ? day_of(c, number(c, i + n + 1), m, d, n + 2)
                                     : day_of(c, 0, m, d, n + 1);
    if (strlen(word(c, i)) <= 5 && !is(c, i - 1, " in of during since until by before after "))
        return (struct point){ 0 }; /* "may I", "march on" */
    return is_year(c, i + 1)
                   ? days(month_start(number(c, i + 1), m), month_start(number(c, i + 1), m + 1), 2)
                   : days(month_start(year_of(day_of(c, 0, m, 15, 1).first), m),
                          month_start(year_of(day_of(c, 0, m, 15, 1).first), m + 1), 1);
}

/* "the 18th": of this month or the one beside it that is nearest. */
static struct point by_day(const struct calendar *c, size_t i)
{
    int64_t d = number(c, i + 1), y, m, today, best = 0;
    size_t digits = strspn(word(c, i + 1), "0123456789");

    bool spelt = !digits && d > 3 && word(c, i + 1)[strlen(word(c, i + 1)) - 1] == 'h' && i &&
                 is(c, i - 1, " on by until till since before after to and ");

    if (!the(c, i) || !(spelt || (digits && word(c, i + 1)[digits])) || !in(d, 1, 31) ||
        is(c, i + 2, " one ones of in from on ")) /* the 2nd of a list */
        return (struct point){ 0 };
    jv_date_from_days(c->today, &y, &m, &today);
    for (int64_t k = m - 1; k <= m + 1; k++) {
        int64_t day = month_start(y, k) + d - 1;

        if (k == m - 1 || apart(day, c->today) < apart(best, c->today))
            best = day;
    }
    return days(best, best + 1, 2);
}

/* A week, month, quarter or year, `by` away from the one of today. */
static struct point unit(const struct calendar *c, size_t i, int64_t by, size_t n)
{
    int64_t y, m, d, monday = c->today - (c->today + 3) % 7 + 7 * by;

    jv_date_from_days(c->today, &y, &m, &d);
    if (is_about(c, i, " week weeks wk wks "))
        return days(monday, monday + 7, n);
    if (is_about(c, i, " weekend "))
        return days(monday + 5, monday + 7, n);
    if (is_about(c, i, " month months mth mnth "))
        return days(month_start(y, m + by), month_start(y, m + by + 1), n);
    if (is_about(c, i, " quarter "))
        return days(month_start(y, (m - 1) / 3 * 3 + 1 + 3 * by),
                    month_start(y, (m - 1) / 3 * 3 + 4 + 3 * by), n);
    if (is(c, i, " year "))
        return days(month_start(y + by, 1), month_start(y + by + 1, 1), n);
    return (struct point){ 0 };
}

/* Monday is 1. The coming one, today counts; back: the one before today. */
static struct point day_of_week(const struct calendar *c, int64_t wanted, bool back, size_t n)
{
    int64_t now = (c->today + 3) % 7 + 1, ahead = (wanted - now + 7) % 7;
    int64_t day = back ? c->today + ahead - 7 : c->today + ahead;

    return days(day, day + 1, n);
}

static int64_t unit_days(const struct calendar *c, size_t i)
{
    return is(c, i, " day days ")            ? 1
           : is(c, i, " week weeks wk wks ") ? 7
           : is(c, i, " month months ")      ? 30
           : is(c, i, " fortnight ")         ? 14
           : is(c, i, " year years ")        ? 365
                                             : 0;
}

/* How many days "3 days", "a week", "48 hours" are; 0: none. */
static int64_t span(const struct calendar *c, size_t i)
{
    int64_t count = is(c, i, " few ") ? 3 : number(c, i);

    if (count > 0 && is(c, i + 1, " hour hours hrs "))
        return (count + 23) / 24;
    return count > 0 ? count * unit_days(c, i + 1) : 0;
}

/* "next week", "this month", "last Friday", "the next 7 days", "past two weeks" */
static struct point relative(const struct calendar *c, size_t i)
{
    size_t skip = the(c, i), at = i + skip;
    bool next = is_about(c, at, " next nxt coming following upcoming "),
         last = is_about(c, at, " last past previous ");
    bool now = is(c, at, " this current ");
    int64_t by = next ? 1 : last ? -1 : 0, count = span(c, at + 1);
    struct point p;

    if (!next && !last && !now)
        return (struct point){ 0 };
    if (count && next)
        return days(c->today, c->today + count + 1, skip + 3);
    if (count && last)
        return days(c->today - count, c->today + 1, skip + 3);
    if (next && is(c, at + 1, " fortnight "))
        return days(c->today, c->today + 15, skip + 2);
    if (is(c, at, " past ") && unit_days(c, at + 1) > 1)
        return days(c->today - unit_days(c, at + 1), c->today + 1, skip + 2);
    p = unit(c, at + 1, by, skip + 2);
    if (p.n && c->today >= p.first && next && is(c, at + 1, " weekend "))
        p = unit(c, at + 1, 1, skip + 2);
    if (!p.n && last && is(c, at + 1, " night "))
        p = days(c->today - 1, c->today, skip + 2);
    if (!p.n && weekday(c, at + 1)) {
        p = day_of_week(c, weekday(c, at + 1), last, skip + 2);
        if (next && p.first == c->today) /* next Friday, on a Friday */
            p = days(p.first + 7, p.after + 7, p.n);
    }
    if (!p.n && month(c, at + 1)) {
        p = by_month(c, at + 1);
        p.n += p.n ? skip + 1 : 0;
    }
    return p;
}

/* "3 days ago", "in 5 days", "within a week" */
static struct point counted(const struct calendar *c, size_t i)
{
    int64_t count = span(c, i);

    if (count && is(c, i + 2, " ago "))
        return days(c->today - count, c->today - count + 1, 3);
    count = span(c, i + 1);
    if (is(c, i, " in within ") && count)
        return days(c->today, c->today + count + 1, 3);
    if (is(c, i, " within ") && is(c, i + 1, " the this ")) {
        struct point p = unit(c, i + 2, 0, 3);

        return days(c->today, p.after, p.n);
    }
    return (struct point){ 0 };
}

/* "the day after tomorrow", "the week before last" */
static struct point beyond(const struct calendar *c, size_t i)
{
    size_t skip = the(c, i), at = i + skip, n = skip + 3 + the(c, at + 2);
    bool after = is(c, at + 1, " after ");

    if (!after && !is(c, at + 1, " before "))
        return (struct point){ 0 };
    if (is(c, at, " day ") && is(c, at + 2, after ? " tomorrow tommorow tomorow " : " yesterday "))
        return days(c->today + (after ? 2 : -2), c->today + (after ? 3 : -1), n);
    if (is(c, at + n - skip - 1, " this "))
        return unit(c, at, after ? 1 : -1, n);
    if (is(c, at + n - skip - 1, after ? " next " : " last "))
        return unit(c, at, after ? 2 : -2, n);
    return (struct point){ 0 };
}

static struct point named(const struct calendar *c, size_t i)
{
    static const struct {
        const char *name;
        int64_t by;
    } names[] = { { "today", 0 },    { "tonight", 0 }, { "tomorrow", 1 },
                  { "tommorow", 1 }, { "tomorow", 1 }, { "yesterday", -1 } };

    for (size_t k = 0; k < JV_COUNT(names); k++)
        if (strcmp(word(c, i), names[k].name) == 0 ||
            (strlen(word(c, i)) > 4 && !jv_ordinary(word(c, i)) &&
             jv_words_typo(word(c, i), names[k].name)))
            return days(c->today + names[k].by, c->today + names[k].by + 1, 1);
    if (weekday(c, i) &&
        (strlen(word(c, i)) > 4 || is(c, i - 1, " on by until before after since ")))
        return day_of_week(c, weekday(c, i), is(c, i - 1, " since "), 1);
    return (struct point){ 0 };
}

/* "Friday the 17th", "Friday, 17 January", "Friday (of) next week", "next week on Friday" */
static struct point exact(const struct calendar *c, size_t i)
{
    struct point p = { 0 }, week;
    size_t of = is(c, i + 1, " of in ") ? 1 : 0, on = 0;

    if (weekday(c, i)) {
        p = by_month(c, i + 1);
        p = p.n ? p : by_day(c, i + 1);
        week = relative(c, i + 1 + of);
        if (!p.n && week.n && week.after - week.first == 7)
            p = days(week.first + weekday(c, i) - 1, week.first + weekday(c, i), week.n + of);
        p.n += p.n ? 1 : 0;
        return p;
    }
    week = relative(c, i);
    on = week.n && is(c, i + week.n, " on ") ? 1 : 0;
    if (week.n && week.after - week.first == 7 && weekday(c, i + week.n + on))
        p = days(week.first + weekday(c, i + week.n + on) - 1,
                 week.first + weekday(c, i + week.n + on), week.n + on + 1);
    return p;
}

/* "the weekend" */
static struct point weekend(const struct calendar *c, size_t i)
{
    return the(c, i) || (i && is(c, i - 1, " at over on this "))
                   ? is(c, i + the(c, i), " weekend ") ? unit(c, i + the(c, i), 0, the(c, i) + 1)
                                                       : (struct point){ 0 }
                   : (struct point){ 0 };
}

/* "January 14 to 18", "11-13 january", "between 14 and 18 January": a row of days of one month. */
static struct point row(const struct calendar *c, size_t i)
{
    struct point first, last;
    size_t skip = the(c, i), at = i + skip, to, n;
    bool dash;

    n = month(c, at) ? 1 + the(c, at + 1) : 0; /* the month first */
    dash = tied(c, at + n, '-') || (at + n + 1 < c->w->n && c->w->at[at + n + 1].before &&
                                    c->w->text[c->w->at[at + n + 1].from - 1] != ' ');
    to = at + n + (dash ? 1 : 2);
    if (!dash && !(is(c, to - 1, " to till until through ") ||
                   (is(c, to - 1, " and ") && i && is(c, i - 1, " between "))))
        return (struct point){ 0 };
    to += the(c, to);
    if (!in(number(c, at + n), 1, 31) || !in(number(c, to), 1, 31) || is(c, to, " a an ") ||
        is(c, at + n, " a an "))
        return (struct point){ 0 };
    if (n) {
        if (strlen(word(c, to)) > 4 || unit_days(c, to + 1) || month(c, to + 1))
            return (struct point){ 0 };
        first = day_of(c, 0, month(c, at), number(c, at + n), 1);
        last = day_of(c, 0, month(c, at), number(c, to), 1);
        return days(first.first, last.after, to + 1 - i);
    }
    last = by_month(c, to);
    if (!last.n || last.after != last.first + 1)
        return (struct point){ 0 };
    first = days(last.first - number(c, to) + number(c, at), 0, 1);
    return days(first.first, last.after, to + last.n - i);
}

/* "eow": the end of this week, and so on. */
static struct point abbreviated(const struct calendar *c, size_t i)
{
    static const char *const names[] = { "week", "month", "quarter", "year" };
    static const char *const briefs[] = { "eow", "eom", "eoq", "eoy" };

    for (size_t k = 0; k < JV_COUNT(names); k++)
        if (strcmp(word(c, i), briefs[k]) == 0) {
            struct jv_word w = { .norm = names[k] };
            struct jv_words one = { .n = 1, .at = &w, .text = "" };
            struct calendar inner = { .w = &one, .today = c->today };
            struct point p = unit(&inner, 0, 0, 1);

            return days(p.after - 1, p.after, 1);
        }
    return (struct point){ 0 };
}

/* "the week of January 13" */
static struct point week_of(const struct calendar *c, size_t i)
{
    size_t n = the(c, i) + 2;
    struct point p;

    if (!is(c, i + n - 2, " week ") || !is(c, i + n - 1, " of "))
        return (struct point){ 0 };
    p = by_month(c, i + n);
    p = p.n ? p : by_day(c, i + n);
    if (!p.n || p.after != p.first + 1)
        return (struct point){ 0 };
    p.first -= (p.first + 3) % 7;
    return days(p.first, p.first + 7, p.n + n);
}

/* "end of the week", "the beginning of January": its last day, its first. */
static struct point end_of(const struct calendar *c, size_t i)
{
    size_t n = the(c, i), inner;
    struct point p;

    bool begin = is(c, i + n, " beginning start ");

    if (!(begin || is(c, i + n, " end ")) || !is(c, i + n + 1, " of "))
        return (struct point){ 0 };
    inner = i + n + 2;
    p = relative(c, inner);
    if (!p.n)
        p = by_month(c, inner);
    if (!p.n)
        p = unit(c, inner + the(c, inner), 0, the(c, inner) + 1);
    if (p.first == INT64_MIN)
        p.n += n + 2;
    if (!p.n || p.first == INT64_MIN)
        return p;
    return begin ? days(p.first, p.first + 1, p.n + n + 2)
                 : days(p.after - 1, p.after, p.n + n + 2);
}

/* "in that week", "until then", "exams then?" */
static struct point again(const struct calendar *c, size_t i)
{
    bool last_word = i + 1 >= c->w->n || c->w->at[i + 1].before == JV_STOP;
    bool then = is(c, i, " then ") && i && c->w->at[i].before == JV_NO_BREAK &&
                (last_word || is(c, i - 1, " by until till before since after "));
    bool it = is(c, i, " it ") && i && is(c, i - 1, " in during ") && last_word;

    if (!c->last.n)
        return (struct point){ 0 };
    if (then || it)
        return days(c->last.first, c->last.after, 1);
    if (is(c, i, " there ") && i && is(c, i - 1, " from ") && is(c, i + 1, " on onwards "))
        return days(c->last.first, c->last.after, 1);
    if (is(c, i, " that ") && weekday(c, i + 1))
        return days(c->last.first, c->last.after, 2);
    if (!is(c, i, " that ") || !is(c, i + 1, " day date week month weekend time period "))
        return (struct point){ 0 };
    return days(c->last.first, c->last.after, 2);
}

static struct point point_at(const struct calendar *c, size_t i)
{
    static const struct {
        struct point (*read)(const struct calendar *, size_t);
        bool period;
    } readers[] = {
        { iso, false },     { end_of, false },   { again, true },        { row, true },
        { exact, false },   { by_month, false }, { by_slash, false },    { by_quarter, true },
        { by_day, false },  { week_of, true },   { abbreviated, false }, { beyond, true },
        { relative, true }, { weekend, true },   { counted, false },     { by_year, true },
        { named, false },
    };
    struct point p = { 0 };

    for (size_t k = 0; k < JV_COUNT(readers) && !p.n && i < c->w->n; k++) {
        p = readers[k].read(c, i);
        p.period = readers[k].period || (p.n && p.after > p.first + 1) ||
                   is(c, i, " today yesterday tomorrow ");
    }
    if (i + p.n > c->w->n)
        p.n = 0;
    return p;
}

/* ---- sides ----------------------------------------------------------------------------------- */

struct side {
    const char *words;
    bool from_start, from_end, to_start, to_end;
};

static const struct side sides[] = {
    { " by until till through including deadline ", false, false, false, true },
    { " before ", false, false, true, false },
    { " after past ", false, true, false, false },
    { " since from starting as ", true, false, false, false },
    { " older ", false, false, true, false },
    { " newer younger ", false, true, false, false },
};
enum { BY, BEFORE, AFTER, SINCE };

static const struct side *side_before(const struct calendar *c, size_t at, size_t *ret_from)
{
    size_t i = at;

    while (i > 0 && is(c, i - 1, " the than on or and ") && at - i < 3)
        i--;
    for (size_t k = 0; i > 0 && k < JV_COUNT(sides); k++)
        if (is(c, i - 1, sides[k].words)) {
            *ret_from = i - 1;
            return &sides[k];
        }
    if (i > 0 && is(c, i, " than ")) { /* no later than */
        bool no = i > 1 && is(c, i - 2, " no not ");

        *ret_from = i - 1;
        return is(c, i - 1, " later ")            ? &sides[no ? BY : AFTER]
               : is(c, i - 1, " earlier sooner ") ? &sides[no ? SINCE : BEFORE]
                                                  : NULL;
    }
    if (at > 1 && is(c, at - 1, " of ") && is(c, at - 2, " as ")) {
        *ret_from = at - 2;
        return &sides[SINCE];
    }
    if (at > 1 && is(c, at - 1, " to ") && is(c, at - 2, " up ")) {
        *ret_from = at - 2;
        return &sides[BY];
    }
    return NULL;
}

/* "up to and including the": the words before a point that say no more than "by". */
static const struct side *up_to(const struct calendar *c, size_t at, size_t *ret_from)
{
    size_t i = at && is(c, at - 1, " the ") ? at - 1 : at;

    if (i > 3 && is(c, i - 1, " including ") && is(c, i - 2, " and ") && is(c, i - 3, " to ") &&
        is(c, i - 4, " up ")) {
        *ret_from = i - 4;
        return &sides[0];
    }
    return NULL;
}

/* "on Friday at the latest", "at the earliest on Friday" */
static const struct side *at_most(const struct calendar *c, size_t i, size_t *n, size_t more,
                                  const struct side *otherwise)
{
    bool latest = is(c, i, " latest ");

    if (!latest && !is(c, i, " earliest "))
        return otherwise;
    *n += more;
    return &sides[latest ? BY : SINCE];
}

/* "on or after", "from ... on(wards)" keep the day; plain "after" does not. */
static struct jv_date dated(const struct calendar *c, size_t i, const struct point *p)
{
    struct jv_date d = { .from = i, .n = p->n, .since = INT64_MIN, .until = INT64_MAX };
    size_t from = i;
    const struct side *side = up_to(c, i, &from);
    const struct side *s = side ? side : side_before(c, i, &from);
    bool onwards = is(c, i + p->n, " on onwards onward forward ");
    bool or_after = s == &sides[AFTER] && from > 0 && is(c, from - 1, " or and ");
    int64_t later = 0; /* "before Friday", on a Friday */

    d.n += i - from + (onwards ? 1 : 0);
    d.from = from;
    if (p->first == INT64_MIN || p->after == INT64_MAX ||
        (s && is(c, from, " as ") && p->first <= c->today &&
         c->today < p->after)) /* no such day; "as of today" */
        return d;
    if (s == &sides[BEFORE] && weekday(c, i) && p->first == c->today)
        later = 7;
    if (s && is(c, from, " from ") && p->period && !onwards)
        s = NULL;
    if (is(c, i + p->n, " at ") && is(c, i + p->n + 1, " the "))
        s = at_most(c, i + p->n + 2, &d.n, 3, s);
    else if (from > 2 && is(c, from - 1, " on the ") && is(c, from - 2, " latest earliest "))
        s = at_most(c, from - 2, &d.n, 0, s);
    else if (from > 1 && !s)
        s = at_most(c, from - 1, &d.n, 0, s);
    if (s != &sides[BY] && s != &sides[BEFORE] && p->after - 1 > c->today &&
        (weekday(c, i) || is(c, i + the(c, i), " weekend ")) && p->n < 3)
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
static struct jv_date measured(const struct calendar *c, size_t i)
{
    struct jv_date d = { .from = i, .since = INT64_MIN, .until = INT64_MAX };
    bool old = is(c, i, " older "), young = is(c, i, " newer younger "),
         than = is(c, i + 1, " than ");
    bool more = than && is(c, i, " more longer further "), less = than && is(c, i, " less fewer ");
    size_t at = i + (than ? 2 : 1), n = at + 2 - i;
    int64_t count, first = c->today;
    bool back, ahead;

    more = more || is(c, i, " over ");
    less = less || is(c, i, " under ");
    count = (more || less || (than && (old || young))) ? span(c, at) : 0;
    if (!count)
        return d;
    back = old || young || is(c, at + 2, " ago old back ");
    ahead = is(c, at + 2, " away ahead left off out ") || (i && is(c, i - 1, " in "));
    if (!back && !ahead && is(c, at + 2, " from ") && is(c, at + 3, " now today "))
        ahead = ++n;
    if (!back && !ahead)
        return d;
    d.n = n + (is(c, i + n, " ago old back away ahead left off out now today ") ? 1 : 0);
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
static bool joins(const struct calendar *c, const struct jv_date *a, const struct jv_date *b)
{
    size_t end = a->from + a->n;

    return a->until != INT64_MIN && b->from <= end + 1 &&
           (is(c, a->from, " between from since ") ||
            (a->from && is(c, a->from - 1, " between ")) || is(c, b->from - 1, " to ")) &&
           (is(c, b->from - 1, " and to ") || is(c, b->from, " until till to and through up "));
}

/* "10/01/2025 (10 January)", "until the 18th, that date also included": the same said again. */
static bool repeats(const struct calendar *c, const struct jv_date *before, const struct jv_date *d,
                    const struct point *p)
{
    size_t end = before->from + before->n;

    return p->first >= c->last.first && p->after <= c->last.after && d->n == p->n &&
           d->from <= end + 2 &&
           (c->w->at[d->from].before == JV_COMMA ||
            (d->from > end && is(c, d->from - 1, " e is ")));
}

size_t jv_dates_read(const struct jv_words *w, int64_t now_ms, struct jv_date ret[JV_DATES_MAX])
{
    struct calendar c = { .w = w, .today = now_ms / (day_s * 1000) };
    size_t n = 0;

    for (size_t i = 0; i < w->n && n < JV_DATES_MAX; i++) {
        struct jv_date d = measured(&c, i);
        struct point p;

        if (d.n) {
            ret[n++] = d;
            i += d.n - 1;
            continue;
        }
        p = point_at(&c, i);
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
            ret[n - 1].until = p.after * day_s;
            if (ret[n - 1].until <= ret[n - 1].since) /* from Monday to Friday */
                ret[n - 1].until += 7 * day_s;
            ret[n - 1].n = d.from + d.n - ret[n - 1].from;
            if (ret[n - 1].since != INT64_MIN)
                c.last = days(ret[n - 1].since / day_s, ret[n - 1].until / day_s, 1);
            continue;
        }
        ret[n++] = d;
    }
    return n;
}
