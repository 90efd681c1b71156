/* test_dates.c -- times that people name, on Friday, 10 January 2025. */
#include "check.h"
#include "plan/dates.h"

static const int64_t now_ms = INT64_C(1736467200000);

/* "2025-01-13..2025-01-20" of each time in the text; "" on a side that is open. */
static const char *times_in(struct jv_arena *a, const char *text)
{
    struct jv_words w = jv_words_read(a, text);
    struct jv_date dates[JV_DATES_MAX];
    size_t n = jv_dates_read(&w, now_ms, dates);
    struct jv_buf b = jv_buf_new(a);

    for (size_t i = 0; i < n; i++) {
        const struct jv_date *d = &dates[i];

        jv_buf_str(&b, i ? " " : "");
        if (d->since != INT64_MIN)
            jv_buf_add(&b, jv_time_print(a, d->since, 0), 10);
        jv_buf_str(&b, "..");
        if (d->until != INT64_MAX)
            jv_buf_add(&b, jv_time_print(a, d->until, 0), 10);
    }
    return b.data ? b.data : "";
}

struct times {
    const char *text, *times;
};

static void check_times(const struct times *list, size_t n)
{
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < n; i++)
        if (strcmp(times_in(a, list[i].text), list[i].times) != 0) {
            printf("# \"%s\" is %s, not %s\n", list[i].text, times_in(a, list[i].text),
                   list[i].times);
            check_failures++;
        }
    jv_arena_free(a);
}

TEST(ranges)
{
    static const struct times cases[] = {
        { "exams today", "2025-01-10..2025-01-11" },
        { "tomorrow's exams", "2025-01-11..2025-01-12" },
        { "what is due tomorrow", "2025-01-11..2025-01-12" },
        { "created yesterday", "2025-01-09..2025-01-10" },
        { "this week", "2025-01-06..2025-01-13" },
        { "next week", "2025-01-13..2025-01-20" },
        { "last week", "2024-12-30..2025-01-06" },
        { "next month", "2025-02-01..2025-03-01" },
        { "last month", "2024-12-01..2025-01-01" },
        { "this year", "2025-01-01..2026-01-01" },
        { "this quarter", "2025-01-01..2025-04-01" },
        { "in the next 7 days", "2025-01-10..2025-01-18" },
        { "within two weeks", "2025-01-10..2025-01-25" },
        { "in the last 3 days", "2025-01-07..2025-01-11" },
        { "3 days ago", "2025-01-07..2025-01-08" },
        { "on Monday", "2025-01-13..2025-01-14" },
        { "by friday", "..2025-01-11" },
        { "since monday", "2025-01-06.." },
        { "in January", "2025-01-01..2025-02-01" },
        { "January 18th", "2025-01-18..2025-01-19" },
        { "18 jan 2026", "2026-01-18..2026-01-19" },
        { "the 18th of January", "2025-01-18..2025-01-19" },
        { "on the 18th", "2025-01-18..2025-01-19" },
        { "20 December", "2024-12-20..2024-12-21" }, /* the nearest one */
        { "2025-01-18", "2025-01-18..2025-01-19" },
        { "18.01.2025", "2025-01-18..2025-01-19" },
        { "by January 18", "..2025-01-19" },
        { "until 18 january", "..2025-01-19" },
        { "up to and including the 18th of January", "..2025-01-19" },
        { "no later than January 18", "..2025-01-19" },
        { "before January 18", "..2025-01-18" },
        { "after January 18", "2025-01-19.." },
        { "on or after 2025-01-10", "2025-01-10.." },
        { "since 10 January 2025", "2025-01-10.." },
        { "since the tenth of january", "2025-01-10.." },
        { "from jan 10 onwards", "2025-01-10.." },
        { "between the 13th and the 17th of January", "2025-01-13..2025-01-18" },
        { "from Monday to Friday", "2025-01-13..2025-01-18" },
        { "18 Janaury", "2025-01-18..2025-01-19" },
        { "may I see my tickets", "" },
        { "ticket 12301", "" },
        { "", "" },
    };

    check_times(cases, JV_COUNT(cases));
}

TEST(sides)
{
    static const struct times cases[] = {
        { "from last week", "2024-12-30..2025-01-06" },
        { "from yesterday", "2025-01-09..2025-01-10" },
        { "from today", "2025-01-10..2025-01-11" },
        { "from this week", "2025-01-06..2025-01-13" },
        { "from December", "2024-12-01..2025-01-01" },
        { "from next week on", "2025-01-13.." },
        { "from Monday", "2025-01-13.." },
        { "from last week until today", "2024-12-30..2025-01-11" },
        { "before Friday", "..2025-01-17" },
        { "before Monday", "..2025-01-13" },
        { "before Friday the 17th", "..2025-01-17" },
        { "before friday next week", "..2025-01-17" },
        { "next Friday", "2025-01-17..2025-01-18" },
        { "next week on Friday", "2025-01-17..2025-01-18" },
        { "Friday, 17 January", "2025-01-17..2025-01-18" },
        { "later than January 18", "2025-01-19.." },
        { "not earlier than January 18", "2025-01-18.." },
        { "as of today", ".." },
        { "as of Monday", "2025-01-13.." },
        { "more than a week away", "2025-01-18.." },
        { "in more than 2 weeks", "2025-01-25.." },
        { "less than a week away", "2025-01-10..2025-01-17" },
        { "older than 2 days", "..2025-01-08" },
        { "more than three days ago", "..2025-01-07" },
        { "less than 3 days old", "2025-01-07.." },
        { "on Friday at the latest", "..2025-01-11" },
        { "at the earliest on Monday", "2025-01-13.." },
        { "no sooner than Monday", "2025-01-13.." },
        { "on or before January 9", "..2025-01-10" },
        { "not before January 9", "2025-01-09.." },
        { "before the end of the month", "..2025-02-01" },
        { "Monday through Wednesday", "2025-01-13..2025-01-16" },
        { "between now and Monday", "2025-01-10..2025-01-14" },
        { "until now", ".." },
        { "now", "" },
        { "more than a week", "" },
        { "over 5 tickets", "" },
    };

    check_times(cases, JV_COUNT(cases));
}

TEST(ways_to_say_it)
{
    static const struct times cases[] = {
        { "the day after tomorrow", "2025-01-12..2025-01-13" },
        { "the day before yesterday", "2025-01-08..2025-01-09" },
        { "week after next", "2025-01-20..2025-01-27" },
        { "the week before last", "2024-12-23..2024-12-30" },
        { "over the weekend", "2025-01-11..2025-01-13" },
        { "this weekend", "2025-01-11..2025-01-13" },
        { "since the beginning of the year", "2025-01-01.." },
        { "at the start of next week", "2025-01-13..2025-01-14" },
        { "February 30", ".." },
        { "2025-02-30", ".." },
        { "by 31 April", ".." },
        { "15/01", "2025-01-15..2025-01-16" },
        { "on 1/15", "2025-01-15..2025-01-16" },
        { "24/7", "" },
        { "10/Jan/2025", "2025-01-10..2025-01-11" },
        { "since 10/Jan", "2025-01-10.." },
        { "11-13 january", "2025-01-11..2025-01-14" },
        { "11\xe2\x80\x93"
          "13 january",
          "2025-01-11..2025-01-14" },
        { "January 14 to 18", "2025-01-14..2025-01-19" },
        { "jan 14-18", "2025-01-14..2025-01-19" },
        { "between January 14 and 18", "2025-01-14..2025-01-19" },
        { "between 14 and 18 January", "2025-01-14..2025-01-19" },
        { "from the 14th to the 18th of January", "2025-01-14..2025-01-19" },
        { "from jan 11 up to and including jan 13", "2025-01-11..2025-01-14" },
        { "January 14 and 3 tickets", "2025-01-14..2025-01-15" },
        { "in 2026", "2026-01-01..2027-01-01" },
        { "tickets from 2024", "2024-01-01..2025-01-01" },
        { "ticket 2024", "" },
        { "in Q1", "2025-01-01..2025-04-01" },
        { "in the last 48 hours", "2025-01-08..2025-01-11" },
        { "within 24 hours", "2025-01-10..2025-01-12" },
        { "next wk", "2025-01-13..2025-01-20" },
        { "nxet week", "2025-01-13..2025-01-20" },
        { "next weak", "" },
        { "last wek", "2024-12-30..2025-01-06" },
        { "yesturday", "2025-01-09..2025-01-10" },
        { "within the week", "2025-01-10..2025-01-13" },
        { "in a fortnight", "2025-01-10..2025-01-25" },
        { "by eom", "..2025-02-01" },
        { "the week of January 15", "2025-01-13..2025-01-20" },
        { "on the ninth", "2025-01-09..2025-01-10" },
        { "the ninth of my tickets", "" },
        { "from January 10 to February 30", "2025-01-10.. .." },
        { "end of February 30", ".." },
        { "the past week", "2025-01-03..2025-01-11" },
        { "past month", "2024-12-11..2025-01-11" },
    };

    check_times(cases, JV_COUNT(cases));
}

TEST(days_said_before)
{
    static const struct times cases[] = {
        { "I am away next week. Any exams then?", "2025-01-13..2025-01-20 2025-01-13..2025-01-20" },
        { "the exam is on Monday, what is due before then", "2025-01-13..2025-01-14 ..2025-01-13" },
        { "until Monday, then my courses", "..2025-01-14" },
        { "from Monday to Friday I am away, any exams then?",
          "2025-01-13..2025-01-18 2025-01-13..2025-01-18" },
        { "before next Friday (17 January)", "..2025-01-17" },
        { "until 18th January, that date also included", "..2025-01-19" },
        { "Friday next week I am away, exams before that Friday",
          "2025-01-17..2025-01-18 ..2025-01-17" },
        { "the 20th of this month", "2025-01-20..2025-01-21" },
        { "a week from Monday", "2025-01-20..2025-01-21" },
        { "two days from now", "2025-01-12..2025-01-13" },
        { "in 3 weeks' time", "2025-01-10..2025-02-01" },
        { "the rest of the month", "2025-01-10..2025-02-01" },
        { "by month end", "..2025-02-01" },
        { "in the last couple of weeks", "2024-12-27..2025-01-11" },
        { "on 20.01.", "2025-01-20..2025-01-21" },
        { "20/1/25", "2025-01-20..2025-01-21" },
        { "tmrw", "2025-01-11..2025-01-12" },
        { "exams fri", "2025-01-10..2025-01-11" },
        { "we sat down", "" },
        { "show Sat exams", "2025-01-11..2025-01-12" },
        { "march exams", "2025-03-01..2025-04-01" },
        { "the week after this", "2025-01-13..2025-01-20" },
        { "next week is full, what exams are in it?",
          "2025-01-13..2025-01-20 2025-01-13..2025-01-20" },
    };

    check_times(cases, JV_COUNT(cases));
}

TEST_MAIN()
