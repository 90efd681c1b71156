/* world_db.c -- the database of a test run. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/migrations.h"
#include "world/world.h"

extern const struct jv_actor *const jv_all_actors[];

static const char *url(void)
{
    const char *u = getenv("TEST_DATABASE_URL");

    if (!u) {
        printf("# TEST_DATABASE_URL is not set: run this test with tests/with-servers pg\n");
        exit(1);
    }
    return u;
}

static void must(int r, const struct jv_err *err)
{
    if (r) {
        printf("# database: %s\n", err->text);
        fflush(stdout);
        abort();
    }
}

void world_db(const struct jv_file *migrations, const struct jv_file *seeds)
{
    static bool done;
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };
    struct jv_migration *list;
    size_t n;

    if (!done) {
        list = jv_migration_list(migrations, jv_all_actors, a, &n);
        must(jv_pg_migrate(url(), list, n, NULL, NULL, &err), &err);
    }
    done = true;
    if (seeds)
        must(jv_seed_all(url(), seeds, &err), &err);
    jv_arena_free(a);
}

static char *first_value(const char *sql)
{
    PGconn *c = PQconnectdb(url());
    PGresult *r = PQexec(c, sql);
    char *value = NULL;

    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        value = PQntuples(r) && !PQgetisnull(r, 0, 0) ? strdup(PQgetvalue(r, 0, 0)) : NULL;
    else if (PQresultStatus(r) != PGRES_COMMAND_OK)
        printf("# sql failed: %s# %s\n", PQerrorMessage(c), sql);
    PQclear(r);
    PQfinish(c);
    return value;
}

const char *world_sql(struct world *w, const char *sql)
{
    char *value = first_value(sql), *kept = jv_arena_strdup(world_arena(w), value);

    free(value);
    return kept;
}

void world_db_reset(const struct jv_file *migrations, const struct jv_file *seeds)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };
    struct jv_migration *list;
    size_t n;

    free(first_value("do $$ declare s text; begin for s in select nspname from pg_namespace where "
                     "nspname !~ '^(pg_|information_schema|public)' loop execute "
                     "format('drop schema %I cascade', s); end loop; end $$"));
    list = jv_migration_list(migrations, jv_all_actors, a, &n);
    must(jv_pg_migrate(url(), list, n, NULL, NULL, &err), &err);
    if (seeds)
        must(jv_seed_all(url(), seeds, &err), &err);
    jv_arena_free(a);
}
