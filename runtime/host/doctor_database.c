/* doctor_database.c -- the database: reachable, new enough, safe, up to date, with room for us. */
#include <string.h>

#include "host/doctor.h"
#include "host/migrations.h"
#include "io/pg_look.h"

enum { wait_ms = 4000, oldest = 15 };

static const char *const *schemas_of(const struct jv_doctor *d)
{
    size_t n = 0, at = 0;
    const char **names;

    while (d->program->actors[n])
        n++;
    names = JV_NEW_ARRAY(d->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (d->program->actors[i]->needs & JV_NEEDS_DB)
            names[at++] = d->program->actors[i]->name;
    return names;
}

static size_t count(const char *const *names)
{
    size_t n = 0;

    while (names[n])
        n++;
    return n;
}

static void look_at_server(struct jv_doctor *d, const struct jv_pg_look *db)
{
    jv_found(d, db->version >= oldest ? JV_OKAY : JV_FAIL, "database.version", "PostgreSQL %d%s",
             db->version, db->version >= oldest ? "" : ": at least 15 is needed (DATABASE_URL)");
    jv_found(d, strcmp(db->encoding, "UTF8") == 0 ? JV_OKAY : JV_FAIL, "database.encoding",
             "the database %s is encoded in %s%s", db->database, db->encoding,
             strcmp(db->encoding, "UTF8") == 0 ? "" : ": UTF8 is needed");
}

static void look_at_tls(struct jv_doctor *d, const struct jv_pg_look *db)
{
    bool full = db->tls && strcmp(db->sslmode, "verify-full") == 0;

    if (db->socket)
        jv_found(d, JV_OKAY, "database.tls", "a local socket needs no TLS");
    else if (full)
        jv_found(d, JV_OKAY, "database.tls", "TLS with sslmode=verify-full");
    else if (db->local)
        jv_found(d, JV_OKAY, "database.tls", "on loopback, %s",
                 db->tls ? "with TLS" : "without TLS");
    else
        jv_found(d, JV_FAIL, "database.tls",
                 "DATABASE_URL: sslmode is %s%s: sslmode=verify-full and sslrootcert are needed, "
                 "or whoever is on the way reads and answers",
                 *db->sslmode ? db->sslmode : "prefer", db->tls ? "" : ", and there is no TLS");
}

static void look_at_history(struct jv_doctor *d, const struct jv_pg_look *db)
{
    if (db->history.code)
        jv_found(d, JV_FAIL, "database.migrations", "%s", db->history.text);
    else if (db->missing)
        jv_found(d, JV_FAIL, "database.migrations",
                 "%zu migrations are not applied: run `jarvis migrate`", db->missing);
    else
        jv_found(d, JV_OKAY, "database.migrations", "all migrations of this version are applied");
}

static void look_at_rights(struct jv_doctor *d, const struct jv_pg_look *db)
{
    if (!db->may_create)
        jv_found(d, JV_FAIL, "database.rights",
                 "the user %s may not create schemas: grant create on database %s to it", db->user,
                 db->database);
    else if (db->closed[0])
        jv_found(d, JV_FAIL, "database.rights",
                 "the user %s may not do everything in the schema %s: make it the schema's owner",
                 db->user, db->closed);
    else if (db->superuser && !db->socket)
        jv_found(d, JV_WARN, "database.rights",
                 "the user %s is a superuser, and needs no more than a database of its own",
                 db->user);
    else
        jv_found(d, JV_OKAY, "database.rights", "the user %s may do all that is needed", db->user);
}

/* A process of each actor, and one of `migrate`. */
static void look_at_room(struct jv_doctor *d, const struct jv_pg_look *db, size_t actors)
{
    int64_t need = (int64_t)actors * JV_PG_POOL + 1;
    int64_t room = db->max_connections - db->reserved - db->others;

    if (db->own_limit >= 0 && db->own_limit < room)
        room = db->own_limit;
    if (room < need)
        jv_found(d, JV_FAIL, "database.connections",
                 "%lld connections are left for us, and %zu actors need up to %lld: raise "
                 "max_connections (%lld) or the limit of the user %s",
                 (long long)room, actors, (long long)need, (long long)db->max_connections,
                 db->user);
    else
        jv_found(d, JV_OKAY, "database.connections",
                 "%lld connections are there, %zu actors need up to %lld (%d each)",
                 (long long)room, actors, (long long)need, JV_PG_POOL);
}

static void look(struct jv_doctor *d, const char *url)
{
    const char *const *schemas = schemas_of(d);
    struct jv_migration *list;
    struct jv_pg_look db;
    struct jv_err err = { 0 };
    size_t n;

    list = jv_migration_list(d->program->migrations, d->program->actors, d->arena, &n);
    if (jv_pg_look(url, list, n, schemas, wait_ms, &db, &err)) {
        jv_found(d, JV_FAIL, "database", "DATABASE_URL: %s", err.text);
        return;
    }
    look_at_server(d, &db);
    look_at_tls(d, &db);
    look_at_history(d, &db);
    look_at_rights(d, &db);
    look_at_room(d, &db, count(schemas));
    jv_found_clock(d, "database.clock", "the database", db.ahead_ms);
}

void jv_doctor_database(struct jv_doctor *d)
{
    struct jv_err err = { 0 };

    if (!d->has_common || !d->common.database_url[0])
        jv_found(d, JV_SKIP, "database", "DATABASE_URL is not set%s",
                 d->has_common ? "" : " or cannot be used");
    else if (jv_pg_url_check("DATABASE_URL", d->common.database_url, &err))
        jv_found(d, JV_FAIL, "database", "%s", err.text);
    else
        look(d, d->common.database_url);
}
