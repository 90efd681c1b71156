/* fiber_ucontext.c -- stacks of our own. ucontext makes one run for the first time; after that
 * sigsetjmp and siglongjmp switch, which unlike swapcontext need no system call. */
#undef _FORTIFY_SOURCE /* its longjmp refuses to change stacks */

#include "sched/private.h"

#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "sched/fiber.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define NO_ASAN                        __attribute__((no_sanitize_address))
#define START_SWITCH(save, low, size)  __sanitizer_start_switch_fiber((save), (low), (size))
#define FINISH_SWITCH(save, low, size) __sanitizer_finish_switch_fiber((save), (low), (size))
#define UNPOISON(p, n)                 __asan_unpoison_memory_region((p), (n))
#else
#define NO_ASAN
#define START_SWITCH(save, low, size)  ((void)(save), (void)(low), (void)(size))
#define FINISH_SWITCH(save, low, size) ((void)(save), (void)(low), (void)(size))
#define UNPOISON(p, n)                 ((void)(p), (void)(n))
#endif

enum { max_pooled = 64 };

/* One side of a switch, with what AddressSanitizer wants to know about it. */
struct side {
    sigjmp_buf at;
    const void *low;
    size_t size;
    void *fake;
};

struct jv_stack {
    struct jv_stack *next; /* in the pool */
    struct side loop, fiber;
    char *map; /* a guard page, then the stack */
    size_t page;
    bool started;
    void (*fn)(void *);
    void *arg;
};

static void change(struct side *from, struct side *to)
{
    START_SWITCH(&from->fake, to->low, to->size);
    if (!sigsetjmp(from->at, 0))
        siglongjmp(to->at, 1);
    FINISH_SWITCH(from->fake, NULL, NULL);
}

/* The bottom of every stack: runs one function after the other and never returns. */
static _Thread_local struct jv_stack *starting;

NO_ASAN static void bottom(void)
{
    struct jv_stack *s = starting;

    FINISH_SWITCH(NULL, &s->loop.low, &s->loop.size);
    for (;;) {
        s->fn(s->arg);
        change(&s->fiber, &s->loop);
    }
}

static void start(struct jv_stack *s)
{
    ucontext_t first;

    s->started = true;
    starting = s;
    getcontext(&first);
    first.uc_stack.ss_sp = (void *)s->fiber.low;
    first.uc_stack.ss_size = s->fiber.size;
    first.uc_link = NULL;
    makecontext(&first, bottom, 0);
    START_SWITCH(&s->loop.fake, s->fiber.low, s->fiber.size);
    if (!sigsetjmp(s->loop.at, 0))
        setcontext(&first);
    FINISH_SWITCH(s->loop.fake, NULL, NULL);
}

void jv_stack_enter(struct jv_stack *s)
{
    if (s->started)
        change(&s->loop, &s->fiber);
    else
        start(s);
}

void jv_stack_leave(struct jv_stack *s)
{
    change(&s->fiber, &s->loop);
}

static struct jv_stack *stack_new(void)
{
    struct jv_stack *s = calloc(1, sizeof(*s));

    if (!s)
        abort();
    s->page = (size_t)sysconf(_SC_PAGESIZE);
    s->map = mmap(NULL, s->page + JV_FIBER_STACK, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (s->map == MAP_FAILED || mprotect(s->map, s->page, PROT_NONE))
        abort();
    s->fiber.low = s->map + s->page;
    s->fiber.size = JV_FIBER_STACK;
    return s;
}

static void stack_free(struct jv_stack *s)
{
    UNPOISON(s->map, s->page + JV_FIBER_STACK);
    munmap(s->map, s->page + JV_FIBER_STACK);
    free(s);
}

static void free_pool(struct jv_fibers *f)
{
    while (f->pool) {
        struct jv_stack *s = f->pool;

        f->pool = s->next;
        stack_free(s);
    }
    f->pooled = 0;
}

struct jv_stack *jv_stack_take(struct jv_fibers *f, void (*fn)(void *), void *arg)
{
    struct jv_stack *s = f->pool;

    if (s) {
        f->pool = s->next;
        f->pooled--;
    } else {
        s = stack_new();
    }
    f->free_pool = free_pool;
    s->fn = fn;
    s->arg = arg;
    return s;
}

void jv_stack_give(struct jv_fibers *f, struct jv_stack *s)
{
    if (f->pooled == max_pooled) {
        stack_free(s);
        return;
    }
    s->next = f->pool;
    f->pool = s;
    f->pooled++;
}

void jv_stack_bounds(const struct jv_stack *s, char **ret_low, size_t *ret_size)
{
    *ret_low = s->map + s->page;
    *ret_size = s->fiber.size;
}
