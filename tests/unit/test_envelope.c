/* test_envelope.c -- headers <-> envelope, failures <-> Status. */
#include "unit/wire_help.h"
#include "wire/envelope.h"

struct header {
    const char *name, *value;
};

static const char *get(void *arg, const char *name)
{
    for (const struct header *h = arg; h->name; h++)
        if (strcmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

static int read_with(struct jv_envelope *e, const char *name, const char *value, int first,
                     struct jv_err *err)
{
    struct header h[] = { { name, value }, { NULL, NULL } };

    return jv_envelope_read(e, get, h, first, err);
}

/* ---- trace ---------------------------------------------------------------------------------- */

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"

TEST(a_trace_goes_on)
{
    struct jv_envelope e, child;
    struct jv_err err = { 0 };
    char out[56];

    CHECK_INT(read_with(&e, "traceparent", "00-" TRACE "-" SPAN "-01", 0, &err), JV_OK);
    CHECK_STR(e.trace_id, TRACE);
    CHECK_STR(e.parent_id, SPAN);
    CHECK_INT(strlen(e.span_id), 16);
    CHECK(strcmp(e.span_id, SPAN) != 0);
    CHECK(e.sampled);
    jv_trace_child(&child, &e);
    CHECK_STR(child.trace_id, TRACE);
    CHECK_STR(child.parent_id, e.span_id);
    CHECK(strcmp(child.span_id, e.span_id) != 0);
    jv_trace_print(&child, out);
    CHECK_INT(strlen(out), 55);
    CHECK_HAS(out, "00-" TRACE "-");
    CHECK_INT(read_with(&e, "traceparent", out, 0, &err), JV_OK);
    CHECK_STR(e.parent_id, child.span_id);
    CHECK_INT(read_with(&e, "traceparent", "00-" TRACE "-" SPAN "-00", 0, &err), JV_OK);
    CHECK(!e.sampled);
    jv_trace_print(&e, out);
    CHECK_STR(out + 53, "00");
}

TEST(a_bad_trace_starts_a_new_one)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-" TRACE "-" SPAN,
        "00-" TRACE "-" SPAN "-1",
        "00-" TRACE "-" SPAN "-01-x",
        "01-" TRACE "-" SPAN "-01",
        "ff-" TRACE "-" SPAN "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-" TRACE "0-" SPAN "-01",
        "00_" TRACE "_" SPAN "_01",
        NULL,
    };

    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        struct jv_envelope e;

        CHECK_INT(read_with(&e, "traceparent", bad[i], 0, NULL), JV_OK);
        CHECK(strcmp(e.trace_id, TRACE) != 0);
        CHECK_INT(strlen(e.trace_id), 32);
        CHECK_INT(strspn(e.trace_id, "0123456789abcdef"), 32);
        CHECK_STR(e.parent_id, "");
    }
}

/* ---- the others ----------------------------------------------------------------------------- */

TEST(deadlines)
{
    static const char *const bad[] = { "",    "x",   "-1",  "12.5",
                                       "1e9", " 12", "12 ", "9999999999999999" };
    struct jv_envelope e;
    struct jv_err err = { 0 };

    CHECK_INT(read_with(&e, "Jarvis-Deadline", "1767225600000", 0, &err), JV_OK);
    CHECK_INT(e.deadline_ms, 1767225600000);
    CHECK_INT(read_with(&e, "other", "", 0, &err), JV_OK);
    CHECK_INT(e.deadline_ms, 0);
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        CHECK_INT(read_with(&e, "Jarvis-Deadline", bad[i], 0, &err), JV_INVALID_ARGUMENT);
        CHECK_HAS(err.text, "Jarvis-Deadline");
    }
}

TEST(tokens)
{
    static const char *const bad[] = { "",           "Bearer",    "Bearer ",    "Basic abc", "abc",
                                       "Bearer a b", "Bearer  a", "Bearer a,b", "Bearer a\n" };
    struct jv_envelope e;
    struct jv_err err = { 0 };

    CHECK_INT(read_with(&e, "Authorization", "Bearer a.b-c_d", 0, &err), JV_OK);
    CHECK_STR(e.token, "a.b-c_d");
    CHECK_INT(read_with(&e, "Authorization", "bEARER x", 0, &err), JV_OK);
    CHECK_STR(e.token, "x");
    CHECK_INT(read_with(&e, "other", "", 0, &err), JV_OK);
    CHECK(!e.token);
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        CHECK_OR(read_with(&e, "Authorization", bad[i], 0, &err) == JV_UNAUTHENTICATED,
                 printf("# accepted: '%s'\n", bad[i]));
        CHECK_STR(err.text, "header Authorization is not \"Bearer <token>\"");
        CHECK(!e.token);
    }
}

TEST(content_types)
{
    static const struct {
        const char *type;
        int first;
        bool json;
    } rows[] = {
        { NULL, '{', true },
        { NULL, 0x0a, false },
        { NULL, 0, false },
        { "application/json", 0, true },
        { "application/json; charset=utf-8", 0x0a, true },
        { "Application/A2A+JSON;q=1", 0, true },
        { "application/protobuf", '{', false },
        { "application/x-protobuf", '{', false },
        { "text/plain", '{', true },
        { "application/jsonx", 0x0a, false },
        { "", '{', true },
    };

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        struct jv_envelope e;

        CHECK_INT(read_with(&e, "Content-Type", rows[i].type, rows[i].first, NULL), JV_OK);
        CHECK_OR(e.json == rows[i].json, printf("# row %zu\n", i));
    }
}

TEST(what_is_only_carried)
{
    struct jv_envelope e;
    struct header h[] = { { "A2A-Version", "1.0" },
                          { "A2A-Extensions", "urn:x" },
                          { "Nats-Msg-Id", "m" },
                          { NULL, NULL } };

    CHECK_INT(jv_envelope_read(&e, get, h, 0, NULL), JV_OK);
    CHECK_STR(e.a2a_version, "1.0");
    CHECK_STR(e.a2a_extensions, "urn:x");
    CHECK_STR(e.msg_id, "m");
}

/* ---- status --------------------------------------------------------------------------------- */

static const char *status_json(const struct jv_err *err)
{
    return jv_msg_to_json(jv_err_to_status(err, "abc", arena), 0, arena, NULL);
}

TEST(a_failure_as_status)
{
    struct jv_err err = { 0 };

    fresh_arena();
    jv_err_set(&err, JV_NOT_FOUND, "ticket %d not found", 7);
    CHECK_STR(status_json(&err),
              "{\"code\":5,\"message\":\"ticket 7 not found\",\"details\":[{\"@type\":"
              "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"NOT_FOUND\","
              "\"domain\":\"jarvis\"}]}");
    jv_err_field(&err, JV_INVALID_ARGUMENT, "message.parts", "message.parts: is required");
    CHECK_HAS(status_json(&err), "\"fieldViolations\":[{\"field\":\"message.parts\","
                                 "\"description\":\"is required\"}]");
    jv_err_field(&err, JV_INVALID_ARGUMENT, "operation", "is empty");
    CHECK_HAS(status_json(&err), "{\"field\":\"operation\",\"description\":\"is empty\"}");
    jv_err_set(&err, JV_NOT_FOUND, "no task t");
    strcpy(err.reason, "TASK_NOT_FOUND");
    CHECK_HAS(status_json(&err), "\"reason\":\"TASK_NOT_FOUND\",\"domain\":\"a2a-protocol.org\"");
}

TEST(our_faults_are_not_told)
{
    static const int codes[] = { JV_INTERNAL, JV_UNKNOWN, JV_DATA_LOSS };
    struct jv_err err = { 0 };

    fresh_arena();
    for (size_t i = 0; i < JV_COUNT(codes); i++) {
        jv_err_field(&err, codes[i], "secret_column", "relation \"secret\" is gone");
        CHECK(!strstr(status_json(&err), "secret"));
        CHECK_HAS(status_json(&err), "internal error (trace abc)");
    }
}

TEST(status_there_and_back)
{
    struct jv_err err = { 0 }, back = { 0 };
    void *status;
    const uint8_t *bytes;
    const char *json;
    size_t n;

    fresh_arena();
    jv_err_field(&err, JV_INVALID_ARGUMENT, "a.b[0]", "a.b[0]: must be a string");
    strcpy(err.reason, "MALFORMED_JSON");
    status = jv_err_to_status(&err, "t", arena);
    bytes = jv_pack(status, arena, &n);
    jv_err_from_status(&back, "500", "header", bytes, n);
    CHECK_INT(back.code, JV_INVALID_ARGUMENT);
    CHECK_STR(back.text, "a.b[0]: must be a string");
    CHECK_STR(back.field, "a.b[0]");
    CHECK_STR(back.reason, "MALFORMED_JSON");
    json = jv_msg_to_json(status, 0, arena, &n);
    back = (struct jv_err){ 0 };
    jv_err_from_status(&back, NULL, NULL, json, n);
    CHECK_INT(back.code, JV_INVALID_ARGUMENT);
    CHECK_STR(back.text, "a.b[0]: must be a string");
    CHECK_STR(back.field, "a.b[0]");
}

TEST(status_from_anything)
{
    static const char foreign[] =
            "{\"code\":9,\"message\":\"no\",\"details\":[{\"@type\":\"x/y.Z\","
            "\"a\":1},{\"fieldViolations\":[{\"field\":\"f\"}]}]}";
    struct jv_err err = { 0 };

    jv_err_from_status(&err, "503", "nobody is there", NULL, 0);
    CHECK_INT(err.code, JV_UNAVAILABLE);
    CHECK_STR(err.text, "nobody is there");
    jv_err_from_status(&err, "404", NULL, "\xff\xff", 2);
    CHECK_INT(err.code, JV_NOT_FOUND);
    CHECK_STR(err.text, "failed without saying why");
    jv_err_from_status(&err, NULL, NULL, "{", 1);
    CHECK_INT(err.code, JV_UNKNOWN);
    jv_err_from_status(&err, "nonsense", "\xff", "{\"code\":\"5\",\"details\":[1,null,{}]}", 35);
    CHECK_INT(err.code, JV_UNKNOWN);
    jv_err_from_status(&err, "0", "x", NULL, 0);
    CHECK_INT(err.code, JV_UNKNOWN);
    jv_err_from_status(&err, "422", NULL, foreign, strlen(foreign));
    CHECK_INT(err.code, JV_FAILED_PRECONDITION);
    CHECK_STR(err.text, "no");
    CHECK_STR(err.field, "f");
    jv_err_from_status(NULL, "404", NULL, NULL, 0);
}

TEST(codes_from_http)
{
    CHECK_INT(jv_code_from_http(200), JV_OK);
    CHECK_INT(jv_code_from_http(404), JV_NOT_FOUND);
    CHECK_INT(jv_code_from_http(418), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_code_from_http(599), JV_INTERNAL);
    CHECK_INT(jv_code_from_http(0), JV_UNKNOWN);
    for (int code = JV_OK; code <= JV_UNAUTHENTICATED; code++)
        CHECK(jv_code_http(jv_code_from_http(jv_code_http(code))) != 0);
}

TEST_MAIN()
