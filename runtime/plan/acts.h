/* acts.h -- does a part of the sentence ask for a change, or only speak of one? */
#ifndef JV_ACTS_H
#define JV_ACTS_H

#include "plan/match.h"

/* The token, a word of a tool that changes something, asks for it: "open a ticket", "approve 1",
 * "must be deleted"; not "my open tickets", "approved", "was it deleted?". */
bool jv_may_act(const struct jv_reading *r, const struct jv_clause *c, size_t i);
/* So does this phrase of such a tool: the part begins with it. */
bool jv_asks_for(const struct jv_reading *r, const struct jv_clause *c, const struct jv_span *s);
/* "ticket for a laptop": one of what the tool makes is named, and nothing else is said. */
bool jv_names_one(const struct jv_reading *r, const struct jv_clause *c,
                  const struct jv_cat_family *f);
/* "the vpn ticket": one that is there already. */
bool jv_names_known(const struct jv_reading *r, const struct jv_clause *c,
                    const struct jv_cat_family *f);
/* A word of the family's change stands in the part and asks for it. */
bool jv_asks_within(const struct jv_reading *r, const struct jv_clause *c, uint32_t family);
/* "ticket for ...": it begins so. */
bool jv_begins_with_one(const struct jv_reading *r, const struct jv_clause *c,
                        const struct jv_cat_family *f);
/* "12301 update": a tool that changes what is named by its number, and no new value is said. */
bool jv_changes_nothing(const struct jv_reading *r, const struct jv_clause *c, uint32_t family);

#endif
