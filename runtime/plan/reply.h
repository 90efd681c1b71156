/* reply.h -- does a text answer the question that was asked back? */
#ifndef JV_REPLY_H
#define JV_REPLY_H

#include "plan/clause.h"
#include "plan/memory.h"

enum jv_reply {
    JV_REPLY_NONE = 0, /* about something else */
    JV_REPLY_FILLED,   /* the open call has what it lacked */
    JV_REPLY_DROPPED,  /* never mind */
};

/* Does the text answer the open question? ret[0..*ret_n) are the calls with the member set, one for
 * each value it names. */
enum jv_reply jv_reply(const struct jv_reading *r, const struct jv_wish *wishes, size_t n_wishes,
                       const struct jv_memory *m, struct jv_arena *a, struct jv_draft *ret,
                       size_t *ret_n);

#endif
