/* private.h -- what the files of sched/ share: tasks on the loop, and the loop's fibers. */
#ifndef JV_SCHED_PRIVATE_H
#define JV_SCHED_PRIVATE_H

#include "sched/loop.h"

/* Run fn soon, on the loop's thread, without allocating: the struct is the caller's. Deferring one
 * that is queued already does nothing. Only for the loop's thread (or a fiber of it). */
struct jv_defer {
    void (*fn)(struct jv_defer *d);
    struct jv_defer *next;
    bool queued;
};
void jv_loop_defer(struct jv_loop *l, struct jv_defer *d);

/* Kept in the loop so that fibers need no global. */
struct jv_stack;
struct jv_fibers {
    size_t alive, pooled;
    struct jv_stack *pool;
    void (*free_pool)(struct jv_fibers *f);
};
struct jv_fibers *jv_loop_fibers(const struct jv_loop *l);

/* ---- a fiber's back end: something with a stack that can be entered and left ------------------
 * Made suspended; entering runs fn(arg) until it leaves; when fn returns, enter returns too and
 * the stack is given back. */
struct jv_stack *jv_stack_take(struct jv_fibers *f, void (*fn)(void *), void *arg);
void jv_stack_enter(struct jv_stack *s);                     /* from the loop */
void jv_stack_leave(struct jv_stack *s);                     /* from inside */
void jv_stack_give(struct jv_fibers *f, struct jv_stack *s); /* after fn has returned */
void jv_stack_bounds(const struct jv_stack *s, char **ret_low, size_t *ret_size); /* from inside */

#endif
