/* loop.c -- epoll, timers, posts and the clock of one thread. */
#include "sched/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sched/heap.h"
#include "sched/offload.h"
#include "sched/private.h"

enum {
    max_events = 64,
    max_rounds = 16,      /* of tasks before descriptors have their turn again */
    virtual_start = 1000, /* so that no time is 0 */
};
static const int64_t virtual_wall = 1767225600000; /* 2026-01-01T00:00:00Z */
static const int64_t no_limit = INT64_MAX;

struct post {
    struct post *next;
    void (*fn)(void *);
    void *arg;
};

struct jv_loop {
    enum jv_clock_kind kind;
    int epoll, wake; /* wake: an eventfd */
    atomic_bool stopping;
    _Atomic int64_t slice_start; /* 0 while waiting */

    int64_t now;       /* virtual */
    int64_t wall_base; /* virtual: unix ms at mono 0 */
    int64_t frozen;    /* 0: not */

    pthread_mutex_t lock; /* of posts */
    struct post *posts, **posts_end;

    struct jv_defer *deferred, **deferred_end;
    struct jv_heap timers;
    struct epoll_event events[max_events];
    int n_events, at_event;
    size_t holds;
    struct jv_fibers fibers;
    struct jv_offload *offload;
};

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct jv_loop *jv_loop_new(enum jv_clock_kind kind)
{
    struct jv_loop *l = calloc(1, sizeof(*l));
    struct epoll_event e = { .events = EPOLLIN };

    if (!l)
        abort();
    l->kind = kind;
    l->now = virtual_start;
    l->wall_base = virtual_wall - virtual_start;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &e))
        abort();
    pthread_mutex_init(&l->lock, NULL);
    l->posts_end = &l->posts;
    l->deferred_end = &l->deferred;
    return l;
}

struct jv_loop *jv_loop_free(struct jv_loop *l)
{
    if (!l)
        return NULL;
    assert(!l->fibers.alive);
    jv_offload_free(l->offload);
    if (l->fibers.free_pool)
        l->fibers.free_pool(&l->fibers);
    while (l->posts) {
        struct post *p = l->posts;

        l->posts = p->next;
        free(p);
    }
    pthread_mutex_destroy(&l->lock);
    close(l->epoll);
    close(l->wake);
    free(l->timers.items);
    free(l);
    return NULL;
}

/* ---- the clock ------------------------------------------------------------------------------- */

int64_t jv_loop_mono_ms(const struct jv_loop *l)
{
    return l->kind == JV_CLOCK_VIRTUAL ? l->now : clock_ms(CLOCK_MONOTONIC);
}

int64_t jv_loop_real_ms(const struct jv_loop *l)
{
    return l->kind == JV_CLOCK_VIRTUAL ? l->wall_base + l->now : clock_ms(CLOCK_REALTIME);
}

int64_t jv_loop_wall_ms(const struct jv_loop *l)
{
    return l->frozen ? l->frozen : jv_loop_real_ms(l);
}

void jv_loop_freeze_wall(struct jv_loop *l, int64_t unix_ms)
{
    l->frozen = unix_ms;
}

void jv_loop_set_wall(struct jv_loop *l, int64_t unix_ms)
{
    assert(l->kind == JV_CLOCK_VIRTUAL);
    l->wall_base = unix_ms - l->now;
}

/* ---- the watchdog's mark --------------------------------------------------------------------- */

static void slice_begins(struct jv_loop *l)
{
    atomic_store_explicit(&l->slice_start, clock_ms(CLOCK_MONOTONIC_COARSE), memory_order_relaxed);
}

static void slice_ends(struct jv_loop *l)
{
    atomic_store_explicit(&l->slice_start, 0, memory_order_relaxed);
}

int64_t jv_loop_slice_ms(const struct jv_loop *l)
{
    int64_t start = atomic_load_explicit(&l->slice_start, memory_order_relaxed);

    return start ? clock_ms(CLOCK_MONOTONIC_COARSE) - start : 0;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static int control(struct jv_loop *l, int op, struct jv_io *io, unsigned events)
{
    struct epoll_event e = { .events = events, .data.ptr = io };

    __atomic_store_n(&io->events, events, __ATOMIC_RELAXED);
    return epoll_ctl(l->epoll, op, io->fd, &e) ? JV_UNAVAILABLE : JV_OK;
}

int jv_loop_io_add(struct jv_loop *l, struct jv_io *io)
{
    return control(l, EPOLL_CTL_ADD, io, io->events);
}

int jv_loop_io_mod(struct jv_loop *l, struct jv_io *io, unsigned events)
{
    return control(l, EPOLL_CTL_MOD, io, events);
}

/* Events of this round that still wait for their turn are struck out. */
void jv_loop_io_del(struct jv_loop *l, struct jv_io *io)
{
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, io->fd, NULL);
    for (int i = l->at_event; i < l->n_events; i++)
        if (l->events[i].data.ptr == io)
            l->events[i].data.ptr = NULL;
}

static void drain_wake(struct jv_loop *l)
{
    uint64_t n;

    while (read(l->wake, &n, sizeof(n)) < 0 && errno == EINTR)
        ;
}

static bool dispatch(struct jv_loop *l)
{
    bool any = false;

    for (l->at_event = 0; l->at_event < l->n_events;) {
        struct epoll_event e = l->events[l->at_event++];
        struct jv_io *io = e.data.ptr;

        if (!io)
            continue;
        slice_begins(l);
        io->fn(io, e.events);
        any = true;
    }
    l->n_events = 0;
    return any;
}

/* ---- timers ---------------------------------------------------------------------------------- */

void jv_loop_timer_start(struct jv_loop *l, struct jv_loop_timer *t, int64_t at_mono_ms)
{
    jv_heap_remove(&l->timers, t);
    t->at = at_mono_ms;
    jv_heap_add(&l->timers, t);
}

void jv_loop_timer_stop(struct jv_loop *l, struct jv_loop_timer *t)
{
    jv_heap_remove(&l->timers, t);
}

/* Those started by callbacks of this pass wait for the next one, so that none can starve others. */
static bool run_timers(struct jv_loop *l)
{
    uint64_t started = l->timers.started;
    int64_t now = jv_loop_mono_ms(l);
    struct jv_loop_timer *t;
    bool any = false;

    while ((t = jv_heap_first(&l->timers)) && t->at <= now && t->order_ < started) {
        jv_heap_remove(&l->timers, t);
        slice_begins(l);
        t->fn(t);
        any = true;
    }
    return any;
}

/* ---- from elsewhere -------------------------------------------------------------------------- */

static void wake(struct jv_loop *l)
{
    const uint64_t one = 1;
    int saved = errno;

    while (write(l->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    errno = saved;
}

void jv_loop_stop(struct jv_loop *l)
{
    atomic_store(&l->stopping, true);
    wake(l);
}

void jv_loop_post(struct jv_loop *l, void (*fn)(void *), void *arg)
{
    struct post *p = malloc(sizeof(*p));
    bool first;

    if (!p)
        abort();
    *p = (struct post){ NULL, fn, arg };
    pthread_mutex_lock(&l->lock);
    first = !l->posts;
    *l->posts_end = p;
    l->posts_end = &p->next;
    pthread_mutex_unlock(&l->lock);
    if (first)
        wake(l);
}

static bool run_posts(struct jv_loop *l)
{
    struct post *p;

    pthread_mutex_lock(&l->lock);
    p = l->posts;
    l->posts = NULL;
    l->posts_end = &l->posts;
    pthread_mutex_unlock(&l->lock);
    if (!p)
        return false;
    while (p) {
        struct post *next = p->next;

        slice_begins(l);
        p->fn(p->arg);
        free(p);
        p = next;
    }
    return true;
}

void jv_loop_defer(struct jv_loop *l, struct jv_defer *d)
{
    if (d->queued)
        return;
    d->queued = true;
    d->next = NULL;
    *l->deferred_end = d;
    l->deferred_end = &d->next;
}

static bool run_deferred(struct jv_loop *l)
{
    bool any = false;

    for (int round = 0; l->deferred && round < max_rounds; round++) {
        struct jv_defer *d = l->deferred;

        l->deferred = NULL;
        l->deferred_end = &l->deferred;
        any = true;
        while (d) {
            struct jv_defer *next = d->next;

            d->queued = false;
            slice_begins(l);
            d->fn(d);
            d = next;
        }
    }
    return any;
}

struct jv_fibers *jv_loop_fibers(const struct jv_loop *l)
{
    return (struct jv_fibers *)&l->fibers;
}

void jv_loop_hold(struct jv_loop *l)
{
    l->holds++;
}

void jv_loop_release(struct jv_loop *l)
{
    assert(l->holds);
    l->holds--;
}

bool jv_loop_offload(struct jv_loop *l, int (*fn)(void *), void *arg,
                     void (*done)(void *done_arg, int result), void *done_arg)
{
    if (!l->offload)
        l->offload = jv_offload_new(l);
    return jv_offload_add(l->offload, fn, arg, done, done_arg);
}

/* ---- running --------------------------------------------------------------------------------- */

/* Wait for descriptors or a wake-up at most timeout_ms (-1: for ever). */
static void wait_events(struct jv_loop *l, int64_t timeout_ms)
{
    int timeout = timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
    int n;

    slice_ends(l);
    n = epoll_wait(l->epoll, l->events, max_events, timeout);
    l->n_events = n < 0 ? 0 : n;
    for (int i = 0; i < l->n_events; i++)
        if (!l->events[i].data.ptr)
            drain_wake(l);
}

/* Whatever can run now; false when there was nothing. */
static bool run_ready(struct jv_loop *l, int64_t timeout_ms)
{
    bool any;

    wait_events(l, timeout_ms);
    any = dispatch(l);
    any |= run_posts(l);
    any |= run_timers(l);
    any |= run_deferred(l);
    return any;
}

/* How long a real clock may wait: until the next timer, and not past `until`. */
static int64_t patience(const struct jv_loop *l, int64_t until)
{
    const struct jv_loop_timer *t = jv_heap_first(&l->timers);
    int64_t at = t && t->at < until ? t->at : until, now;

    if (l->deferred)
        return 0;
    if (at == no_limit)
        return -1;
    now = jv_loop_mono_ms(l);
    return at > now ? at - now : 0;
}

/* One round; false when there is nothing to do before `until`. */
static bool step_real(struct jv_loop *l, int64_t until)
{
    const struct jv_loop_timer *t;

    if (run_ready(l, 0) || l->deferred)
        return true;
    t = jv_heap_first(&l->timers);
    if (until != no_limit && !l->holds && (!t || t->at > until))
        return false;
    if (jv_loop_mono_ms(l) >= until)
        return false;
    run_ready(l, patience(l, until));
    return true;
}

static bool step_virtual(struct jv_loop *l, int64_t until)
{
    const struct jv_loop_timer *t;

    if (run_ready(l, 0) || l->deferred)
        return true;
    t = jv_heap_first(&l->timers);
    if (l->holds || (until == no_limit && !t)) {
        run_ready(l, -1);
        return true;
    }
    if (!t || t->at > until) {
        if (l->now < until)
            l->now = until;
        return false;
    }
    if (l->now < t->at)
        l->now = t->at;
    return true;
}

/* The common case, without a look before the wait. */
static void run_real(struct jv_loop *l)
{
    while (!atomic_load(&l->stopping))
        run_ready(l, patience(l, no_limit));
}

void jv_loop_run(struct jv_loop *l)
{
    if (l->kind == JV_CLOCK_REAL)
        run_real(l);
    while (!atomic_load(&l->stopping))
        step_virtual(l, no_limit);
    slice_ends(l);
    atomic_store(&l->stopping, false);
}

void jv_loop_run_until(struct jv_loop *l, int64_t mono_ms)
{
    bool (*step)(struct jv_loop *, int64_t) = l->kind == JV_CLOCK_REAL ? step_real : step_virtual;

    while (!atomic_load(&l->stopping) && step(l, mono_ms))
        ;
    slice_ends(l);
    atomic_store(&l->stopping, false);
}
