/* test_run.c -- an actor as a process of its own: ready, drained by SIGTERM, stopped by the
 * watchdog, refused with a reason. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jv/client.h"
#include "jv/host.h"
#include "world/engine_scene.h"

struct process {
    pid_t pid;
    int ready;
};

/* The child is an ordinary `jarvis run`: environment in, exit code out. */
static struct process run(const char *nats_url)
{
    struct process p;
    int fds[2];
    char number[12];

    if (pipe(fds))
        abort();
    snprintf(number, sizeof(number), "%d", fds[1]);
    fflush(stdout);
    p.pid = fork();
    if (p.pid == 0) {
        setenv("NATS_URL", nats_url, 1);
        setenv("JARVIS_READY_FD", number, 1);
        setenv("JARVIS_LOG", getenv("WORLD_LOG") ? "debug" : "error", 1);
        close(fds[0]);
        _exit(jv_run_actor(&callee));
    }
    close(fds[1]);
    p.ready = fds[0];
    return p;
}

static bool is_ready(const struct process *p)
{
    char line[8];

    return read(p->ready, line, sizeof(line)) == 6;
}

static int ended(struct process *p)
{
    int status = 0;

    waitpid(p->pid, &status, 0);
    close(p->ready);
    return status;
}

static struct jv_client *client(void)
{
    const struct jv_client_options o = { getenv("TEST_NATS_URL"), NULL, "jarvis", "test" };
    struct jv_err err = { 0 };
    struct jv_client *c = jv_client_new(&o, 5000, &err);

    CHECK_OR(c != NULL, abort());
    return c;
}

static int request(struct jv_client *c, int id, int timeout_ms)
{
    const struct jv_call_options o = { .timeout_ms = timeout_ms };
    Tickets__UpdateRequest req = TICKETS__UPDATE_REQUEST__INIT;
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };
    Tickets__Ticket *ticket;
    int r;

    req.ticket_id = id;
    r = jv_client_call(c, &tickets__tickets__descriptor, NULL, "Update", &req, &ticket, &o, a,
                       &err);
    CHECK(r || ticket->id == id);
    jv_arena_free(a);
    return r;
}

struct asking {
    struct jv_client *client;
    int code;
};

static void *ask_slowly(void *arg)
{
    struct asking *q = arg;

    q->code = request(q->client, SLOW_1500MS, 10000);
    return NULL;
}

/* Messages of one connection keep their order: when the second question is answered, the first one
 * is in its handler. */
TEST(sigterm_finishes_what_is_under_way)
{
    struct process p = run(getenv("TEST_NATS_URL"));
    struct asking q = { NULL, -1 };
    pthread_t thread;
    int status;

    CHECK_OR(is_ready(&p), return );
    q.client = client();
    CHECK_INT(pthread_create(&thread, NULL, ask_slowly, &q), 0);
    for (int i = 0; i < 20; i++)
        CHECK_INT(request(q.client, FINE, 5000), JV_OK);
    kill(p.pid, SIGTERM);
    pthread_join(thread, NULL);
    CHECK_INT(q.code, JV_OK);
    status = ended(&p);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_INT(request(q.client, FINE, 2000), JV_UNAVAILABLE);
    jv_client_free(q.client);
}

TEST(the_watchdog_ends_a_handler_that_hogs_the_loop)
{
    struct process p = run(getenv("TEST_NATS_URL"));
    struct jv_client *c;
    int status;

    CHECK_OR(is_ready(&p), return );
    c = client();
    CHECK(request(c, HOG, 200) == JV_DEADLINE_EXCEEDED);
    status = ended(&p);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    jv_client_free(c);
}

TEST(a_wrong_setting_is_said_and_exits_78)
{
    struct process p;
    int status;

    setenv("JARVIS_CLOCK", "yesterday", 1);
    p = run(getenv("TEST_NATS_URL"));
    unsetenv("JARVIS_CLOCK");
    CHECK(!is_ready(&p));
    status = ended(&p);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == JV_EXIT_CONFIG);
}

TEST_MAIN()
