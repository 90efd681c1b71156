/* fiber.h -- straight-line code on the loop: a stack of its own, suspended by waiting.
 *
 * Two back ends with one meaning: fiber_ucontext.c ships (with ASan's annotations);
 * fiber_thread.c runs each fiber on a pthread, one at a time, for TSan, Valgrind and gdb.
 * Which one is chosen when building (JV_FIBER_THREAD). All calls are for the loop's thread (or a
 * fiber of it). */
#ifndef JV_FIBER_H
#define JV_FIBER_H

#include "sched/loop.h"

struct jv_fiber;

enum { JV_FIBER_STACK = 256 * 1024 }; /* mapped with a guard page; only touched pages count */

/* Run fn(arg) in a fiber, from the loop, soon. Stacks are pooled. */
struct jv_fiber *jv_fiber_start(struct jv_loop *l, void (*fn)(void *arg), void *arg);
struct jv_fiber *jv_fiber_self(void); /* NULL outside */

/* Suspend until woken, cancelled or mono_ms has come (INT64_MAX: no limit): JV_OK, JV_CANCELLED,
 * JV_DEADLINE_EXCEEDED. A wake that came before the wait is not lost: the wait returns at once. */
int jv_fiber_wait(int64_t until_mono_ms);
/* Let a waiting fiber go on (from the loop, not at once); several wakes before it runs are one.
 * Callers re-check their condition after a wait. Never call it on a fiber that may have ended. */
void jv_fiber_wake(struct jv_fiber *f);
/* Sticky: this and every later wait returns JV_CANCELLED, until jv_fiber_uncancel(). */
void jv_fiber_cancel(struct jv_fiber *f);
bool jv_fiber_cancelled(const struct jv_fiber *f);
void jv_fiber_uncancel(struct jv_fiber *f); /* for clean-up that must wait */

size_t jv_fiber_count(const struct jv_loop *l); /* alive */
/* The stack of whatever runs now and how much of it was ever touched; for tests. */
size_t jv_fiber_stack_used(void);

#endif
