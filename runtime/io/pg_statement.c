/* pg_statement.c -- which statements a connection has prepared, found by their text. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "io/pg_conn.h"

static struct pg_statement **bucket(struct jv_pg_conn *c, const char *sql)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

    for (const char *p = sql; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    return &c->statements[hash % PG_BUCKETS];
}

struct pg_statement *pg_statement_find(struct jv_pg_conn *c, const char *sql)
{
    for (struct pg_statement *st = *bucket(c, sql); st; st = st->next)
        if (strcmp(st->sql, sql) == 0)
            return st;
    return NULL;
}

struct pg_statement *pg_statement_add(struct jv_pg_conn *c, const char *sql)
{
    struct pg_statement **slot = bucket(c, sql), *st;

    if (c->n_statements == PG_STATEMENTS_MAX)
        return NULL;
    st = calloc(1, sizeof(*st));
    if (!st || !(st->sql = strdup(sql)))
        abort();
    st->number = ++c->next_number;
    st->next = *slot;
    *slot = st;
    c->n_statements++;
    return st;
}

void pg_statement_remove(struct jv_pg_conn *c, struct pg_statement *st)
{
    struct pg_statement **at = bucket(c, st->sql);

    while (*at != st) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = st->next;
    c->n_statements--;
    free(st->sql);
    free(st);
}

void pg_statement_clear(struct jv_pg_conn *c)
{
    for (size_t i = 0; i < PG_BUCKETS; i++)
        while (c->statements[i])
            pg_statement_remove(c, c->statements[i]);
}
