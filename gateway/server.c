/* server.c -- civetweb: its settings, its callbacks, reading and writing. The only file that knows
 * it.
 *
 * All requests end in on_request(), before civetweb does anything of its own (files, CORS,
 * WebSocket). What it lacks is in conns.c. */
#include "gw.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "proxies.h"

enum {
    ARENA_LIMIT = 64 << 20,
    READ_STEP = 16 << 10,
    SPARE_THREADS = 32, /* above the cap, to say 503; and one for each 8 */
    MAX_OPTIONS = 32,
};

bool server_write(struct request *rq, const void *p, size_t n)
{
    return mg_write(rq->mg, p, n) == (int)n;
}

/* ---- bodies --------------------------------------------------------------------------------- */

static bool refuse_body(struct request *rq, int status, int code, const char *text)
{
    rq->close = rq->unread = true;
    reply_problem(rq, status, code, NULL, "%s", text);
    return false;
}

static bool broken_body(struct request *rq)
{
    if (rq->conn->timed_out)
        return refuse_body(rq, 408, JV_DEADLINE_EXCEEDED, "the body did not come in time");
    return refuse_body(rq, 400, JV_INVALID_ARGUMENT, "the body is cut short or badly chunked");
}

bool server_read_body(struct request *rq, size_t max)
{
    struct jv_buf body = jv_buf_new(rq->a);
    int64_t want = rq->target.body_len;
    char step[READ_STEP];
    int n = 0;

    rq->body_read = true;
    if (want == 0)
        return true;
    if (want > (int64_t)max)
        return refuse_body(rq, 413, JV_RESOURCE_EXHAUSTED, "the body is too large for this");
    if (rq->target.expects_continue && mg_write(rq->mg, "HTTP/1.1 100 Continue\r\n\r\n", 25) != 25)
        return broken_body(rq);
    conn_read_within(rq->conn, rq->gw->set.request_ms);
    while (want < 0 || (int64_t)body.len < want) {
        n = mg_read(rq->mg, step, sizeof(step));
        if (n <= 0)
            break;
        if (body.len + (size_t)n > max)
            return refuse_body(rq, 413, JV_RESOURCE_EXHAUSTED, "the body is too large for this");
        jv_buf_add(&body, step, (size_t)n);
    }
    if (n < 0 || (want > 0 && (int64_t)body.len < want))
        return broken_body(rq);
    rq->body = body.data ? body.data : "";
    rq->body_len = body.len;
    return true;
}

/* ---- requests ------------------------------------------------------------------------------- */

static bool take_head(struct request *rq, const struct mg_request_info *ri)
{
    struct head *h = &rq->head;

    h->method = ri->request_method;
    h->path = ri->local_uri_raw; /* not decoded: decode_url is off */
    h->query = ri->query_string;
    h->version = ri->http_version;
    for (int i = 0; i < ri->num_headers && i <= MAX_HEADERS; i++)
        h->headers[h->n_headers++] =
                (struct header){ ri->http_headers[i].name, ri->http_headers[i].value };
    return h->path && h->version;
}

static int64_t mono_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void log_request(const struct request *rq, int64_t us)
{
    char status[16], took[24];

    if (!jv_log_on(JV_LOG_INFO))
        return;
    snprintf(status, sizeof(status), "%d", rq->status);
    snprintf(took, sizeof(took), "%lld", (long long)us);
    jv_log(JV_LOG_INFO, "http", "method", rq->head.method, "route",
           rq->route ? rq->route->path : "other", "status", status, "us", took, "who",
           rq->caller.signed_in ? rq->caller.username : NULL, "client", rq->client, "trace",
           rq->trace_id, NULL);
}

static void finish(struct request *rq)
{
    int64_t us = mono_us() - rq->began_us;

    if (rq->close)
        mg_disable_connection_keep_alive(rq->mg);
    if (rq->close && !rq->peer_gone && (rq->unread || !rq->body_read))
        conn_linger(rq->conn);
    else if (!rq->body_read)
        conn_read_within(rq->conn, rq->gw->set.request_ms); /* civetweb reads off what is left */
    count_request(rq->gw->counters, rq->route, rq->status, us);
    log_request(rq, us);
}

static int on_request(struct mg_connection *mg)
{
    struct gw *gw = mg_get_user_context_data(mg);
    struct conn *c = mg_get_user_connection_data(mg);
    const struct mg_request_info *ri = mg_get_request_info(mg);
    struct jv_arena *a;
    struct request *rq;
    int status;

    conn_busy(c);
    if (c->closing)
        return 499; /* what follows a refused request is not to be believed */
    a = jv_arena_new(ARENA_LIMIT);
    rq = JV_NEW(a, struct request);
    *rq = (struct request){ .gw = gw,
                            .mg = mg,
                            .conn = c,
                            .a = a,
                            .extra = jv_buf_new(a),
                            .peer = ri->remote_addr,
                            .port = ri->server_port,
                            .began_us = mono_us() };
    if (take_head(rq, ri)) {
        rq->client = proxies_client(gw->proxies, &rq->head, rq->peer, a);
        handle(rq);
    }
    finish(rq);
    status = rq->status ? rq->status : 499;
    jv_arena_free(a);
    return status;
}

/* civetweb says "malformed" of a head that fills its buffer, too; then the rest is in the socket.
 */
static bool more_is_coming(const struct conn *c)
{
    int n = 0;

    return c->fd >= 0 && ioctl(c->fd, FIONREAD, &n) == 0 && n > 0;
}

/* Requests that civetweb could not read, so that there is none to hand on. */
static int on_http_error(struct mg_connection *mg, int status, const char *text)
{
    struct gw *gw = mg_get_user_context_data(mg);
    struct conn *c = mg_get_user_connection_data(mg);
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct request *rq = JV_NEW(a, struct request);

    *rq = (struct request){ .gw = gw,
                            .mg = mg,
                            .conn = c,
                            .a = a,
                            .extra = jv_buf_new(a),
                            .close = true,
                            .unread = true,
                            .client = mg_get_request_info(mg)->remote_addr,
                            .began_us = mono_us() };
    rq->head.version = "1.0";
    if (c->over)
        reply_problem(rq, 503, JV_UNAVAILABLE, NULL, "too many connections");
    else if (c->timed_out)
        reply_problem(rq, 408, JV_DEADLINE_EXCEEDED, NULL, "the request did not come in time");
    else if (status == 413 || more_is_coming(c))
        reply_problem(rq, 431, JV_RESOURCE_EXHAUSTED, NULL, "the headers are larger than 16 KiB");
    else if (status == 505)
        reply_problem(rq, 505, JV_UNIMPLEMENTED, NULL, "HTTP/1.0 and HTTP/1.1 only");
    else
        reply_problem(rq, 400, JV_INVALID_ARGUMENT, NULL, "this is no HTTP request");
    (void)text;
    finish(rq);
    jv_arena_free(a);
    return 0;
}

/* ---- connections ---------------------------------------------------------------------------- */

static int on_connection(const struct mg_connection *mg, void **ret_data)
{
    struct gw *gw = mg_get_user_context_data(mg);

    *ret_data = conn_new(gw->conns);
    return 0;
}

static void on_request_end(const struct mg_connection *mg, int status)
{
    struct conn *c = mg_get_user_connection_data(mg);

    (void)status;
    if (!c->closing)
        conn_idle(c);
}

static void on_close(const struct mg_connection *mg)
{
    conn_free(mg_get_user_connection_data(mg));
}

static void *on_thread(const struct mg_context *ctx, int type)
{
    struct gw *gw = mg_get_user_data(ctx);

    if (type == 0)
        conns_accept_here(gw->conns);
    return NULL;
}

static int on_log(const struct mg_connection *mg, const char *message)
{
    (void)mg;
    jv_logf(JV_LOG_WARN, "civetweb: %s", message);
    return 1;
}

/* ---- start and stop ------------------------------------------------------------------------- */

/* Names and values, as civetweb wants them. */
struct options {
    const char *items[MAX_OPTIONS + 1];
    size_t n;
};

static void option(struct options *o, const char *name, const char *value)
{
    o->items[o->n++] = name;
    o->items[o->n++] = value;
}

static void option_int(struct options *o, struct jv_arena *a, const char *name, int64_t value)
{
    option(o, name, jv_arena_printf(a, "%lld", (long long)value));
}

static void fill_options(struct options *o, const struct gw *gw, struct jv_arena *a)
{
    const struct gw_settings *set = &gw->set;

    option(o, "listening_ports",
           set->metrics_listen[0] ? jv_arena_printf(a, "%s,%s", set->listen, set->metrics_listen)
                                  : set->listen);
    option_int(o, a, "num_threads", set->connections + set->connections / 8 + SPARE_THREADS);
    option_int(o, a, "request_timeout_ms", set->request_ms);
    option_int(o, a, "keep_alive_timeout_ms", set->idle_ms);
    option_int(o, a, "max_request_size", 2 * MAX_HEAD_SIZE); /* the guard measures */
    option(o, "connection_queue", "256");
    option(o, "listen_backlog", "1024");
    option(o, "enable_keep_alive", "yes");
    option(o, "tcp_nodelay", "1");
    option(o, "decode_url", "no");
    option(o, "decode_query_string", "no");
    option(o, "enable_directory_listing", "no");
    option(o, "enable_auth_domain_check", "no");
    option(o, "access_control_allow_origin", "");
    option(o, "access_control_allow_methods", "");
    option(o, "access_control_allow_headers", "");
}

/* civetweb only says that it could not: try the same address ourselves. */
static const char *why_not(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    struct sockaddr_in sa = { .sin_family = AF_INET };
    char host[64] = "0.0.0.0";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, r;

    if (colon)
        snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
    sa.sin_port = htons((uint16_t)strtol(colon ? colon + 1 : listen, NULL, 10));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (inet_pton(AF_INET, host, &sa.sin_addr) != 1)
        errno = EINVAL;
    else if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
        errno = 0;
    r = errno;
    close(fd);
    return r ? strerror(r) : "too few threads or file descriptors";
}

int server_start(struct gw *gw, struct jv_err *err)
{
    const struct mg_callbacks callbacks = {
        .begin_request = on_request,
        .end_request = on_request_end,
        .http_error = on_http_error,
        .init_connection = on_connection,
        .connection_close = on_close,
        .init_thread = on_thread,
        .log_message = on_log,
    };
    struct mg_server_port ports[4];
    struct options o = { 0 };

    fill_options(&o, gw, gw->keep);
    mg_init_library(0);
    gw->server = mg_start(&callbacks, gw, o.items);
    if (!gw->server)
        return jv_err_set(err, JV_UNAVAILABLE, "JARVIS_LISTEN: cannot listen on %s: %s", o.items[1],
                          why_not(gw->set.listen));
    if (gw->set.metrics_listen[0] && mg_get_server_ports(gw->server, 4, ports) > 1)
        gw->metrics_port = ports[1].port;
    return JV_OK;
}

const char *server_address(struct gw *gw)
{
    const char *colon = strrchr(gw->set.listen, ':');
    struct mg_server_port ports[4];
    int port = mg_get_server_ports(gw->server, 4, ports) > 0 ? ports[0].port : 0;

    return jv_arena_printf(gw->keep, "%.*s:%d", colon ? (int)(colon - gw->set.listen) : 0,
                           gw->set.listen, port);
}

void server_stop(struct gw *gw)
{
    mg_stop(gw->server);
    gw->server = NULL;
    mg_exit_library();
}
