/* pg.h -- a pool of PostgreSQL connections on the loop. The only door to libpq.
 *
 * For fibers: every function but new and free may wait, within `until` (mono ms). actor/db.c puts
 * the face of jv/db.h before it. Idle connections are watched: one that the server closed is
 * dropped at once and made anew with back-off (50 ms to 2 s); while there is none, callers wait
 * until their deadline, at most 5 s, and get UNAVAILABLE. A host name in the address is resolved
 * on the loop (libpq knows no other way): give an address, or a name that is answered nearby. */
#ifndef JV_PG_H
#define JV_PG_H

#include "jv/db.h"
#include "sched/fiber.h"

struct jv_pg;
struct jv_pg_conn;

enum { JV_PG_POOL = 8 }; /* connections of a process; more bring nothing */

/* size connections at most; schema becomes the search_path. Connects lazily. */
struct jv_pg *jv_pg_new(struct jv_loop *l, const char *url, const char *schema, unsigned size);
struct jv_pg *jv_pg_free(struct jv_pg *p); /* no fiber is on it any more */

/* Take a connection out of the pool / give it back (a transaction left open is rolled back first).
 */
JV_CHECKED int jv_pg_take(struct jv_pg *p, int64_t until, struct jv_pg_conn **ret,
                          struct jv_err *err);
void jv_pg_give(struct jv_pg *p, struct jv_pg_conn *c);
/* One statement, prepared on first use of its text on this connection. The PGresult is in
 * rows->result and is cleared with the arena. A fiber that is cancelled or late cancels the query
 * at the server; until the connection is given back it then takes no other statement. "commit" of
 * a transaction that had failed is ABORTED. */
JV_CHECKED int jv_pg_exec(struct jv_pg_conn *c, int64_t until, struct jv_arena *a,
                          struct jv_rows *rows, const char *sql, const struct jv_param *params,
                          struct jv_err *err);
/* "begin" before the next statement, "commit" behind it: in one way to the server and back. What
 * fails first is what the statement fails with; a commit comes only after a good one. */
void jv_pg_begin_with_next(struct jv_pg_conn *c);
void jv_pg_commit_with_next(struct jv_pg_conn *c);
/* Did the last attempt to reach it fail? Makes the next one when it is time and nobody else does,
 * so that the answer does not grow old. Waits for nothing. */
bool jv_pg_is_down(struct jv_pg *p);
/* A select 1; for readiness. */
JV_CHECKED int jv_pg_ping(struct jv_pg *p, int64_t until, struct jv_err *err);

/* ---- rows: what stands behind jv_col_bytes, jv_col_array, jv_row_to_msg, jv_text_array ------ */

size_t jv_pg_col_bytes(struct jv_arena *a, const struct jv_rows *rows, size_t row, const char *name,
                       const uint8_t **ret);
size_t jv_pg_col_array(struct jv_arena *a, const struct jv_rows *rows, size_t row, const char *name,
                       const char ***ret);
JV_CHECKED int jv_pg_row_to_msg(struct jv_arena *a, const struct jv_rows *rows, size_t row,
                                ProtobufCMessage *msg, struct jv_err *err);
struct jv_param jv_pg_text_array(struct jv_arena *a, size_t n, const char *const *items);

/* ---- migrations: blocking, outside any loop ------------------------------------------------- */

struct jv_migration {
    const char *actor, *name; /* "tickets", "001_init" */
    const char *sql;
    size_t len;
};

/* Under an advisory lock: create each actor's schema, apply what is missing in order, one
 * transaction each, recording name and SHA-256 in jarvis.migrations. A recorded migration whose
 * text changed, or one that this binary does not know, is FAILED_PRECONDITION and nothing is done.
 * Calls back for each one applied. */
JV_CHECKED int jv_pg_migrate(const char *url, const struct jv_migration *list, size_t n,
                             void (*applied)(void *arg, const struct jv_migration *m), void *arg,
                             struct jv_err *err);
/* Run one SQL script (the demo data), blocking. */
JV_CHECKED int jv_pg_script(const char *url, const char *schema, const char *sql,
                            struct jv_err *err);
/* Is it an address that can be used, as far as can be said without using it: well-formed, a known
 * sslmode, its certificate files there? INVALID_ARGUMENT names the setting `env`. */
JV_CHECKED int jv_pg_url_check(const char *env, const char *url, struct jv_err *err);
/* Can it be reached and used? Blocking, at most wait_ms; says what is wrong in one sentence. */
JV_CHECKED int jv_pg_check(const char *url, int wait_ms, struct jv_err *err);

#endif
