/* test_pg_restart.c -- PostgreSQL stopped and started again under the pool. */
#include "pg_bench.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static pid_t server; /* the one started here; 0: still the one of with-servers */

static pid_t recorded_pid(void)
{
    char path[512];
    long pid = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/postmaster.pid", getenv("TEST_PG_DATA"));
    f = fopen(path, "r");
    if (f) {
        if (fscanf(f, "%ld", &pid) != 1)
            pid = 0;
        fclose(f);
    }
    return (pid_t)pid;
}

/* A stranger's process cannot be waited for, but its pid can be watched. */
static int stop_server(void *unused)
{
    pid_t pid = recorded_pid();

    (void)unused;
    if (pid <= 1 || kill(pid, SIGINT))
        return -1;
    while (server ? waitpid(pid, NULL, 0) < 0 && errno == EINTR : kill(pid, 0) == 0)
        usleep(2000);
    server = 0;
    return 0;
}

/* As the owner of the data, with the arguments of before. */
static void become_server(void)
{
    char path[512], line[1024], command[1100];
    struct stat st;
    FILE *f;

    snprintf(path, sizeof(path), "%s/postmaster.opts", getenv("TEST_PG_DATA"));
    f = fopen(path, "r");
    if (!f || !fgets(line, sizeof(line), f) || stat(getenv("TEST_PG_DATA"), &st))
        _exit(1);
    line[strcspn(line, "\n")] = '\0';
    snprintf(command, sizeof(command), "exec %s >>\"$TEST_PG_DATA/restart.log\" 2>&1", line);
    if (geteuid() == 0 && (setgid(st.st_gid) || setuid(st.st_uid)))
        _exit(1);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(1);
}

static void on_alarm(int unused)
{
    (void)unused;
    if (server)
        kill(server, SIGQUIT);
    _exit(1);
}

static void start_server(void)
{
    signal(SIGALRM, on_alarm); /* a hang must not leave it behind */
    server = fork();
    if (server == 0)
        become_server();
}

struct work {
    struct bench *b;
    struct jv_fiber *boss;
    int r, left;
};

static void in_flight(void *arg)
{
    struct work *w = arg;
    struct jv_err err = { 0 };

    w->r = bench_exec(w->b, NULL, "select pg_sleep(30)", NULL, &err);
    w->left--;
    jv_fiber_wake(w->boss);
}

static void stopped(void *arg, int result)
{
    struct work *w = arg;

    CHECK_INT(result, 0);
    w->left--;
    jv_fiber_wake(w->boss);
}

static void wait_for(struct work *w)
{
    while (w->left)
        if (jv_fiber_wait(INT64_MAX))
            return;
}

static void once(struct bench *b)
{
    struct work w = { b, jv_fiber_self(), -1, 2 };
    struct jv_err err = { 0 };
    int64_t start;

    CHECK_INT(jv_pg_ping(b->pool, soon(b, 5000), &err), JV_OK);
    jv_fiber_start(b->loop, in_flight, &w);
    CHECK(jv_loop_offload(b->loop, stop_server, NULL, stopped, &w));
    wait_for(&w);
    CHECK_INT(w.r, JV_UNAVAILABLE);

    start = soon(b, 0);
    CHECK_INT(jv_pg_ping(b->pool, soon(b, 200), &err), JV_UNAVAILABLE);
    CHECK_STR(err.text, "the database cannot be reached");
    CHECK(soon(b, 0) - start < 2000);

    start_server();
    CHECK_INT(jv_pg_ping(b->pool, soon(b, 5000), &err), JV_OK); /* waited for it */
    CHECK(soon(b, 0) - start < 5000);
    for (int i = 0; i < 4; i++)
        CHECK_INT(bench_exec(b, NULL, "select 1", NULL, &err), JV_OK);
}

static void twice(struct bench *b)
{
    once(b);
    once(b);
}

TEST(heals_when_the_server_comes_back)
{
    bench_run(JV_CLOCK_REAL, 3, twice);
}

/* Whoever waits for a connection while there is none gets it when there is one. */
static void waiting(struct bench *b)
{
    struct work w = { b, jv_fiber_self(), -1, 1 };

    CHECK(jv_loop_offload(b->loop, stop_server, NULL, stopped, &w));
    wait_for(&w);
    start_server();
    CHECK_INT(jv_pg_ping(b->pool, soon(b, 10000), NULL), JV_OK);
}

TEST(waits_for_a_server_that_starts)
{
    bench_run(JV_CLOCK_REAL, 3, waiting);
}

/* Whoever only asks how it is hears when it is there again, though nobody else wants anything. */
static void only_asked(struct bench *b)
{
    struct work w = { b, jv_fiber_self(), -1, 1 };
    int64_t limit;

    CHECK_INT(jv_pg_ping(b->pool, soon(b, 5000), NULL), JV_OK);
    CHECK(!jv_pg_is_down(b->pool));
    CHECK(jv_loop_offload(b->loop, stop_server, NULL, stopped, &w));
    wait_for(&w);
    CHECK_INT(jv_pg_ping(b->pool, soon(b, 200), NULL), JV_UNAVAILABLE);
    CHECK(jv_pg_is_down(b->pool));
    start_server();
    limit = soon(b, 10000);
    while (jv_pg_is_down(b->pool) && soon(b, 0) < limit)
        (void)!jv_fiber_wait(soon(b, 20));
    CHECK(!jv_pg_is_down(b->pool));
}

TEST(being_down_does_not_grow_old)
{
    bench_run(JV_CLOCK_REAL, 3, only_asked);
}

/* with-servers knows nothing of the new server. */
TEST(stops_what_it_started)
{
    CHECK_INT(stop_server(NULL), 0);
}

TEST_MAIN()
