/* handle.c -- a request's way: guard, route, who, body, handler. */
#include "gw.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_hex(const char *s, size_t n, bool *ret_zero)
{
    *ret_zero = true;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]) && !(s[i] >= 'a' && s[i] <= 'f'))
            return false;
        *ret_zero = *ret_zero && s[i] == '0';
    }
    return true;
}

/* A client's trace is continued when it is well formed: 00-<32 hex>-<16 hex>-<2 hex>. */
static bool good_trace(const char *s)
{
    bool no_trace, no_span, unused;

    return s && strlen(s) == 55 && strncmp(s, "00-", 3) == 0 && s[35] == '-' && s[52] == '-' &&
           is_hex(s + 3, 32, &no_trace) && !no_trace && is_hex(s + 36, 16, &no_span) && !no_span &&
           is_hex(s + 53, 2, &unused);
}

static void take_trace(struct request *rq)
{
    const char *given = head_get(&rq->head, "traceparent");
    uint64_t r[3];

    if (good_trace(given)) {
        memcpy(rq->traceparent, given, sizeof(rq->traceparent));
    } else {
        jv_random(r, sizeof(r));
        snprintf(rq->traceparent, sizeof(rq->traceparent), "00-%016llx%016llx-%016llx-01",
                 (unsigned long long)(r[0] | 1), (unsigned long long)r[1],
                 (unsigned long long)(r[2] | 1));
    }
    memcpy(rq->trace_id, rq->traceparent + 3, 32);
}

static void refused(struct request *rq, const struct refusal *why)
{
    int code = why->status == 401   ? JV_UNAUTHENTICATED
               : why->status == 404 ? JV_NOT_FOUND
               : why->status > 400  ? JV_RESOURCE_EXHAUSTED
                                    : JV_INVALID_ARGUMENT;

    if (why->status == 401)
        audit_refused(rq, why->text);
    if (why->status != 401 && why->status != 404)
        rq->close = rq->unread = true;
    reply_problem(rq, why->status, code, NULL, "%s", why->text);
}

static bool guarded(struct request *rq)
{
    struct refusal why = { 400, "a header line is malformed" };

    /* For the answers below; the guard fills the rest. */
    rq->target.is_head = strcmp(rq->head.method, "HEAD") == 0;
    if (rq->head.n_headers > MAX_HEADERS)
        why = (struct refusal){ 431, "more than 63 headers" };
    else if (guard_lines(&rq->head) && guard_head(&rq->head, rq->a, &rq->target, &why))
        return true;
    refused(rq, &why);
    return false;
}

/* /metrics tells operators things: this machine only, unless there is a port for it. A proxy on
 * this machine speaks for somebody else. */
static bool is_hidden_here(const struct request *rq)
{
    const struct gw *gw = rq->gw;

    if (gw->metrics_port && rq->port == gw->metrics_port)
        return !rq->route || !(rq->route->flags & ROUTE_OPS);
    if (!rq->route || !(rq->route->flags & ROUTE_LOCAL))
        return false;
    return gw->metrics_port || strncmp(rq->peer, "127.", 4) != 0 ||
           head_get(&rq->head, "X-Forwarded-For") || head_get(&rq->head, "Forwarded");
}

/* On its way out it leaves to others what a proxy asks twice; operators are answered. */
static bool is_for_others(const struct request *rq)
{
    const struct gw *gw = rq->gw;

    return gw->turns_away && (rq->target.is_head || strcmp(rq->head.method, "GET") == 0) &&
           !(gw->metrics_port && rq->port == gw->metrics_port);
}

/* At the root of a conformance gateway is what is at the agent's path. */
static enum route_found find_at_agent(struct request *rq, char *allow)
{
    const char *segments[MAX_SEGMENTS] = { "a2a", CONFORMANCE_AGENT };
    size_t n = rq->target.n_segments;

    if (n + 2 > MAX_SEGMENTS)
        return ROUTE_NO_PATH;
    memcpy(segments + 2, rq->target.segments, n * sizeof(*segments));
    return route_find(rq->head.method, segments, n + 2, rq->a, &rq->route, rq->members, allow);
}

static enum route_found find(struct request *rq, char *allow)
{
    enum route_found found = route_find(rq->head.method, rq->target.segments, rq->target.n_segments,
                                        rq->a, &rq->route, rq->members, allow);

    if (found == ROUTE_NO_PATH && rq->gw->set.conformance && rq->binding != BINDING_OWN)
        found = find_at_agent(rq, allow);
    return found;
}

/* true: rq->route is set, or it is a file's turn (NULL). */
static bool routed(struct request *rq)
{
    char allow[64];
    enum route_found found = find(rq, allow);

    if (is_hidden_here(rq)) {
        rq->route = NULL;
        reply_problem(rq, 404, JV_NOT_FOUND, NULL, "no such path");
        return false;
    }
    if (found == ROUTE_NO_PATH && rq->binding != BINDING_OWN) {
        reply_problem(rq, 404, JV_NOT_FOUND, NULL, "no such path");
        return false;
    }
    if (found != ROUTE_NO_METHOD)
        return true;
    reply_header(rq, "Allow", allow);
    reply_problem(rq, 405, JV_UNIMPLEMENTED, NULL, "%s is not for this path", rq->head.method);
    return false;
}

/* JSON, or nothing said: a form or text from another site's page is refused. */
static bool is_json(struct request *rq)
{
    const char *type = head_get(&rq->head, "Content-Type");
    size_t n = type ? strcspn(type, "; \t") : 0;

    if (!type || (n == 16 && strncasecmp(type, "application/json", n) == 0) ||
        (n > 5 && strncasecmp(type, "application/", 12) == 0 &&
         strncasecmp(type + n - 5, "+json", 5) == 0))
        return true;
    reply_problem(rq, 415, JV_INVALID_ARGUMENT, "Content-Type", "must be application/json");
    return false;
}

static bool body_taken(struct request *rq)
{
    size_t max = rq->route->max_body ? rq->route->max_body : JV_MAX_BODY;

    if (!(rq->route->flags & ROUTE_BODY))
        return true; /* one that is there all the same is read off later */
    if (rq->target.body_len != 0 && !(rq->route->flags & ROUTE_A2A) && !is_json(rq))
        return false;
    return server_read_body(rq, max);
}

void handle(struct request *rq)
{
    take_trace(rq);
    rq->binding = a2a_binding(&rq->head, rq->gw->set.conformance);
    if (!guarded(rq))
        return;
    rq->body_read = rq->target.body_len == 0;
    if (rq->conn->over) {
        rq->close = true;
        reply_problem(rq, 503, JV_UNAVAILABLE, NULL, "too many connections");
        return;
    }
    if (!routed(rq))
        return;
    if (is_for_others(rq)) {
        reply_elsewhere(rq);
        return;
    }
    if (!rq->route)
        handle_asset(rq);
    else if (who_is_it(rq) && body_taken(rq))
        (rq->route->handler ? rq->route->handler : handle_call)(rq);
}
