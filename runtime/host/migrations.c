/* migrations.c -- the embedded SQL files as what io/pg.h applies. */
#include "host/migrations.h"

#include <string.h>

static const char prefix[] = "actors/";

/* "actors/tickets/seed/demo.sql" -> "tickets" */
static char *actor_of(const struct jv_file *f, struct jv_arena *a)
{
    const char *name = f->path + sizeof(prefix) - 1;

    return jv_arena_strndup(a, name, strcspn(name, "/"));
}

static char *stem_of(const struct jv_file *f, struct jv_arena *a)
{
    const char *base = strrchr(f->path, '/') + 1;

    return jv_arena_strndup(a, base, strcspn(base, "."));
}

struct jv_migration *jv_migration_list(const struct jv_file *files, struct jv_arena *a,
                                       size_t *ret_n)
{
    struct jv_migration *list;
    size_t n = 0;

    while (files[n].path)
        n++;
    list = JV_NEW_ARRAY(a, struct jv_migration, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct jv_migration){ actor_of(&files[i], a), stem_of(&files[i], a),
                                         (const char *)files[i].data,
                                         (size_t)(files[i].end - files[i].data) };
    *ret_n = n;
    return list;
}

int jv_seed_all(const char *url, const struct jv_file *files, struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    int r = JV_OK;

    for (const struct jv_file *f = files; !r && f->path; f++)
        r = jv_pg_script(url, actor_of(f, a), (const char *)f->data, err);
    jv_arena_free(a);
    return r;
}
