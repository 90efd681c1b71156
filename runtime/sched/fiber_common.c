/* fiber_common.c -- waiting, waking and cancelling, whatever carries the stack. */
#include "sched/fiber.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sched/private.h"

struct jv_fiber {
    struct jv_loop *loop;
    struct jv_stack *stack;
    void (*fn)(void *);
    void *arg;
    struct jv_defer run; /* its next turn */
    struct jv_loop_timer timer;
    bool waiting, woken, timed_out, cancelled, ended;
};

/* Of this thread: fibers on threads set their own. */
static _Thread_local struct jv_fiber *current;

struct jv_fiber *jv_fiber_self(void)
{
    return current;
}

static void body(void *arg)
{
    struct jv_fiber *f = arg;

    current = f;
    f->fn(f->arg);
    f->ended = true;
}

static void turn(struct jv_defer *d)
{
    struct jv_fiber *f = (struct jv_fiber *)((char *)d - offsetof(struct jv_fiber, run));

    jv_stack_enter(f->stack);
    current = NULL;
    if (!f->ended)
        return;
    jv_stack_give(jv_loop_fibers(f->loop), f->stack);
    jv_loop_fibers(f->loop)->alive--;
    free(f);
}

static void resume(struct jv_fiber *f)
{
    if (f->waiting)
        jv_loop_defer(f->loop, &f->run);
}

static void time_is_up(struct jv_loop_timer *t)
{
    struct jv_fiber *f = t->arg;

    f->timed_out = true;
    resume(f);
}

struct jv_fiber *jv_fiber_start(struct jv_loop *l, void (*fn)(void *arg), void *arg)
{
    struct jv_fiber *f = calloc(1, sizeof(*f));

    if (!f)
        abort();
    f->loop = l;
    f->fn = fn;
    f->arg = arg;
    f->run.fn = turn;
    f->timer.fn = time_is_up;
    f->timer.arg = f;
    f->stack = jv_stack_take(jv_loop_fibers(l), body, f);
    jv_loop_fibers(l)->alive++;
    jv_loop_defer(l, &f->run);
    return f;
}

static void suspend(struct jv_fiber *f, int64_t until)
{
    f->waiting = true;
    f->timed_out = false;
    if (until != INT64_MAX)
        jv_loop_timer_start(f->loop, &f->timer, until);
    jv_stack_leave(f->stack);
    current = f;
    jv_loop_timer_stop(f->loop, &f->timer);
    f->waiting = false;
}

int jv_fiber_wait(int64_t until_mono_ms)
{
    struct jv_fiber *f = current;

    assert(f);
    if (!f->cancelled && !f->woken)
        suspend(f, until_mono_ms);
    if (f->cancelled)
        return JV_CANCELLED;
    if (!f->woken)
        return JV_DEADLINE_EXCEEDED;
    f->woken = false;
    return JV_OK;
}

void jv_fiber_wake(struct jv_fiber *f)
{
    f->woken = true;
    resume(f);
}

void jv_fiber_cancel(struct jv_fiber *f)
{
    f->cancelled = true;
    resume(f);
}

bool jv_fiber_cancelled(const struct jv_fiber *f)
{
    return f->cancelled;
}

void jv_fiber_uncancel(struct jv_fiber *f)
{
    f->cancelled = false;
}

size_t jv_fiber_count(const struct jv_loop *l)
{
    return jv_loop_fibers(l)->alive;
}

size_t jv_fiber_stack_used(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size, used = 0;
    unsigned char in_core[1024];
    char *low;

    if (!current)
        return 0;
    jv_stack_bounds(current->stack, &low, &size);
    for (size_t at = 0; at < size; at += sizeof(in_core) * page) {
        size_t n = size - at < sizeof(in_core) * page ? size - at : sizeof(in_core) * page;

        if (mincore(low + at, n, in_core))
            return size;
        for (size_t i = 0; i < n / page; i++)
            used += in_core[i] & 1 ? page : 0;
    }
    return used;
}
