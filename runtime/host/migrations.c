/* migrations.c -- the embedded SQL files as what io/pg.h applies. */
#include "host/migrations.h"

#include <string.h>

static const char of_agents[] = "runtime/agent/";

/* "actors/tickets/seed/demo.sql" -> "tickets": the folder above the one it is in. */
static char *actor_of(const struct jv_file *f, struct jv_arena *a)
{
    char *path = jv_arena_strdup(a, f->path), *slash;

    for (int i = 0; i < 2; i++)
        *strrchr(path, '/') = '\0';
    slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static char *stem_of(const struct jv_file *f, struct jv_arena *a)
{
    const char *base = strrchr(f->path, '/') + 1;

    return jv_arena_strndup(a, base, strcspn(base, "."));
}

static bool keeps_tasks(const struct jv_actor *a)
{
    return a->agent && a->needs & JV_NEEDS_DB;
}

static struct jv_migration *add(struct jv_migration *at, const struct jv_file *f, const char *actor,
                                const char *name)
{
    *at = (struct jv_migration){ actor, name, (const char *)f->data, (size_t)(f->end - f->data) };
    return at + 1;
}

struct jv_migration *jv_migration_list(const struct jv_file *files,
                                       const struct jv_actor *const *actors, struct jv_arena *a,
                                       size_t *ret_n)
{
    struct jv_migration *list, *at;
    size_t n = 0, n_actors = 0;

    while (files[n].path)
        n++;
    while (actors[n_actors])
        n_actors++;
    at = list = JV_NEW_ARRAY(a, struct jv_migration, n * (n_actors + 1));
    for (const struct jv_file *f = files; f->path; f++) {
        if (strncmp(f->path, of_agents, sizeof(of_agents) - 1) != 0) {
            at = add(at, f, actor_of(f, a), stem_of(f, a));
            continue;
        }
        for (size_t i = 0; i < n_actors; i++)
            if (keeps_tasks(actors[i]))
                at = add(at, f, actors[i]->name, jv_arena_printf(a, "a2a_%s", stem_of(f, a)));
    }
    *ret_n = (size_t)(at - list);
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
