/* test_pg.c -- the pool: statements, parameters, transactions, errors, deadlines, many fibers. */
#include "pg_bench.h"

/* ---- statements and parameters -------------------------------------------------------------- */

static void every_kind(struct bench *b)
{
    static const uint8_t raw[] = { 0, 1, 0xff, '\\', '\'' };
    static const char sql[] = "select $1::text as t, $2::int8 as i, $3::bool as b, $4::timestamptz"
                              " as at, $5::bytea as raw, $6::text is null as none";
    const struct jv_param *params =
            PARAMS(jv_text("O'Brien \"\\ ä"), jv_int(INT64_MIN), jv_bool(true),
                   jv_ms(1767225600123), jv_bytes(raw, sizeof(raw)), jv_text(NULL));
    struct jv_err err = { 0 };
    const uint8_t *bytes;
    struct jv_rows rows;

    for (int i = 0; i < 2; i++) { /* prepared, then found */
        CHECK_INT(bench_exec(b, &rows, sql, params, &err), JV_OK);
        CHECK_STR(err.text, "");
        CHECK_OR(rows.n == 1, return );
        CHECK_STR(jv_col(&rows, 0, "t"), "O'Brien \"\\ ä");
        CHECK(jv_col_int(&rows, 0, "i") == INT64_MIN);
        CHECK(jv_col_bool(&rows, 0, "b"));
        CHECK_INT(jv_col_ms(&rows, 0, "at"), 1767225600123);
        CHECK_INT(jv_pg_col_bytes(b->arena, &rows, 0, "raw", &bytes), sizeof(raw));
        CHECK(memcmp(bytes, raw, sizeof(raw)) == 0);
        CHECK(jv_col_bool(&rows, 0, "none"));
    }
}

TEST(takes_every_kind_of_parameter)
{
    bench_run(JV_CLOCK_REAL, 1, every_kind);
}

static void times(struct bench *b)
{
    static const int64_t cases[] = { 0, -1, -1000, -62135596800000, 253402300799999, 1, 999 };
    struct jv_rows rows;

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        CHECK_INT(bench_exec(b, &rows, "select $1 as at", PARAMS(jv_ms(cases[i])), NULL), JV_OK);
        CHECK_OR(rows.n == 1, return );
        CHECK_INT(jv_col_ms(&rows, 0, "at"), cases[i]);
    }
    CHECK_INT(bench_exec(b, &rows,
                         "select 'infinity'::timestamptz as i, '-infinity'::timestamptz as m,"
                         " '2026-02-03'::date as d, '2026-02-03 04:05:06.5'::timestamp as t,"
                         " '2026-02-03 04:05:06+05:30'::timestamptz as z",
                         NULL, NULL),
              JV_OK);
    CHECK(jv_col_ms(&rows, 0, "i") == INT64_MAX);
    CHECK(jv_col_ms(&rows, 0, "m") == INT64_MIN);
    CHECK_INT(jv_col_ms(&rows, 0, "d"), 1770076800000);
    CHECK_INT(jv_col_ms(&rows, 0, "t"), 1770091506500);
    CHECK_INT(jv_col_ms(&rows, 0, "z"), 1770071706000);
}

TEST(times_come_back_as_they_went)
{
    bench_run(JV_CLOCK_REAL, 1, times);
}

static void nulls(struct bench *b)
{
    const uint8_t *bytes;
    const char **items;
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, &rows, "select null::text as x, null::bytea as raw", NULL, NULL),
              JV_OK);
    CHECK_STR(jv_col(&rows, 0, "x"), "");
    CHECK_INT(jv_col_int(&rows, 0, "x"), 0);
    CHECK(!jv_col_bool(&rows, 0, "x"));
    CHECK_INT(jv_col_ms(&rows, 0, "x"), 0);
    CHECK(jv_col_null(&rows, 0, "x"));
    CHECK_INT(jv_pg_col_bytes(b->arena, &rows, 0, "raw", &bytes), 0);
    CHECK_INT(jv_pg_col_array(b->arena, &rows, 0, "x", &items), 0);
}

TEST(null_reads_as_nothing)
{
    bench_run(JV_CLOCK_REAL, 1, nulls);
}

static void counts(struct bench *b)
{
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, NULL, "create table counted (id int primary key, t text)", NULL, NULL),
              JV_OK);
    CHECK_INT(bench_exec(b, &rows, "insert into counted select g from generate_series(1, 5) g",
                         NULL, NULL),
              JV_OK);
    CHECK_INT(rows.affected, 5);
    CHECK_INT(rows.n, 0);
    CHECK_INT(bench_exec(b, &rows, "update counted set t = $1 where id > $2 returning id",
                         PARAMS(jv_text("x"), jv_int(3)), NULL),
              JV_OK);
    CHECK_INT(rows.affected, 2);
    CHECK_INT(rows.n, 2);
    CHECK_INT(bench_exec(b, &rows, "select * from counted", NULL, NULL), JV_OK);
    CHECK_INT(rows.affected, 0);
    CHECK_INT(rows.n, 5);
    CHECK_INT(bench_exec(b, &rows, "delete from counted", NULL, NULL), JV_OK);
    CHECK_INT(rows.affected, 5);
    CHECK_INT(bench_exec(b, &rows, "", NULL, NULL), JV_OK);
    CHECK_INT(rows.n + rows.affected, 0);
}

TEST(counts_rows_and_changes)
{
    bench_run(JV_CLOCK_REAL, 1, counts);
}

static long prepared_statements(struct bench *b)
{
    struct jv_rows rows;

    if (bench_exec(b, &rows, "select count(*) as n from pg_prepared_statements", NULL, NULL))
        return -1;
    return jv_col_int(&rows, 0, "n");
}

static void reuse(struct bench *b)
{
    struct jv_rows rows;
    char sql[64];

    CHECK_INT(prepared_statements(b), 1);
    for (int i = 0; i < 5; i++)
        CHECK_INT(bench_exec(b, &rows, "select $1::int", PARAMS(jv_int(i)), NULL), JV_OK);
    CHECK_INT(prepared_statements(b), 2);
    CHECK_INT(bench_exec(b, &rows, "no such command", NULL, NULL), JV_INTERNAL);
    CHECK_INT(bench_exec(b, &rows, "no such command", NULL, NULL), JV_INTERNAL);
    CHECK_INT(prepared_statements(b), 2);
    for (int i = 0; i < 300; i++) {
        snprintf(sql, sizeof(sql), "select %d + $1::int as n", i);
        CHECK_INT(bench_exec(b, &rows, sql, PARAMS(jv_int(1)), NULL), JV_OK);
        CHECK_INT(jv_col_int(&rows, 0, "n"), i + 1);
    }
    CHECK_INT(prepared_statements(b), 256);
}

TEST(prepares_once_and_not_without_end)
{
    bench_run(JV_CLOCK_REAL, 1, reuse);
}

static void stale(struct bench *b)
{
    struct jv_err err = { 0 };
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, NULL, "create table shape (a int)", NULL, NULL), JV_OK);
    CHECK_INT(bench_exec(b, &rows, "select * from shape", NULL, NULL), JV_OK);
    CHECK_INT(bench_exec(b, NULL, "alter table shape add b int", NULL, NULL), JV_OK);
    CHECK_INT(bench_exec(b, &rows, "select * from shape", NULL, &err), JV_ABORTED);
    CHECK_HAS(err.text, "try again");
    CHECK_INT(bench_exec(b, &rows, "select * from shape", NULL, &err), JV_OK);
}

TEST(a_changed_table_costs_one_try)
{
    bench_run(JV_CLOCK_REAL, 1, stale);
}

/* ---- errors --------------------------------------------------------------------------------- */

static const struct {
    const char *sql;
    int code;
    const char *text;
} failures[] = {
    { "insert into e (id, k) values (1, 5)", JV_ALREADY_EXISTS, "there is one already (e_pkey)" },
    { "insert into e (id, parent) values (2, 99)", JV_NOT_FOUND, "(e_parent_fkey)" },
    { "insert into e (id, k) values (3, -1)", JV_INVALID_ARGUMENT, "(e_k_check)" },
    { "insert into e (id, short) values (4, 'too long')", JV_INVALID_ARGUMENT, "too long" },
    { "select 'x'::text::int", JV_INVALID_ARGUMENT, "invalid input syntax" },
    { "select 1 / 0", JV_INVALID_ARGUMENT, "division by zero" },
    { "insert into e (id) values (null)", JV_INTERNAL, "null value" },
    { "select * from nowhere", JV_INTERNAL, "nowhere" },
    { "selekt", JV_INTERNAL, "syntax error" },
    { "do $$ begin raise serialization_failure; end $$", JV_ABORTED, "try again" },
    { "do $$ begin raise deadlock_detected; end $$", JV_ABORTED, "try again" },
    { "do $$ begin raise query_canceled; end $$", JV_DEADLINE_EXCEEDED, "too long" },
    { "do $$ begin raise admin_shutdown; end $$", JV_UNAVAILABLE, "stopping" },
    { "copy e to stdout", JV_INTERNAL, "" },
};

static void codes(struct bench *b)
{
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, NULL,
                         "create table e (id int primary key, parent int references e,"
                         " k int check (k > 0), short varchar(3))",
                         NULL, NULL),
              JV_OK);
    CHECK_INT(bench_exec(b, NULL, "insert into e (id) values (1)", NULL, NULL), JV_OK);
    for (size_t i = 0; i < JV_COUNT(failures); i++) {
        struct jv_err err = { 0 };

        CHECK_INT(bench_exec(b, &rows, failures[i].sql, NULL, &err), failures[i].code);
        CHECK_INT(err.code, failures[i].code);
        CHECK_HAS(err.text, failures[i].text);
        CHECK_INT(rows.n, 0);
    }
    CHECK_INT(bench_exec(b, &rows, "select 1", NULL, NULL), JV_OK);
}

TEST(maps_sqlstates_to_codes)
{
    bench_run(JV_CLOCK_REAL, 2, codes);
}

/* The statement itself is fine; its commit is not. */
static void deferred(struct bench *b)
{
    struct jv_err err = { 0 };
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, NULL,
                         "create table d (id int primary key,"
                         " up int references d deferrable initially deferred)",
                         NULL, NULL),
              JV_OK);
    CHECK_INT(bench_exec(b, &rows, "insert into d values (1, 9) returning id", NULL, &err),
              JV_NOT_FOUND);
    CHECK_HAS(err.text, "d_up_fkey");
    CHECK_INT(bench_exec(b, &rows, "select * from d", NULL, NULL), JV_OK);
    CHECK_INT(rows.n, 0);
}

TEST(a_failed_commit_is_a_failure)
{
    bench_run(JV_CLOCK_REAL, 1, deferred);
}

static void bad_values(struct bench *b)
{
    struct jv_err err = { 0 };
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, &rows, "select $1::text", PARAMS(jv_text("\xff\xfe")), &err),
              JV_INVALID_ARGUMENT);
    CHECK_INT(bench_exec(b, &rows, "select $1::int", PARAMS(jv_text("1; drop table x")), &err),
              JV_INVALID_ARGUMENT);
    CHECK_INT(bench_exec(b, &rows, "select $1::int4", PARAMS(jv_int(1LL << 40)), &err),
              JV_INVALID_ARGUMENT);
    CHECK_INT(bench_exec(b, &rows, "select $1::int4 + 0", NULL, &err), JV_INTERNAL);
    CHECK_INT(bench_exec(b, &rows, "select 1", NULL, &err), JV_OK);
}

TEST(refuses_bad_values)
{
    bench_run(JV_CLOCK_REAL, 1, bad_values);
}

/* ---- transactions --------------------------------------------------------------------------- */

static int on(struct bench *b, struct jv_pg_conn *c, const char *sql)
{
    return jv_pg_exec(c, soon(b, 5000), b->arena, NULL, sql, NULL, NULL);
}

static long count(struct bench *b, const char *table)
{
    struct jv_rows rows;

    if (bench_exec(b, &rows, jv_arena_printf(b->arena, "select count(*) as n from %s", table), NULL,
                   NULL))
        return -1;
    return jv_col_int(&rows, 0, "n");
}

static void transactions(struct bench *b)
{
    struct jv_pg_conn *c;

    CHECK_INT(bench_exec(b, NULL, "create table tx (id int primary key)", NULL, NULL), JV_OK);
    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(on(b, c, "begin"), JV_OK);
    CHECK_INT(on(b, c, "insert into tx values (1)"), JV_OK);
    CHECK_INT(count(b, "tx"), 0); /* seen from another connection */
    CHECK_INT(on(b, c, "commit"), JV_OK);
    CHECK_INT(count(b, "tx"), 1);

    CHECK_INT(on(b, c, "begin"), JV_OK);
    CHECK_INT(on(b, c, "insert into tx values (2)"), JV_OK);
    CHECK_INT(on(b, c, "insert into tx values (2)"), JV_ALREADY_EXISTS);
    CHECK_INT(on(b, c, "insert into tx values (3)"), JV_INTERNAL); /* aborted already */
    CHECK_INT(on(b, c, "rollback"), JV_OK);
    CHECK_INT(on(b, c, "insert into tx values (4)"), JV_OK);

    CHECK_INT(on(b, c, "begin"), JV_OK);
    CHECK_INT(on(b, c, "insert into tx values (5)"), JV_OK);
    CHECK_INT(on(b, c, "insert into tx values (4)"), JV_ALREADY_EXISTS);
    CHECK_INT(on(b, c, "commit"), JV_ABORTED); /* what PostgreSQL calls a success */
    jv_pg_give(b->pool, c);
    CHECK_INT(count(b, "tx"), 2);
}

TEST(commits_and_rolls_back)
{
    bench_run(JV_CLOCK_REAL, 2, transactions);
}

static void left_open(struct bench *b)
{
    struct jv_pg_conn *c;

    CHECK_INT(bench_exec(b, NULL, "create table lo (id int primary key)", NULL, NULL), JV_OK);
    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(on(b, c, "begin"), JV_OK);
    CHECK_INT(on(b, c, "insert into lo values (1)"), JV_OK);
    jv_pg_give(b->pool, c);
    CHECK_INT(count(b, "lo"), 0);
    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(on(b, c, "begin"), JV_OK);
    CHECK_INT(on(b, c, "select 1 / 0"), JV_INVALID_ARGUMENT);
    jv_pg_give(b->pool, c);
    CHECK_INT(bench_exec(b, NULL, "insert into lo values (1)", NULL, NULL), JV_OK);
    CHECK_INT(count(b, "lo"), 1);
}

TEST(rolls_back_what_is_left_open)
{
    bench_run(JV_CLOCK_REAL, 1, left_open);
}

/* ---- many fibers ---------------------------------------------------------------------------- */

struct crowd {
    struct bench *b;
    struct jv_fiber *boss;
    int left, good, order_broken, last;
};

struct member {
    struct crowd *crowd;
    int i;
};

static void member_done(struct crowd *w)
{
    if (--w->left == 0)
        jv_fiber_wake(w->boss);
}

static void wait_for_crowd(struct crowd *w)
{
    while (w->left)
        if (jv_fiber_wait(INT64_MAX))
            break;
}

static void ask(void *arg)
{
    struct member *m = arg;
    struct jv_rows rows;
    struct jv_err err = { 0 };

    if (bench_exec(m->crowd->b, &rows, "select $1::int * 2 as n, pg_sleep(0.002)",
                   PARAMS(jv_int(m->i)), &err) == JV_OK)
        m->crowd->good += jv_col_int(&rows, 0, "n") == 2 * m->i;
    else
        printf("# %s\n", err.text);
    member_done(m->crowd);
}

static void crowd(struct bench *b)
{
    struct crowd w = { b, jv_fiber_self(), 200, 0, 0, -1 };
    struct member members[200];
    struct jv_rows rows;

    for (int i = 0; i < w.left; i++) {
        members[i] = (struct member){ &w, i };
        jv_fiber_start(b->loop, ask, &members[i]);
    }
    wait_for_crowd(&w);
    CHECK_INT(w.good, 200);
    CHECK_INT(bench_exec(b, &rows,
                         "select count(*) as n from pg_stat_activity"
                         " where application_name = 'jarvis-public'",
                         NULL, NULL),
              JV_OK);
    CHECK_INT(jv_col_int(&rows, 0, "n"), 8);
}

TEST(two_hundred_fibers_share_eight_connections)
{
    bench_run(JV_CLOCK_REAL, 8, crowd);
}

static void in_order(void *arg)
{
    struct member *m = arg;
    struct jv_pg_conn *c;

    if (jv_pg_take(m->crowd->b->pool, soon(m->crowd->b, 5000), &c, NULL) == JV_OK) {
        m->crowd->order_broken += m->crowd->last != m->i - 1;
        m->crowd->last = m->i;
        m->crowd->good += on(m->crowd->b, c, "select 1") == JV_OK;
        jv_pg_give(m->crowd->b->pool, c);
    }
    member_done(m->crowd);
}

static void queue(struct bench *b)
{
    struct crowd w = { b, jv_fiber_self(), 20, 0, 0, -1 };
    struct member members[20];

    for (int i = 0; i < w.left; i++) {
        members[i] = (struct member){ &w, i };
        jv_fiber_start(b->loop, in_order, &members[i]);
    }
    wait_for_crowd(&w);
    CHECK_INT(w.good, 20);
    CHECK_INT(w.order_broken, 0);
}

TEST(first_come_first_served)
{
    bench_run(JV_CLOCK_REAL, 1, queue);
}

static void busy(struct bench *b)
{
    struct jv_pg_conn *c, *other = NULL;
    struct jv_err err = { 0 };

    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(jv_pg_take(b->pool, soon(b, 30), &other, &err), JV_UNAVAILABLE);
    CHECK_HAS(err.text, "busy");
    CHECK(!other);
    CHECK_INT(jv_pg_take(b->pool, soon(b, -1), &other, &err), JV_UNAVAILABLE);
    jv_pg_give(b->pool, c);
    CHECK_INT(jv_pg_ping(b->pool, soon(b, 5000), &err), JV_OK);
}

TEST(waiting_for_a_connection_ends)
{
    bench_run(JV_CLOCK_REAL, 1, busy);
}

/* ---- leaving early -------------------------------------------------------------------------- */

static long sleeping(struct bench *b)
{
    struct jv_rows rows;

    if (bench_exec(b, &rows,
                   "select count(*) as n from pg_stat_activity where state = 'active'"
                   " and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()",
                   NULL, NULL))
        return -1;
    return jv_col_int(&rows, 0, "n");
}

static void late(struct bench *b)
{
    int64_t start = soon(b, 0);
    struct jv_pg_conn *c;
    struct jv_err err = { 0 };

    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(jv_pg_exec(c, soon(b, -1), b->arena, NULL, "select 1", NULL, &err),
              JV_DEADLINE_EXCEEDED);
    CHECK_INT(on(b, c, "begin"), JV_OK);
    CHECK_INT(jv_pg_exec(c, soon(b, 50), b->arena, NULL, "select pg_sleep(30)", NULL, &err),
              JV_DEADLINE_EXCEEDED);
    CHECK_INT(jv_pg_exec(c, soon(b, 5000), b->arena, NULL, "select 1", NULL, &err), JV_ABORTED);
    jv_pg_give(b->pool, c);
    CHECK_INT(sleeping(b), 0); /* the only connection: it was put in order */
    CHECK_INT(prepared_statements(b) > 0, 1);
    CHECK(soon(b, 0) - start < 5000);
}

TEST(a_late_statement_is_cancelled_at_the_server)
{
    bench_run(JV_CLOCK_REAL, 1, late);
}

static void sleeper(void *arg)
{
    struct member *m = arg;
    struct jv_err err = { 0 };

    m->i = bench_exec(m->crowd->b, NULL, "select pg_sleep(30)", NULL, &err);
    member_done(m->crowd);
}

static void until_sleeping(struct bench *b, long n)
{
    while (sleeping(b) != n)
        ;
}

static void cancelled(struct bench *b)
{
    struct crowd w = { b, jv_fiber_self(), 3, 0, 0, -1 };
    struct member members[3];
    struct jv_fiber *fibers[3];

    for (int i = 0; i < 3; i++) {
        members[i] = (struct member){ &w, -1 };
        fibers[i] = jv_fiber_start(b->loop, sleeper, &members[i]);
    }
    until_sleeping(b, 3);
    for (int i = 0; i < 3; i++)
        jv_fiber_cancel(fibers[i]);
    wait_for_crowd(&w);
    for (int i = 0; i < 3; i++)
        CHECK_INT(members[i].i, JV_CANCELLED);
    until_sleeping(b, 0);
    /* One that waits in the queue leaves it. */
    w.left = 1;
    fibers[0] = jv_fiber_start(b->loop, sleeper, &members[0]);
    jv_fiber_cancel(fibers[0]);
    wait_for_crowd(&w);
    CHECK_INT(members[0].i, JV_CANCELLED);
    CHECK_INT(jv_pg_ping(b->pool, soon(b, 5000), NULL), JV_OK);
}

TEST(a_cancelled_fiber_leaves_at_once)
{
    bench_run(JV_CLOCK_REAL, 4, cancelled);
}

/* The pool goes while a connection is being put in order. */
static void gone(struct bench *b)
{
    struct jv_pg_conn *c;

    CHECK_OR(jv_pg_take(b->pool, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(jv_pg_exec(c, soon(b, 20), b->arena, NULL, "select pg_sleep(30)", NULL, NULL),
              JV_DEADLINE_EXCEEDED);
    jv_pg_give(b->pool, c);
}

TEST(the_pool_may_go_any_time)
{
    bench_run(JV_CLOCK_REAL, 1, gone);
}

/* ---- lost connections ----------------------------------------------------------------------- */

static int kill_others(struct bench *b)
{
    struct jv_rows rows;

    if (bench_exec(b, &rows,
                   "select pg_terminate_backend(pid) from pg_stat_activity"
                   " where application_name = 'jarvis-public' and pid <> pg_backend_pid()",
                   NULL, NULL))
        return -1;
    return (int)rows.n;
}

static void terminated(struct bench *b)
{
    struct crowd w = { b, jv_fiber_self(), 3, 0, 0, -1 };
    struct member members[3];

    for (int i = 0; i < 3; i++) {
        members[i] = (struct member){ &w, -1 };
        jv_fiber_start(b->loop, sleeper, &members[i]);
    }
    until_sleeping(b, 3);
    CHECK_INT(kill_others(b), 3);
    wait_for_crowd(&w);
    for (int i = 0; i < 3; i++)
        CHECK_INT(members[i].i, JV_UNAVAILABLE);
    for (int i = 0; i < 8; i++)
        CHECK_INT(jv_pg_ping(b->pool, soon(b, 5000), NULL), JV_OK);
}

TEST(a_statement_on_a_lost_connection_is_unavailable)
{
    bench_run(JV_CLOCK_REAL, 4, terminated);
}

static void idle_closed(struct bench *b)
{
    struct jv_pg *other = jv_pg_new(b->loop, getenv("TEST_DATABASE_URL"), "public", 1);
    struct bench o = { b->loop, other, b->arena, NULL };
    struct jv_pg_conn *c;

    CHECK_INT(jv_pg_ping(other, soon(b, 5000), NULL), JV_OK);
    CHECK_OR(jv_pg_take(other, soon(b, 5000), &c, NULL) == JV_OK, return );
    CHECK_INT(kill_others(b), 1);
    while (on(&o, c, "select 1") != JV_UNAVAILABLE) /* until the end has arrived */
        ;
    CHECK_INT(on(&o, c, "select 1"), JV_UNAVAILABLE); /* and stays */
    jv_pg_give(other, c);
    CHECK_INT(jv_pg_ping(other, soon(b, 5000), NULL), JV_OK);
    jv_pg_free(other);
}

TEST(a_dead_connection_is_replaced)
{
    bench_run(JV_CLOCK_REAL, 1, idle_closed);
}

static void nobody_there(struct bench *b)
{
    struct jv_pg *none = jv_pg_new(b->loop, "postgresql://x@/x?host=/nonexistent", "public", 2);
    struct jv_pg *odd = jv_pg_new(b->loop, getenv("TEST_DATABASE_URL"), "a; drop", 2);
    struct jv_pg *malformed = jv_pg_new(b->loop, "postgresql://[", "public", 2);
    int64_t start = soon(b, 0);
    struct jv_err err = { 0 };

    CHECK_INT(jv_pg_ping(none, soon(b, 120), &err), JV_UNAVAILABLE);
    CHECK_STR(err.text, "the database cannot be reached");
    CHECK(soon(b, 0) - start >= 100);
    CHECK_INT(jv_pg_ping(odd, soon(b, 10), &err), JV_UNAVAILABLE);
    CHECK_INT(jv_pg_ping(malformed, soon(b, 10), &err), JV_UNAVAILABLE);
    jv_pg_free(none);
    jv_pg_free(odd);
    jv_pg_free(malformed);
}

TEST(no_server_is_unavailable)
{
    bench_run(JV_CLOCK_REAL, 1, nobody_there);
}

/* ---- the virtual clock ---------------------------------------------------------------------- */

static void virtual_time(struct bench *b)
{
    int64_t start = soon(b, 0);
    struct jv_pg_conn *c;

    CHECK_OR(jv_pg_take(b->pool, soon(b, 1), &c, NULL) == JV_OK, return );
    CHECK_INT(jv_pg_exec(c, soon(b, 1), b->arena, NULL, "select pg_sleep(0.05)", NULL, NULL),
              JV_OK);
    jv_pg_give(b->pool, c);
    CHECK_INT(soon(b, 0), start);
    CHECK_INT(jv_fiber_wait(soon(b, 60000)), JV_DEADLINE_EXCEEDED); /* nothing holds it now */
    CHECK_INT(soon(b, 0), start + 60000);
}

TEST(virtual_time_waits_for_real_queries)
{
    bench_run(JV_CLOCK_VIRTUAL, 2, virtual_time);
}

TEST_MAIN()
