/* loop.h -- one thread's events: descriptors, timers, posts from other threads, and the clock.
 *
 * With a virtual clock (tests) time stands still while anything can run and jumps to the next
 * timer when nothing can; while real work is out (jv_loop_hold: a query, an offloaded function)
 * the loop waits for it in real time before it jumps.
 *
 * Everything but jv_loop_post and jv_loop_stop is for the loop's own thread. */
#ifndef JV_LOOP_H
#define JV_LOOP_H

#include "jv/base.h"

struct jv_loop;

enum jv_clock_kind { JV_CLOCK_REAL, JV_CLOCK_VIRTUAL };

struct jv_loop *jv_loop_new(enum jv_clock_kind kind);
struct jv_loop *jv_loop_free(struct jv_loop *l);
void jv_loop_run(struct jv_loop *l);  /* until jv_loop_stop() */
void jv_loop_stop(struct jv_loop *l); /* from any thread or a signal handler */
/* Run until there is nothing left to do now and no timer before mono_ms; for tests. */
void jv_loop_run_until(struct jv_loop *l, int64_t mono_ms);

int64_t jv_loop_mono_ms(const struct jv_loop *l); /* for deadlines and timers; virtual or real */
int64_t jv_loop_wall_ms(const struct jv_loop *l); /* unix ms; frozen by jv_loop_freeze_wall() */
int64_t jv_loop_real_ms(const struct jv_loop *l); /* unix ms; virtual in tests, never frozen */
void jv_loop_freeze_wall(struct jv_loop *l, int64_t unix_ms);
void jv_loop_set_wall(struct jv_loop *l, int64_t unix_ms); /* virtual clock: start here, go on */

/* ---- descriptors: level-triggered epoll ------------------------------------------------------ */
struct jv_io {
    int fd;
    unsigned events; /* EPOLLIN, EPOLLOUT */
    void (*fn)(struct jv_io *io, unsigned events);
    void *arg;
};
/* The struct is the caller's and stays put until deleted; deleting inside any callback is fine and
 * no callback follows it. add and mod are thread-safe too (bus_nats needs that). */
int jv_loop_io_add(struct jv_loop *l, struct jv_io *io);
int jv_loop_io_mod(struct jv_loop *l, struct jv_io *io, unsigned events);
void jv_loop_io_del(struct jv_loop *l, struct jv_io *io);

/* ---- timers: a heap; each fires once -------------------------------------------------------- */
struct jv_loop_timer {
    int64_t at;   /* mono ms */
    size_t slot_; /* the loop's, as the next one; equal times fire in the order of starting */
    uint64_t order_;
    void (*fn)(struct jv_loop_timer *t);
    void *arg;
};
void jv_loop_timer_start(struct jv_loop *l, struct jv_loop_timer *t, int64_t at_mono_ms);
void jv_loop_timer_stop(struct jv_loop *l, struct jv_loop_timer *t); /* idle ones too */

/* ---- from elsewhere ------------------------------------------------------------------------- */
void jv_loop_post(struct jv_loop *l, void (*fn)(void *), void *arg); /* any thread, in order */
void jv_loop_hold(struct jv_loop *l);                                /* real work is out */
void jv_loop_release(struct jv_loop *l);

/* ---- helper threads ---------------------------------------------------------------------------
 * Two threads, a queue of 64. Runs fn(arg) there and done(arg, result) here; false when full. */
bool jv_loop_offload(struct jv_loop *l, int (*fn)(void *), void *arg,
                     void (*done)(void *done_arg, int result), void *done_arg);

/* ---- watchdog: how long has the loop been in one callback? For the watching thread. ---------- */
int64_t jv_loop_slice_ms(const struct jv_loop *l); /* 0 while it waits */

#endif
