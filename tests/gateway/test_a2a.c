/* test_a2a.c -- errors as the A2A protocol tells them, bindings by path, cards for both versions.
 */
#include "check.h"
#include "gateway/a2a.h"

#include <a2a.pb-c.h>

static struct jv_err failure(int code, const char *reason)
{
    struct jv_err err = { .code = code, .text = "what and which" };

    snprintf(err.reason, sizeof(err.reason), "%s", reason);
    return err;
}

/* The protocol's 1.0.1 column, written down once more. */
TEST(every_error_of_the_protocol)
{
    static const struct {
        const char *reason, *status;
        int code, http, rpc;
    } rows[] = {
        { "TASK_NOT_FOUND", "NOT_FOUND", JV_NOT_FOUND, 404, -32001 },
        { "TASK_NOT_CANCELABLE", "FAILED_PRECONDITION", JV_FAILED_PRECONDITION, 400, -32002 },
        { "PUSH_NOTIFICATION_NOT_SUPPORTED", "FAILED_PRECONDITION", JV_FAILED_PRECONDITION, 400,
          -32003 },
        { "UNSUPPORTED_OPERATION", "FAILED_PRECONDITION", JV_FAILED_PRECONDITION, 400, -32004 },
        { "CONTENT_TYPE_NOT_SUPPORTED", "INVALID_ARGUMENT", JV_INVALID_ARGUMENT, 400, -32005 },
        { "INVALID_AGENT_RESPONSE", "INTERNAL", JV_INTERNAL, 500, -32006 },
        { "EXTENDED_AGENT_CARD_NOT_CONFIGURED", "FAILED_PRECONDITION", JV_FAILED_PRECONDITION, 400,
          -32007 },
        { "EXTENSION_SUPPORT_REQUIRED", "FAILED_PRECONDITION", JV_FAILED_PRECONDITION, 400,
          -32008 },
        { "VERSION_NOT_SUPPORTED", "FAILED_PRECONDITION", JV_FAILED_PRECONDITION, 400, -32009 },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        struct jv_err err = failure(rows[i].code, rows[i].reason);
        char *rpc = a2a_error_rpc(&err, false, "t", a);
        char *rest = a2a_error_rest(&err, a2a_error_http(&err), "t", a);
        char *info = jv_arena_printf(a,
                                     "[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
                                     "\"reason\":\"%s\",\"domain\":\"a2a-protocol.org\","
                                     "\"metadata\":{\"traceId\":\"t\"}}]",
                                     rows[i].reason);

        CHECK_STR(rpc,
                  jv_arena_printf(a, "{\"code\":%d,\"message\":\"what and which\",\"data\":%s}",
                                  rows[i].rpc, info));
        CHECK_STR(rest, jv_arena_printf(a,
                                        "{\"error\":{\"code\":%d,\"status\":\"%s\",\"message\":"
                                        "\"what and which\",\"details\":%s}}",
                                        rows[i].http, rows[i].status, info));
    }
    jv_arena_free(a);
}

/* 0.3 knows no code beyond -32007. */
TEST(codes_of_older_clients)
{
    struct jv_err err = failure(JV_FAILED_PRECONDITION, "EXTENSION_SUPPORT_REQUIRED");
    struct jv_arena *a = jv_arena_new(1 << 20);

    CHECK_HAS(a2a_error_rpc(&err, true, "t", a), "{\"code\":-32004,");
    CHECK_HAS(a2a_error_rpc(&err, true, "t", a), "\"reason\":\"EXTENSION_SUPPORT_REQUIRED\"");
    err = failure(JV_NOT_FOUND, "TASK_NOT_FOUND");
    CHECK_HAS(a2a_error_rpc(&err, true, "t", a), "{\"code\":-32001,");
    jv_arena_free(a);
}

/* Every code has a row of its own or the last one's; a name of ours never claims to be theirs. */
TEST(every_code)
{
    static const struct {
        int code, http, rpc;
    } rows[] = {
        { JV_CANCELLED, 499, -32603 },
        { JV_UNKNOWN, 500, -32603 },
        { JV_INVALID_ARGUMENT, 400, -32602 },
        { JV_DEADLINE_EXCEEDED, 504, -32603 },
        { JV_NOT_FOUND, 404, -32042 },
        { JV_ALREADY_EXISTS, 409, -32043 },
        { JV_PERMISSION_DENIED, 403, -32040 },
        { JV_RESOURCE_EXHAUSTED, 429, -32603 },
        { JV_FAILED_PRECONDITION, 400, -32044 },
        { JV_ABORTED, 409, -32603 },
        { JV_OUT_OF_RANGE, 400, -32602 },
        { JV_UNIMPLEMENTED, 501, -32004 },
        { JV_INTERNAL, 500, -32603 },
        { JV_UNAVAILABLE, 503, -32603 },
        { JV_DATA_LOSS, 500, -32603 },
        { JV_UNAUTHENTICATED, 401, -32041 },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    CHECK_INT(JV_COUNT(rows), JV_UNAUTHENTICATED);
    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        struct jv_err err = failure(rows[i].code, i % 2 ? "OF_OURS" : "");
        char *rpc = a2a_error_rpc(&err, false, "t", a);
        char *rest = a2a_error_rest(&err, a2a_error_http(&err), "t", a);

        CHECK_INT(a2a_error_http(&err), rows[i].http);
        CHECK_HAS(rpc, jv_arena_printf(a, "{\"code\":%d,", rows[i].rpc));
        CHECK_HAS(rest, jv_arena_printf(a, "\"status\":\"%s\"", jv_code_name(rows[i].code)));
        CHECK_HAS(rest, jv_arena_printf(a, "\"reason\":\"%s\",\"domain\":\"jarvis\"",
                                        i % 2 ? "OF_OURS" : jv_code_name(rows[i].code)));
    }
    jv_arena_free(a);
}

TEST(the_member_is_named)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };

    jv_err_field(&err, JV_INVALID_ARGUMENT, "message.parts[0]", "message.parts[0]: \"no\" good");
    CHECK_HAS(a2a_error_rpc(&err, false, "t", a),
              "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{"
              "\"field\":\"message.parts[0]\",\"description\":\"\\\"no\\\" good\"}]}]}");
    jv_arena_free(a);
}

TEST(bindings_by_path)
{
    static const struct {
        const char *method, *path;
        enum binding plain, conformance;
    } rows[] = {
        { "POST", "/a2a/tickets", BINDING_A2A_RPC, BINDING_A2A_RPC },
        { "POST", "/a2a/tickets/", BINDING_A2A_RPC, BINDING_A2A_RPC },
        { "GET", "/a2a/tickets/tasks", BINDING_A2A_REST, BINDING_A2A_REST },
        { "POST", "/a2a/tickets/message:send", BINDING_A2A_REST, BINDING_A2A_REST },
        { "GET", "/a2a/tickets/.well-known/agent-card.json", BINDING_OWN, BINDING_OWN },
        { "GET", "/.well-known/agent-card.json", BINDING_OWN, BINDING_OWN },
        { "GET", "/", BINDING_OWN, BINDING_OWN },
        { "POST", "/", BINDING_OWN, BINDING_A2A_RPC },
        { "GET", "/tasks/x", BINDING_OWN, BINDING_A2A_REST },
        { "POST", "/message:stream", BINDING_OWN, BINDING_A2A_REST },
        { "GET", "/extendedAgentCard", BINDING_OWN, BINDING_A2A_REST },
        { "POST", "/api/chat", BINDING_OWN, BINDING_OWN },
        { "GET", "/a2a", BINDING_OWN, BINDING_OWN },
    };

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        const struct head h = { .method = rows[i].method, .path = rows[i].path };

        CHECK_INT(a2a_binding(&h, false), rows[i].plain);
        CHECK_INT(a2a_binding(&h, true), rows[i].conformance);
    }
}

TEST(a_card_for_both)
{
    static const char v1[] = "{\"name\":\"n\",\"supportedInterfaces\":[{\"url\":\"u\"}],"
                             "\"securitySchemes\":{\"b\":{\"httpAuthSecurityScheme\":{}}}}";
    static const char old[] = "{\"name\":\"other\",\"url\":\"u\",\"securitySchemes\":{\"b\":{"
                              "\"type\":\"http\"},\"c\":{}}}";
    struct jv_arena *a = jv_arena_new(1 << 20);
    size_t len;
    char *both = card_for_both(v1, strlen(v1), old, strlen(old), a, &len);

    CHECK_INT(strlen(both), len);
    CHECK_HAS(both, "\"name\":\"n\"");
    CHECK_HAS(both, "\"url\":\"u\"");
    CHECK_HAS(both, "\"httpAuthSecurityScheme\":{}");
    CHECK_HAS(both, "\"type\":\"http\"");
    CHECK_STR(card_for_both(v1, strlen(v1), "no", 2, a, &len), v1);
    jv_arena_free(a);
}

TEST(a_card_is_completed)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct gw gw = { .set = { .public_url = "https://jarvis.example" } };
    A2a__AgentCard *card = jv_msg_new(&a2a__agent_card__descriptor, a);
    A2a__AgentInterface *bus = jv_msg_new(&a2a__agent_interface__descriptor, a);

    bus->url = "nats:jarvis.a2a.tickets";
    card->supported_interfaces = &bus;
    card->n_supported_interfaces = card->n_signatures = 1;
    card_complete(&gw, "tickets", card, a);
    CHECK_INT(card->n_supported_interfaces, 4);
    CHECK_STR(card->supported_interfaces[0]->url, "https://jarvis.example/a2a/tickets");
    CHECK_STR(card->supported_interfaces[3]->url, bus->url);
    CHECK_INT(card->n_security_schemes, 1);
    CHECK_INT(card->n_signatures, 0); /* it was for less */
    gw.set.conformance = true;
    card_complete(&gw, CONFORMANCE_AGENT, card, a);
    CHECK_INT(card->n_security_schemes, 0);
    jv_arena_free(a);
}

TEST_MAIN()
