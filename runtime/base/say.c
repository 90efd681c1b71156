/* say.c -- words for people: money, percentages, dates, escaped text. */
#include "jv/say.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Whether Markdown would take text[i] for markup. */
static bool is_markup(const char *text, size_t i)
{
    if (text[i] == '_')
        return i == 0 || !is_word(text[i - 1]) || !is_word(text[i + 1]);
    if (strchr("\\`*[]|~", text[i]))
        return true;
    return i == 0 && strchr("#+-=", text[0]);
}

static const char *html_entity(char c)
{
    return c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : NULL;
}

void jv_say_text(struct jv_buf *b, const char *text)
{
    for (size_t i = 0; text[i]; i++) {
        if (is_control(text[i])) {
            jv_buf_char(b, ' ');
        } else if (html_entity(text[i])) {
            jv_buf_str(b, html_entity(text[i]));
        } else {
            if (is_markup(text, i))
                jv_buf_char(b, '\\');
            jv_buf_char(b, text[i]);
        }
    }
}

void jv_say_list(struct jv_buf *b, size_t n, const char *const *items)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            jv_buf_str(b, i + 1 < n ? ", " : " and ");
        jv_say_text(b, items[i]);
    }
}

void jv_say_money(struct jv_buf *b, int64_t cents)
{
    uint64_t left = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    uint64_t units = left / 100, group = 1;

    while (units / group >= 1000)
        group *= 1000;
    jv_buf_printf(b, "USD %s%" PRIu64, cents < 0 ? "-" : "", units / group);
    for (group /= 1000; group; group /= 1000)
        jv_buf_printf(b, ",%03" PRIu64, units / group % 1000);
    jv_buf_printf(b, ".%02" PRIu64, left % 100);
}

void jv_say_percent(struct jv_buf *b, double percent)
{
    jv_buf_printf(b, "%.2f %%", percent);
}

void jv_say_count(struct jv_buf *b, int64_t n, const char *one, const char *many)
{
    if (n == 0)
        jv_buf_printf(b, "no %s", many);
    else
        jv_buf_printf(b, "%" PRId64 " %s", n, n == 1 ? one : many);
}

void jv_say_date(struct jv_buf *b, int64_t unix_seconds)
{
    enum { date_len = sizeof("2025-01-10") - 1 };
    const int64_t year_1 = -62135596800, year_10000 = 253402300800;

    if (unix_seconds < year_1 || unix_seconds >= year_10000)
        jv_buf_str(b, "an unknown day");
    else
        jv_buf_add(b, jv_time_print(b->arena, unix_seconds, 0), date_len);
}

static const char *date_text(struct jv_arena *a, int64_t unix_seconds)
{
    struct jv_buf b = jv_buf_new(a);

    jv_say_date(&b, unix_seconds);
    return b.data;
}

void jv_say_span(struct jv_buf *b, int64_t from, int64_t until)
{
    const char *first = from == INT64_MIN ? NULL : date_text(b->arena, from);
    const char *last = until == INT64_MAX ? NULL : date_text(b->arena, until - (until > INT64_MIN));

    if (first && last && strcmp(first, last) == 0)
        jv_buf_printf(b, "on %s", first);
    else if (first && last)
        jv_buf_printf(b, "from %s to %s", first, last);
    else if (first)
        jv_buf_printf(b, "from %s on", first);
    else if (last)
        jv_buf_printf(b, "up to %s", last);
}

void jv_say_days(struct jv_buf *b, int64_t days)
{
    if (days == 0) {
        jv_buf_str(b, "due today");
    } else if (days > 0) {
        jv_say_count(b, days, "day left", "days left");
    } else {
        jv_buf_str(b, "overdue by ");
        jv_say_count(b, -days, "day", "days");
    }
}

void jv_say_who(struct jv_buf *b, const char *who, const char *reader, const char *you,
                const char *they)
{
    if (strcasecmp(who, reader) == 0) {
        jv_buf_str(b, you);
    } else {
        jv_say_text(b, who);
        jv_buf_printf(b, " %s", they);
    }
}

void jv_say_whose(struct jv_buf *b, const char *who, const char *reader, const char *you)
{
    if (strcasecmp(who, reader) == 0) {
        jv_buf_str(b, you);
    } else {
        jv_say_text(b, who);
        jv_buf_str(b, "'s");
    }
}

char *jv_slug(struct jv_arena *a, const char *name)
{
    char *slug = jv_arena_strdup(a, name);
    size_t n = 0;
    bool gap = false;

    for (const char *p = name; *p; p++) {
        if (strchr(" \t\r\n-_", *p)) {
            gap = n > 0;
            continue;
        }
        if (gap)
            slug[n++] = '_';
        gap = false;
        slug[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
    slug[n] = '\0';
    return slug;
}
