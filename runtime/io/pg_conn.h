/* pg_conn.h -- one connection to PostgreSQL, driven by the loop. For pg*.c only.
 *
 * A connection is made in the background, taken by one fiber at a time, and puts itself in order
 * when it is returned: an abandoned statement is cancelled and its answer read to the end, an open
 * transaction is rolled back. Whenever it becomes ready or broken without a fiber being on it, it
 * says so through `changed`, in which it may be freed. */
#ifndef JV_PG_CONN_H
#define JV_PG_CONN_H

#include <libpq-fe.h>

#include "io/pg.h"

enum pg_state { PG_CONNECTING, PG_READY, PG_TAKEN, PG_RETURNING };

struct pg_statement {
    char *sql;
    unsigned number; /* its name on the server: s1, s2, ... */
    struct pg_statement *next;
};

enum { PG_BUCKETS = 128, PG_STATEMENTS_MAX = 256 };

struct pg_cancel;

struct jv_pg_conn {
    struct jv_loop *loop;
    PGconn *pg;
    enum pg_state state;
    bool was_ready; /* it was connected once */
    bool broken;    /* of no use any more */
    bool abandoned; /* a fiber left before its statement's answer was read */
    bool held;      /* the loop waits for us */
    void (*changed)(struct jv_pg_conn *c);
    void *owner;
    struct jv_io io; /* on a duplicate of libpq's socket, which libpq may close at any time */
    struct jv_loop_timer timer;
    struct jv_fiber *fiber; /* waits in jv_pg_exec() */
    bool begins, commits;   /* the next statement has that before or behind it */
    bool beginning;         /* the answer to a begin comes first */
    unsigned syncs;         /* ends of pipelines still to be read */
    struct pg_statement *preparing;
    struct pg_cancel *cancel; /* on a helper thread */
    struct pg_statement *statements[PG_BUCKETS];
    unsigned n_statements, next_number;
};

/* Begins to connect; NULL when that fails at once, with the reason in err. */
struct jv_pg_conn *pg_conn_start(struct jv_loop *l, const char *url, const char *schema,
                                 void (*changed)(struct jv_pg_conn *c), void *owner,
                                 struct jv_err *err);
void pg_conn_take(struct jv_pg_conn *c);   /* a ready one */
void pg_conn_return(struct jv_pg_conn *c); /* a taken one; `changed` comes at once or later */
void pg_conn_free(struct jv_pg_conn *c);

/* ---- statements prepared on a connection (pg_statement.c) ----------------------------------- */

struct pg_statement *pg_statement_find(struct jv_pg_conn *c, const char *sql);
struct pg_statement *pg_statement_add(struct jv_pg_conn *c, const char *sql); /* NULL when full */
void pg_statement_remove(struct jv_pg_conn *c, struct pg_statement *st);
void pg_statement_clear(struct jv_pg_conn *c);

/* ---- blocking, outside any loop (pg_migrate.c) ---------------------------------------------- */

/* One attempt; UNAVAILABLE says why. */
JV_CHECKED int pg_open(const char *url, const char *schema, int wait_ms, PGconn **ret,
                       struct jv_err *err);
/* How many migrations are not applied yet; FAILED_PRECONDITION: the history is another one's. */
JV_CHECKED int pg_missing(PGconn *c, const struct jv_migration *list, size_t n, size_t *ret_missing,
                          struct jv_err *err);

/* ---- what libpq wants and says (pg_error.c) ------------------------------------------------- */

enum { PG_OPTIONS_MAX = 10 };
/* [a-z_][a-z0-9_]*, at most 48: goes into SQL and options as it is. */
bool pg_is_name(const char *s);
/* Keywords and values of a connection, NULL-terminated; search_path is set when schema is not
 * NULL. A malformed address or a schema that is no plain name is INVALID_ARGUMENT. */
struct pg_options {
    const char *keys[PG_OPTIONS_MAX], *values[PG_OPTIONS_MAX];
    char path[200], name[80];
};
JV_CHECKED int pg_options(struct pg_options *o, const char *url, const char *schema,
                          struct jv_err *err);
bool pg_is_good(const PGresult *res);
/* A code for a failed result's SQLSTATE, and a sentence. */
int pg_error(struct jv_err *err, const PGresult *res);
/* The connection's prepared statements are of no use any more. */
bool pg_statements_lost(const PGresult *res);
/* libpq's many lines as one, cut to size. */
void pg_one_line(char *ret, size_t size, const char *message);
/* Swallow notices. */
void pg_quiet(void *arg, const char *message);

/* Blocking code: closed and freed where they go out of sight. */
static inline void pg_finish(PGconn **c)
{
    PQfinish(*c);
}
#define AUTO_CONN __attribute__((cleanup(pg_finish))) PGconn *

static inline void pg_clear(PGresult **r)
{
    PQclear(*r);
}
#define AUTO_RESULT __attribute__((cleanup(pg_clear))) PGresult *

#endif
