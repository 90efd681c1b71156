/* gateway.c -- the process: settings, bus, listener, ready, drain. */
#include "gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/settings.h"
#include "gw.h"
#include "proxies.h"

enum {
    CONNECT_MS = 10000,
    DRAIN_MS = 10000, /* for what is under way at the end */
    LONG_MS = 30000,  /* the same behind a proxy, where nobody waits for us */
    SETTLE_MS = 200,  /* for connections that were begun to be accepted */
    LOOK_MS = 50,
    REFRESH_MS = 60000,
    TRIM_MS = 10000,
    KEEP_LIMIT = 64 << 20,
};

#define AT(member) offsetof(struct gw_settings, member)

const struct jv_setting jv_gateway_settings[] = {
    { "JARVIS_LISTEN", "127.0.0.1:8080", "where the gateway listens", JV_SET_TEXT, AT(listen) },
    { "JARVIS_METRICS_LISTEN", "", "a port of its own for /metrics, /health and /ready",
      JV_SET_TEXT, AT(metrics_listen) },
    { "JARVIS_HTTP_CONNECTIONS", "1024", "connections at once; idle ones give way to new ones",
      JV_SET_INT, AT(connections), 8, 50000 },
    { "JARVIS_REQUEST_TIMEOUT", "10s", "for a request to come in, and for its answer", JV_SET_MSEC,
      AT(request_ms), 100, 600000 },
    { "JARVIS_IDLE_TIMEOUT", "60s", "how long an idle connection is kept", JV_SET_MSEC, AT(idle_ms),
      100, 3600000 },
    { "JARVIS_CHAT_TIMEOUT", "60s", "for an answer to a person", JV_SET_MSEC, AT(chat_ms), 1000,
      3600000 },
    { "JARVIS_STREAM_TIMEOUT", "1h", "how long a stream of a task's events is kept open",
      JV_SET_MSEC, AT(stream_ms), 1000, 86400000 },
    { "JARVIS_PUBLIC_URL", "", "how clients reach the gateway, for cards: https://jarvis.example",
      JV_SET_TEXT, AT(public_url) },
    { "JARVIS_DRAIN", "0", "when told to stop, how long a proxy in front may take to notice",
      JV_SET_MSEC, AT(drain_ms), 0, 60000 },
    { "JARVIS_TRUSTED_PROXIES", "",
      "whose X-Forwarded-For is believed: IPv4 addresses and networks, comma-separated",
      JV_SET_TEXT, AT(trusted_proxies) },
    { "JARVIS_CONFORMANCE", "0", "serve the agent `conformance` to everybody; loopback only",
      JV_SET_BOOL, AT(conformance), 0, 0 },
    { 0 },
};

/* [address:]port of IPv4; civetweb would take more, and crash on TLS (ADR 0012). */
static int check_listen(const char *name, const char **listen, struct jv_arena *a,
                        struct jv_err *err)
{
    const char *s = *listen, *colon = strrchr(s, ':'), *port = colon ? colon + 1 : s;
    size_t digits = strspn(port, "0123456789");

    if (digits && (port[digits] == 's' || port[digits] == 'r') && port[digits + 1] == '\0')
        return jv_err_set(err, JV_INVALID_ARGUMENT,
                          "%s: %s asks for TLS, which ends in a proxy such as nginx before the "
                          "gateway",
                          name, s);
    if (!digits || digits > 5 || port[digits] != '\0' || strtol(port, NULL, 10) > 65535)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s is not address:port", name, s);
    if (strncmp(s, "localhost:", 10) == 0)
        *listen = jv_arena_printf(a, "127.0.0.1:%s", port);
    else if (colon == s)
        *listen = jv_arena_printf(a, "0.0.0.0:%s", port);
    else if (colon && strspn(s, "0123456789.") != (size_t)(colon - s))
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s must be an IPv4 address and a port",
                          name, s);
    return JV_OK;
}

/* https://host[:port][/path], without a slash at its end. */
static int check_public_url(const char *url, struct jv_err *err)
{
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : "";
    size_t n = strlen(url);

    if (!n || (host[0] && host[0] != '/' && url[n - 1] != '/' && n <= 256 &&
               strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/[]"
                            "%") == strlen(host)))
        return JV_OK;
    return jv_err_set(
            err, JV_INVALID_ARGUMENT,
            "JARVIS_PUBLIC_URL: %.64s is not http[s]://host[:port][/path] without a slash "
            "at its end",
            url);
}

/* What is open to everybody is open on this machine only. */
static int check_conformance(const struct gw_settings *set, struct jv_err *err)
{
    if (!set->conformance || strncmp(set->listen, "127.", 4) == 0)
        return JV_OK;
    return jv_err_set(err, JV_INVALID_ARGUMENT,
                      "JARVIS_CONFORMANCE: only on a loopback address, and JARVIS_LISTEN is %s",
                      set->listen);
}

/* A descriptor per connection, and some of our own. */
static int allow_files(const struct gw *gw, struct jv_err *err)
{
    rlim_t need = (rlim_t)(gw->set.connections + gw->set.connections / 8 + 128);
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= need)
        return JV_OK;
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < need || setrlimit(RLIMIT_NOFILE, &limit))
        return jv_err_set(
                err, JV_INVALID_ARGUMENT,
                "JARVIS_HTTP_CONNECTIONS: %lld connections need %llu open files, and only "
                "%llu are allowed here",
                (long long)gw->set.connections, (unsigned long long)need,
                (unsigned long long)limit.rlim_max);
    return JV_OK;
}

/* An address that this machine does not have will not be there later. A port that is taken may be
 * free in a moment: that is not asked here. */
static int check_address(const char *name, const char *listen, struct jv_err *err)
{
    const char *colon = strrchr(listen, ':');
    struct sockaddr_in sa = { .sin_family = AF_INET };
    char host[32] = "0.0.0.0";
    int fd, r = 0;

    if (colon)
        snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
    if (inet_pton(AF_INET, host, &sa.sin_addr) != 1)
        return jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s must be an IPv4 address and a port",
                          name, listen);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) && errno == EADDRNOTAVAIL)
        r = jv_err_set(err, JV_INVALID_ARGUMENT, "%s: %s is no address of this machine", name,
                       host);
    if (fd >= 0)
        close(fd);
    return r;
}

static int load(struct gw *gw, struct jv_err *err)
{
    int r = jv_common_load(&gw->common, err);

    if (r == JV_OK)
        r = jv_settings_load(jv_gateway_settings, &gw->set, err);
    if (r == JV_OK)
        r = check_listen("JARVIS_LISTEN", &gw->set.listen, gw->keep, err);
    if (r == JV_OK && gw->set.metrics_listen[0])
        r = check_listen("JARVIS_METRICS_LISTEN", &gw->set.metrics_listen, gw->keep, err);
    if (r == JV_OK) /* before the address is looked for: it is about which one */
        r = check_conformance(&gw->set, err);
    if (r == JV_OK)
        r = check_address("JARVIS_LISTEN", gw->set.listen, err);
    if (r == JV_OK && gw->set.metrics_listen[0])
        r = check_address("JARVIS_METRICS_LISTEN", gw->set.metrics_listen, err);
    if (r == JV_OK)
        r = check_public_url(gw->set.public_url, err);
    if (r == JV_OK)
        r = proxies_parse(gw->set.trusted_proxies, gw->keep, &gw->proxies, err);
    if (r == JV_OK)
        r = allow_files(gw, err);
    return r;
}

int jv_gateway_check(struct jv_err *err)
{
    struct gw gw = { .keep = jv_arena_new(KEEP_LIMIT) };
    int r = load(&gw, err);

    jv_arena_free(gw.keep);
    return r;
}

/* Before any thread is there: all of them leave these to us. */
static sigset_t take_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

static int connect_bus(struct gw *gw, struct jv_err *err)
{
    const struct jv_client_options o = { .url = gw->common.nats_url,
                                         .creds = gw->common.nats_creds,
                                         .ca = gw->common.nats_ca,
                                         .prefix = gw->common.prefix,
                                         .name = "gateway" };
    int r;

    gw->client = jv_client_new(&o, CONNECT_MS, err);
    if (!gw->client)
        return err->code;
    r = who_listen(gw);
    return r ? r : notices_listen(gw);
}

static struct gw *gw_new(const struct jv_program *p)
{
    struct gw *gw = calloc(1, sizeof(*gw));

    if (!gw)
        abort();
    gw->program = p;
    gw->keep = jv_arena_new(KEEP_LIMIT);
    gw->identity = who_new();
    gw->counters = counters_new();
    gw->ready = ready_new();
    gw->audit = audit_new();
    gw->cards = cards_new();
    gw->bells = bells_new();
    pthread_mutex_init(&gw->fetching, NULL);
    pthread_mutex_init(&gw->lazy, NULL);
    return gw;
}

static void gw_free(struct gw *gw)
{
    jv_client_free(gw->client);
    conns_free(gw->conns);
    ready_free(gw->ready);
    audit_free(gw->audit);
    cards_free(gw->cards);
    bells_free(gw->bells);
    counters_free(gw->counters);
    jv_identity_free(gw->identity);
    jv_arena_free(gw->keep);
    pthread_mutex_destroy(&gw->fetching);
    pthread_mutex_destroy(&gw->lazy);
    free(gw);
}

struct upkeep {
    int64_t next_ms, trim_ms;
    bool connected;
};

/* Keys and ended sessions: at start, after the bus was away, and once a minute. A session that
 * ends while the bus is away is not announced to us. */
static void keep_fresh(struct gw *gw, struct upkeep *u)
{
    bool is = jv_client_connected(gw->client);
    struct jv_err err = { 0 };

    if (is && (!u->connected || gw->keys_changed || gw_mono_ms() >= u->next_ms)) {
        is = who_refresh(gw, &err) == JV_OK; /* not there yet: again in a second */
        u->next_ms = gw_mono_ms() + REFRESH_MS;
    }
    u->connected = is;
    audit_tick(gw);
    if (gw_mono_ms() >= u->trim_ms) { /* what a rush has left */
        malloc_trim(0);
        u->trim_ms = gw_mono_ms() + TRIM_MS;
    }
}

/* Until then, or until a signal comes: true. */
static bool live(struct gw *gw, struct upkeep *u, const sigset_t *signals, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - gw_mono_ms(), step = left < 1000 ? left : 1000;
        struct timespec t = { 0 };

        if (left <= 0)
            return false;
        keep_fresh(gw, u);
        t.tv_sec = step / 1000;
        t.tv_nsec = step % 1000 * 1000000;
        if (sigtimedwait(signals, NULL, &t) >= 0)
            return true;
    }
}

/* Behind a proxy: first all is served, while the proxy finds the other gateway well; then it is
 * sent there. A second signal makes short work of it. */
static void step_aside(struct gw *gw, struct upkeep *u, const sigset_t *signals)
{
    int64_t began = gw_mono_ms(), ms = gw->set.drain_ms;

    conns_leave(gw->conns);
    if (live(gw, u, signals, began + ms / 2))
        return;
    gw->turns_away = true;
    if (live(gw, u, signals, began + ms))
        return;
    conns_hold_new(gw->conns);
    live(gw, u, signals, gw_mono_ms() + SETTLE_MS);
}

static void drain(struct gw *gw, struct upkeep *u, const sigset_t *signals)
{
    int64_t until;

    jv_log(JV_LOG_INFO, "drain", NULL);
    if (gw->set.drain_ms)
        step_aside(gw, u, signals);
    conns_drain(gw->conns, gw->set.drain_ms);
    until = gw_mono_ms() + (gw->set.drain_ms ? LONG_MS : DRAIN_MS);
    while (!conns_wait(gw->conns, LOOK_MS) && !live(gw, u, signals, gw_mono_ms() + 1) &&
           gw_mono_ms() < until)
        conns_let_go(gw->conns);
    if (conns_open(gw->conns))
        jv_logf(JV_LOG_WARN, "%zu requests were cut off", conns_open(gw->conns));
    server_stop(gw);
    audit_tick(gw);
}

/* Never from a request: a Host header is the client's. An address that means all of them is no
 * address for anybody; then it is this machine's. */
static void set_public_url(struct gw *gw, const char *address)
{
    const char *port = strrchr(address, ':');
    bool any = !port || port == address || strncmp(address, "0.", 2) == 0;

    gw->set.public_url =
            any ? jv_arena_printf(gw->keep, "http://127.0.0.1:%s", port ? port + 1 : address)
                : jv_arena_printf(gw->keep, "http://%s", address);
}

static int serve(struct gw *gw, const sigset_t *signals, struct jv_err *err)
{
    struct upkeep upkeep = { 0 };
    int r = connect_bus(gw, err);
    const char *address;
    bool url;

    if (r)
        return r;
    gw->conns = conns_new((size_t)gw->set.connections, gw->set.request_ms);
    url = gw->set.public_url[0] != '\0';
    if (!url)
        set_public_url(gw, gw->set.listen);
    r = server_start(gw, err);
    if (r)
        return r;
    pthread_mutex_lock(&gw->lazy); /* it serves already, and some of that is kept, too */
    address = server_address(gw);
    if (!url) /* the port may be of the system's choice */
        set_public_url(gw, address);
    pthread_mutex_unlock(&gw->lazy);
    jv_logf(JV_LOG_INFO, "listening on %s", address);
    jv_say_ready();
    live(gw, &upkeep, signals, INT64_MAX);
    drain(gw, &upkeep, signals);
    return JV_OK;
}

int jv_gateway(const struct jv_program *p)
{
    struct gw *gw = gw_new(p);
    struct jv_err err = { 0 };
    enum jv_level level;
    sigset_t signals;
    int r = load(gw, &err), code;

    if (r == JV_OK)
        r = jv_common_creds(&gw->common, "gateway", &err);
    code = r ? JV_EXIT_CONFIG : 0;
    if (r == JV_OK) {
        signals = take_signals();
        if (jv_log_parse(gw->common.log_level, &level))
            level = JV_LOG_INFO;
        jv_log_init("gateway", level, gw->common.log_json);
        r = serve(gw, &signals, &err);
        code = r ? 1 : 0;
    }
    if (r)
        fprintf(stderr, "gateway: %s\n", err.text);
    gw_free(gw);
    return code;
}
