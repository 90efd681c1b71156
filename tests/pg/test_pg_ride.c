/* test_pg_ride.c -- begin and commit that ride with the statements of a transaction. */
#include "pg_bench.h"

static int on(struct bench *b, struct jv_pg_conn *c, const char *sql)
{
    return jv_pg_exec(c, soon(b, 5000), b->arena, NULL, sql, NULL, NULL);
}

/* As another connection sees it. */
static long count(struct bench *b, const char *table)
{
    struct jv_rows rows;

    if (bench_exec(b, &rows, jv_arena_printf(b->arena, "select count(*) as n from %s", table), NULL,
                   NULL))
        return -1;
    return jv_col_int(&rows, 0, "n");
}

static int began(struct bench *b, struct jv_pg_conn *c, const char *sql)
{
    jv_pg_begin_with_next(c);
    return on(b, c, sql);
}

static int ended(struct bench *b, struct jv_pg_conn *c, const char *sql)
{
    jv_pg_commit_with_next(c);
    return on(b, c, sql);
}

static void ridden(struct bench *b)
{
    struct jv_pg_conn *c;

    CHECK_INT(bench_exec(b, NULL, "create table ri (id int primary key deferrable)", NULL, NULL),
              JV_OK);
    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(began(b, c, "insert into ri values (1)"), JV_OK);
    CHECK_INT(count(b, "ri"), 0);
    CHECK_INT(ended(b, c, "insert into ri values (2)"), JV_OK);
    CHECK_INT(count(b, "ri"), 2);
    CHECK_INT(on(b, c, "insert into ri values (3)"), JV_OK); /* by itself again */
    CHECK_INT(count(b, "ri"), 3);

    CHECK_INT(began(b, c, "insert into ri values (1)"), JV_ALREADY_EXISTS);
    CHECK(ended(b, c, "insert into ri values (4)") != JV_OK); /* aborted already */
    CHECK_INT(on(b, c, "commit"), JV_ABORTED);
    CHECK_INT(count(b, "ri"), 3);

    jv_pg_begin_with_next(c);
    CHECK_INT(ended(b, c, "insert into ri values (5)"), JV_OK);
    CHECK_INT(count(b, "ri"), 4);
    CHECK_INT(began(b, c, "set constraints all deferred"), JV_OK);
    CHECK_INT(ended(b, c, "insert into ri values (5)"), JV_ALREADY_EXISTS); /* the commit says so */
    CHECK_INT(count(b, "ri"), 4);
    CHECK_INT(began(b, c, "this is no statement"), JV_INTERNAL);
    jv_pg_give(b->pool, c);
}

TEST(begin_and_commit_ride_with_statements)
{
    bench_run(JV_CLOCK_REAL, 2, ridden);
}

static void not_used(struct bench *b)
{
    struct jv_pg_conn *c;

    CHECK_INT(bench_exec(b, NULL, "create table nu (id int primary key)", NULL, NULL), JV_OK);
    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    jv_pg_begin_with_next(c);
    jv_pg_give(b->pool, c);
    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(on(b, c, "insert into nu values (1)"), JV_OK);
    jv_pg_give(b->pool, c); /* would roll back */
    CHECK_INT(count(b, "nu"), 1);
}

TEST(a_begin_that_nothing_followed_is_forgotten)
{
    bench_run(JV_CLOCK_REAL, 1, not_used);
}

TEST_MAIN()
