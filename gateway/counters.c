/* counters.c -- what is counted, and how Prometheus reads it. */
#include "gw.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Statuses that we give; anything else is counted in the last slot. */
static const short statuses[] = { 200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414,
                                  415, 417, 422, 429, 431, 499, 500, 501, 503, 504, 505, 0 };
static const int bounds_ms[] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 60000
};

enum { N_STATUSES = JV_COUNT(statuses), N_BOUNDS = JV_COUNT(bounds_ms), MAX_ROUTES = 128 };

struct of_route {
    atomic_uint_fast64_t by_status[N_STATUSES];
    atomic_uint_fast64_t by_time[N_BOUNDS + 1];
    atomic_uint_fast64_t us;
};

struct counters {
    time_t began;
    struct of_route routes[MAX_ROUTES]; /* the one after the last is for no route: files, 404 */
    atomic_size_t streams;
};

struct counters *counters_new(void)
{
    struct counters *c = calloc(1, sizeof(*c));

    if (!c || n_routes >= MAX_ROUTES)
        abort();
    c->began = time(NULL);
    return c;
}

struct counters *counters_free(struct counters *c)
{
    free(c);
    return NULL;
}

void count_request(struct counters *c, const struct route *route, int status, int64_t us)
{
    struct of_route *r = &c->routes[route ? (size_t)(route - routes) : n_routes];
    size_t s = 0, t = 0;

    while (s < N_STATUSES - 1 && statuses[s] != status)
        s++;
    while (t < N_BOUNDS && us > bounds_ms[t] * 1000LL)
        t++;
    atomic_fetch_add_explicit(&r->by_status[s], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->by_time[t], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->us, (uint64_t)us, memory_order_relaxed);
}

bool count_stream(struct counters *c, size_t max)
{
    if (atomic_fetch_add(&c->streams, 1) < max)
        return true;
    atomic_fetch_sub(&c->streams, 1);
    return false;
}

void uncount_stream(struct counters *c)
{
    atomic_fetch_sub(&c->streams, 1);
}

/* ---- printing ------------------------------------------------------------------------------- */

/* How long a request may well take: a chat as long as a model, a stream as long as it is read. */
static const char *class_of(const struct route *r)
{
    static const struct {
        unsigned flag;
        const char *name;
    } classes[] = { { ROUTE_OPS, "ops" },
                    { ROUTE_CHAT_TIME, "chat" },
                    { ROUTE_STREAM, "stream" },
                    { ROUTE_A2A, "a2a" } };

    for (size_t i = 0; i < JV_COUNT(classes); i++)
        if (r->flags & classes[i].flag)
            return classes[i].name;
    return "api";
}

static char *label(struct jv_arena *a, size_t i)
{
    return i < n_routes ? jv_arena_printf(a, "method=\"%s\",route=\"%s\",class=\"%s\"",
                                          routes[i].method, routes[i].path, class_of(&routes[i]))
                        : jv_arena_strdup(a, "method=\"\",route=\"other\",class=\"other\"");
}

static void print_requests(struct counters *c, struct jv_buf *b)
{
    jv_buf_str(b, "# HELP jarvis_http_requests_total Requests answered.\n"
                  "# TYPE jarvis_http_requests_total counter\n");
    for (size_t i = 0; i <= n_routes; i++)
        for (size_t s = 0; s < N_STATUSES; s++) {
            unsigned long long n = atomic_load(&c->routes[i].by_status[s]);

            if (n)
                jv_buf_printf(b, "jarvis_http_requests_total{%s,status=\"%d\"} %llu\n",
                              label(b->arena, i), statuses[s], n);
        }
}

static void print_times(struct counters *c, struct jv_buf *b)
{
    static const char name[] = "jarvis_http_request_seconds";

    jv_buf_printf(b, "# HELP %s From the head being read to the answer being sent.\n", name);
    jv_buf_printf(b, "# TYPE %s histogram\n", name);
    for (size_t i = 0; i <= n_routes; i++) {
        unsigned long long sum = 0;
        char *l = label(b->arena, i);

        for (size_t t = 0; t <= N_BOUNDS; t++)
            sum += atomic_load(&c->routes[i].by_time[t]);
        if (!sum)
            continue;
        sum = 0;
        for (size_t t = 0; t < N_BOUNDS; t++) {
            sum += atomic_load(&c->routes[i].by_time[t]);
            jv_buf_printf(b, "%s_bucket{%s,le=\"%g\"} %llu\n", name, l, bounds_ms[t] / 1000.0, sum);
        }
        sum += atomic_load(&c->routes[i].by_time[N_BOUNDS]);
        jv_buf_printf(b, "%s_bucket{%s,le=\"+Inf\"} %llu\n%s_sum{%s} %.6f\n%s_count{%s} %llu\n",
                      name, l, sum, name, l, (double)atomic_load(&c->routes[i].us) / 1e6, name, l,
                      sum);
    }
}

static void gauge(struct jv_buf *b, const char *name, const char *type, const char *help,
                  unsigned long long value)
{
    jv_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name, value);
}

/* A number from /proc/self/status: "Threads:", "VmRSS:" (in kB). */
static unsigned long long proc_status(const char *key)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[128];
    unsigned long long value = 0;

    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtoull(line + strlen(key), NULL, 10);
    if (f)
        fclose(f);
    return value;
}

void counters_print(struct gw *gw, struct jv_buf *b)
{
    uint64_t hits, misses;

    jv_identity_stats(gw->identity, &hits, &misses);
    print_requests(gw->counters, b);
    print_times(gw->counters, b);
    gauge(b, "jarvis_http_connections", "gauge", "Open connections.", conns_open(gw->conns));
    gauge(b, "jarvis_http_connections_max", "gauge", "Open connections allowed.",
          conns_cap(gw->conns));
    gauge(b, "jarvis_http_streams", "gauge", "Open event streams.",
          atomic_load(&gw->counters->streams));
    gauge(b, "jarvis_token_cache_hits_total", "counter", "Tokens known from before.", hits);
    gauge(b, "jarvis_token_cache_misses_total", "counter", "Tokens verified.", misses);
    gauge(b, "jarvis_bus_connected", "gauge", "1 when the bus is there.",
          jv_client_connected(gw->client));
    gauge(b, "process_start_time_seconds", "gauge", "When it began, in Unix time.",
          (unsigned long long)gw->counters->began);
    gauge(b, "process_threads", "gauge", "Threads.", proc_status("Threads:"));
    gauge(b, "process_resident_memory_bytes", "gauge", "Resident memory.",
          proc_status("VmRSS:") * 1024);
}
