/* test_run.c -- an actor as a process of its own: ready, drained by SIGTERM, stopped by the
 * watchdog, refused with a reason. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "jv/client.h"
#include "nats/tls.h"
#include "world/engine_scene.h"

struct process {
    pid_t pid;
    int ready;
};

static void set_number(const char *name, int number)
{
    char text[12];

    snprintf(text, sizeof(text), "%d", number);
    setenv(name, text, 1);
}

/* The child is an ordinary `jarvis run`: environment in, exit code out. It is this program anew,
 * because a fork alone would inherit the client library without its threads. */
static struct process run(const char *actor)
{
    struct process p;
    int fds[2];

    if (pipe(fds))
        abort();
    fflush(stdout);
    p.pid = fork();
    if (p.pid == 0) {
        setenv("NATS_URL", getenv("TEST_NATS_URL"), 0);
        set_number("JARVIS_READY_FD", fds[1]);
        setenv("JARVIS_LOG", getenv("WORLD_LOG") ? "debug" : "error", 0);
        close(fds[0]);
        execl("/proc/self/exe", "test_run", "--run", actor, NULL);
        _exit(127);
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

static struct jv_client *client_at(const char *url, const char *ca)
{
    const struct jv_client_options o = { .url = url, .prefix = "jarvis", .name = "test", .ca = ca };
    struct jv_err err = { 0 };
    struct jv_client *c = jv_client_new(&o, 5000, &err);

    CHECK_OR(c != NULL, abort());
    return c;
}

static struct jv_client *client(void)
{
    return client_at(getenv("TEST_NATS_URL"), NULL);
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
    int id, code;
};

static void *ask_slowly(void *arg)
{
    struct asking *q = arg;

    q->code = request(q->client, q->id, 40000);
    return NULL;
}

/* Messages of one connection keep their order: when later questions are answered, the first one is
 * in its handler. */
static pthread_t ask_beside(struct asking *q)
{
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, ask_slowly, q), 0);
    for (int i = 0; i < 20; i++)
        CHECK_INT(request(q->client, FINE, 5000), JV_OK);
    return thread;
}

TEST(sigterm_finishes_what_is_under_way)
{
    struct process p = run("callee");
    struct asking q = { .id = SLOW_1500MS };
    pthread_t thread;
    int status;

    CHECK_OR(is_ready(&p), return );
    q.client = client();
    thread = ask_beside(&q);
    kill(p.pid, SIGTERM);
    pthread_join(thread, NULL);
    CHECK_INT(q.code, JV_OK);
    status = ended(&p);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_INT(request(q.client, FINE, 2000), JV_UNAVAILABLE);
    jv_client_free(q.client);
}

/* ---- one after the other ------------------------------------------------------------------- */

enum { CALLERS = 8, ROUNDS = 6 };

static struct {
    atomic_bool over;
    atomic_int asked, failed;
} load;

static void *ask_on(void *client)
{
    while (!atomic_load(&load.over)) {
        int r = request(client, atomic_fetch_add(&load.asked, 1) % 400 ? FINE : SLOW_1500MS, 10000);

        if (r) {
            atomic_fetch_add(&load.failed, 1);
            printf("# %s\n", jv_code_name(r));
        }
    }
    return NULL;
}

static void wait_for_load(int more)
{
    const struct timespec pause = { 0, 1000000 };

    for (int until = atomic_load(&load.asked) + more; atomic_load(&load.asked) < until;)
        nanosleep(&pause, NULL);
}

/* Two of one actor, whose callers never stop; each goes and another comes in its place. */
TEST(a_deploy_that_nobody_notices)
{
    struct process p[2] = { run("callee"), run("callee") };
    pthread_t threads[CALLERS];
    struct jv_client *c;

    CHECK_OR(is_ready(&p[0]) && is_ready(&p[1]), return );
    c = client();
    for (int i = 0; i < CALLERS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, ask_on, c), 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct process *old = &p[round % 2];
        int status;

        wait_for_load(800);
        kill(old->pid, SIGTERM);
        status = ended(old);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        *old = run("callee");
        CHECK(is_ready(old));
    }
    atomic_store(&load.over, true);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(atomic_load(&load.failed), 0);
    jv_client_free(c);
    for (int i = 0; i < 2; i++) {
        kill(p[i].pid, SIGTERM);
        ended(&p[i]);
    }
}

/* What does not end within JV_DRAIN_MS is cancelled: who asked is told, and the end is orderly. */
TEST(sigterm_does_not_wait_for_ever)
{
    struct process p = run("sleepy");
    struct asking q = { .id = SLOW_60S };
    pthread_t thread;
    int status;

    CHECK_OR(is_ready(&p), return );
    q.client = client();
    thread = ask_beside(&q);
    kill(p.pid, SIGTERM);
    pthread_join(thread, NULL);
    CHECK_INT(q.code, JV_CANCELLED);
    status = ended(&p);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    jv_client_free(q.client);
}

TEST(sigterm_while_starting)
{
    struct process p;
    int started[2], status;
    char byte;

    CHECK_INT(pipe(started), 0);
    set_number("TEST_STARTED_FD", started[1]);
    p = run("starting");
    CHECK_INT(read(started[0], &byte, 1), 1);
    kill(p.pid, SIGTERM);
    status = ended(&p);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(started[0]);
    close(started[1]);
}

TEST(the_watchdog_ends_a_handler_that_hogs_the_loop)
{
    struct process p = run("callee");
    struct jv_client *c;
    int status;

    CHECK_OR(is_ready(&p), return );
    c = client();
    CHECK_OR(request(c, HOG, 200) == JV_DEADLINE_EXCEEDED, kill(p.pid, SIGKILL));
    status = ended(&p);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    jv_client_free(c);
}

static void refused(const char *actor, int code)
{
    struct process p = run(actor);
    int status;

    CHECK(!is_ready(&p));
    status = ended(&p);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), code);
}

TEST(a_wrong_setting_is_said_and_exits_78)
{
    static const struct {
        const char *name, *value, *actor;
    } cases[] = {
        { "JARVIS_CLOCK", "yesterday", "callee" }, { "JARVIS_LOG", "loud", "callee" },
        { "DATABASE_URL", "", "needy" },           { "NATS_CA", "/nowhere/ca.crt", "callee" },
        { "NATS_CA", "/dev/null", "callee" },      { "JARVIS_HEALTH", "/nowhere/health", "callee" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        setenv(cases[i].name, cases[i].value, 1);
        refused(cases[i].actor, JV_EXIT_CONFIG);
        unsetenv(cases[i].name);
    }
}

TEST(a_table_that_is_wrong_exits_78)
{
    refused("wrong", JV_EXIT_CONFIG);
}

TEST(an_actor_that_cannot_start_exits_1)
{
    refused("failing", 1);
}

/* ---- health ---------------------------------------------------------------------------------- */

static const char *health_at(const char *name)
{
    static char path[220];

    snprintf(path, sizeof(path), "%s/%s", getenv("TEST_DIR"), name);
    setenv("JARVIS_HEALTH", path, 1);
    return path;
}

static const struct command *check_actor(void)
{
    static const struct jv_actor *const none[] = { NULL };
    static const struct jv_program program = { .version = "1", .actors = none };

    return command(&program, "jarvis check");
}

/* Ask until that is the answer. */
static bool becomes(const char *word)
{
    const struct timespec pause = { 0, 5000000 };

    for (int i = 0; i < 2000; i++) {
        const struct command *c = check_actor();

        if (strcmp(word, "ready") == 0 ? !c->code : c->code == 1 && strstr(c->err, word))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

TEST(health_of_an_actor)
{
    struct server s = { 0 };
    struct process p;
    struct asking q = { .id = SLOW_1500MS };
    pthread_t thread;
    int status;

    CHECK_OR(server_start(&s, NULL, NULL), return );
    (void)health_at("health");
    CHECK_INT(check_actor()->code, 1);
    CHECK_HAS(check_actor()->err, "nobody answers");
    setenv("NATS_URL", s.url, 1);
    p = run("callee");
    CHECK_OR(is_ready(&p), return );
    CHECK_INT(check_actor()->code, 0);
    server_stop(&s, SIGKILL);
    CHECK(becomes("bus lost"));
    CHECK(server_start(&s, NULL, NULL));
    CHECK(becomes("ready"));
    q.client = client_at(s.url, NULL);
    thread = ask_beside(&q);
    kill(p.pid, SIGTERM);
    CHECK(becomes("draining"));
    pthread_join(thread, NULL);
    CHECK_INT(q.code, JV_OK);
    status = ended(&p);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(becomes("nobody answers"));
    jv_client_free(q.client);
    server_stop(&s, SIGKILL);
    unsetenv("NATS_URL");
    unsetenv("JARVIS_HEALTH");
}

TEST(health_of_one_that_starts)
{
    struct process p;
    int started[2];

    CHECK_INT(pipe(started), 0);
    set_number("TEST_STARTED_FD", started[1]);
    (void)health_at("starting");
    p = run("starting");
    CHECK(becomes("starting"));
    kill(p.pid, SIGTERM);
    ended(&p);
    close(started[0]);
    close(started[1]);
    unsetenv("JARVIS_HEALTH");
}

TEST(health_of_one_that_is_stuck)
{
    struct process p;
    struct jv_client *c;

    (void)health_at("stuck");
    p = run("callee");
    CHECK_OR(is_ready(&p), return );
    c = client();
    CHECK_INT(request(c, HOG, 200), JV_DEADLINE_EXCEEDED);
    CHECK_HAS(check_actor()->err, "nobody answers");
    ended(&p);
    jv_client_free(c);
    p = run("callee"); /* where the dead one left its socket */
    CHECK(is_ready(&p));
    CHECK_INT(check_actor()->code, 0);
    kill(p.pid, SIGTERM);
    ended(&p);
    unsetenv("JARVIS_HEALTH");
}

/* ---- TLS ------------------------------------------------------------------------------------- */

TEST(an_actor_over_tls)
{
    static const struct jv_actor *const actors[] = { &callee, &caller, NULL };
    static const struct jv_program program = { .version = "1", .actors = actors };
    struct server s = { 0 };
    char dir[200], ca[220];
    const struct command *c;
    struct jv_client *client;
    struct process p;

    snprintf(dir, sizeof(dir), "%s/tls", getenv("TEST_DIR"));
    snprintf(ca, sizeof(ca), "%s/ca.crt", dir);
    CHECK_OR(tls_make(dir) && tls_start(&s, dir, "localhost"), return );
    setenv("NATS_URL", s.url, 1);
    setenv("NATS_CA", ca, 1);
    p = run("open");
    CHECK_OR(is_ready(&p), return );
    c = command(&program, "jarvis call chat.Chat '{\"message\":\"x\"}'"); /* a stream */
    CHECK_INT(c->code, 0);
    CHECK_HAS(c->out, "{\"seq\":2,\"delta\":{\"text\":\"piece\"}}\n{\"seq\":3,");
    unsetenv("NATS_CA");
    c = command(&program, "jarvis call chat.Chat '{\"message\":\"x\"}'");
    CHECK_INT(c->code, 1);
    CHECK_HAS(c->err, "demands TLS: set NATS_CA");
    client = client_at(s.url, ca);
    jv_client_free(client);
    kill(p.pid, SIGTERM);
    ended(&p);
    server_stop(&s, SIGKILL);
    unsetenv("NATS_URL");
}

/* ---- by hand --------------------------------------------------------------------------------- */

TEST(one_call_by_hand)
{
    static const struct jv_actor *const actors[] = { &callee, &caller, NULL };
    static const struct jv_program program = { .version = "1", .actors = actors };
    struct process p = run("open");
    const struct command *c;

    CHECK_OR(is_ready(&p), return );
    setenv("NATS_URL", getenv("TEST_NATS_URL"), 1);
    c = command(&program, "jarvis call chat.Chat '{\"message\":\"x\"}'");
    CHECK_INT(c->code, 0);
    CHECK_HAS(c->out, "{\"seq\":2,\"delta\":{\"text\":\"piece\"}}\n{\"seq\":3,");
    c = command(&program, "jarvis call chat.Chat '{\"message\":\"fail\"}'");
    CHECK_INT(c->code, 1);
    CHECK_HAS(c->out, "{\"seq\":3,");
    CHECK_HAS(c->err, "UNAVAILABLE: gone");
    c = command(&program, "jarvis call chat.Ask '{\"message\":\"\"}'");
    CHECK_INT(c->code, 1);
    CHECK_HAS(c->err, "INVALID_ARGUMENT: message: ");
    c = command(&program, "jarvis call chat.Sing {}");
    CHECK_HAS(c->err, "has no method Sing");
    c = command(&program, "jarvis call chat.Ask {} --as vishal");
    CHECK_HAS(c->err, "--as names no password");
    c = command(&program, "jarvis call tickets.Get '{\"ticket_id\":1}'");
    CHECK_HAS(c->err, "UNAVAILABLE");
    unsetenv("NATS_URL");
    kill(p.pid, SIGTERM);
    ended(&p);
}

TEST(what_migrate_is_told)
{
    static const struct jv_actor *const none[] = { NULL };
    static const struct jv_file nothing[] = { { 0 } };
    static const struct jv_program program = {
        .version = "1", .actors = none, .migrations = nothing, .seeds = nothing
    };
    static const struct {
        const char *name, *value, *text;
    } bad[] = {
        { "JARVIS_STREAM_REPLICAS", "2", "JARVIS_STREAM_REPLICAS: must be 1, 3 or 5" },
        { "JARVIS_STREAM_REPLICAS", "7", "JARVIS_STREAM_REPLICAS: must be between 1 and 5" },
        { "JARVIS_MIGRATE_WAIT", "soon", "JARVIS_MIGRATE_WAIT: must be a time" },
    };

    setenv("DATABASE_URL", "postgresql://x@127.0.0.1:1/x", 1);
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        const struct command *c;

        setenv(bad[i].name, bad[i].value, 1);
        c = command(&program, "jarvis migrate");
        CHECK_INT(c->code, JV_EXIT_CONFIG);
        CHECK_HAS(c->err, bad[i].text);
        unsetenv(bad[i].name);
    }
    setenv("JARVIS_MIGRATE_WAIT", "0", 1);
    CHECK_INT(command(&program, "jarvis migrate")->code, 1); /* and at once */
    unsetenv("JARVIS_MIGRATE_WAIT");
    unsetenv("DATABASE_URL");
}

/* ---- the child ------------------------------------------------------------------------------- */

JV_TOOL_FN(sleepy_update, Tickets__UpdateRequest, Tickets__Ticket)
{
    ret->id = req->ticket_id;
    return req->ticket_id == SLOW_60S ? jv_sleep(ctx, 60000) : JV_OK;
}

static int slow_init(struct jv_ctx *ctx)
{
    CHECK_INT(write((int)strtol(getenv("TEST_STARTED_FD"), NULL, 10), "!", 1), 1);
    return jv_sleep(ctx, 20000);
}

static int failing_init(struct jv_ctx *ctx)
{
    return jv_fail(ctx, JV_FAILED_PRECONDITION, "the moon is not full");
}

/* The caller for everybody. */
static int run_open(void)
{
    static struct jv_tool tools[JV_COUNT(caller_tools)];
    struct jv_actor a = caller;

    memcpy(tools, caller_tools, sizeof(tools));
    for (size_t i = 0; tools[i].method; i++)
        tools[i].allow = (struct jv_access)JV_ALLOW_ANYONE;
    a.tools = tools;
    return jv_run_actor(&a);
}

static int run_as(const char *who)
{
    static struct jv_tool tools[JV_COUNT(callee_tools)];
    struct jv_actor a = callee;

    if (strcmp(who, "open") == 0)
        return run_open();
    memcpy(tools, callee_tools, sizeof(tools));
    a.tools = tools;
    if (strcmp(who, "needy") == 0)
        a.needs = JV_NEEDS_DB;
    if (strcmp(who, "wrong") == 0)
        tools[0].handler = NULL;
    if (strcmp(who, "failing") == 0)
        a.init = failing_init;
    if (strcmp(who, "sleepy") == 0) {
        tools[6].handler = sleepy_update__tool;
        tools[6].timeout_ms = 60000;
    }
    if (strcmp(who, "starting") == 0)
        a.init = slow_init;
    return jv_run_actor(&a);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--run") == 0)
        return run_as(argv[2]);
    return check_run(argc, argv);
}
