/* pg_look.c -- a look at the database, changing nothing. */
#include "io/pg_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io/pg_conn.h"

enum { statement_ms = 3000 };

static int64_t wall_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the address ----------------------------------------------------------------------------- */

static const char *option_of(const PQconninfoOption *all, const char *name)
{
    for (const PQconninfoOption *o = all; o && o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val ? o->val : "";
    return "";
}

const char *jv_pg_password(const char *url, struct jv_arena *a)
{
    PQconninfoOption *o = PQconninfoParse(url, NULL);
    const char *password = option_of(o, "password");

    password = *password ? jv_arena_strdup(a, password) : NULL;
    PQconninfoFree(o);
    return password;
}

bool jv_pg_is_socket(const char *url)
{
    PQconninfoOption *o = PQconninfoParse(url, NULL);
    const char *host = option_of(o, "host");
    bool yes = o && (!*host || *host == '/') && !*option_of(o, "hostaddr");

    PQconninfoFree(o);
    return yes;
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "::1") == 0;
}

static void read_place(PGconn *c, struct jv_pg_look *ret)
{
    PQconninfoOption *o = PQconninfo(c);
    const char *host = PQhost(c), *address = PQhostaddr(c);

    ret->socket = host && *host == '/';
    ret->local = ret->socket || (host && is_loopback(host)) || (address && is_loopback(address));
    ret->tls = PQsslInUse(c);
    snprintf(ret->sslmode, sizeof(ret->sslmode), "%s", option_of(o, "sslmode"));
    PQconninfoFree(o);
}

/* ---- questions ------------------------------------------------------------------------------- */

static int ask(PGconn *c, const char *sql, const char *const *values, int n, PGresult **ret,
               struct jv_err *err)
{
    *ret = PQexecParams(c, sql, n, NULL, values, NULL, NULL, 0);
    return pg_is_good(*ret) && PQntuples(*ret) ? JV_OK : pg_error(err, *ret);
}

static int64_t number(const PGresult *res, int column)
{
    return strtoll(PQgetvalue(res, 0, column), NULL, 10);
}

static int look_at_server(PGconn *c, struct jv_pg_look *ret, struct jv_err *err)
{
    static const char sql[] =
            "select (extract(epoch from clock_timestamp()) * 1000)::bigint,"
            " current_setting('max_connections')::bigint,"
            " current_setting('superuser_reserved_connections')::bigint"
            "  + coalesce(current_setting('reserved_connections', true), '0')::bigint,"
            " (select count(*) from pg_stat_activity where usesysid is not null"
            "  and coalesce(application_name, '') not like 'jarvis-%'),"
            " (select coalesce(min(l), -1) from (select rolconnlimit from pg_roles"
            "  where rolname = current_user union all select datconnlimit from pg_database"
            "  where datname = current_database()) as limits (l) where l >= 0),"
            " (select rolsuper from pg_roles where rolname = current_user),"
            " has_database_privilege(current_database(), 'create')";
    int64_t before = wall_ms();
    AUTO_RESULT res = NULL;
    int r = ask(c, sql, NULL, 0, &res, err);

    if (r)
        return r;
    ret->ahead_ms = number(res, 0) - (before + wall_ms()) / 2;
    ret->max_connections = number(res, 1);
    ret->reserved = number(res, 2);
    ret->others = number(res, 3);
    ret->own_limit = number(res, 4);
    ret->superuser = *PQgetvalue(res, 0, 5) == 't';
    ret->may_create = *PQgetvalue(res, 0, 6) == 't';
    return JV_OK;
}

/* In a schema that is there all of its tables must be open to us. */
static int look_at_schema(PGconn *c, const char *schema, struct jv_pg_look *ret, struct jv_err *err)
{
    static const char sql[] =
            "select coalesce(bool_and(has_schema_privilege(s.oid, 'usage')"
            "  and has_schema_privilege(s.oid, 'create')"
            "  and not exists (select from pg_class t where t.relnamespace = s.oid"
            "   and t.relkind in ('r', 'p') and not (has_table_privilege(t.oid, 'select')"
            "    and has_table_privilege(t.oid, 'insert') and has_table_privilege(t.oid, 'update')"
            "    and has_table_privilege(t.oid, 'delete')))), true)"
            " from pg_namespace s where s.nspname = $1";
    AUTO_RESULT res = NULL;
    int r = ask(c, sql, &schema, 1, &res, err);

    if (!r && *PQgetvalue(res, 0, 0) != 't')
        snprintf(ret->closed, sizeof(ret->closed), "%s", schema);
    return r;
}

static int look(PGconn *c, const char *const *schemas, struct jv_pg_look *ret, struct jv_err *err)
{
    const char *encoding = PQparameterStatus(c, "server_encoding");
    char limit[64];
    int r;

    snprintf(limit, sizeof(limit), "set statement_timeout = %d", statement_ms);
    PQclear(PQexec(c, limit));
    ret->version = PQserverVersion(c) / 10000;
    snprintf(ret->encoding, sizeof(ret->encoding), "%s", encoding ? encoding : "unknown");
    snprintf(ret->user, sizeof(ret->user), "%s", PQuser(c));
    snprintf(ret->database, sizeof(ret->database), "%s", PQdb(c));
    read_place(c, ret);
    r = look_at_server(c, ret, err);
    for (const char *const *s = schemas; *s && !r && !ret->closed[0]; s++)
        r = look_at_schema(c, *s, ret, err);
    return r;
}

int jv_pg_look(const char *url, const struct jv_migration *list, size_t n,
               const char *const *schemas, int wait_ms, struct jv_pg_look *ret, struct jv_err *err)
{
    AUTO_CONN c = NULL;
    int r;

    *ret = (struct jv_pg_look){ 0 };
    r = pg_open(url, NULL, wait_ms, &c, err);
    if (!r)
        r = look(c, schemas, ret, err);
    if (r)
        return r;
    r = pg_missing(c, list, n, &ret->missing, &ret->history);
    if (r && r != JV_FAILED_PRECONDITION)
        *err = ret->history;
    return r == JV_FAILED_PRECONDITION ? JV_OK : r;
}
