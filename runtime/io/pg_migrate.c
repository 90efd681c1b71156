/* pg_migrate.c -- migrations, scripts and a look at the database; blocking, outside any loop. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/pg_conn.h"
#include "jv/token.h"

enum {
    connect_ms = 10000,
    retry_ms = 20,
    oldest_server = 140000,
    lock_key = 0x6a617276, /* "jarv" */
};

/* ---- connecting ----------------------------------------------------------------------------- */

static int64_t mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One attempt; false when it failed or the time is over. */
static bool attempt(PGconn *c, int64_t until)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    while (next != PGRES_POLLING_OK) {
        struct pollfd p = { PQsocket(c), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0 };
        int64_t left = until - mono_ms();

        if (PQstatus(c) == CONNECTION_BAD || next == PGRES_POLLING_FAILED || left <= 0)
            return false;
        if (poll(&p, 1, (int)left) > 0)
            next = PQconnectPoll(c);
    }
    return true;
}

static int unreachable(const PGconn *c, struct jv_err *err)
{
    char line[256];

    pg_one_line(line, sizeof(line), PQerrorMessage(c));
    return jv_err_set(err, JV_UNAVAILABLE, "the database cannot be reached: %s",
                      PQstatus(c) == CONNECTION_BAD ? line : "no answer in time");
}

static int connect_once(const struct pg_options *o, int64_t until, PGconn **ret, struct jv_err *err)
{
    PGconn *c = PQconnectStartParams(o->keys, o->values, 1);

    if (!c)
        return jv_err_set(err, JV_UNAVAILABLE, "no memory for a database connection");
    if (!attempt(c, until)) {
        unreachable(c, err);
        PQfinish(c);
        return JV_UNAVAILABLE;
    }
    PQsetNoticeProcessor(c, pg_quiet, NULL);
    *ret = c;
    return JV_OK;
}

int pg_open(const char *url, const char *schema, int wait_ms, PGconn **ret, struct jv_err *err)
{
    struct pg_options o;
    int r = pg_options(&o, url, schema, err);

    return r ? r : connect_once(&o, mono_ms() + wait_ms, ret, err);
}

static int open_conn(const char *url, const char *schema, PGconn **ret, struct jv_err *err)
{
    return pg_open(url, schema, connect_ms, ret, err);
}

/* ---- running -------------------------------------------------------------------------------- */

/* The line of a script at which the server stopped; 0 when it does not say. */
static size_t line_of(const char *sql, const PGresult *res)
{
    const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
    long left = position ? strtol(position, NULL, 10) : 0; /* in characters, from 1 */
    size_t line = left > 0;

    for (const char *p = sql; *p && left > 1; p++) {
        line += *p == '\n';
        left -= (*p & 0xc0) != 0x80;
    }
    return line;
}

static int run(PGconn *c, const char *sql, struct jv_err *err)
{
    AUTO_RESULT res = PQexec(c, sql);
    size_t line;

    if (pg_is_good(res))
        return JV_OK;
    if (PQstatus(c) == CONNECTION_BAD)
        return unreachable(c, err);
    pg_error(err, res);
    line = line_of(sql, res);
    return line > 1 ? jv_err_wrap(err, "line %zu", line) : err ? err->code : JV_INTERNAL;
}

/* A script in a transaction, which stays open and which it must not end itself. */
static int run_script(PGconn *c, const char *schema, const char *sql, struct jv_err *err)
{
    char set_up[160];
    int r;

    snprintf(set_up, sizeof(set_up),
             "begin; create schema if not exists %s; set local search_path to %s", schema, schema);
    r = run(c, set_up, err);
    if (!r)
        r = run(c, sql, err);
    if (!r && PQtransactionStatus(c) != PQTRANS_INTRANS)
        r = jv_err_set(err, JV_FAILED_PRECONDITION, "it ends the transaction it runs in");
    return r;
}

/* ---- migrations ----------------------------------------------------------------------------- */

struct plan {
    struct jv_migration m;
    char hash[2 * JV_SHA256_SIZE + 1];
    bool applied;
};

static int by_actor_and_name(const void *a, const void *b)
{
    const struct plan *x = a, *y = b;
    int r = strcmp(x->m.actor, y->m.actor);

    return r ? r : strcmp(x->m.name, y->m.name);
}

static void hash_hex(const char *p, size_t n, char ret[2 * JV_SHA256_SIZE + 1])
{
    uint8_t hash[JV_SHA256_SIZE];

    jv_sha256(p, n, hash);
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

static struct plan *make_plan(const struct jv_migration *list, size_t n)
{
    struct plan *plan = calloc(n ? n : 1, sizeof(*plan));

    if (!plan)
        abort();
    for (size_t i = 0; i < n; i++) {
        plan[i].m = list[i];
        hash_hex(list[i].sql, list[i].len, plan[i].hash);
    }
    qsort(plan, n, sizeof(*plan), by_actor_and_name);
    return plan;
}

/* One row of the history against the plan. */
static int match(struct plan *plan, size_t n, const char *actor, const char *name, const char *hash,
                 struct jv_err *err)
{
    struct plan key = { .m = { .actor = actor, .name = name } };
    struct plan *p = bsearch(&key, plan, n, sizeof(*plan), by_actor_and_name);

    if (!p)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "the database is newer than this program: it has the migration %s/%s, "
                          "which is not known here",
                          actor, name);
    if (strcmp(p->hash, hash) != 0)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "the migration %s/%s was changed after it had been applied", actor, name);
    p->applied = true;
    return JV_OK;
}

/* What is missing must come after all that is there. */
static int check_order(const struct plan *plan, size_t n, struct jv_err *err)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (!plan[i].applied && plan[i + 1].applied &&
            strcmp(plan[i].m.actor, plan[i + 1].m.actor) == 0)
            return jv_err_set(err, JV_FAILED_PRECONDITION,
                              "the migration %s/%s would come before %s, which is applied already",
                              plan[i].m.actor, plan[i].m.name, plan[i + 1].m.name);
    return JV_OK;
}

static int read_history(PGconn *c, struct plan *plan, size_t n, struct jv_err *err)
{
    AUTO_RESULT res = PQexec(c, "select actor, name, sha256 from jarvis.migrations"
                                " order by actor, name");
    int r;

    if (!pg_is_good(res))
        return pg_error(err, res);
    for (int i = 0; i < PQntuples(res); i++) {
        r = match(plan, n, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), PQgetvalue(res, i, 2),
                  err);
        if (r)
            return r;
    }
    return check_order(plan, n, err);
}

static int record(PGconn *c, const struct plan *p, struct jv_err *err)
{
    const char *values[] = { p->m.actor, p->m.name, p->hash };
    AUTO_RESULT res = PQexecParams(c,
                                   "insert into jarvis.migrations (actor, name, sha256)"
                                   " values ($1, $2, $3)",
                                   3, NULL, values, NULL, NULL, 0);

    return pg_is_good(res) ? JV_OK : pg_error(err, res);
}

static int apply(PGconn *c, const struct plan *p, struct jv_err *err)
{
    char *sql = strndup(p->m.sql, p->m.len);
    int r;

    if (!sql)
        abort();
    r = run_script(c, p->m.actor, sql, err);
    free(sql);
    if (!r)
        r = record(c, p, err);
    if (!r)
        r = run(c, "commit", err);
    if (!r)
        return JV_OK;
    PQclear(PQexec(c, "rollback"));
    return jv_err_wrap(err, "migration %s/%s", p->m.actor, p->m.name);
}

static int apply_missing(PGconn *c, const struct plan *plan, size_t n,
                         void (*applied)(void *arg, const struct jv_migration *m), void *arg,
                         struct jv_err *err)
{
    for (size_t i = 0; i < n; i++) {
        int r = plan[i].applied ? JV_OK : apply(c, &plan[i], err);

        if (r)
            return r;
        if (applied && !plan[i].applied)
            applied(arg, &plan[i].m);
    }
    return JV_OK;
}

static int take_lock(PGconn *c, struct jv_err *err)
{
    char sql[96];
    int r;

    snprintf(sql, sizeof(sql), "set lock_timeout = '60s'; select pg_advisory_lock(%d)", lock_key);
    r = run(c, sql, err);
    return r ? jv_err_wrap(err, "waiting for another migration") : JV_OK;
}

int jv_pg_migrate(const char *url, const struct jv_migration *list, size_t n,
                  void (*applied)(void *arg, const struct jv_migration *m), void *arg,
                  struct jv_err *err)
{
    AUTO_CONN c = NULL;
    struct plan *plan;
    int r;

    for (size_t i = 0; i < n; i++)
        if (!pg_is_name(list[i].actor))
            return jv_err_set(err, JV_INVALID_ARGUMENT, "\"%.60s\" is no name of a schema",
                              list[i].actor);
    r = open_conn(url, NULL, &c, err);
    if (!r)
        r = take_lock(c, err);
    if (!r)
        r = run(c,
                "create schema if not exists jarvis;"
                "create table if not exists jarvis.migrations ("
                " actor text not null, name text not null, sha256 text not null,"
                " applied_at timestamptz not null default now(), primary key (actor, name))",
                err);
    if (r)
        return r;
    plan = make_plan(list, n);
    r = read_history(c, plan, n, err);
    if (!r)
        r = apply_missing(c, plan, n, applied, arg, err);
    free(plan);
    return r;
}

/* Rows of the history, or none where there is no table of it. */
static int read_kept(PGconn *c, struct plan *plan, size_t n, struct jv_err *err)
{
    AUTO_RESULT res = PQexec(c, "select to_regclass('jarvis.migrations') is not null");

    if (!pg_is_good(res))
        return pg_error(err, res);
    return *PQgetvalue(res, 0, 0) == 't' ? read_history(c, plan, n, err) : JV_OK;
}

int pg_missing(PGconn *c, const struct jv_migration *list, size_t n, size_t *ret_missing,
               struct jv_err *err)
{
    struct plan *plan = make_plan(list, n);
    int r = read_kept(c, plan, n, err);

    *ret_missing = 0;
    for (size_t i = 0; i < n; i++)
        *ret_missing += !plan[i].applied;
    free(plan);
    return r;
}

int jv_pg_script(const char *url, const char *schema, const char *sql, struct jv_err *err)
{
    AUTO_CONN c = NULL;
    int r = open_conn(url, schema, &c, err);

    if (!r)
        r = run_script(c, schema, sql, err);
    return r ? r : run(c, "commit", err);
}

/* ---- a look --------------------------------------------------------------------------------- */

static int check_server(PGconn *c, struct jv_err *err)
{
    const char *encoding = PQparameterStatus(c, "server_encoding");
    int r = run(c, "select 1", err);

    if (r)
        return r;
    if (PQserverVersion(c) < oldest_server)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "the database server is version %d; at least %d is needed",
                          PQserverVersion(c) / 10000, oldest_server / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return jv_err_set(err, JV_FAILED_PRECONDITION,
                          "the database is encoded in %s; UTF8 is needed",
                          encoding ? encoding : "something unknown");
    return JV_OK;
}

/* The server runs and refuses us: waiting does not help. */
static bool is_final(const struct pg_options *o)
{
    return PQpingParams(o->keys, o->values, 1) == PQPING_OK;
}

int jv_pg_check(const char *url, int wait_ms, struct jv_err *err)
{
    const struct timespec pause = { 0, retry_ms * 1000000L };
    int64_t until = mono_ms() + wait_ms;
    bool was_up = false; /* a refusal counts when it comes from a server that had been up before */
    struct pg_options o;
    int r = pg_options(&o, url, NULL, err);

    if (r)
        return r;
    for (;;) {
        AUTO_CONN c = NULL;

        r = connect_once(&o, until, &c, err);
        if (!r)
            return check_server(c, err);
        if (mono_ms() + retry_ms >= until || was_up)
            return r;
        was_up = is_final(&o);
        nanosleep(&pause, NULL);
        if (mono_ms() >= until)
            return r;
    }
}
