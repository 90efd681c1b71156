/* conformance.c -- `jarvis run conformance`: the agent of the protocol's tests and what it needs,
 * in a folder that goes when it goes.
 *
 * Its gateway asks nobody who he is, so it listens on this machine only, and nothing but that agent
 * runs there. Its processes know each other by JARVIS_CONFORMANCE. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/commands.h"
#include "host/up.h"

#define LOOPBACK "127.0.0.1:*,localhost:*"

struct wish {
    const char *profile, *listen;
    bool open_push;
};

static const struct jv_profile *profile_of(const struct jv_program *p, const char *name)
{
    const struct jv_profile *f = p->conformance;

    while (f->name && strcmp(f->name, name) != 0)
        f++;
    return f->name ? f : NULL;
}

static int no_profile(const struct jv_program *p, const char *name)
{
    fprintf(stderr, "jarvis: there is no profile %s, but", name);
    for (const struct jv_profile *f = p->conformance; f->name; f++)
        fprintf(stderr, " %s", f->name);
    fputc('\n', stderr);
    return 2;
}

/* The agent, and of the actors those that it needs. */
static const struct jv_program *program_of(const struct jv_program *p, const struct jv_profile *f)
{
    static const char *const needed[] = { "auth", "registry", "notifier", NULL };
    static const struct jv_actor *actors[JV_COUNT(needed) + 1];
    static const struct jv_file nothing[] = { { 0 } };
    static struct jv_program made;
    size_t n = 0;

    for (const char *const *name = needed; *name; name++)
        if ((actors[n] = jv_find_actor(p, *name)) != NULL)
            n++;
    actors[n++] = f->agent;
    actors[n] = NULL;
    made = *p;
    made.actors = actors;
    made.migrations = f->migrations;
    made.seeds = nothing;
    made.conformance = NULL; /* there it is an actor like any other */
    return &made;
}

const struct jv_program *jv_conformance_program(const struct jv_program *p)
{
    const char *on = getenv("JARVIS_CONFORMANCE"), *name = getenv("JARVIS_PROFILE");
    const struct jv_profile *f;

    if (!p->conformance || !on || strcmp(on, "1") != 0)
        return p;
    f = name && *name ? profile_of(p, name) : p->conformance;
    if (!f) {
        no_profile(p, name);
        return NULL;
    }
    return program_of(p, f);
}

/* ---- the folder ------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    remove(path);
    return 0;
}

static void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* As root, PostgreSQL's user passes through it. */
static bool make_folder(char *path, size_t size)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(path, size, "%s/jarvis-conformance.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");
    return mkdtemp(path) && !chmod(path, 0711);
}

/* ---- the run --------------------------------------------------------------------------------- */

/* All of it is new, whatever the shell has. */
static void set_environment(const struct wish *w, const char *folder)
{
    static const char *const others[] = { "NATS_URL", "NATS_CREDS", "DATABASE_URL", "JARVIS_URL",
                                          "JARVIS_PREFIX" };

    for (size_t i = 0; i < JV_COUNT(others); i++)
        unsetenv(others[i]);
    setenv("JARVIS_VAR", folder, 1);
    setenv("JARVIS_LISTEN", w->listen, 1);
    setenv("JARVIS_DEMO", "0", 1);
    setenv("JARVIS_CONFORMANCE", "1", 1);
    setenv("JARVIS_PROFILE", w->profile, 1);
    if (w->open_push)
        setenv("JARVIS_PUSH_ALLOW", LOOPBACK, 1);
}

static void announce(const struct jv_up *u)
{
    printf("conformance agent (%s) at %s\n", getenv("JARVIS_PROFILE"), u->url);
}

static int run(const struct jv_program *p, const struct wish *w)
{
    struct jv_up u = { .program = program_of(p, profile_of(p, w->profile)),
                       .ready_path = "/.well-known/agent-card.json" };
    char folder[512];
    int code;

    if (!make_folder(folder, sizeof(folder)))
        return jv_complain(1, "cannot make %s: %s", folder, strerror(errno));
    set_environment(w, folder);
    u.arena = jv_arena_new(0);
    jv_place_name(&u.place, u.arena);
    code = jv_up_run(&u, announce);
    jv_arena_free(u.arena);
    remove_folder(folder);
    return code;
}

/* The gateway refuses others, too; here it is said before anything was started. */
static bool is_loopback(const char *listen)
{
    return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "localhost:", 10) == 0;
}

static bool parse(struct wish *w, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "--open-push") == 0)
            w->open_push = true;
        else if (has_value && strcmp(argv[i], "--profile") == 0)
            w->profile = argv[++i];
        else if (has_value && strcmp(argv[i], "--listen") == 0)
            w->listen = argv[++i];
        else
            return false;
    }
    return true;
}

int jv_cmd_conformance(const struct jv_program *p, int argc, char **argv)
{
    struct wish w = { .profile = p->conformance->name, .listen = "127.0.0.1:9999" };

    if (!parse(&w, argc, argv))
        return jv_complain(2, "usage: jarvis run conformance [--profile NAME] "
                              "[--listen 127.0.0.1:PORT] [--open-push]");
    if (!profile_of(p, w.profile))
        return no_profile(p, w.profile);
    if (!is_loopback(w.listen))
        return jv_complain(2,
                           "--listen: %s is not an address of this machine alone, such as "
                           "127.0.0.1:9999: nobody is asked who he is there",
                           w.listen);
    return run(p, &w);
}
