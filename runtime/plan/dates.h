/* dates.h -- times that people name: "next week", "by January 18th", "since 2025-01-10". */
#ifndef JV_DATES_H
#define JV_DATES_H

#include "plan/words.h"

enum { JV_DATES_MAX = 8 };

/* Words from..from+n of a text mean [since, until) in unix seconds, whole days of UTC. */
struct jv_date {
    size_t from, n;
    int64_t since, until; /* INT64_MIN, INT64_MAX: open on that side */
    int64_t back;         /* "Monday" may be the last one, too: so much earlier; 0: it may not */
};

/* In the order they stand; returns how many. A day without a year is the nearest such day. */
size_t jv_dates_read(const struct jv_words *w, int64_t now_ms, struct jv_date ret[JV_DATES_MAX]);

#endif
