/* up.c -- `jarvis up`: one supervisor for the whole system, with or without a terminal. */
#include "host/up.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/commands.h"

struct run {
    struct jv_up *up;
    struct jv_fiber *fiber;
    struct jv_io signals;
    int64_t began_ms;
    int told; /* with --detach: where the waiting parent hears how it went; -1 */
    void (*announce)(const struct jv_up *u); /* somebody else's word for it, and all that is said */
    int code;
};

/* ---- what others read ------------------------------------------------------------------------ */

/* As a shell reads it. */
static void quote(struct jv_buf *b, const char *value)
{
    jv_buf_char(b, '\'');
    for (const char *s = value; *s; s++) {
        if (*s == '\'')
            jv_buf_str(b, "'\\''");
        else
            jv_buf_char(b, *s);
    }
    jv_buf_char(b, '\'');
}

static void export(struct jv_buf *b, const char *name, const char *value)
{
    jv_buf_printf(b, "%s=", name);
    quote(b, value);
    jv_buf_printf(b, "\nexport %s\n", name);
}

static const char *env_path(const struct jv_up *u)
{
    return jv_arena_printf(u->arena, "%s/env", u->place.run);
}

static int write_env(struct jv_up *u, struct jv_err *err)
{
    struct jv_buf b = jv_buf_new(u->arena);

    export(&b, "JARVIS_URL", u->url);
    export(&b, "NATS_URL", u->nats_url);
    export(&b, "NATS_CREDS", jv_up_creds(u, "operator"));
    export(&b, "NATS_CA", jv_up_ca(u));
    export(&b, "DATABASE_URL", u->database_url);
    export(&b, "JARVIS_DEMO", u->demo ? "1" : "0"); /* `doctor` asks */
    return jv_place_write(env_path(u), b.data, err);
}

static void on_change(void *arg)
{
    jv_up_write_pids(arg);
}

static void remove_traces(struct jv_up *u)
{
    unlink(env_path(u));
    unlink(jv_arena_printf(u->arena, "%s/pids", u->place.run));
}

/* ---- what people read ------------------------------------------------------------------------ */

static void say_starting(const struct run *r)
{
    const struct jv_up *u = r->up;

    if (r->announce)
        return;
    printf("jarvis: starting in %s%s%s\n", u->place.var,
           u->place.is_root ? ", servers and actors as the user " : "",
           u->place.is_root ? u->place.user : "");
    if (u->common.clock[0])
        printf("jarvis: the clock stands at %s\n", u->common.clock);
}

/* To be copied into a shell. */
static const char *env_as_word(const struct jv_up *u)
{
    struct jv_buf b = jv_buf_new(u->arena);
    const char *path = env_path(u);
    size_t plain = strspn(path, "/-_.+0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    if (!path[plain])
        return path;
    quote(&b, path);
    return b.data;
}

static void announce(const struct run *r)
{
    const struct jv_up *u = r->up;

    if (r->announce) {
        r->announce(u);
        fflush(stdout);
        return;
    }
    printf("\nJarvis is ready at %s (%.1f s)\n\n", u->url,
           (double)(jv_loop_mono_ms(u->loop) - r->began_ms) / 1000);
    if (u->demo)
        puts("  sign in    vishal, happy, alex or sarah with password123; admin with admin123\n"
             "             (demo people and data: never show this to a network)\n"
             "  ask        show my tickets and aws cost\n"
             "             what exams do I have, and how urgent are they?");
    printf("  operate    . %s; ./jarvis ps; ./jarvis call tickets.ListMine '{}' --as "
           "vishal:password123\n"
           "  logs       %s/\n"
           "  stop       %s\n\n",
           env_as_word(u), u->place.log, r->told < 0 ? "Ctrl-C" : "./jarvis down");
    fflush(stdout);
}

/* ---- running --------------------------------------------------------------------------------- */

static void on_signal(struct jv_io *io, unsigned events)
{
    struct run *r = io->arg;
    struct signalfd_siginfo info;

    (void)events;
    while (read(io->fd, &info, sizeof(info)) > 0)
        jv_fiber_cancel(r->fiber);
}

static void watch_signals(struct run *r)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    r->signals = (struct jv_io){ .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
                                 .events = EPOLLIN,
                                 .fn = on_signal,
                                 .arg = r };
    if (r->signals.fd < 0 || jv_loop_io_add(r->up->loop, &r->signals))
        abort();
}

/* From here on what we print goes into a file, and the parent goes. */
static void let_go(struct run *r)
{
    const char *path = jv_arena_printf(r->up->arena, "%s/up.log", r->up->place.log);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

    fflush(stdout);
    if (fd >= 0) {
        dup2(fd, 1);
        dup2(fd, 2);
        close(fd);
    }
    if (write(r->told, "0", 1) == 1)
        close(r->told);
}

static void whole_life(void *arg)
{
    struct run *r = arg;
    struct jv_err err = { 0 };
    int code = jv_up_start(r->up, &err);

    if (!code)
        code = write_env(r->up, &err);
    if (code) {
        r->code = jv_complain(1, "%s", err.text);
    } else {
        announce(r);
        if (r->told >= 0)
            let_go(r);
        while (jv_fiber_wait(INT64_MAX) != JV_CANCELLED)
            ;
        if (!r->announce)
            puts("jarvis: stopping");
    }
    fflush(stdout);
    jv_up_stop(r->up);
    remove_traces(r->up);
    jv_loop_stop(r->up->loop);
}

static int supervise(struct run *r)
{
    struct jv_up *u = r->up;

    u->loop = jv_loop_new(JV_CLOCK_REAL);
    r->began_ms = jv_loop_mono_ms(u->loop);
    u->sup = jv_supervisor_new(u->loop, &u->place, on_change, u);
    watch_signals(r);
    r->fiber = jv_fiber_start(u->loop, whole_life, r);
    jv_loop_run(u->loop);
    jv_loop_run_until(u->loop, 0); /* the fiber's last step */
    jv_loop_io_del(u->loop, &r->signals);
    close(r->signals.fd);
    jv_supervisor_free(u->sup);
    jv_loop_free(u->loop);
    if (!r->code && !r->announce)
        puts("jarvis: stopped");
    return r->code;
}

static int already_running(struct run *r)
{
    struct jv_place *p = &r->up->place;
    char line[256] = "", *url = line;
    FILE *f = fopen(env_path(r->up), "re");
    bool is_closed = !f && errno == EACCES;

    if (f && fgets(line, sizeof(line), f)) {
        url = strchr(line, '\'');
        url = url ? url + 1 : line;
        url[strcspn(url, "'\n")] = '\0';
    }
    if (f)
        fclose(f);
    return jv_complain(1, "it is running already%s%s (process %d); ./jarvis down stops it",
                       *url        ? " at "
                       : is_closed ? " for another user"
                                   : ", still starting",
                       url, (int)jv_place_holder(p));
}

static int run(struct run *r)
{
    struct jv_err err = { 0 };
    int code = jv_place_open(&r->up->place, &err);

    if (code)
        return jv_complain(1, "%s", err.text);
    code = jv_place_lock(&r->up->place, &err);
    if (code == JV_ALREADY_EXISTS)
        return already_running(r);
    if (!code)
        code = jv_up_configure(r->up, &err);
    if (code)
        return jv_complain(code == JV_INVALID_ARGUMENT ? JV_EXIT_CONFIG : 1, "%s", err.text);
    remove_traces(r->up);
    say_starting(r);
    fflush(stdout);
    return supervise(r);
}

/* ---- without a terminal ---------------------------------------------------------------------- */

static pid_t supervisor;

static void pass_on(int sig)
{
    kill(supervisor, sig);
}

/* Its answer comes through the pipe when it is ready; an end without one is a failure. */
static int wait_for(pid_t pid, int told)
{
    char answer = 0;
    int status = 0;
    ssize_t n;

    do {
        n = read(told, &answer, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1 && answer == '0')
        return 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status))
        return WEXITSTATUS(status);
    return jv_complain(1, "it ended before it was ready");
}

static int detach(struct run *r)
{
    int told[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t pid;

    if (null < 0 || pipe2(told, O_CLOEXEC) || (pid = fork()) < 0)
        return jv_complain(1, "cannot start: %s", strerror(errno));
    if (pid) {
        supervisor = pid;
        signal(SIGINT, pass_on);
        signal(SIGTERM, pass_on);
        close(told[1]);
        return wait_for(pid, told[0]);
    }
    setsid();
    dup2(null, 0);
    close(told[0]);
    r->told = told[1];
    return run(r);
}

int jv_up_run(struct jv_up *u, void (*say_ready)(const struct jv_up *u))
{
    struct run r = { .up = u, .told = -1, .announce = say_ready };

    return run(&r);
}

int jv_cmd_up(const struct jv_program *p, int argc, char **argv)
{
    bool away = argc == 1 && strcmp(argv[0], "--detach") == 0;
    struct jv_up u = { .program = p };
    struct run r = { .up = &u, .told = -1 };
    int code;

    if (argc > 1 || (argc && !away))
        return jv_complain(2, "usage: jarvis up [--detach]");
    if (getenv("JARVIS_CONFORMANCE"))
        return jv_complain(JV_EXIT_CONFIG, "JARVIS_CONFORMANCE: is for `jarvis run conformance`, "
                                           "which sets it itself");
    u.arena = jv_arena_new(0);
    jv_place_name(&u.place, u.arena);
    code = away ? detach(&r) : run(&r);
    jv_arena_free(u.arena);
    return code;
}
