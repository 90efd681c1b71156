/* configured.c -- every table of settings of the program at once. */
#include "host/configured.h"

#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "host/commands.h"

extern char **environ;

enum { most_state = 4096, longest_name = 63, slips_of_a_finger = 4 };

/* Read where they are needed, in no table: by commands, by the scripts around the binary, between
 * processes. */
static const char *const others[] = {
    "JARVIS_VAR",  "JARVIS_URL",    "JARVIS_PROFILE", "JARVIS_READY_FD", "JARVIS_PASSWORD",
    "JARVIS_HOME", "JARVIS_DOMAIN", "JARVIS_IMAGE",   "JARVIS_BINARY",   "JARVIS_DATA_INTERNAL",
};

/* ---- the tables ------------------------------------------------------------------------------ */

size_t jv_setting_tables(const struct jv_program *p, struct jv_arena *a,
                         const struct jv_setting_table **ret)
{
    struct jv_setting_table *tables;
    size_t n = 0, n_actors = 0;

    while (p->actors[n_actors])
        n_actors++;
    tables = JV_NEW_ARRAY(a, struct jv_setting_table, n_actors + 4);
    tables[n++] = (struct jv_setting_table){ "all", jv_common_settings };
    for (size_t i = 0; i < n_actors; i++)
        if (p->actors[i]->settings)
            tables[n++] = (struct jv_setting_table){ p->actors[i]->name, p->actors[i]->settings };
    if (p->gateway_settings)
        tables[n++] = (struct jv_setting_table){ "gateway", p->gateway_settings };
    tables[n++] = (struct jv_setting_table){ "migrate", jv_migrate_settings };
    tables[n++] = (struct jv_setting_table){ "doctor", jv_doctor_settings };
    *ret = tables;
    return n;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int check_actor(const struct jv_actor *actor, struct jv_err *err)
{
    void *state = calloc(1, actor->state_size + 1);
    int r;

    if (!state)
        abort();
    r = jv_settings_load(actor->settings, state, err);
    if (!r && actor->check)
        r = actor->check(state, err);
    free(state);
    return r;
}

int jv_configured_one(const struct jv_program *p, const struct jv_setting_table *t,
                      struct jv_err *err)
{
    const struct jv_actor *actor = jv_find_actor(p, t->process);
    _Alignas(max_align_t) char state[most_state];
    struct jv_stream_limits limits;
    struct jv_common common;
    int r;

    if (actor)
        return check_actor(actor, err);
    if (t->rows == jv_common_settings)
        return jv_common_load(&common, err);
    if (t->rows == p->gateway_settings && p->gateway_check)
        return p->gateway_check(err);
    if (t->rows == jv_migrate_settings)
        return jv_migrate_limits(&limits, err);
    r = jv_settings_load(t->rows, state, err);
    return r || t->rows != jv_doctor_settings ? r : jv_doctor_check(state, err);
}

int jv_configured(const struct jv_program *p, struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(0);
    const struct jv_setting_table *tables;
    size_t n = jv_setting_tables(p, a, &tables);
    int r = JV_OK;

    for (size_t i = 0; i < n && !r; i++)
        if ((r = jv_configured_one(p, &tables[i], err)) && jv_find_actor(p, tables[i].process))
            r = jv_err_wrap(err, "%s", tables[i].process);
    jv_arena_free(a);
    return r;
}

/* ---- names ----------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t jv_slips(const char *a, const char *b, size_t most)
{
    size_t rows[3][longest_name + 2], n = strlen(a), m = strlen(b);

    if (n > longest_name || m > longest_name)
        return most;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *before = rows[(i - 1) % 3], *earlier = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] =
                    least(least(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], earlier[j - 2] + 1);
        }
    }
    return least(rows[n % 3][m], most);
}

struct guess {
    const char *name, *nearest;
    size_t slips; /* 0: it is known */
};

static void compare(struct guess *g, const char *known)
{
    size_t slips = g->slips ? jv_slips(g->name, known, g->slips) : 0;

    if (slips < g->slips) {
        g->slips = slips;
        g->nearest = known;
    }
}

static struct guess guess(const struct jv_program *p, struct jv_arena *a, const char *name)
{
    struct guess g = { name, NULL, slips_of_a_finger };
    const struct jv_setting_table *tables;
    size_t n = jv_setting_tables(p, a, &tables);

    for (size_t i = 0; i < n; i++)
        for (const struct jv_setting *s = tables[i].rows; s->env; s++)
            compare(&g, s->env);
    for (size_t i = 0; i < JV_COUNT(others); i++)
        compare(&g, others[i]);
    return g;
}

void jv_unknown_settings(const struct jv_program *p,
                         void (*fn)(void *arg, const char *name, const char *nearest), void *arg)
{
    struct jv_arena *a = jv_arena_new(0);

    for (char **v = environ; *v; v++) {
        const char *name = jv_arena_strndup(a, *v, strcspn(*v, "="));
        struct guess g;

        if (strncmp(name, "JARVIS_", 7) != 0)
            continue;
        g = guess(p, a, name);
        if (g.slips)
            fn(arg, name, g.nearest);
    }
    jv_arena_free(a);
}
