/* doubt.h -- was the change really asked for? What is doubtful is asked about before it is done. */
#ifndef JV_DOUBT_H
#define JV_DOUBT_H

#include "plan/memory.h"

/* Something in the words speaks against doing these calls at once: an exception, a condition, a
 * later time, an alternative, a word taken back, or a change that contradicts another. */
bool jv_doubtful(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                 const struct jv_draft *drafts, size_t n_drafts);

/* The answer to "shall I?". */
bool jv_says_yes(const struct jv_reading *r, const struct jv_draft *asked, size_t n);
bool jv_says_no(const struct jv_reading *r);

#endif
