/* offload.h -- the loop's helper threads; see jv_loop_offload(). */
#ifndef JV_OFFLOAD_H
#define JV_OFFLOAD_H

#include "sched/loop.h"

struct jv_offload;

struct jv_offload *jv_offload_new(struct jv_loop *l);
/* Finishes what is queued, without telling anybody. */
struct jv_offload *jv_offload_free(struct jv_offload *o);
bool jv_offload_add(struct jv_offload *o, int (*fn)(void *), void *arg,
                    void (*done)(void *done_arg, int result), void *done_arg);

#endif
