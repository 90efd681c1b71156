/* heap.h -- the loop's timers, nearest first. */
#ifndef JV_HEAP_H
#define JV_HEAP_H

#include "sched/loop.h"

struct jv_heap {
    struct jv_loop_timer **items;
    size_t n, cap;
    uint64_t started; /* numbers timers in the order of starting */
};

void jv_heap_add(struct jv_heap *h, struct jv_loop_timer *t);
void jv_heap_remove(struct jv_heap *h, struct jv_loop_timer *t); /* idle ones too */
/* NULL when there is none. */
static inline struct jv_loop_timer *jv_heap_first(const struct jv_heap *h)
{
    return h->n ? h->items[0] : NULL;
}

#endif
