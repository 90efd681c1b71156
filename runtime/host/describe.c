/* describe.c -- `jarvis list` and `jarvis describe`: documentation from what runs. */
#include <stdio.h>
#include <string.h>

#include "host/commands.h"
#include "host/configured.h"
#include "jv/agent.h"
#include "jv/wire.h"

int jv_cmd_list(const struct jv_program *p, int argc, char **argv)
{
    (void)argv;
    if (argc)
        return jv_complain(2, "usage: jarvis list");
    for (size_t i = 0; p->actors[i]; i++) {
        const struct jv_actor *a = p->actors[i];

        printf("%-14s %s%s%s\n", a->name, a->summary ? a->summary : "", a->agent ? "; agent " : "",
               a->agent ? a->agent->name : "");
    }
    return 0;
}

/* ---- a method -------------------------------------------------------------------------------- */

static void print_access(const struct jv_access *x)
{
    switch (x->kind) {
    case JV_ACCESS_NOBODY:
        printf("nobody");
        break;
    case JV_ACCESS_ANYONE:
        printf("anyone");
        break;
    case JV_ACCESS_USER:
        printf("anybody signed in");
        break;
    case JV_ACCESS_ACTOR:
        printf("actors only");
        break;
    case JV_ACCESS_SCOPE:
        printf("scope %s", x->scope);
        if (x->owner)
            printf("; %s is the caller, or else scope %s:all", x->owner, x->scope);
        break;
    }
}

static void print_flags(const struct jv_tool *t, uint32_t timeout_ms)
{
    static const struct {
        unsigned flag;
        const char *name;
    } flags[] = {
        { JV_TOOL_READONLY, "read-only" },
        { JV_TOOL_HIDDEN, "no tool" },
        { JV_TOOL_CONFIRM, "a person confirms" },
        { JV_TOOL_STREAMS, "streams" },
    };

    for (size_t i = 0; i < JV_COUNT(flags); i++)
        if (t->flags & flags[i].flag)
            printf("; %s", flags[i].name);
    printf("; %u ms\n", timeout_ms);
}

static void print_indented(const char *text)
{
    int column = 6;

    if (!*text)
        return;
    printf("      ");
    while (*text) {
        size_t n = strcspn(text, " \n");

        if (column + (int)n > 98) {
            printf("\n      ");
            column = 6;
        }
        printf("%.*s ", (int)n, text);
        column += (int)n + 1;
        text += n;
        while (*text == ' ' || *text == '\n')
            text++;
    }
    putchar('\n');
}

static void print_method(const struct jv_actor *a, const struct jv_tool *t, struct jv_arena *arena)
{
    const ProtobufCMethodDescriptor *m =
            protobuf_c_service_descriptor_get_method_by_name(a->service, t->method);
    uint32_t timeout = t->timeout_ms ? t->timeout_ms : a->timeout_ms ? a->timeout_ms : 10000;

    if (!m)
        return;
    printf("\n  %s(%s) -> %s\n      ", t->method, m->input->short_name, m->output->short_name);
    if (a->agent && !(t->flags & (JV_TOOL_HIDDEN | JV_TOOL_STREAMS)))
        printf("tool %s; ", t->tool ? t->tool : jv_snake(arena, t->method));
    print_access(&t->allow);
    print_flags(t, timeout);
    print_indented(jv_comment(jv_arena_printf(arena, "%s.%s", a->service->name, t->method)));
}

/* ---- an actor -------------------------------------------------------------------------------- */

static void print_setting(const struct jv_setting *s)
{
    const char *fallback = s->kind == JV_SET_SECRET ? "a secret" : s->fallback;

    printf("  %-28s %s (%s%s)\n", s->env, s->help ? s->help : "",
           s->kind == JV_SET_SECRET || !s->fallback ? "" : "default ",
           !s->fallback   ? "required"
           : !fallback[0] ? "none"
                          : fallback);
}

static void print_agent(const struct jv_agent *g)
{
    printf("\nagent %s, subject token %s: %s\n", g->name, g->token, g->description);
    for (const struct jv_skill *s = g->skills; s && s->id; s++)
        printf("  skill %s: %s\n", s->id, s->description);
}

static void print_actor(const struct jv_actor *a)
{
    struct jv_arena *arena = jv_arena_new(0);

    printf("%s %s: %s\nservice %s\n", a->name, a->version ? a->version : "",
           a->summary ? a->summary : "", a->service ? a->service->name : "of A2A alone");
    if (a->agent)
        print_agent(a->agent);
    for (const struct jv_tool *t = a->tools; t && t->method; t++)
        print_method(a, t, arena);
    if (a->settings && a->settings->env)
        puts("\nsettings");
    for (const struct jv_setting *s = a->settings; s && s->env; s++)
        print_setting(s);
    for (const struct jv_event *e = a->events; e && e->subject; e++)
        printf("%s  %s\n", e == a->events ? "\nlistens to\n" : "", e->subject);
    for (const struct jv_timer *t = a->timers; t && t->name; t++)
        printf("%s  %s every %u ms\n", t == a->timers ? "\ntimers\n" : "", t->name, t->every_ms);
    for (const char *const *c = a->calls; c && *c; c++)
        printf("%s  %s\n", c == a->calls ? "\ncalls\n" : "", *c);
    jv_arena_free(arena);
}

/* ---- settings of all processes, a line each -------------------------------------------------- */

static const char *kind_of(struct jv_arena *a, const struct jv_setting *s)
{
    static const char *const kinds[] = { "text", "number", "time", "yes-or-no", "secret" };
    const char *unit = s->kind == JV_SET_MSEC ? "ms" : "";

    if (!s->min && !s->max)
        return kinds[s->kind];
    return jv_arena_printf(a, "%s(%lld..%lld%s)", kinds[s->kind], (long long)s->min,
                           (long long)s->max, unit);
}

static void print_settings(const struct jv_program *p)
{
    struct jv_arena *a = jv_arena_new(0);
    const struct jv_setting_table *tables;
    size_t n = jv_setting_tables(p, a, &tables);

    for (size_t i = 0; i < n; i++)
        for (const struct jv_setting *s = tables[i].rows; s->env; s++)
            printf("%-12s %-25s %-28s %-24s %s\n", tables[i].process, s->env, kind_of(a, s),
                   !s->fallback      ? "required"
                   : !s->fallback[0] ? "-"
                                     : s->fallback,
                   s->help);
    jv_arena_free(a);
}

int jv_cmd_describe(const struct jv_program *p, int argc, char **argv)
{
    const struct jv_actor *a;

    if (argc != 1)
        return jv_complain(2, "usage: jarvis describe ACTOR|--all|--settings");
    if (strcmp(argv[0], "--settings") == 0) {
        print_settings(p);
        return 0;
    }
    if (strcmp(argv[0], "--all") == 0) {
        for (size_t i = 0; p->actors[i]; i++) {
            if (i)
                puts("\n");
            print_actor(p->actors[i]);
        }
        return 0;
    }
    a = jv_find_actor(p, argv[0]);
    if (!a)
        return jv_complain(2, "there is no actor %s; see `jarvis list`", argv[0]);
    print_actor(a);
    return 0;
}
