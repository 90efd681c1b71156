/* pg_bench.h -- a loop, a pool and a fiber to test them in. */
#ifndef PG_BENCH_H
#define PG_BENCH_H

#include "check.h"
#include "io/pg.h"

#include <unistd.h>

struct bench {
    struct jv_loop *loop;
    struct jv_pg *pool;
    struct jv_arena *arena;
    void (*fn)(struct bench *b);
};

static void bench_body(void *arg)
{
    struct bench *b = arg;

    b->fn(b);
    jv_loop_stop(b->loop);
}

static inline int64_t soon(const struct bench *b, int64_t ms)
{
    return jv_loop_mono_ms(b->loop) + ms;
}

/* Run fn in a fiber with a pool of so many connections. A hang ends the program. */
static inline void bench_run(enum jv_clock_kind clock, unsigned size, void (*fn)(struct bench *b))
{
    struct bench b = { jv_loop_new(clock), NULL, jv_arena_new(64 << 20), fn };

    alarm(60);
    b.pool = jv_pg_new(b.loop, getenv("TEST_DATABASE_URL"), "public", size);
    jv_fiber_start(b.loop, bench_body, &b);
    jv_loop_run(b.loop);
    jv_arena_free(b.arena);
    jv_pg_free(b.pool);
    jv_loop_run_until(b.loop, soon(&b, 2000)); /* helpers finish */
    jv_loop_free(b.loop);
}

#define PARAMS(...) ((const struct jv_param[]){ __VA_ARGS__ __VA_OPT__(, ){ JV_P_END } })

/* One statement on a connection of its own. */
static inline int bench_exec(struct bench *b, struct jv_rows *rows, const char *sql,
                             const struct jv_param *params, struct jv_err *err)
{
    struct jv_pg_conn *c;
    int r = jv_pg_take(b->pool, soon(b, 10000), &c, err);

    if (r)
        return r;
    r = jv_pg_exec(c, soon(b, 10000), b->arena, rows, sql, params, err);
    jv_pg_give(b->pool, c);
    return r;
}

#endif
