/* pace.h -- how many records a person may have in a minute: a trail of a million denials hides what
 * it was made for. The rest is counted. Each process counts for itself. Not thread-safe. */
#ifndef JV_PACE_H
#define JV_PACE_H

#include "jv/base.h"

enum { JV_PACE_MS = 60000, JV_PACE_MOST = 300, JV_PACE_NAME = 80 };

struct jv_pace;

struct jv_pace *jv_pace_new(void);
struct jv_pace *jv_pace_free(struct jv_pace *p);

/* Does an action count? Those that change nothing do; a change always has its record. */
bool jv_pace_counts(const char *action);
/* May this one have a record? *ret_first: it is the first of the person's minute that has none. */
bool jv_pace_lets(struct jv_pace *p, const char *who, const char *user_id, int64_t real_ms,
                  bool *ret_first);
/* How many had none since this was asked: once for each person, 0 when there are no more. */
unsigned jv_pace_take(struct jv_pace *p, char who[JV_PACE_NAME], char user_id[JV_PACE_NAME]);

#endif
