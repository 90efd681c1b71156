/* reply.c -- answers: one buffer and one write each, with the headers that every answer carries. */
#include "gw.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct title {
    int status;
    const char *text;
} titles[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 204, "No Content" },
    { 304, "Not Modified" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 411, "Length Required" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 499, "Client Closed Request" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
};

const char *http_title(int status)
{
    for (size_t i = 0; i < JV_COUNT(titles); i++)
        if (titles[i].status == status)
            return titles[i].text;
    return "Error";
}

void reply_header(struct request *rq, const char *name, const char *value)
{
    jv_buf_printf(&rq->extra, "%s: %s\r\n", name, value);
}

static bool is_page(const char *type)
{
    return type && strncmp(type, "text/html", 9) == 0;
}

/* Same origin only: nothing here ever answers a CORS request. */
static const char common_headers[] = "X-Content-Type-Options: nosniff\r\n"
                                     "X-Frame-Options: DENY\r\n"
                                     "Referrer-Policy: no-referrer\r\n"
                                     "Cross-Origin-Opener-Policy: same-origin\r\n"
                                     "Cross-Origin-Resource-Policy: same-origin\r\n";
static const char page_policy[] =
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'\r\n"
        "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";
static const char api_policy[] =
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

static bool closes(const struct request *rq)
{
    return rq->close || !rq->target.keep_alive || rq->conn->over || rq->conn->leaving ||
           conns_leaving(rq->gw->conns);
}

static void add_head(struct request *rq, struct jv_buf *b, int status, const char *type)
{
    time_t now = time(NULL);
    struct tm tm;
    char date[40];

    rq->status = status;
    rq->close = closes(rq);
    gmtime_r(&now, &tm);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    jv_buf_printf(b, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: %s\r\n", status, http_title(status),
                  date, rq->close ? "close" : "keep-alive");
    if (type)
        jv_buf_printf(b, "Content-Type: %s\r\n", type);
    jv_buf_str(b, common_headers);
    jv_buf_str(b, is_page(type) ? page_policy : api_policy);
    if (!rq->extra.data || !strstr(rq->extra.data, "Cache-Control: "))
        jv_buf_str(b, "Cache-Control: no-store\r\n");
    if (rq->extra.len)
        jv_buf_add(b, rq->extra.data, rq->extra.len);
}

void reply(struct request *rq, int status, const char *type, const void *body, size_t len)
{
    struct jv_buf b = jv_buf_new(rq->a);

    add_head(rq, &b, status, type);
    if (status != 204 && status != 304)
        jv_buf_printf(&b, "Content-Length: %zu\r\n", len);
    jv_buf_str(&b, "\r\n");
    if (!rq->target.is_head && status != 204 && status != 304)
        jv_buf_add(&b, body, len);
    rq->peer_gone = !server_write(rq, b.data, b.len);
}

/* ---- problems ------------------------------------------------------------------------------- */

static void add_member(struct jv_buf *b, const char *name, const char *value)
{
    jv_buf_printf(b, ",\"%s\":", name);
    jv_json_quote(b, value, strlen(value));
}

char *problem_json(struct jv_arena *a, int status, int code, const char *field, const char *text,
                   const char *trace_id)
{
    struct jv_buf b = jv_buf_new(a);

    jv_buf_printf(&b, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d",
                  http_title(status), status);
    add_member(&b, "detail", text);
    add_member(&b, "code", jv_code_name(code));
    if (field && field[0])
        add_member(&b, "field", field);
    if (trace_id && trace_id[0])
        add_member(&b, "trace_id", trace_id);
    jv_buf_char(&b, '}');
    return b.data;
}

static int send_problem(struct request *rq, int status, const struct jv_err *err)
{
    char *json;

    if (status == 401)
        reply_header(rq, "WWW-Authenticate", "Bearer");
    if (status == 429 || status == 502 || status == 503)
        reply_header(rq, "Retry-After", "1");
    if (rq->binding != BINDING_OWN) {
        a2a_reply_error(rq, status, err);
        return status;
    }
    json = problem_json(rq->a, status, err->code, err->field, err->text, rq->trace_id);
    reply(rq, status, "application/problem+json", json, strlen(json));
    return status;
}

int reply_problem(struct request *rq, int status, int code, const char *field, const char *fmt, ...)
{
    struct jv_err err = { 0 };
    va_list args;

    va_start(args, fmt);
    jv_err_field(&err, code, field ? field : "", "%s", jv_arena_vprintf(rq->a, fmt, args));
    va_end(args);
    /* HTTP's refusals of what is no A2A request at all */
    if (rq->binding == BINDING_A2A_RPC && code == JV_INVALID_ARGUMENT)
        snprintf(err.reason, sizeof(err.reason), "INVALID_REQUEST");
    return send_problem(rq, status, &err);
}

void reply_elsewhere(struct request *rq)
{
    rq->close = true;
    reply_problem(rq, 502, JV_UNAVAILABLE, NULL, "this server is stopping; ask again");
}

/* JSON-RPC tells its errors in a response that is fine as HTTP; but for who is asking. */
static int error_status(const struct request *rq, const struct jv_err *err)
{
    if (rq->binding == BINDING_OWN)
        return jv_code_http(err->code);
    if (rq->binding == BINDING_A2A_RPC && err->code != JV_UNAUTHENTICATED)
        return 200;
    return a2a_error_http(err);
}

int reply_error(struct request *rq, const struct jv_err *err)
{
    return send_problem(rq, error_status(rq, err), err);
}

/* ---- streams -------------------------------------------------------------------------------- */

static bool chunked(const struct request *rq)
{
    return strcmp(rq->head.version, "1.1") == 0;
}

bool stream_begin(struct request *rq, const char *type)
{
    struct jv_buf b = jv_buf_new(rq->a);

    if (!chunked(rq))
        rq->close = true;
    reply_header(rq, "X-Accel-Buffering", "no");
    add_head(rq, &b, 200, type);
    jv_buf_str(&b, chunked(rq) ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
    rq->peer_gone = !server_write(rq, b.data, b.len);
    return !rq->peer_gone;
}

bool stream_write(struct request *rq, const char *text, size_t len)
{
    struct jv_buf b = jv_buf_new(rq->a);

    if (!chunked(rq))
        return server_write(rq, text, len);
    jv_buf_printf(&b, "%zx\r\n", len);
    jv_buf_add(&b, text, len);
    jv_buf_str(&b, "\r\n");
    return server_write(rq, b.data, b.len);
}

bool stream_end(struct request *rq)
{
    return !chunked(rq) || server_write(rq, "0\r\n\r\n", 5);
}
