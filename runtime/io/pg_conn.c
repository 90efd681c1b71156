/* pg_conn.c -- one connection: connecting, watching, one statement at a time, putting in order. */
#include "io/pg_conn.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    connect_ms = 5000,
    tidy_ms = 5000, /* after that a returned connection is given up */
};

/* ---- watching ------------------------------------------------------------------------------- */

static void on_io(struct jv_io *io, unsigned events);

static void hold(struct jv_pg_conn *c, bool held)
{
    if (c->held == held)
        return;
    c->held = held;
    if (held)
        jv_loop_hold(c->loop);
    else
        jv_loop_release(c->loop);
}

static void unwatch(struct jv_pg_conn *c)
{
    if (c->io.fd < 0)
        return;
    jv_loop_io_del(c->loop, &c->io);
    close(c->io.fd);
    c->io.fd = -1;
}

static void lose(struct jv_pg_conn *c)
{
    c->broken = true;
    unwatch(c);
}

static void watch(struct jv_pg_conn *c, unsigned events)
{
    int r;

    if (c->io.fd >= 0) {
        r = c->io.events == events ? JV_OK : jv_loop_io_mod(c->loop, &c->io, events);
    } else {
        c->io = (struct jv_io){ .events = events, .fn = on_io, .arg = c };
        c->io.fd = fcntl(PQsocket(c->pg), F_DUPFD_CLOEXEC, 3);
        r = c->io.fd < 0 ? JV_UNAVAILABLE : jv_loop_io_add(c->loop, &c->io);
    }
    if (r)
        lose(c);
}

static void flush(struct jv_pg_conn *c)
{
    int r = PQflush(c->pg);

    if (r < 0)
        lose(c);
    else
        watch(c, r ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- sending and reading -------------------------------------------------------------------- */

struct values {
    size_t n;
    Oid *types;
    const char **text;
    int *lengths, *formats;
};

enum { oid_bytea = 17, oid_timestamptz = 1184 };

/* Everything travels as text but bytes. PostgreSQL infers the types, only a time and bytes say
 * theirs. */
static void put_value(struct values *v, size_t i, const struct jv_param *p, struct jv_arena *a)
{
    int64_t s = p->n / 1000, ms = p->n % 1000;

    switch (p->kind) {
    case JV_P_END:
    case JV_P_NULL:
        break;
    case JV_P_TEXT:
        v->text[i] = p->text;
        break;
    case JV_P_INT:
        v->text[i] = jv_arena_printf(a, "%lld", (long long)p->n);
        break;
    case JV_P_BOOL:
        v->text[i] = p->n ? "t" : "f";
        break;
    case JV_P_TIME:
        v->types[i] = oid_timestamptz;
        v->text[i] =
                jv_time_print(a, ms < 0 ? s - 1 : s, (int32_t)(ms < 0 ? ms + 1000 : ms) * 1000000);
        break;
    case JV_P_BYTES:
        v->types[i] = oid_bytea;
        v->text[i] = p->text ? p->text : "";
        v->lengths[i] = (int)p->len;
        v->formats[i] = 1;
        break;
    }
}

static struct values make_values(const struct jv_param *params, struct jv_arena *a)
{
    struct values v = { 0 };

    while (params && params[v.n].kind != JV_P_END)
        v.n++;
    if (!v.n)
        return v;
    v.types = JV_NEW_ARRAY(a, Oid, v.n);
    v.text = JV_NEW_ARRAY(a, const char *, v.n);
    v.lengths = JV_NEW_ARRAY(a, int, v.n);
    v.formats = JV_NEW_ARRAY(a, int, v.n);
    for (size_t i = 0; i < v.n; i++)
        put_value(&v, i, &params[i], a);
    return v;
}

/* Queue the statement; on its first use its preparation rides in front of it. */
static bool queue(struct jv_pg_conn *c, const char *sql, const struct values *v)
{
    struct pg_statement *st = pg_statement_find(c, sql);
    int n = (int)v->n;
    char name[16];

    if (!st) {
        st = c->preparing = pg_statement_add(c, sql);
        if (!st)
            return PQsendQueryParams(c->pg, sql, n, v->types, v->text, v->lengths, v->formats, 0);
    }
    snprintf(name, sizeof(name), "s%u", st->number);
    return (!c->preparing || PQsendPrepare(c->pg, name, sql, n, v->types)) &&
           PQsendQueryPrepared(c->pg, name, n, v->text, v->lengths, v->formats, 0);
}

static bool queue_plain(struct jv_pg_conn *c, const char *sql)
{
    return PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0);
}

static bool queue_around(struct jv_pg_conn *c, const char *sql, const struct values *v)
{
    bool begins = c->begins, commits = c->commits;

    c->begins = c->commits = false;
    c->beginning = begins;
    return (!begins || queue_plain(c, "begin")) && queue(c, sql, v) &&
           (!commits || queue_plain(c, "commit"));
}

static bool send(struct jv_pg_conn *c, const char *sql, const struct values *v)
{
    if (!queue_around(c, sql, v) || !PQpipelineSync(c->pg)) {
        lose(c);
        return false;
    }
    c->syncs++;
    hold(c, true);
    flush(c);
    return !c->broken;
}

/* The answer to the preparation that rode in front; false when it failed. */
static bool prepared(struct jv_pg_conn *c, const PGresult *res)
{
    struct pg_statement *st = c->preparing;

    c->preparing = NULL;
    if (PQresultStatus(res) == PGRES_COMMAND_OK)
        return true;
    pg_statement_remove(c, st);
    return false;
}

/* The answer to a begin; false when it failed, as everything behind it then does. */
static bool begun(struct jv_pg_conn *c, const PGresult *res)
{
    c->beginning = false;
    return PQresultStatus(res) == PGRES_COMMAND_OK;
}

static bool is_copy(const PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);

    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

enum step { STEP_WAIT, STEP_RESULT, STEP_END };

/* One step through what the server has answered. */
static enum step step(struct jv_pg_conn *c, PGresult **ret)
{
    while (c->syncs) {
        PGresult *res;

        if (PQisBusy(c->pg))
            return c->broken ? STEP_END : STEP_WAIT;
        res = PQgetResult(c->pg);
        if (!res) { /* between two statements */
            if (PQstatus(c->pg) == CONNECTION_BAD)
                lose(c);
            if (c->broken)
                return STEP_END;
        } else if (PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
            PQclear(res);
            c->syncs--;
        } else if (c->beginning ? begun(c, res) : c->preparing && prepared(c, res)) {
            PQclear(res);
        } else {
            if (is_copy(res)) { /* another protocol, without an end here */
                lose(c);
                c->syncs = 0;
            }
            *ret = res;
            return STEP_RESULT;
        }
    }
    return STEP_END;
}

/* ---- putting in order ----------------------------------------------------------------------- */

struct pg_cancel {
    PGcancel *handle;
    struct jv_pg_conn *conn; /* NULL when it went before us */
};

static void settle(struct jv_pg_conn *c);

static int cancel_run(void *arg)
{
    struct pg_cancel *x = arg;
    char reason[256];

    return PQcancel(x->handle, reason, sizeof(reason)) ? JV_OK : JV_UNAVAILABLE;
}

static void cancel_done(void *arg, int result)
{
    struct pg_cancel *x = arg;
    struct jv_pg_conn *c = x->conn;

    (void)result; /* the answer shows whether it came in time */
    PQfreeCancel(x->handle);
    free(x);
    if (!c)
        return;
    c->cancel = NULL;
    settle(c);
}

/* A fiber leaves its statement: the server is asked to stop, from a helper thread because libpq
 * connects anew for that. What is still answered is read by settle(). */
static void abandon(struct jv_pg_conn *c)
{
    struct pg_cancel *x = calloc(1, sizeof(*x));

    if (!x)
        abort();
    c->abandoned = true;
    *x = (struct pg_cancel){ PQgetCancel(c->pg), c };
    c->cancel = x;
    if (x->handle && jv_loop_offload(c->loop, cancel_run, x, cancel_done, x))
        return;
    c->cancel = NULL;
    PQfreeCancel(x->handle);
    free(x);
    lose(c);
}

/* False when there is still an answer to come. */
static bool discard(struct jv_pg_conn *c)
{
    PGresult *res;

    for (;;) {
        switch (step(c, &res)) {
        case STEP_RESULT:
            PQclear(res);
            continue;
        case STEP_WAIT:
            return false;
        case STEP_END:
            return true;
        }
    }
}

static void finish(struct jv_pg_conn *c)
{
    jv_loop_timer_stop(c->loop, &c->timer);
    hold(c, false);
    c->abandoned = false;
    c->state = PG_READY;
    c->changed(c);
}

/* Further towards being ready. A cancellation that is under way could hit the next statement, so
 * it is waited for. */
static void settle(struct jv_pg_conn *c)
{
    static const struct values none;

    if (!c->broken && (!discard(c) || c->cancel))
        return;
    hold(c, false);
    if (c->state != PG_RETURNING)
        return;
    if (!c->broken && PQtransactionStatus(c->pg) != PQTRANS_IDLE && send(c, "rollback", &none))
        return;
    finish(c);
}

static void on_late(struct jv_loop_timer *t)
{
    struct jv_pg_conn *c = t->arg;

    lose(c);
    finish(c);
}

void pg_conn_take(struct jv_pg_conn *c)
{
    assert(c->state == PG_READY && !c->broken);
    c->state = PG_TAKEN;
}

void pg_conn_return(struct jv_pg_conn *c)
{
    assert(c->state == PG_TAKEN && !c->fiber);
    c->state = PG_RETURNING;
    c->begins = c->commits = false;
    jv_loop_timer_start(c->loop, &c->timer, jv_loop_mono_ms(c->loop) + tidy_ms);
    settle(c);
}

/* ---- connecting ----------------------------------------------------------------------------- */

static void connected(struct jv_pg_conn *c)
{
    if (PQsetnonblocking(c->pg, 1) || !PQenterPipelineMode(c->pg))
        lose(c);
    else
        watch(c, EPOLLIN);
    c->was_ready = !c->broken;
    finish(c);
}

/* libpq may go on to another socket at every step. */
static void connect_step(struct jv_pg_conn *c)
{
    PostgresPollingStatusType next;

    unwatch(c);
    next = PQconnectPoll(c->pg);
    if (next == PGRES_POLLING_OK) {
        connected(c);
        return;
    }
    if (next == PGRES_POLLING_FAILED)
        lose(c);
    else
        watch(c, next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT);
    if (c->broken)
        finish(c);
}

static void on_io(struct jv_io *io, unsigned events)
{
    struct jv_pg_conn *c = io->arg;

    (void)events;
    if (c->state == PG_CONNECTING) {
        connect_step(c);
        return;
    }
    if (PQconsumeInput(c->pg))
        flush(c);
    else
        lose(c);
    if (c->fiber)
        jv_fiber_wake(c->fiber);
    else if (c->state != PG_READY)
        settle(c);
    else if (c->broken)
        c->changed(c);
    else
        PQisBusy(c->pg); /* parses notices, so that they do not pile up */
}

struct jv_pg_conn *pg_conn_start(struct jv_loop *l, const char *url, const char *schema,
                                 void (*changed)(struct jv_pg_conn *c), void *owner,
                                 struct jv_err *err)
{
    struct jv_pg_conn *c = calloc(1, sizeof(*c));
    struct pg_options o;
    char line[256];

    if (!c)
        abort();
    c->loop = l;
    c->changed = changed;
    c->owner = owner;
    c->io.fd = -1;
    c->timer = (struct jv_loop_timer){ .fn = on_late, .arg = c };
    if (pg_options(&o, url, schema, err)) {
        pg_conn_free(c);
        return NULL;
    }
    c->pg = PQconnectStartParams(o.keys, o.values, 1);
    if (c->pg && PQstatus(c->pg) != CONNECTION_BAD) {
        PQsetNoticeProcessor(c->pg, pg_quiet, NULL);
        watch(c, EPOLLOUT);
        jv_loop_timer_start(l, &c->timer, jv_loop_mono_ms(l) + connect_ms);
        hold(c, true);
        if (!c->broken)
            return c;
    }
    pg_one_line(line, sizeof(line), PQerrorMessage(c->pg));
    jv_err_set(err, JV_UNAVAILABLE, "%s", line);
    pg_conn_free(c);
    return NULL;
}

void pg_conn_free(struct jv_pg_conn *c)
{
    jv_loop_timer_stop(c->loop, &c->timer);
    unwatch(c);
    hold(c, false);
    if (c->cancel)
        c->cancel->conn = NULL;
    pg_statement_clear(c);
    PQfinish(c->pg);
    free(c);
}

/* ---- for fibers ----------------------------------------------------------------------------- */

static void clear_result(void *res)
{
    PQclear(res);
}

/* select counts too in libpq, but changes nothing. */
static size_t count_affected(PGresult *res)
{
    const char *status = PQcmdStatus(res);

    if (strncmp(status, "INSERT", 6) != 0 && strncmp(status, "UPDATE", 6) != 0 &&
        strncmp(status, "DELETE", 6) != 0 && strncmp(status, "MERGE", 5) != 0)
        return 0;
    return strtoull(PQcmdTuples(res), NULL, 10);
}

/* The first failure counts; it may follow a good result (a deferred constraint). */
static void keep(PGresult **kept, PGresult *res)
{
    if (*kept && (!pg_is_good(*kept) || pg_is_good(res))) {
        PQclear(res);
        return;
    }
    PQclear(*kept);
    *kept = res;
}

static int lost(struct jv_err *err)
{
    return jv_err_set(err, JV_UNAVAILABLE, "the database connection was lost");
}

/* An error that libpq made up itself: the server is gone without a word. */
static bool is_gone(const struct jv_pg_conn *c, const PGresult *res)
{
    return !PQresultErrorField(res, PG_DIAG_SQLSTATE) && PQstatus(c->pg) == CONNECTION_BAD;
}

static int take_result(struct jv_pg_conn *c, PGresult *res, struct jv_arena *a,
                       struct jv_rows *rows, struct jv_err *err)
{
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    int r = JV_OK;

    if (pg_is_good(res) && rows) {
        jv_arena_defer(a, clear_result, res);
        *rows = (struct jv_rows){ (size_t)PQntuples(res), count_affected(res), res };
        return JV_OK;
    }
    if (!pg_is_good(res)) {
        bool gone = is_gone(c, res);

        if (gone || pg_statements_lost(res) || (severity && strcmp(severity, "FATAL") == 0))
            lose(c);
        r = gone ? lost(err) : pg_error(err, res);
    }
    PQclear(res);
    return r;
}

/* Wait for the result and the end of the answer: only that says that the statement is committed. */
static int await(struct jv_pg_conn *c, int64_t until, PGresult **ret, struct jv_err *err)
{
    for (;;) {
        PGresult *res;
        int r;

        switch (step(c, &res)) {
        case STEP_RESULT:
            keep(ret, res);
            continue;
        case STEP_END:
            return *ret && (!c->syncs || !pg_is_good(*ret)) ? JV_OK : lost(err);
        case STEP_WAIT:
            break;
        }
        /* An answer that keeps coming wakes us again and again: that must not outrun the limit. */
        r = jv_loop_mono_ms(c->loop) < until ? jv_fiber_wait(until) : JV_DEADLINE_EXCEEDED;
        if (r) {
            abandon(c);
            return jv_err_set(err, r, "waiting for the database");
        }
    }
}

/* Committing a transaction in which a statement failed succeeds -- as a rollback. */
static bool is_undone(const char *sql, PGresult *res)
{
    return strcmp(sql, "commit") == 0 && strcmp(PQcmdStatus(res), "ROLLBACK") == 0;
}

static int may_send(const struct jv_pg_conn *c, int64_t until, struct jv_err *err)
{
    if (c->broken)
        return lost(err);
    if (c->abandoned)
        return jv_err_set(err, JV_ABORTED, "an earlier statement was given up");
    if (jv_fiber_cancelled(jv_fiber_self()))
        return jv_err_set(err, JV_CANCELLED, "cancelled");
    if (jv_loop_mono_ms(c->loop) >= until)
        return jv_err_set(err, JV_DEADLINE_EXCEEDED, "no time left for the database");
    return JV_OK;
}

void jv_pg_begin_with_next(struct jv_pg_conn *c)
{
    c->begins = true;
}

void jv_pg_commit_with_next(struct jv_pg_conn *c)
{
    c->commits = true;
}

int jv_pg_exec(struct jv_pg_conn *c, int64_t until, struct jv_arena *a, struct jv_rows *rows,
               const char *sql, const struct jv_param *params, struct jv_err *err)
{
    PGresult *res = NULL;
    struct values values;
    int r;

    assert(c->state == PG_TAKEN && !c->fiber);
    if (rows)
        *rows = (struct jv_rows){ 0 };
    r = may_send(c, until, err);
    if (r)
        return r;
    values = make_values(params, a);
    if (!send(c, sql, &values)) {
        hold(c, false);
        return lost(err);
    }
    c->fiber = jv_fiber_self();
    r = await(c, until, &res, err);
    c->fiber = NULL;
    if (r) {
        PQclear(res);
        settle(c);
        return r;
    }
    hold(c, false);
    if (is_undone(sql, res)) {
        PQclear(res);
        return jv_err_set(err, JV_ABORTED, "the transaction had failed before its commit");
    }
    return take_result(c, res, a, rows, err);
}
