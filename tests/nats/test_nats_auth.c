/* test_nats_auth.c -- a real nats-server with the identities that we make: who may say what. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "host/nats_auth.h"
#include "io/bus.h"
#include "nats/server.h"

/* ---- a program of four actors --------------------------------------------------------------- */

#define ROW(method_, kind_)                                                                        \
    {                                                                                              \
        .method = method_, .allow = { kind_, NULL, NULL }                                          \
    }

static const struct jv_tool auth_tools[] = {
    ROW("Login", JV_ACCESS_ANYONE),      ROW("Keys", JV_ACCESS_ANYONE),
    ROW("Revocations", JV_ACCESS_ACTOR), ROW("HasEnded", JV_ACCESS_ACTOR),
    ROW("SignCard", JV_ACCESS_ACTOR),    { 0 }
};
static const struct jv_tool sessions_tools[] = { ROW("List", JV_ACCESS_USER),
                                                 ROW("Begin", JV_ACCESS_ACTOR),
                                                 { 0 } };
static const struct jv_tool tickets_tools[] = { ROW("List", JV_ACCESS_SCOPE), { 0 } };
static const struct jv_agent tickets_agent = { .name = "TicketsAgent", .token = "helpdesk" };
static const struct jv_event tickets_events[] = { { .subject = "hb.*.*" }, { 0 } };
static const char *const orchestrator_calls[] = { "sessions", "a2a:*", NULL };
static const char *const tickets_calls[] = { "a2a:finance", NULL };
static const struct jv_actor auth = { .name = "auth", .tools = auth_tools };
static const struct jv_actor sessions = { .name = "sessions", .tools = sessions_tools };
static const struct jv_actor tickets = { .name = "tickets",
                                         .tools = tickets_tools,
                                         .agent = &tickets_agent,
                                         .events = tickets_events,
                                         .calls = tickets_calls };
static const struct jv_actor orchestrator = { .name = "orchestrator",
                                              .tools = tickets_tools,
                                              .calls = orchestrator_calls };
static const struct jv_actor *const actors[] = { &auth, &sessions, &tickets, &orchestrator, NULL };
static const struct jv_program program = { .version = "1", .actors = actors };

/* ---- a server with them --------------------------------------------------------------------- */

static char dir[200];
static struct server server;
static struct jv_loop *l;

static int make(struct jv_err *err)
{
    struct jv_arena *a = jv_arena_new(16 << 20);
    struct jv_nats_auth_options o = { .dir = dir, .port = server.port };
    int r;

    o.n_users = jv_nats_users(&program, "jarvis", a, &o.users);
    CHECK_INT(o.n_users, 6);
    r = jv_nats_auth_make(&o, err);
    jv_arena_free(a);
    return r;
}

static char *in_dir(const char *name)
{
    static char path[300];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static char *slurp(const char *name)
{
    static char text[16384];
    FILE *f = fopen(in_dir(name), "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

    if (f)
        fclose(f);
    text[n] = '\0';
    return text;
}

static struct jv_bus *open_as(const char *name)
{
    char creds[300];
    struct jv_err err = { 0 };
    struct jv_bus *b;

    snprintf(creds, sizeof(creds), "%s/creds/%s.creds", dir, name);
    b = jv_bus_nats(l, &(struct jv_bus_options){ .url = server.url, .creds = creds, .name = name },
                    5000, &err);
    if (!b)
        printf("# %s: %s\n", name, err.text);
    return b;
}

TEST(start)
{
    struct jv_err err = { 0 };

    snprintf(dir, sizeof(dir), "%s/nats-auth", getenv("TEST_DIR"));
    server.port = free_port();
    l = jv_loop_new(JV_CLOCK_REAL);
    CHECK_INT(make(&err), JV_OK);
    CHECK_STR(err.text, "");
    CHECK_OR(server_start(&server, "-c", in_dir("server.conf")), exit(1));
}

TEST(what_is_written)
{
    static const char *const private[] = { "server.conf",         "creds/tickets.creds",
                                           "creds/gateway.creds", "creds/operator.creds",
                                           "keys/operator.seed",  "keys/account.seed",
                                           "keys/user-auth.seed" };
    struct stat st;

    for (size_t i = 0; i < JV_COUNT(private); i++) {
        CHECK_INT(stat(in_dir(private[i]), &st), 0);
        CHECK_INT(st.st_mode & 0777, 0600);
    }
    CHECK(strncmp(slurp("keys/operator.seed"), "SO", 2) == 0);
    CHECK(strncmp(slurp("keys/account.seed"), "SA", 2) == 0);
    CHECK(strncmp(slurp("keys/user-auth.seed"), "SU", 2) == 0);
    CHECK_HAS(slurp("creds/tickets.creds"), "-----BEGIN USER NKEY SEED-----\nSU");
}

TEST(keys_are_kept)
{
    char before[128];
    struct jv_err err = { 0 };

    snprintf(before, sizeof(before), "%s", slurp("keys/user-tickets.seed"));
    CHECK_INT(make(&err), JV_OK);
    CHECK_STR(slurp("keys/user-tickets.seed"), before);
}

TEST(strangers_are_refused)
{
    struct jv_err err = { 0 };

    CHECK(!jv_bus_nats(l, &(struct jv_bus_options){ .url = server.url, .name = "x" }, 3000, &err));
    CHECK_INT(err.code, JV_UNAUTHENTICATED);
}

/* ---- who may publish what ------------------------------------------------------------------- */

struct got {
    int n, status;
    char first[128];
};

static void on_msg(void *arg, struct jv_bus_msg *m)
{
    struct got *g = arg;

    g->n++;
    g->status = m->status;
    if (g->n == 1)
        snprintf(g->first, sizeof(g->first), "%s", m->subject);
    jv_loop_stop(l);
}

static void too_late(struct jv_loop_timer *t)
{
    (void)t;
    printf("# nothing came\n");
    jv_loop_stop(l);
}

static bool await(struct got *g, int n)
{
    struct jv_loop_timer limit = { .fn = too_late };

    jv_loop_timer_start(l, &limit, jv_loop_mono_ms(l) + 10000);
    while (g->n < n && limit.at > jv_loop_mono_ms(l))
        jv_loop_run(l);
    jv_loop_timer_stop(l, &limit);
    return g->n >= n;
}

static int say(struct jv_bus *b, const char *subject)
{
    return jv_bus_publish(b, subject, NULL, NULL, 0, "x", 1);
}

/* What `who` says on `subject`, followed by something it may say: what does the operator hear? */
static bool may_publish(struct jv_bus *who, struct got *heard, const char *subject)
{
    const char *marker = "jarvis.svc.auth.Keys";

    heard->n = 0;
    CHECK_INT(say(who, subject), JV_OK);
    CHECK_INT(say(who, marker), JV_OK);
    CHECK(await(heard, 1));
    if (strcmp(heard->first, marker) == 0 && strcmp(subject, marker) != 0)
        return false;
    CHECK_STR(heard->first, subject);
    CHECK(await(heard, 2));
    return true;
}

struct rule {
    const char *who, *subject;
    bool may;
};

static const struct rule publishing[] = {
    { "tickets", "jarvis.svc.auth.Revocations", true },
    { "tickets", "jarvis.svc.auth.HasEnded", true },
    { "tickets", "jarvis.svc.auth.Login", false },
    { "tickets", "jarvis.svc.auth.SignCard", false },
    { "tickets", "jarvis.svc.sessions.List", false },
    { "tickets", "jarvis.a2a.finance.SendMessage", true },
    { "tickets", "jarvis.a2a.helpdesk.SendMessage", false },
    { "tickets", "jarvis.audit.tickets.create", true },
    { "tickets", "jarvis.audit.auth.login", false },
    { "tickets", "jarvis.evt.tickets.Changed", true },
    { "tickets", "jarvis.evt.auth.Revoked", false },
    { "tickets", "jarvis.hb.tickets.abc", true },
    { "tickets", "jarvis.hb.auth.abc", false },
    { "tickets", "jarvis.task.helpdesk.t1.status", true },
    { "tickets", "jarvis.task.tickets.t1.status", false },
    { "tickets", "jarvis.ctl.auth.x.drain", false },
    { "tickets", "_INBOX.gateway.abc.1", true },
    { "tickets", "$JS.API.INFO", false },
    { "orchestrator", "jarvis.svc.sessions.Begin", true },
    { "orchestrator", "jarvis.svc.sessions.List", true },
    { "orchestrator", "jarvis.svc.tickets.List", false },
    { "orchestrator", "jarvis.a2a.helpdesk.SendMessage", true },
    { "orchestrator", "jarvis.svc.auth.SignCard", false },
    { "orchestrator", "jarvis.task.orchestrator.x.y", false },
    { "gateway", "jarvis.svc.sessions.Begin", false },
    { "gateway", "jarvis.svc.sessions.List", true },
    { "gateway", "jarvis.svc.tickets.List", true },
    { "gateway", "jarvis.svc.auth.Login", true },
    { "gateway", "jarvis.svc.auth.Revocations", true },
    { "gateway", "jarvis.svc.auth.SignCard", true },
    { "gateway", "jarvis.a2a.helpdesk.SendMessage", true },
    { "gateway", "jarvis.evt.auth.Revoked", false },
    { "gateway", "jarvis.ctl.auth.x.drain", false },
    { "gateway", "_INBOX.tickets.abc.1", false },
    { "operator", "jarvis.svc.sessions.Begin", false },
    { "operator", "jarvis.svc.auth.Revocations", false },
    { "operator", "jarvis.svc.auth.HasEnded", false },
    { "operator", "jarvis.svc.auth.SignCard", false },
    { "operator", "jarvis.svc.sessions.List", true },
    { "operator", "jarvis.a2a.helpdesk.SendMessage", true },
    { "operator", "jarvis.ctl.auth.x.drain", true },
    { "operator", "jarvis.evt.auth.Revoked", false },
    { "operator", "_INBOX.gateway.abc.1", false },
};

TEST(publishing_is_by_the_tables)
{
    struct jv_bus *ear = open_as("operator"), *who = NULL;
    struct got heard = { 0 };

    CHECK_OR(ear, return );
    jv_bus_subscribe(ear, ">", NULL, on_msg, &heard);
    CHECK_INT(say(ear, "jarvis.svc.auth.Keys"), JV_OK);
    CHECK(await(&heard, 1)); /* the ear is open */
    for (size_t i = 0; i < JV_COUNT(publishing); i++) {
        const struct rule *r = &publishing[i];

        if (!i || strcmp(r->who, publishing[i - 1].who) != 0) {
            jv_bus_free(who);
            who = open_as(r->who);
        }
        if (may_publish(who, &heard, r->subject) != r->may) {
            printf("# %s %s %s\n", r->who, r->may ? "may not publish" : "may publish", r->subject);
            CHECK(!"as the tables say");
        }
    }
    jv_bus_free(who);
    jv_bus_free(ear);
}

/* ---- who may subscribe what ----------------------------------------------------------------- */

static const struct rule subscribing[] = {
    { "tickets", "jarvis.svc.tickets.List", true },
    { "tickets", "jarvis.a2a.helpdesk.SendMessage", true },
    { "tickets", "jarvis.ctl.tickets.x.drain", true },
    { "tickets", "jarvis.ctl.all.x.drain", true },
    { "tickets", "jarvis.ctl.auth.x.drain", false },
    { "tickets", "jarvis.svc.sessions.List", false },
    { "tickets", "jarvis.a2a.finance.SendMessage", false },
    { "tickets", "$SRV.PING", true },
    { "sessions", "jarvis.svc.sessions.List", true },
    { "sessions", "jarvis.svc.tickets.List", false },
    { "gateway", "jarvis.svc.tickets.List", false },
    { "gateway", "$SRV.PING", false },
};

/* The operator speaks; `who` listens to that subject and to its inbox, where the marker comes. */
TEST(subscribing_is_by_the_tables)
{
    struct jv_bus *mouth = open_as("operator"), *answerer = open_as("auth");

    CHECK_OR(mouth && answerer, return );
    for (size_t i = 0; i < JV_COUNT(subscribing); i++) {
        const struct rule *r = &subscribing[i];
        struct jv_bus *who = open_as(r->who);
        struct got heard = { 0 }, asked = { 0 }, marked = { 0 };
        char reply[160];

        jv_bus_subscribe(who, r->subject, NULL, on_msg, &heard);
        snprintf(reply, sizeof(reply), "%s.mark", jv_bus_inbox(who));
        jv_bus_subscribe(who, reply, NULL, on_msg, &marked);
        for (int k = 0; k < 200 && !marked.n; k++) { /* both subscriptions are at the server */
            CHECK_INT(say(answerer, reply), JV_OK);
            jv_loop_run_until(l, jv_loop_mono_ms(l) + 5);
            nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
        }
        snprintf(reply, sizeof(reply), "%s.1", jv_bus_inbox(mouth));
        jv_bus_subscribe(mouth, reply, NULL, on_msg, &asked);
        CHECK_INT(jv_bus_publish(mouth, r->subject, reply, NULL, 0, "x", 1), JV_OK);
        CHECK(await(r->may ? &heard : &asked, 1));
        if (heard.n != r->may) {
            printf("# %s %s subscribe %s\n", r->who, r->may ? "may not" : "may", r->subject);
            CHECK(!"as the tables say");
        }
        if (!r->may)
            CHECK_INT(asked.status, 503); /* nobody was there */
        jv_bus_free(who);
    }
    jv_bus_free(mouth);
    jv_bus_free(answerer);
}

TEST(events_and_inboxes)
{
    struct jv_bus *a = open_as("tickets"), *b = open_as("auth"), *g = open_as("gateway");
    struct got event = { 0 }, beat = { 0 }, foreign = { 0 }, own = { 0 }, answer = { 0 };
    char inbox[160];

    CHECK_OR(a && b && g, return );
    jv_bus_subscribe(a, "jarvis.evt.auth.Revoked", NULL, on_msg, &event);
    jv_bus_subscribe(a, "jarvis.hb.*.*", NULL, on_msg, &beat);
    jv_bus_subscribe(a, "_INBOX.gateway.>", NULL, on_msg, &foreign);
    snprintf(inbox, sizeof(inbox), "%s.*", jv_bus_inbox(g));
    jv_bus_subscribe(g, inbox, NULL, on_msg, &answer);
    jv_bus_subscribe(g, "jarvis.evt.>", NULL, on_msg, &own);
    snprintf(inbox, sizeof(inbox), "%s.1", jv_bus_inbox(g));
    CHECK_INT(jv_bus_publish(g, "jarvis.svc.auth.Login", inbox, NULL, 0, "x", 1), JV_OK);
    CHECK(await(&answer, 1));
    CHECK_INT(answer.status, 503);
    for (int k = 0; k < 200 && (!event.n || !beat.n || !own.n); k++) {
        CHECK_INT(say(b, "jarvis.evt.auth.Revoked"), JV_OK);
        CHECK_INT(say(b, "jarvis.hb.auth.i1"), JV_OK);
        CHECK_INT(say(b, inbox), JV_OK);
        jv_loop_run_until(l, jv_loop_mono_ms(l) + 5);
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    CHECK(event.n && beat.n && own.n);
    CHECK(await(&answer, 2));
    CHECK_INT(foreign.n, 0); /* answers are for the one who asked */
    jv_bus_free(a);
    jv_bus_free(b);
    jv_bus_free(g);
}

TEST(the_operator_makes_streams)
{
    static const char *const subjects[] = { "jarvis.audit.>", NULL };
    struct jv_bus *o = open_as("operator"), *t = open_as("tickets");
    struct jv_err err = { 0 };

    CHECK_OR(o && t, return );
    CHECK_INT(jv_bus_stream(o, "JARVIS_AUDIT", subjects, &(struct jv_stream_limits){ 3600, 0, 0 },
                            &err),
              JV_OK);
    CHECK_STR(err.text, "");
    jv_bus_free(o);
    jv_bus_free(t);
}

/* ---- what can be broken --------------------------------------------------------------------- */

static void overwrite(const char *name, const char *text)
{
    FILE *f = fopen(in_dir(name), "w");

    fputs(text, f);
    fclose(f);
}

TEST(damaged_keys_are_said)
{
    struct jv_err err = { 0 };
    char seed[128], other[128];

    snprintf(seed, sizeof(seed), "%s", slurp("keys/operator.seed"));
    snprintf(other, sizeof(other), "%s", slurp("keys/account.seed"));
    overwrite("keys/operator.seed", other); /* a key of another kind */
    CHECK_INT(make(&err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "keys/operator.seed is damaged");
    seed[20] = seed[20] == 'A' ? 'B' : 'A';
    overwrite("keys/operator.seed", seed); /* the checksum tells */
    CHECK_INT(make(&err), JV_FAILED_PRECONDITION);
    overwrite("keys/operator.seed", "");
    CHECK_INT(make(&err), JV_FAILED_PRECONDITION);
}

TEST(a_folder_that_is_none)
{
    struct jv_nats_auth_options o = { .dir = "/dev/null", .port = 4222 };
    struct jv_err err = { 0 };

    CHECK_INT(jv_nats_auth_make(&o, &err), JV_FAILED_PRECONDITION);
    CHECK_HAS(err.text, "/dev/null");
    o.dir = "/dev/null/x";
    CHECK_INT(jv_nats_auth_make(&o, &err), JV_FAILED_PRECONDITION);
}

static int command(int n, const char *const *args)
{
    return jv_cmd_nats_conf(&program, n, (char **)args);
}

TEST(the_command)
{
    static const char *const bad[][2] = {
        { "--listen", "4222" },    { "--listen", "a:0" }, { "--listen", "a:66000" },
        { "--listen", "a:4222x" }, { "--listen", ":1" },  { "--what", "x" },
    };
    char where[260];
    const char *good[] = { "--dir", where, "--listen", "127.0.0.1:4333", "--store", "/tmp/x" };

    snprintf(where, sizeof(where), "%s/command", dir);
    CHECK_INT(command(6, good), 0);
    CHECK_HAS(slurp("command/server.conf"), "port: 4333");
    CHECK_HAS(slurp("command/server.conf"), "store_dir: \"/tmp/x\"");
    CHECK_HAS(slurp("command/creds/orchestrator.creds"), "NATS USER JWT");
    CHECK_INT(command(1, good), 2);
    for (size_t i = 0; i < JV_COUNT(bad); i++)
        CHECK_INT(command(2, bad[i]), 2);
    CHECK_INT(command(0, NULL), 0);
}

TEST(stop)
{
    server_stop(&server, SIGKILL);
    jv_loop_free(l);
}

TEST_MAIN()
