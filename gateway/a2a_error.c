/* a2a_error.c -- failures as the A2A protocol tells them (1.0.1), in the shapes of both bindings.
 */
#include "gw.h"

#include <string.h>

#include "v03.h"

/* By reason where the protocol or JSON-RPC has one, else by code. Codes below -32009 are ours: the
 * protocol leaves -32010 to -32099 to servers, and 1.1 takes -32010. */
static const struct kind {
    const char *reason;
    int code;
    short rpc, http;
} kinds[] = {
    { "TASK_NOT_FOUND", JV_NOT_FOUND, -32001, 404 },
    { "TASK_NOT_CANCELABLE", JV_FAILED_PRECONDITION, -32002, 400 },
    { "PUSH_NOTIFICATION_NOT_SUPPORTED", JV_FAILED_PRECONDITION, -32003, 400 },
    { "UNSUPPORTED_OPERATION", JV_FAILED_PRECONDITION, -32004, 400 },
    { "CONTENT_TYPE_NOT_SUPPORTED", JV_INVALID_ARGUMENT, -32005, 400 },
    { "INVALID_AGENT_RESPONSE", JV_INTERNAL, -32006, 500 },
    { "EXTENDED_AGENT_CARD_NOT_CONFIGURED", JV_FAILED_PRECONDITION, -32007, 400 },
    { "EXTENSION_SUPPORT_REQUIRED", JV_FAILED_PRECONDITION, -32008, 400 },
    { "VERSION_NOT_SUPPORTED", JV_FAILED_PRECONDITION, -32009, 400 },
    { "MALFORMED_JSON", JV_INVALID_ARGUMENT, -32700, 400 },
    { "INVALID_REQUEST", JV_INVALID_ARGUMENT, -32600, 400 },
    { "METHOD_NOT_FOUND", JV_UNIMPLEMENTED, -32601, 404 },
    { NULL, JV_CANCELLED, -32603, 499 },
    { NULL, JV_INVALID_ARGUMENT, -32602, 400 },
    { NULL, JV_DEADLINE_EXCEEDED, -32603, 504 },
    { NULL, JV_NOT_FOUND, -32042, 404 },
    { NULL, JV_ALREADY_EXISTS, -32043, 409 },
    { NULL, JV_PERMISSION_DENIED, -32040, 403 },
    { NULL, JV_RESOURCE_EXHAUSTED, -32603, 429 },
    { NULL, JV_FAILED_PRECONDITION, -32044, 400 },
    { NULL, JV_ABORTED, -32603, 409 },
    { NULL, JV_OUT_OF_RANGE, -32602, 400 },
    { NULL, JV_UNIMPLEMENTED, -32004, 501 },
    { NULL, JV_UNAVAILABLE, -32603, 503 },
    { NULL, JV_UNAUTHENTICATED, -32041, 401 },
    { NULL, JV_INTERNAL, -32603, 500 }, /* the last: all others */
};

static const struct kind *kind_of(const struct jv_err *err)
{
    const struct kind *k = kinds, *last = &kinds[JV_COUNT(kinds) - 1];

    while (k < last && !(k->reason ? strcmp(k->reason, err->reason) == 0 : k->code == err->code))
        k++;
    return k;
}

static void add_text(struct jv_buf *b, const char *before, const char *text)
{
    jv_buf_str(b, before);
    jv_json_quote(b, text, strlen(text));
}

static void add_error_info(struct jv_buf *b, const struct kind *k, const struct jv_err *err,
                           const char *trace_id)
{
    bool protocols = k->rpc <= -32001 && k->rpc >= -32009 && k->reason;

    jv_buf_str(b, "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\"");
    add_text(b, ",\"reason\":",
             k->reason        ? k->reason
             : err->reason[0] ? err->reason
                              : jv_code_name(err->code));
    add_text(b, ",\"domain\":", protocols ? "a2a-protocol.org" : "jarvis");
    add_text(b, ",\"metadata\":{\"traceId\":", trace_id);
    jv_buf_str(b, "}}");
}

/* The text without the member's name, which stands beside it. */
static void add_bad_request(struct jv_buf *b, const struct jv_err *err)
{
    size_t n = strlen(err->field);
    bool named = strncmp(err->text, err->field, n) == 0 && strncmp(err->text + n, ": ", 2) == 0;

    jv_buf_str(b,
               ",{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{");
    add_text(b, "\"field\":", err->field);
    add_text(b, ",\"description\":", named ? err->text + n + 2 : err->text);
    jv_buf_str(b, "}]}");
}

static void add_details(struct jv_buf *b, const struct kind *k, const struct jv_err *err,
                        const char *trace_id)
{
    jv_buf_char(b, '[');
    add_error_info(b, k, err, trace_id);
    if (err->field[0])
        add_bad_request(b, err);
    jv_buf_char(b, ']');
}

int a2a_error_http(const struct jv_err *err)
{
    return kind_of(err)->http;
}

char *a2a_error_rpc(const struct jv_err *err, bool legacy, const char *trace_id, struct jv_arena *a)
{
    const struct kind *k = kind_of(err);
    struct jv_buf b = jv_buf_new(a);

    jv_buf_printf(&b, "{\"code\":%d", legacy ? v03_error_code(k->rpc) : k->rpc);
    add_text(&b, ",\"message\":", err->text);
    jv_buf_str(&b, ",\"data\":");
    add_details(&b, k, err, trace_id);
    jv_buf_char(&b, '}');
    return b.data;
}

char *a2a_error_rest(const struct jv_err *err, int http, const char *trace_id, struct jv_arena *a)
{
    const struct kind *k = kind_of(err);
    struct jv_buf b = jv_buf_new(a);

    jv_buf_printf(&b, "{\"error\":{\"code\":%d,\"status\":\"%s\"", http,
                  jv_code_name(k->reason ? k->code : err->code));
    add_text(&b, ",\"message\":", err->text);
    jv_buf_str(&b, ",\"details\":");
    add_details(&b, k, err, trace_id);
    jv_buf_str(&b, "}}");
    return b.data;
}
