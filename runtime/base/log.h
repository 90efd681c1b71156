/* log.h -- one line per event on stderr, key=value, quoted where needed; thread-safe.
 *
 * error: a person must act; warn: we coped; info: life cycle and one line per message; debug. The
 * same warning text at most once a second. Secrets never get here. */
#ifndef JV_LOG_H
#define JV_LOG_H

#include "jv/base.h"

enum jv_level { JV_LOG_ERROR, JV_LOG_WARN, JV_LOG_INFO, JV_LOG_DEBUG };

/* `who` opens every line: actor=tickets. json: one JSON object per line instead. */
void jv_log_init(const char *who, enum jv_level level, bool json);
void jv_log_level(enum jv_level level);
bool jv_log_on(enum jv_level level);
JV_CHECKED int jv_log_parse(const char *name, enum jv_level *ret);

/* event is a word: "msg", "start"; then name, value pairs, ended by NULL. A NULL value skips. */
void jv_log(enum jv_level level, const char *event, ...) __attribute__((sentinel));
/* A sentence: text="...". */
void jv_logf(enum jv_level level, const char *fmt, ...) JV_PRINTF(2, 3);

#endif
