/* follow.h -- what only makes sense after something: "What about GCP?", "show me the details", "and
 * which is cheaper?", "approve it". */
#ifndef JV_FOLLOW_H
#define JV_FOLLOW_H

#include "plan/memory.h"

/* All that a wish says points back: "details", "cheaper". */
bool jv_points_back(const struct jv_reading *r, const struct jv_wish *w);

/* The calls it means; 0 when it does not follow anything. *compare: they are alternatives. */
size_t jv_follow(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                 const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret,
                 bool *ret_compare);

#endif
