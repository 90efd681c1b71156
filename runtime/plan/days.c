/* days.c -- the days that words name. */
#include "plan/days.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *word(const struct jv_calendar *c, size_t i)
{
    return i < c->w->n ? c->w->at[i].norm : "";
}

bool jv_day_is(const struct jv_calendar *c, size_t i, const char *list)
{
    const char *s = word(c, i), *p = *s ? strstr(list, s) : NULL;
    size_t len = strlen(s);

    for (; p; p = strstr(p + 1, s))
        if (p[-1] == ' ' && p[len] == ' ')
            return true;
    return false;
}

/* As jv_day_is(), but a slip of the fingers is forgiven in words of four letters and more. */
static bool is_about(const struct jv_calendar *c, size_t i, const char *list)
{
    const char *s = word(c, i);
    char listed[16];
    int len;

    if (jv_day_is(c, i, list))
        return true;
    for (const char *p = list; strlen(s) > 2 && sscanf(p, " %15s%n", listed, &len) == 1; p += len)
        if (strlen(listed) > 3 && jv_words_typo(s, listed) && !jv_ordinary(s))
            return true;
    return false;
}

/* Between the word and the next there is nothing but this sign. */
static bool tied(const struct jv_calendar *c, size_t i, char sign)
{
    return i + 1 < c->w->n && c->w->at[i].to + 1 == c->w->at[i + 1].from &&
           c->w->text[c->w->at[i].to] == sign;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* "18", "18th", "three", "a"; -1: no number. */
static int64_t number(const struct jv_calendar *c, size_t i)
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
    return jv_day_is(c, i, " a an ") ? 1 : jv_day_is(c, i, " couple ") ? 2 : -1;
}

static bool in(int64_t n, int64_t least, int64_t most)
{
    return n >= least && n <= most;
}

/* A four-digit year. */
static bool is_year(const struct jv_calendar *c, size_t i)
{
    return strlen(word(c, i)) == 4 && in(number(c, i), 1970, 2199);
}

/* The place of a word in a list of names, from 1 on; short forms have at least three letters. A
 * slip of the fingers in a long one is forgiven. */
static int64_t place_in(const struct jv_calendar *c, size_t i, const char *const *names, size_t n)
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

static int64_t month(const struct jv_calendar *c, size_t i)
{
    static const char *const names[] = { "january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december" };

    return place_in(c, i, names, JV_COUNT(names));
}

int64_t jv_day_of_week(const struct jv_calendar *c, size_t i)
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

static struct jv_point days(int64_t first, int64_t after, size_t n)
{
    return (struct jv_point){ first, after, n };
}

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* The d-th of a month; without a year (0) the nearest one. There is no February 30. */
static struct jv_point day_of(const struct jv_calendar *c, int64_t y, int64_t m, int64_t d,
                              size_t n)
{
    int64_t now = year_of(c->today), best = 0;

    if (d > month_start(y ? y : 2024, m + 1) - month_start(y ? y : 2024, m))
        return (struct jv_point){ INT64_MIN, INT64_MAX, n };
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

static struct jv_point iso(const struct jv_calendar *c, size_t i)
{
    int64_t a = number(c, i), b = number(c, i + 1), d = number(c, i + 2);
    struct jv_point none = { 0 };

    if (i + 2 >= c->w->n || c->w->at[i + 1].before || c->w->at[i + 2].before)
        return none;
    if (is_year(c, i) && in(b, 1, 12) && in(d, 1, 31)) /* 2025-01-18 */
        return day_of(c, a, b, d, 3);
    if (is_year(c, i + 2) && in(b, 1, 12) && in(a, 1, 31)) /* 18.01.2025 */
        return day_of(c, d, b, a, 3);
    if (is_year(c, i + 2) && in(a, 1, 12) && in(b, 13, 31)) /* 01/18/2025 */
        return day_of(c, d, a, b, 3);
    if (tied(c, i, '/') && tied(c, i + 1, '/') && strlen(word(c, i + 2)) == 2 && in(d, 20, 40) &&
        in(b, 1, 12) && in(a, 1, 31)) /* 18/01/25 */
        return day_of(c, 2000 + d, b, a, 3);
    return none;
}

/* "15/01", "on 1/15"; "24/7" and "1/2" are none. */
static struct jv_point by_slash(const struct jv_calendar *c, size_t i)
{
    int64_t a = number(c, i), b = number(c, i + 1);
    bool said = i && jv_day_is(c, i - 1, " on by until before after since from due till between ");
    bool dots = said && tied(c, i, '.') && strlen(word(c, i + 1)) == 2; /* on 18.01. */

    if (!(tied(c, i, '/') || dots) || tied(c, i + 1, '/') || (i && tied(c, i - 1, '/')) ||
        (!said && strlen(word(c, i + 1)) != 2))
        return (struct jv_point){ 0 };
    if (in(a, 1, 31) && in(b, 1, 12))
        return day_of(c, 0, b, a, 2);
    return in(a, 1, 12) && in(b, 13, 31) ? day_of(c, 0, a, b, 2) : (struct jv_point){ 0 };
}

/* "in 2026", "from 2024" */
static struct jv_point by_year(const struct jv_calendar *c, size_t i)
{
    int64_t y = number(c, i);

    if (!is_year(c, i) || !i ||
        !jv_day_is(c, i - 1, " in from since until before after during year of "))
        return (struct jv_point){ 0 };
    return days(month_start(y, 1), month_start(y + 1, 1), 1);
}

/* "Q1", "q1 2025" */
static struct jv_point by_quarter(const struct jv_calendar *c, size_t i)
{
    const char *s = word(c, i);
    int64_t q = s[0] == 'q' && in(s[1], '1', '4') && !s[2] ? s[1] - '0' : 0;
    bool dated = is_year(c, i + 1);
    int64_t y = dated ? number(c, i + 1) : year_of(c->today);

    if (!q)
        return (struct jv_point){ 0 };
    return days(month_start(y, q * 3 - 2), month_start(y, q * 3 + 1), dated ? 2 : 1);
}

size_t jv_day_the(const struct jv_calendar *c, size_t i)
{
    return jv_day_is(c, i, " the ") ? 1 : 0;
}

/* "18 January 2025", "the 18th of jan", "January 18th, 2025", "January 2025" */
static struct jv_point by_month(const struct jv_calendar *c, size_t i)
{
    size_t skip = jv_day_the(c, i), of = jv_day_is(c, i + skip + 1, " of ") ? 1 : 0;
    int64_t d = number(c, i + skip), m = month(c, i + skip + 1 + of);
    size_t n = skip + 2 + of;

    if (in(d, 1, 31) && m && !jv_day_is(c, i + skip, " a an "))
        return is_year(c, i + n) ? day_of(c, number(c, i + n), m, d, n + 1) : day_of(c, 0, m, d, n);
    m = month(c, i);
    if (!m)
        return (struct jv_point){ 0 };
    n = 1 + jv_day_the(c, i + 1);
    d = number(c, i + n);
    if (in(d, 1, 31) && !jv_day_is(c, i + n, " a an ") && strlen(word(c, i + n)) < 5)
        return is_year(c, i + n + 1) ? day_of(c, number(c, i + n + 1), m, d, n + 2)
                                     : day_of(c, 0, m, d, n + 1);
    if (strlen(word(c, i)) <= 5 && !(i + 1 < c->w->n && c->w->at[i + 1].plural) &&
        !jv_day_is(c, i - 1, " in of during since until by before after "))
        return (struct jv_point){ 0 }; /* "may I", "march on" */
    return is_year(c, i + 1)
                   ? days(month_start(number(c, i + 1), m), month_start(number(c, i + 1), m + 1), 2)
                   : days(month_start(year_of(day_of(c, 0, m, 15, 1).first), m),
                          month_start(year_of(day_of(c, 0, m, 15, 1).first), m + 1), 1);
}

/* "the 18th": of this month or the one beside it that is nearest. */
static struct jv_point by_day(const struct jv_calendar *c, size_t i)
{
    int64_t d = number(c, i + 1), y, m, today, best = 0;
    size_t digits = strspn(word(c, i + 1), "0123456789");

    bool spelt = !digits && d > 3 && word(c, i + 1)[strlen(word(c, i + 1)) - 1] == 'h' && i &&
                 jv_day_is(c, i - 1, " on by until till since before after to and ");

    if (!jv_day_the(c, i) || !(spelt || (digits && word(c, i + 1)[digits])) || !in(d, 1, 31) ||
        jv_day_is(c, i + 2, " one ones of in from on ")) /* the 2nd of a list */
        return (struct jv_point){ 0 };
    jv_date_from_days(c->today, &y, &m, &today);
    for (int64_t k = m - 1; k <= m + 1; k++) {
        int64_t day = month_start(y, k) + d - 1;

        if (k == m - 1 || apart(day, c->today) < apart(best, c->today))
            best = day;
    }
    return days(best, best + 1, 2);
}

/* A week, month, quarter or year, `by` away from the one of today. */
static struct jv_point unit(const struct jv_calendar *c, size_t i, int64_t by, size_t n)
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
    if (jv_day_is(c, i, " year "))
        return days(month_start(y + by, 1), month_start(y + by + 1, 1), n);
    return (struct jv_point){ 0 };
}

/* Monday is 1. The coming one, today counts; back: the one before today. */
static struct jv_point on_weekday(const struct jv_calendar *c, int64_t wanted, bool back, size_t n)
{
    int64_t now = (c->today + 3) % 7 + 1, ahead = (wanted - now + 7) % 7;
    int64_t day = back ? c->today + ahead - 7 : c->today + ahead;

    return days(day, day + 1, n);
}

static int64_t unit_days(const struct jv_calendar *c, size_t i)
{
    return jv_day_is(c, i, " day days ")            ? 1
           : jv_day_is(c, i, " week weeks wk wks ") ? 7
           : jv_day_is(c, i, " month months ")      ? 30
           : jv_day_is(c, i, " fortnight ")         ? 14
           : jv_day_is(c, i, " year years ")        ? 365
                                                    : 0;
}

/* How many days "3 days", "a week", "48 hours" are; 0: none. */
int64_t jv_day_span(const struct jv_calendar *c, size_t i)
{
    int64_t count = jv_day_is(c, i, " few ") ? 3 : number(c, i);

    if (count > 0 && jv_day_is(c, i + 1, " hour hours hrs "))
        return (count + 23) / 24;
    return count > 0 ? count * unit_days(c, i + 1) : 0;
}

/* "next week", "this month", "last Friday", "the next 7 days", "past two weeks" */
static struct jv_point relative(const struct jv_calendar *c, size_t i)
{
    size_t skip = jv_day_the(c, i), at = i + skip;
    bool next = is_about(c, at, " next nxt coming following upcoming "),
         last = is_about(c, at, " last past previous ");
    bool now = jv_day_is(c, at, " this current ");
    int64_t by = next ? 1 : last ? -1 : 0, count = jv_day_span(c, at + 1);
    struct jv_point p;

    if (!next && !last && !now)
        return (struct jv_point){ 0 };
    if (!count && jv_day_is(c, at + 1, " couple ") && jv_day_is(c, at + 2, " of ")) {
        count = 2 * unit_days(c, at + 3);
        skip++;
    }
    if (count && next)
        return days(c->today, c->today + count + 1, skip + 3);
    if (count && last)
        return days(c->today - count, c->today + 1, skip + 3);
    if (next && jv_day_is(c, at + 1, " fortnight "))
        return days(c->today, c->today + 15, skip + 2);
    if (jv_day_is(c, at, " past ") && unit_days(c, at + 1) > 1)
        return days(c->today - unit_days(c, at + 1), c->today + 1, skip + 2);
    p = unit(c, at + 1, by, skip + 2);
    if (!p.n && last && jv_day_is(c, at + 1, " night "))
        p = days(c->today - 1, c->today, skip + 2);
    if (!p.n && jv_day_of_week(c, at + 1)) {
        p = on_weekday(c, jv_day_of_week(c, at + 1), last, skip + 2);
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
static struct jv_point counted(const struct jv_calendar *c, size_t i)
{
    int64_t count = jv_day_span(c, i), from;

    if (count && jv_day_is(c, i + 2, " ago "))
        return days(c->today - count, c->today - count + 1, 3);
    if (count && jv_day_is(c, i + 2, " from ")) { /* "a week from Monday" */
        from = jv_day_is(c, i + 3, " now today ") ? c->today
               : jv_day_of_week(c, i + 3) ? on_weekday(c, jv_day_of_week(c, i + 3), false, 1).first
                                          : 0;
        return from ? days(from + count, from + count + 1, 4) : (struct jv_point){ 0 };
    }
    count = jv_day_span(c, i + 1);
    if (jv_day_is(c, i, " in within ") && count) /* "in two weeks' time" */
        return days(c->today, c->today + count + 1, jv_day_is(c, i + 3, " time ") ? 4 : 3);
    if (jv_day_is(c, i, " within ") && jv_day_is(c, i + 1, " the this ")) {
        struct jv_point p = unit(c, i + 2, 0, 3);

        return days(c->today, p.after, p.n);
    }
    return (struct jv_point){ 0 };
}

/* "the day after tomorrow", "the week before last" */
static struct jv_point beyond(const struct jv_calendar *c, size_t i)
{
    size_t skip = jv_day_the(c, i), at = i + skip, n = skip + 3 + jv_day_the(c, at + 2);
    bool after = jv_day_is(c, at + 1, " after ");

    if (!after && !jv_day_is(c, at + 1, " before "))
        return (struct jv_point){ 0 };
    if (jv_day_is(c, at, " day ") &&
        jv_day_is(c, at + 2, after ? " tomorrow tommorow tomorow " : " yesterday "))
        return days(c->today + (after ? 2 : -2), c->today + (after ? 3 : -1), n);
    if (jv_day_is(c, at + n - skip - 1, " this "))
        return unit(c, at, after ? 1 : -1, n);
    if (jv_day_is(c, at + n - skip - 1, after ? " next " : " last "))
        return unit(c, at, after ? 2 : -2, n);
    return (struct jv_point){ 0 };
}

static struct jv_point named(const struct jv_calendar *c, size_t i)
{
    static const struct {
        const char *name;
        int64_t by;
    } names[] = { { "today", 0 },   { "tonight", 0 }, { "tomorrow", 1 }, { "tommorow", 1 },
                  { "tomorow", 1 }, { "tmrw", 1 },    { "tmr", 1 },      { "2moro", 1 },
                  { "2day", 0 },    { "tdy", 0 },     { "yday", -1 },    { "yesterday", -1 } };
    bool stays = jv_day_is(c, i + 1, " and until till to ");

    for (size_t k = 0; k < JV_COUNT(names); k++)
        if (strcmp(word(c, i), names[k].name) == 0 ||
            (strlen(word(c, i)) > 4 && !jv_ordinary(word(c, i)) &&
             jv_words_typo(word(c, i), names[k].name)))
            return days(c->today + names[k].by, c->today + names[k].by + 1, 1);
    if (jv_day_is(c, i, " now date ") &&
        (jv_day_is(c, i - 1, " till until ") ||
         (stays && jv_day_is(c, i, " now ") && jv_day_is(c, i - 1, " between from "))))
        return days(c->today, c->today + 1, 1);
    if (jv_day_of_week(c, i) &&
        (strlen(word(c, i)) > 4 || !jv_ordinary(word(c, i)) || (i && c->w->at[i].capital) ||
         jv_day_is(c, i - 1, " on by until before after since ")))
        return on_weekday(c, jv_day_of_week(c, i), jv_day_is(c, i - 1, " since "), 1);
    return (struct jv_point){ 0 };
}

/* "Friday the 17th", "Friday, 17 January", "Friday (of) next week", "next week on Friday" */
static struct jv_point exact(const struct jv_calendar *c, size_t i)
{
    struct jv_point p = { 0 }, week;
    int64_t d = number(c, i + jv_day_the(c, i));
    size_t first = i + jv_day_the(c, i) + 1; /* behind a number */
    size_t of = jv_day_is(c, i + 1, " of in ") ? 1 : 0, on = 0;

    if (jv_day_of_week(c, i)) {
        p = by_month(c, i + 1);
        p = p.n ? p : by_day(c, i + 1);
        week = relative(c, i + 1 + of);
        if (!p.n && week.n && week.after - week.first == 7)
            p = days(week.first + jv_day_of_week(c, i) - 1, week.first + jv_day_of_week(c, i),
                     week.n + of);
        p.n += p.n ? 1 : 0;
        return p;
    }
    first += jv_day_is(c, first, " of ") ? 1 : 0;
    week = in(d, 1, 31) && jv_day_is(c, first + 1, " month ") && !jv_day_is(c, first - 1, " a ")
                   ? relative(c, first)
                   : p;
    if (week.n == 2 && week.first + d <= week.after) /* "the 20th of this month" */
        return days(week.first + d - 1, week.first + d, first + 2 - i);
    week = relative(c, i);
    on = week.n && jv_day_is(c, i + week.n, " on ") ? 1 : 0;
    if (week.n && week.after - week.first == 7 && jv_day_of_week(c, i + week.n + on))
        p = days(week.first + jv_day_of_week(c, i + week.n + on) - 1,
                 week.first + jv_day_of_week(c, i + week.n + on), week.n + on + 1);
    return p;
}

/* "the weekend" */
static struct jv_point weekend(const struct jv_calendar *c, size_t i)
{
    return jv_day_the(c, i) || (i && jv_day_is(c, i - 1, " at over on this "))
                   ? jv_day_is(c, i + jv_day_the(c, i), " weekend ")
                             ? unit(c, i + jv_day_the(c, i), 0, jv_day_the(c, i) + 1)
                             : (struct jv_point){ 0 }
                   : (struct jv_point){ 0 };
}

/* "January 14 to 18", "11-13 january", "between 14 and 18 January": a row of days of one month. */
static struct jv_point row(const struct jv_calendar *c, size_t i)
{
    struct jv_point first, last;
    size_t skip = jv_day_the(c, i), at = i + skip, to, n;
    bool dash;

    n = month(c, at) ? 1 + jv_day_the(c, at + 1) : 0; /* the month first */
    dash = tied(c, at + n, '-') || (at + n + 1 < c->w->n && c->w->at[at + n + 1].before &&
                                    c->w->text[c->w->at[at + n + 1].from - 1] != ' ');
    to = at + n + (dash ? 1 : 2);
    if (!dash && !(jv_day_is(c, to - 1, " to till until through ") ||
                   (jv_day_is(c, to - 1, " and ") && i && jv_day_is(c, i - 1, " between "))))
        return (struct jv_point){ 0 };
    to += jv_day_the(c, to);
    if (!in(number(c, at + n), 1, 31) || !in(number(c, to), 1, 31) || jv_day_is(c, to, " a an ") ||
        jv_day_is(c, at + n, " a an "))
        return (struct jv_point){ 0 };
    if (n) {
        if (strlen(word(c, to)) > 4 || unit_days(c, to + 1) || month(c, to + 1))
            return (struct jv_point){ 0 };
        first = day_of(c, 0, month(c, at), number(c, at + n), 1);
        last = day_of(c, 0, month(c, at), number(c, to), 1);
        return days(first.first, last.after, to + 1 - i);
    }
    last = by_month(c, to);
    if (!last.n || last.after != last.first + 1)
        return (struct jv_point){ 0 };
    first = days(last.first - number(c, to) + number(c, at), 0, 1);
    return days(first.first, last.after, to + last.n - i);
}

/* "by month end", "the rest of the week" */
static struct jv_point remaining(const struct jv_calendar *c, size_t i)
{
    size_t n = jv_day_the(c, i), now;
    struct jv_point p = unit(c, i, 0, 2);

    if (p.n && jv_day_is(c, i + 1, " end "))
        return days(p.after - 1, p.after, 2);
    if (!jv_day_is(c, i + n, " rest remainder ") || !jv_day_is(c, i + n + 1, " of "))
        return (struct jv_point){ 0 };
    now = jv_day_is(c, i + n + 2, " the this ") ? 1 : 0;
    p = unit(c, i + n + 2 + now, 0, n + 3 + now);
    return days(c->today, p.after, p.n);
}

/* "eow": the end of this week, and so on. */
static struct jv_point abbreviated(const struct jv_calendar *c, size_t i)
{
    static const char *const names[] = { "week", "month", "quarter", "year" };
    static const char *const briefs[] = { "eow", "eom", "eoq", "eoy" };

    for (size_t k = 0; k < JV_COUNT(names); k++)
        if (strcmp(word(c, i), briefs[k]) == 0) {
            struct jv_word w = { .norm = names[k] };
            struct jv_words one = { .n = 1, .at = &w, .text = "" };
            struct jv_calendar inner = { .w = &one, .today = c->today };
            struct jv_point p = unit(&inner, 0, 0, 1);

            return days(p.after - 1, p.after, 1);
        }
    return (struct jv_point){ 0 };
}

/* "the week of January 13" */
static struct jv_point week_of(const struct jv_calendar *c, size_t i)
{
    size_t n = jv_day_the(c, i) + 2;
    struct jv_point p;

    if (!jv_day_is(c, i + n - 2, " week ") || !jv_day_is(c, i + n - 1, " of "))
        return (struct jv_point){ 0 };
    p = by_month(c, i + n);
    p = p.n ? p : by_day(c, i + n);
    if (!p.n || p.after != p.first + 1)
        return (struct jv_point){ 0 };
    p.first -= (p.first + 3) % 7;
    return days(p.first, p.first + 7, p.n + n);
}

/* "end of the week", "the beginning of January": its last day, its first. */
static struct jv_point end_of(const struct jv_calendar *c, size_t i)
{
    size_t n = jv_day_the(c, i), inner;
    struct jv_point p;

    bool begin = jv_day_is(c, i + n, " beginning start ");

    if (!(begin || jv_day_is(c, i + n, " end ")) || !jv_day_is(c, i + n + 1, " of "))
        return (struct jv_point){ 0 };
    inner = i + n + 2;
    p = relative(c, inner);
    if (!p.n)
        p = by_month(c, inner);
    if (!p.n)
        p = unit(c, inner + jv_day_the(c, inner), 0, jv_day_the(c, inner) + 1);
    if (p.first == INT64_MIN)
        p.n += n + 2;
    if (!p.n || p.first == INT64_MIN)
        return p;
    return begin ? days(p.first, p.first + 1, p.n + n + 2)
                 : days(p.after - 1, p.after, p.n + n + 2);
}

/* "in that week", "until then", "exams then?" */
static struct jv_point again(const struct jv_calendar *c, size_t i)
{
    bool last_word = i + 1 >= c->w->n || c->w->at[i + 1].before == JV_STOP;
    bool then = jv_day_is(c, i, " then ") && i && c->w->at[i].before == JV_NO_BREAK &&
                (last_word || jv_day_is(c, i - 1, " by until till before since after "));
    bool it = jv_day_is(c, i, " it ") && i && jv_day_is(c, i - 1, " in during ") && last_word;

    if (!c->last.n)
        return (struct jv_point){ 0 };
    if (then || it)
        return days(c->last.first, c->last.after, 1);
    if (jv_day_is(c, i, " there ") && i && jv_day_is(c, i - 1, " from ") &&
        jv_day_is(c, i + 1, " on onwards "))
        return days(c->last.first, c->last.after, 1);
    if (jv_day_is(c, i, " that ") && jv_day_of_week(c, i + 1))
        return days(c->last.first, c->last.after, 2);
    if (!jv_day_is(c, i, " that ") ||
        !jv_day_is(c, i + 1, " day date week month weekend time period "))
        return (struct jv_point){ 0 };
    return days(c->last.first, c->last.after, 2);
}

struct jv_point jv_point_at(const struct jv_calendar *c, size_t i)
{
    static const struct {
        struct jv_point (*read)(const struct jv_calendar *, size_t);
        bool period;
    } readers[] = {
        { iso, false },       { end_of, false },  { again, true },     { remaining, true },
        { row, true },        { exact, false },   { by_month, false }, { by_slash, false },
        { by_quarter, true }, { by_day, false },  { week_of, true },   { abbreviated, false },
        { beyond, true },     { relative, true }, { weekend, true },   { counted, false },
        { by_year, true },    { named, false },
    };
    struct jv_point p = { 0 };

    for (size_t k = 0; k < JV_COUNT(readers) && !p.n && i < c->w->n; k++) {
        p = readers[k].read(c, i);
        p.period = readers[k].period || (p.n && p.after > p.first + 1) ||
                   jv_day_is(c, i, " today yesterday tomorrow ");
    }
    if (i + p.n > c->w->n)
        p.n = 0;
    return p;
}
