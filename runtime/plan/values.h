/* values.h -- which values of a part of the sentence a family takes: for match.c. */
#ifndef JV_VALUES_H
#define JV_VALUES_H

#include "plan/match.h"

/* The i-th value of the reading. */
const struct jv_phrase *jv_value_of(const struct jv_reading *r, size_t i);
bool jv_value_inside(const struct jv_clause *clause, const struct jv_span *s);
/* An earlier value that begins at the same token is what the family takes: "closed" is two. */
bool jv_value_again(const struct jv_reading *r, size_t i, uint32_t family);
bool jv_value_takes(const struct jv_reading *r, size_t i, uint32_t family);
/* It is a verb, which is a value only where it is done: "complete the ticket". */
bool jv_value_only_done(const struct jv_reading *r, const struct jv_clause *clause,
                        const struct jv_span *s, uint32_t family);
/* One more of those left where others are denied. */
bool jv_value_other(const struct jv_reading *r, size_t i);

#endif
