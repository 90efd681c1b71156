/* say.h -- words for people: money, percentages, dates and data as Markdown; and the way back,
 * names as people write them made uniform.
 *
 * For an agent's say() functions. Everything appends to the buffer; nothing fails or waits. What
 * comes from data or from people goes through jv_say_text(), so that it can neither break a table
 * nor become markup. */
#ifndef JV_SAY_H
#define JV_SAY_H

#include "jv/base.h"

/* Text as it is, on one line: Markdown and HTML in it are escaped, control characters are spaces.
 * An underscore within a word stays bare (vpn_access), as Markdown leaves it alone. */
void jv_say_text(struct jv_buf *b, const char *text);
/* "a", "a and b", "a, b and c", each escaped. */
void jv_say_list(struct jv_buf *b, size_t n, const char *const *items);
/* "USD 15,234.50", "USD -20.00". */
void jv_say_money(struct jv_buf *b, int64_t cents);
/* "41.62 %". */
void jv_say_percent(struct jv_buf *b, double percent);
/* "1 ticket", "2 tickets", "no tickets". */
void jv_say_count(struct jv_buf *b, int64_t n, const char *one, const char *many);
/* "2025-01-10", in UTC; of a time outside the years 1 to 9999 "an unknown day". */
void jv_say_date(struct jv_buf *b, int64_t unix_seconds);
/* The days of a time range, in UTC, both named: "from 2025-01-13 to 2025-01-19", "on 2025-01-15",
 * "from 2025-01-13 on", "up to 2025-01-19". Unix seconds, `until` is the first second after it;
 * INT64_MIN and INT64_MAX are no bounds, and without any nothing is said. */
void jv_say_span(struct jv_buf *b, int64_t from, int64_t until);
/* Until a deadline: "5 days left", "1 day left", "due today", "overdue by 3 days". */
void jv_say_days(struct jv_buf *b, int64_t days);
/* The start of a sentence about a person: `you` when who is the reader, else who and `they`:
 * jv_say_who(b, who, reader, "You have", "has") gives "You have" or "alex has". */
void jv_say_who(struct jv_buf *b, const char *who, const char *reader, const char *you,
                const char *they);
/* Whose something is: `you` when who is the reader, else "alex's":
 * jv_say_whose(b, who, reader, "Your") gives "Your" or "alex's". */
void jv_say_whose(struct jv_buf *b, const char *who, const char *reader, const char *you);

/* A name as data has it: "VPN access", " vpn-access " -> "vpn_access". Lower case; blanks, dashes
 * and underscores are one underscore, none at the ends; other characters stay, for the caller to
 * accept or refuse. */
char *jv_slug(struct jv_arena *a, const char *name);

#endif
