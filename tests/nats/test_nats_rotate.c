/* test_nats_rotate.c -- keys of the bus are replaced while it runs: nobody is cut off before the
 * old ones are revoked, and nobody comes in with an old one after that. */
#include "check.h"

#include "base/log.h"
#include <sys/stat.h>

#include "host/nats_auth.h"
#include "host/nats_old.h"
#include "io/bus.h"
#include "nats/server.h"

#define ROW(method_)                                                                               \
    {                                                                                              \
        .method = method_, .allow = JV_ALLOW_ANYONE                                                \
    }

static const struct jv_tool tools[] = { ROW("Keys"), { 0 } };
static const struct jv_actor auth = { .name = "auth", .tools = tools };
static const struct jv_actor tickets = { .name = "tickets", .tools = tools };
static const struct jv_actor *const actors[] = { &auth, &tickets, NULL };
static const struct jv_program program = { .version = "1", .actors = actors };

static struct {
    struct server server;
    struct jv_loop *loop;
    char dir[200];
    int reloads;
} at;

static const char *in_dir(const char *name)
{
    static char paths[4][300];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 300, "%s/%s", at.dir, name);
    return path;
}

static char *slurp(const char *name)
{
    static char texts[2][65536];
    static int next;
    char *text = texts[next++ % 2];
    FILE *f = fopen(in_dir(name), "r");
    size_t n = f ? fread(text, 1, sizeof(texts[0]) - 1, f) : 0;

    if (f)
        fclose(f);
    text[n] = '\0';
    return text;
}

static void overwrite(const char *name, const char *text)
{
    FILE *f = fopen(in_dir(name), "w");

    fputs(text, f);
    fclose(f);
}

static int command(const char *option)
{
    const char *args[] = { "--dir", at.dir, option };

    return jv_cmd_nats_conf(&program, option ? 3 : 2, (char **)args);
}

/* ---- a server ------------------------------------------------------------------------------- */

/* Ours is a part of another configuration, as it is in production. */
static void start_server(void)
{
    char listen[40], conf[1200];
    const char *args[] = { "--dir", at.dir, "--listen", listen, "--name", "one" };

    at.server.port = free_port();
    snprintf(listen, sizeof(listen), "127.0.0.1:%d", at.server.port);
    CHECK_INT(jv_cmd_nats_conf(&program, 6, (char **)args), 0);
    snprintf(conf, sizeof(conf), "include \"server.conf\"\nlog_file: \"%s\"\n", in_dir("log"));
    overwrite("main.conf", conf);
    CHECK_OR(server_start(&at.server, "-c", in_dir("main.conf")), exit(1));
}

static int count(const char *text, const char *part)
{
    int n = 0;

    while ((text = strstr(text, part))) {
        text += strlen(part);
        n++;
    }
    return n;
}

static void reload(void)
{
    const struct timespec pause = { 0, 2000000 };

    at.reloads++;
    kill(at.server.pid, SIGHUP);
    for (int i = 0; i < 2000; i++) {
        if (count(slurp("log"), "Reloaded server configuration") == at.reloads)
            return;
        CHECK_OR(!strstr(slurp("log"), "Failed to reload"), break);
        nanosleep(&pause, NULL);
    }
    printf("# %s\n", slurp("log"));
    CHECK(!"reloaded");
}

/* ---- a user of it --------------------------------------------------------------------------- */

struct user {
    struct jv_bus *bus;
    int downs, heard;
};

static void on_state(void *arg, bool up, const char *why)
{
    struct user *u = arg;

    (void)why;
    u->downs += !up;
}

static void on_msg(void *arg, struct jv_bus_msg *m)
{
    (void)m;
    ((struct user *)arg)->heard++;
}

static bool come(struct user *u, const char *creds)
{
    const struct jv_bus_options o = { .url = at.server.url,
                                      .creds = in_dir(creds),
                                      .name = "tickets",
                                      .on_state = on_state,
                                      .arg = u };
    struct jv_err err = { 0 };

    *u = (struct user){ 0 };
    u->bus = jv_bus_nats(at.loop, &o, 5000, &err);
    if (u->bus)
        jv_bus_subscribe(u->bus, "jarvis.evt.tickets.Said", NULL, on_msg, u);
    else
        CHECK_INT(err.code, JV_UNAUTHENTICATED);
    return u->bus;
}

static bool is_heard(struct user *u)
{
    int before = u->heard;

    CHECK_INT(jv_bus_publish(u->bus, "jarvis.evt.tickets.Said", NULL, NULL, 0, "x", 1), JV_OK);
    for (int64_t end = jv_loop_mono_ms(at.loop) + 5000;
         u->heard == before && jv_loop_mono_ms(at.loop) < end;)
        jv_loop_run_until(at.loop, jv_loop_mono_ms(at.loop) + 2);
    return u->heard > before;
}

static bool is_put_out(struct user *u)
{
    for (int64_t end = jv_loop_mono_ms(at.loop) + 5000;
         !u->downs && jv_loop_mono_ms(at.loop) < end;)
        jv_loop_run_until(at.loop, jv_loop_mono_ms(at.loop) + 2);
    return u->downs > 0;
}

static void keep_creds(const char *as)
{
    overwrite(as, slurp("creds/tickets.creds"));
}

/* ---- tests ---------------------------------------------------------------------------------- */

TEST(nobody_is_cut_off_before_the_end)
{
    struct user first, second, third, late;

    jv_log_init("test", JV_LOG_ERROR, false);
    snprintf(at.dir, sizeof(at.dir), "%s/nats-rotate", getenv("TEST_DIR"));
    at.loop = jv_loop_new(JV_CLOCK_REAL);
    CHECK_INT(mkdir(at.dir, 0700), 0);
    start_server();
    keep_creds("first.creds");
    CHECK(come(&first, "first.creds"));

    CHECK_INT(command("--rotate"), 0);
    keep_creds("second.creds");
    CHECK(come(&second, "second.creds")); /* before the server has heard of anything */
    reload();
    CHECK(is_heard(&first) && is_heard(&second));

    CHECK_INT(command("--rotate"), 0); /* again, and nothing revoked yet */
    keep_creds("third.creds");
    CHECK(come(&third, "third.creds"));
    CHECK(is_heard(&first) && is_heard(&second) && is_heard(&third));

    CHECK_INT(command("--revoke"), 0);
    reload();
    CHECK(is_put_out(&first) && is_put_out(&second));
    CHECK(is_heard(&third));
    CHECK_INT(third.downs, 0);
    CHECK(!come(&late, "first.creds"));
    CHECK(!come(&late, "second.creds"));
    CHECK(come(&late, "creds/tickets.creds"));
    CHECK(is_heard(&late));
    jv_bus_free(first.bus);
    jv_bus_free(second.bus);
    jv_bus_free(third.bus);
    jv_bus_free(late.bus);
}

TEST(it_stays_so)
{
    struct user u;
    char *before;

    before = slurp("server.conf");
    CHECK_INT(command("--revoke"), 0); /* again */
    CHECK_STR(slurp("server.conf"), before);
    CHECK_HAS(before, "server_name: \"one\"");
    CHECK_INT(count(slurp("keys/old"), " revoked\n"), 2 * 4);
    reload();
    server_stop(&at.server, SIGTERM);
    CHECK(server_start(&at.server, "-c", in_dir("main.conf")));
    CHECK(!come(&u, "first.creds"));
    CHECK(come(&u, "third.creds"));
    CHECK_INT(command("--rotate"), 0);
    reload();
    CHECK(is_heard(&u));
    CHECK(!come(&(struct user){ 0 }, "first.creds")); /* what is revoked is so for ever */
    CHECK_INT(u.downs, 0);
    jv_bus_free(u.bus);
}

/* The list was written, the new key was not. */
TEST(a_rotation_that_was_interrupted)
{
    struct user u;
    char seed[80], *list;

    CHECK_INT(command("--revoke"), 0);
    snprintf(seed, sizeof(seed), "%s", slurp("keys/user-tickets.seed"));
    keep_creds("kept.creds");
    CHECK_INT(command("--rotate"), 0);
    overwrite("keys/user-tickets.seed", seed);
    CHECK_INT(command("--revoke"), 0); /* without having it done again first */
    list = slurp("keys/old");
    CHECK_INT(count(list, " retired\n"), 1);
    reload();
    CHECK(come(&u, "kept.creds"));
    CHECK(is_heard(&u));
    CHECK_INT(command("--rotate"), 0);
    CHECK(is_heard(&u));
    CHECK_INT(command("--revoke"), 0);
    reload();
    CHECK(is_put_out(&u));
    CHECK_INT(count(slurp("keys/old"), " retired\n"), 0);
    jv_bus_free(u.bus);
}

TEST(what_is_refused)
{
    struct jv_nats_auth_options o = { .dir = at.dir, .port = 4222, .keys = JV_NATS_REVOKE };
    const char *const both[] = { "--dir", at.dir, "--rotate", "--revoke" };
    const char *const nowhere[] = { "--rotate" };
    struct jv_err err = { 0 };

    CHECK_INT(jv_cmd_nats_conf(&program, 4, (char **)both), 2);
    CHECK_INT(jv_cmd_nats_conf(&program, 1, (char **)nowhere), 2);
    overwrite("keys/old", "UABC tickets retired\n");
    CHECK_INT(jv_nats_auth_make(&o, &err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "keys/old is damaged");
    o.keys = JV_NATS_KEEP;
    o.name = "a b";
    overwrite("keys/old", "");
    CHECK_INT(jv_nats_auth_make(&o, &err), JV_INVALID_ARGUMENT);
}

TEST(the_end)
{
    server_stop(&at.server, SIGKILL);
    at.loop = jv_loop_free(at.loop);
}

TEST_MAIN()
