/* down.c -- `jarvis down` and `jarvis ps`: what is running in this var/, from outside. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/commands.h"
#include "host/place.h"

enum { patience_ms = 60000, step_ms = 20 };

static int nothing(const struct jv_place *place, int code)
{
    if (jv_place_is_closed(place))
        return jv_complain(1, "%s belongs to another user: ask as that one", place->var);
    printf("jarvis: nothing is running in %s\n", place->var);
    return code;
}

int jv_cmd_down(const struct jv_program *p, int argc, char **argv)
{
    const struct timespec step = { 0, step_ms * 1000000L };
    struct jv_arena *a = jv_arena_new(0);
    struct jv_place place;
    pid_t pid;
    int code = 0;

    (void)p;
    (void)argv;
    jv_place_name(&place, a);
    pid = argc ? 0 : jv_place_holder(&place);
    if (argc) {
        code = jv_complain(2, "usage: jarvis down");
    } else if (!pid) {
        code = nothing(&place, 0);
    } else if (kill(pid, SIGTERM)) {
        code = jv_complain(1, "cannot stop process %d: %s", (int)pid, strerror(errno));
    } else {
        for (int ms = 0; ms < patience_ms && jv_place_holder(&place) == pid; ms += step_ms)
            nanosleep(&step, NULL);
        code = jv_place_holder(&place) == pid
                       ? jv_complain(1, "process %d does not stop; see %s/up.log", (int)pid,
                                     place.log)
                       : 0;
        if (!code)
            puts("jarvis: stopped");
    }
    jv_arena_free(a);
    return code;
}

/* ---- ps -------------------------------------------------------------------------------------- */

/* In KB; 0 when there is no such process. */
static long resident(long pid)
{
    char path[64], line[256];
    long kb = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

static void print_row(const char *name, long pid)
{
    long kb = resident(pid);

    if (kb)
        printf("%-14s %8ld %8.1f MB\n", name, pid, (double)kb / 1024);
    else
        printf("%-14s %8ld %11s\n", name, pid, "gone");
}

static void print_children(const struct jv_place *place)
{
    FILE *f = fopen(jv_arena_printf(place->arena, "%s/pids", place->run), "re");
    char line[128], name[65];

    while (f && fgets(line, sizeof(line), f)) {
        char *space = strchr(line, ' ');

        snprintf(name, sizeof(name), "%.*s", space ? (int)(space - line) : 0, line);
        print_row(name, space ? strtol(space, NULL, 10) : 0);
    }
    if (f)
        fclose(f);
}

int jv_cmd_ps(const struct jv_program *p, int argc, char **argv)
{
    struct jv_arena *a = jv_arena_new(0);
    struct jv_place place;
    pid_t pid;
    int code = 0;

    (void)p;
    (void)argc;
    (void)argv;
    jv_place_name(&place, a);
    pid = jv_place_holder(&place);
    if (pid) {
        print_row("up", pid);
        print_children(&place);
    } else {
        code = nothing(&place, 1);
    }
    jv_arena_free(a);
    return code;
}
