/* pg_error.c -- connection options, and libpq's failures as our codes and sentences. */
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "io/pg_conn.h"

/* A schema becomes part of a server option: only plain names get there. */
bool pg_is_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return n > 0 && n <= 48 && !s[n] && (s[0] < '0' || s[0] > '9');
}

int pg_options(struct pg_options *o, const char *url, const char *schema, struct jv_err *err)
{
    PQconninfoOption *parsed = PQconninfoParse(url, NULL);
    size_t n = 0;

    /* libpq's own words could repeat a password. */
    if (!parsed)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "the database address is malformed");
    PQconninfoFree(parsed);
    if (schema && !pg_is_name(schema))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "\"%.60s\" is no name of a schema", schema);
    snprintf(o->name, sizeof(o->name), "jarvis-%s", schema ? schema : "host");
    snprintf(o->path, sizeof(o->path), "-c timezone=UTC -c datestyle=ISO -c jit=off%s%s",
             schema ? " -c search_path=" : "", schema ? schema : "");
    /* What stands before dbname may be overridden by the address; what follows may not. */
    o->keys[n] = "connect_timeout", o->values[n++] = "5";
    o->keys[n] = "keepalives_idle", o->values[n++] = "30";
    o->keys[n] = "tcp_user_timeout", o->values[n++] = "15000";
    o->keys[n] = "dbname", o->values[n++] = url;
    o->keys[n] = "application_name", o->values[n++] = o->name;
    o->keys[n] = "client_encoding", o->values[n++] = "UTF8";
    o->keys[n] = "options", o->values[n++] = o->path;
    o->keys[n] = NULL, o->values[n] = NULL;
    return JV_OK;
}

/* ---- an address before it is used ----------------------------------------------------------- */

static const char *option_of(const PQconninfoOption *all, const char *name)
{
    for (const PQconninfoOption *o = all; o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val ? o->val : "";
    return "";
}

static int check_options(const char *env, const PQconninfoOption *o, struct jv_err *err)
{
    static const char modes[] = " disable allow prefer require verify-ca verify-full ";
    const char *mode = option_of(o, "sslmode"), *root = option_of(o, "sslrootcert");
    const char *port = option_of(o, "port");
    char word[24];

    snprintf(word, sizeof(word), " %s ", mode);
    if (*mode && (strchr(mode, ' ') || !strstr(modes, word)))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: sslmode must be one of%s", env, modes);
    if (port[strspn(port, "0123456789,")])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: its port is no number", env);
    if (!*root || strcmp(root, "system") == 0) /* libpq 16: the system's authorities */
        return JV_OK;
    return jv_check_file(env, root, "-----BEGIN CERTIFICATE-----", "certificate", err);
}

int jv_pg_url_check(const char *env, const char *url, struct jv_err *err)
{
    PQconninfoOption *parsed;
    int r;

    if (!url[0])
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: is not set", env);
    parsed = PQconninfoParse(url, NULL);
    if (!parsed) /* libpq's own words could repeat a password */
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s: must be postgresql://user:password@host:port/database", env);
    r = check_options(env, parsed, err);
    PQconninfoFree(parsed);
    return r;
}

/* ---- what libpq says ------------------------------------------------------------------------ */

void pg_one_line(char *ret, size_t size, const char *message)
{
    size_t n = 0;
    bool gap = false;

    for (const char *p = message ? message : ""; *p && n + 2 < size; p++) {
        if (*p == '\n' || *p == '\t' || *p == ' ') {
            gap = n > 0;
            continue;
        }
        if (gap)
            ret[n++] = ' ';
        gap = false;
        ret[n++] = *p;
    }
    ret[n] = '\0';
}

void pg_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* SQLSTATEs by prefix. Only data exceptions pass on the server's own words: they are about the
 * value that somebody sent. */
static const struct pg_class {
    const char *state;
    int code;
    const char *text; /* NULL: the server's */
} classes[] = {
    { "22", JV_INVALID_ARGUMENT, NULL },
    { "23505", JV_ALREADY_EXISTS, "there is one already" },
    { "23503", JV_NOT_FOUND, "what it refers to was not found" },
    { "23514", JV_INVALID_ARGUMENT, "a value is not allowed" },
    { "40001", JV_ABORTED, "another change came between; try again" },
    { "40P01", JV_ABORTED, "another change came between; try again" },
    { "26000", JV_ABORTED, "a prepared statement is gone; try again" },
    { "57014", JV_DEADLINE_EXCEEDED, "the database took too long" },
    { "57P", JV_UNAVAILABLE, "the database is stopping or starting" },
    { "08P01", JV_INTERNAL, NULL }, /* our side of the protocol: a parameter too few */
    { "08", JV_UNAVAILABLE, "the database connection was lost" },
    { "53300", JV_UNAVAILABLE, "the database takes no more connections" },
};

/* A table changed under a prepared statement: no class of its own, so the place tells. */
static bool is_stale_plan(const PGresult *res)
{
    const char *function = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);

    return function && strcmp(function, "RevalidateCachedQuery") == 0;
}

bool pg_statements_lost(const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    return is_stale_plan(res) || (state && strcmp(state, "26000") == 0);
}

bool pg_is_good(const PGresult *res)
{
    ExecStatusType status = PQresultStatus(res);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

int pg_error(struct jv_err *err, const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    char line[256];

    pg_one_line(line, sizeof(line), message ? message : PQresultErrorMessage(res));
    if (is_stale_plan(res))
        return jv_err_set(err, JV_ABORTED, "a table was changed; try again");
    for (size_t i = 0; state && i < JV_COUNT(classes); i++) {
        const struct pg_class *k = &classes[i];

        if (strncmp(state, k->state, strlen(k->state)) != 0)
            continue;
        if (constraint)
            return jv_err_set(err, k->code, "%s (%s)", k->text ? k->text : line, constraint);
        return jv_err_set(err, k->code, "%s", k->text ? k->text : line);
    }
    return jv_err_set(err, JV_INTERNAL, "database: %s", line[0] ? line : "no reason given");
}
