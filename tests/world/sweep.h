/* sweep.h -- a question again and again, each time with another publish failing.
 *
 * Whatever fails, a question is answered, or it ends with UNAVAILABLE or DEADLINE_EXCEEDED; after
 * it nothing is left over, and the next question is answered as ever. */
#ifndef SWEEP_H
#define SWEEP_H

#include "check.h"
#include "world/world.h"

enum { SWEEP_LIMIT = 200 };

struct fault {
    struct world *w;
    size_t n, before;
};

/* The n-th publish from now on fails. */
static inline struct fault fault_in(struct world *w, size_t n)
{
    struct jv_broker *b = world_broker(w);

    jv_broker_fail_publish(b, (unsigned)n);
    return (struct fault){ w, n, jv_broker_published(b) };
}

/* It is over: did it come? Everything that ran has ended then. */
static inline bool fault_over(const struct fault *f)
{
    bool came = jv_broker_published(world_broker(f->w)) - f->before >= f->n;

    jv_broker_fail_publish(world_broker(f->w), 0);
    world_advance(f->w, 0);
    for (int s = 0; jv_fiber_count(world_loop(f->w)) && s < 60; s++)
        world_advance(f->w, 1000);
    CHECK_INT(jv_fiber_count(world_loop(f->w)), 0);
    return came;
}

/* run(scene, n, arg) says whether its n-th publish was there to fail. The scene stays the same: it
 * must be as good as new after every fault. */
static inline void sweep(bool (*run)(void *scene, size_t n, const void *arg), void *scene,
                         const void *arg)
{
    size_t n = 1;

    while (n < SWEEP_LIMIT && run(scene, n, arg))
        n++;
    CHECK(n > 1 && n < SWEEP_LIMIT);
}

/* An answer under a fault: what it is without, or one of the two. */
static inline void check_code(const char *what, size_t n, const struct world_reply *r, int without)
{
    bool fine = r->code == without || r->code == JV_UNAVAILABLE || r->code == JV_DEADLINE_EXCEEDED;

    CHECK_OR(fine, printf("# %s, publish %zu: %s %s\n", what, n, jv_code_name(r->code), r->text));
}

#endif
