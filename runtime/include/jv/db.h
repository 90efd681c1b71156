/* db.h -- PostgreSQL from a handler: parameters only, one row API, transactions.
 *
 * Each actor owns one schema, named as the actor; connections come with search_path set to it.
 * A statement is prepared once per connection and looked up by its text, so SQL is always a
 * literal. Every function here may wait. Results live as long as the message.
 *
 * Errors in ctx: unique_violation ALREADY_EXISTS, foreign_key_violation NOT_FOUND,
 * check_violation and data exceptions INVALID_ARGUMENT, serialization and deadlock ABORTED, no
 * connection before the deadline UNAVAILABLE, anything else INTERNAL. A lost connection is
 * UNAVAILABLE; nothing is retried behind the handler's back.
 *
 *     struct jv_rows rows;
 *     r = jv_db(ctx, &rows, "select id, status from tickets where username = $1 and id > $2",
 *               jv_text(req->username), jv_int(after));
 */
#ifndef JV_DB_H
#define JV_DB_H

#include "jv/actor.h"

enum jv_param_kind {
    JV_P_END = 0,
    JV_P_NULL,
    JV_P_TEXT,
    JV_P_INT,
    JV_P_BOOL,
    JV_P_TIME,
    JV_P_BYTES
};

struct jv_param {
    enum jv_param_kind kind;
    const char *text; /* TEXT; BYTES too */
    size_t len;       /* BYTES */
    int64_t n;        /* INT, BOOL, TIME (unix ms) */
};

static inline struct jv_param jv_text(const char *s) /* NULL is SQL null */
{
    return (struct jv_param){ s ? JV_P_TEXT : JV_P_NULL, s, 0, 0 };
}
static inline struct jv_param jv_int(int64_t n)
{
    return (struct jv_param){ JV_P_INT, NULL, 0, n };
}
static inline struct jv_param jv_bool(bool b)
{
    return (struct jv_param){ JV_P_BOOL, NULL, 0, b };
}
static inline struct jv_param jv_ms(int64_t unix_ms) /* timestamptz */
{
    return (struct jv_param){ JV_P_TIME, NULL, 0, unix_ms };
}
static inline struct jv_param jv_bytes(const void *p, size_t n) /* bytea */
{
    return (struct jv_param){ JV_P_BYTES, (const char *)p, n, 0 };
}
/* A text[] from n strings; made in the message's arena. */
struct jv_param jv_text_array(struct jv_ctx *ctx, size_t n, const char *const *items);

struct Google__Protobuf__Timestamp;
/* A time range of a request, its members <what>_from (inclusive) and <what>_until (exclusive):
 * what is absent is SQL null. INVALID_ARGUMENT names the member of a time outside the years 1 to
 * 9999, and <what>_until of a range that is empty. */
struct jv_range {
    struct jv_param from, until; /* timestamptz */
};
JV_CHECKED int jv_read_range(struct jv_ctx *ctx, const char *what,
                             const struct Google__Protobuf__Timestamp *from,
                             const struct Google__Protobuf__Timestamp *until, struct jv_range *ret);

struct jv_rows {
    size_t n;        /* rows returned */
    size_t affected; /* rows inserted, updated or deleted */
    void *result;
};

/* rows may be NULL when nothing is wanted back. */
#define jv_db(ctx, rows, sql, ...)                                                                 \
    jv_db_exec((ctx), (rows), (sql),                                                               \
               (const struct jv_param[]){ __VA_ARGS__ __VA_OPT__(, ){ JV_P_END, NULL, 0, 0 } })
JV_CHECKED int jv_db_exec(struct jv_ctx *ctx, struct jv_rows *rows, const char *sql,
                          const struct jv_param *params);

/* Columns by name; a name that is not there is our bug and aborts. Null reads as "", 0, false. */
const char *jv_col(const struct jv_rows *rows, size_t row, const char *name);
int64_t jv_col_int(const struct jv_rows *rows, size_t row, const char *name);
bool jv_col_bool(const struct jv_rows *rows, size_t row, const char *name);
int64_t jv_col_ms(const struct jv_rows *rows, size_t row, const char *name); /* timestamptz */
bool jv_col_null(const struct jv_rows *rows, size_t row, const char *name);
size_t jv_col_bytes(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row, const char *name,
                    const uint8_t **ret); /* bytea */
size_t jv_col_array(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row, const char *name,
                    const char ***ret); /* text[] */

/* Fill the members of msg that have a column of their name; columns without a member and members
 * without a column are left. Scalars, enums by name, Timestamp from timestamptz, repeated string
 * from text[], other messages from json/jsonb. */
JV_CHECKED int jv_row_to_msg(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row,
                             ProtobufCMessage *msg);

/* A transaction on one connection for the jv_db() calls of this ctx (not of its children). One
 * that is neither committed nor rolled back when the handler returns is rolled back. */
JV_CHECKED int jv_db_begin(struct jv_ctx *ctx);
JV_CHECKED int jv_db_commit(struct jv_ctx *ctx);
void jv_db_rollback(struct jv_ctx *ctx);

#endif
