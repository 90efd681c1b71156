/* host.c -- the multi-call binary: a table of commands. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "host/commands.h"
#include "host/configured.h"
#include "host/nats_auth.h"

static int cmd_run(const struct jv_program *p, int argc, char **argv);
static int cmd_version(const struct jv_program *p, int argc, char **argv);
static int cmd_help(const struct jv_program *p, int argc, char **argv);

static const struct command {
    const char *name;
    int (*fn)(const struct jv_program *p, int argc, char **argv);
    const char *args, *what;
    bool warns; /* about settings that there are not */
} commands[] = {
    { "up", jv_cmd_up, "[--detach]", "run everything: servers, actors, gateway", true },
    { "down", jv_cmd_down, "", "stop what `up` left running" },
    { "ps", jv_cmd_ps, "", "what `up` is running" },
    { "call", jv_cmd_call, "ACTOR.METHOD|AGENT ...",
      "call a method, or send a message to an agent" },
    { "list", jv_cmd_list, "", "the actors" },
    { "describe", jv_cmd_describe, "ACTOR|--all|--settings",
      "methods, who may call them, settings" },
    { "check", jv_cmd_check, "", "is the actor, or the gateway, ready? For health checks" },
    { "doctor", jv_cmd_doctor, "[--json]", "is all that the environment names as it must be?" },
    { "eval", jv_cmd_eval, "FILE ...", "put a table of questions to a running system" },
    { "run", cmd_run, "ACTOR|gateway|conformance ...", "run one process of the system", true },
    { "migrate", jv_cmd_migrate, "[--seed]", "bring database and streams up to date", true },
    { "seed", jv_cmd_seed, "", "put the demo data in" },
    { "nats-conf", jv_cmd_nats_conf, "[--dir D]", "identities and rules for nats-server" },
    { "version", cmd_version, "", "the version" },
    { "help", cmd_help, "", "this" },
};

static int cmd_version(const struct jv_program *p, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("jarvis %s\n", p->version);
    return 0;
}

static int cmd_help(const struct jv_program *p, int argc, char **argv)
{
    (void)p;
    (void)argc;
    (void)argv;
    puts("usage: jarvis COMMAND ...\n");
    for (size_t i = 0; i < JV_COUNT(commands); i++)
        printf("  %-10s %s%s%s\n", commands[i].name, commands[i].what,
               *commands[i].args ? ": " : "", commands[i].args);
    return 0;
}

static void say_unknown(void *arg, const char *name, const char *nearest)
{
    (void)arg;
    jv_logf(JV_LOG_WARN, "%s is no setting%s%s%s", name, nearest ? ": is " : "",
            nearest ? nearest : "", nearest ? " meant?" : "");
}

/* A slip of the finger would otherwise be a setting that is silently not made. */
static void warn_unknown(const struct jv_program *p, const char *who)
{
    struct jv_common c;

    if (!jv_common_load(&c, NULL)) /* else that is said, and is the end */
        jv_log_init(who, JV_LOG_WARN, c.log_json);
    jv_unknown_settings(p, say_unknown, NULL);
}

static int cmd_run(const struct jv_program *p, int argc, char **argv)
{
    const struct jv_actor *actor;

    if (argc && p->conformance && strcmp(argv[0], "conformance") == 0)
        return jv_cmd_conformance(p, argc - 1, argv + 1);
    if (argc != 1)
        return jv_complain(2, "run what? An actor of `jarvis list`, or gateway");
    if (strcmp(argv[0], "gateway") == 0)
        return p->gateway(p);
    actor = jv_find_actor(p, argv[0]);
    if (!actor)
        return jv_complain(2, "there is no actor %s; see `jarvis list`", argv[0]);
    return jv_run_actor(actor);
}

int jv_complain(int exit_code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("jarvis: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return exit_code;
}

const struct jv_actor *jv_find_actor(const struct jv_program *p, const char *name)
{
    for (size_t i = 0; p->actors[i]; i++)
        if (strcmp(p->actors[i]->name, name) == 0)
            return p->actors[i];
    return NULL;
}

int jv_host_main(const struct jv_program *p, int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* in order with stderr where both go to one file */
    p = jv_conformance_program(p);
    if (!p)
        return JV_EXIT_CONFIG;
    if (argc < 2)
        return cmd_help(p, 0, NULL) + 2;
    for (size_t i = 0; i < JV_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            if (commands[i].warns)
                warn_unknown(p, argc > 2 && argv[2][0] != '-' ? argv[2] : "");
            return commands[i].fn(p, argc - 2, argv + 2);
        }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return cmd_help(p, 0, NULL);
    return jv_complain(2, "there is no command %s; see `jarvis help`", argv[1]);
}
