/* days.h -- the days that words name: "tomorrow", "next week", "18 Jan 2025"; of dates.c. */
#ifndef JV_DAYS_H
#define JV_DAYS_H

#include "plan/words.h"

/* A row of whole days, counted from 1970-01-01. */
struct jv_point {
    int64_t first, after; /* the day behind the last one; INT64_MIN, INT64_MAX: no such day */
    size_t n;             /* words; 0: none */
    bool period;          /* "from" it means in it: "last week", but not "Monday" */
};

/* What a text says while it is read. */
struct jv_calendar {
    const struct jv_words *w;
    int64_t today;
    struct jv_point last; /* the one before: "that week" */
};

/* The days named by the words from i on. */
struct jv_point jv_point_at(const struct jv_calendar *c, size_t i);

/* The word stands in the list, which has spaces around each. */
bool jv_day_is(const struct jv_calendar *c, size_t i, const char *list);
/* 1 when the word is "the", or else 0: how many to skip. */
size_t jv_day_the(const struct jv_calendar *c, size_t i);
/* Monday is 1; 0: no day of a week. */
int64_t jv_day_of_week(const struct jv_calendar *c, size_t i);
/* How many days "3 days", "a week", "48 hours" are; 0: none. */
int64_t jv_day_span(const struct jv_calendar *c, size_t i);

#endif
