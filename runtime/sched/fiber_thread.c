/* fiber_thread.c -- a thread for each fiber and a baton: one of loop and fiber runs at a time. */
#include "sched/private.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { stack_size = 1024 * 1024 }; /* tools that watch threads want room of their own */

struct jv_stack {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t passed;
    bool inside; /* who has the baton */
    bool started;
    void (*fn)(void *);
    void *arg;
};

static void pass(struct jv_stack *s, bool inside, bool wait)
{
    pthread_mutex_lock(&s->lock);
    s->inside = inside;
    pthread_cond_signal(&s->passed);
    while (wait && s->inside == inside)
        pthread_cond_wait(&s->passed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static void *run(void *arg)
{
    struct jv_stack *s = arg;

    s->fn(s->arg);
    pass(s, false, false);
    return NULL;
}

/* Signals are for the loop's thread. */
static void start(struct jv_stack *s)
{
    pthread_attr_t attr;
    sigset_t all, old;

    s->started = true;
    s->inside = true;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, stack_size);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&s->thread, &attr, run, s))
        abort();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
}

void jv_stack_enter(struct jv_stack *s)
{
    if (s->started) {
        pass(s, true, true);
        return;
    }
    start(s);
    pthread_mutex_lock(&s->lock);
    while (s->inside)
        pthread_cond_wait(&s->passed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void jv_stack_leave(struct jv_stack *s)
{
    pass(s, false, true);
}

struct jv_stack *jv_stack_take(struct jv_fibers *f, void (*fn)(void *), void *arg)
{
    struct jv_stack *s = calloc(1, sizeof(*s));

    (void)f;
    if (!s)
        abort();
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->passed, NULL);
    s->fn = fn;
    s->arg = arg;
    return s;
}

void jv_stack_give(struct jv_fibers *f, struct jv_stack *s)
{
    (void)f;
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->passed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void jv_stack_bounds(const struct jv_stack *s, char **ret_low, size_t *ret_size)
{
    pthread_attr_t attr;
    void *low = NULL;

    (void)s;
    *ret_size = 0;
    if (pthread_getattr_np(pthread_self(), &attr))
        abort();
    pthread_attr_getstack(&attr, &low, ret_size);
    pthread_attr_destroy(&attr);
    *ret_low = low;
}
