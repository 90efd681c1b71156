/* test_pbjson.c -- JSON <-> protobuf: golden vectors, good and bad input, round trips. */
#include "unit/wire_help.h"
#include "unit/wire_scalars.h"

#include <math.h>

/* ---- vectors of the A2A definition, both ways, byte for byte -------------------------------- */

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *json, *bytes;
    const char *back; /* what is printed, where that differs: required members always are */
} golden[] = {
    { &a2a__send_message_request__descriptor,
      "{\"message\":{\"messageId\":\"m1\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"hi\"}]},"
      "\"configuration\":{\"historyLength\":0,\"returnImmediately\":true}}",
      "120c0a026d3120012a040a0268691a0418002001", NULL },
    { &a2a__task__descriptor,
      "{\"id\":\"t1\",\"contextId\":\"c1\",\"status\":{\"state\":\"TASK_STATE_COMPLETED\","
      "\"timestamp\":\"2025-10-28T10:30:00.142Z\"},\"artifacts\":[{\"artifactId\":\"a1\",\"parts\":"
      "["
      "{\"data\":{\"count\":42.0,\"key\":\"value\",\"l\":[true],\"n\":null},"
      "\"mediaType\":\"application/json\"},{\"raw\":\"aGk=\",\"filename\":\"f\"}]}]}",
      "0a027431120263311a0f08031a0b08a8b682c8061080ffda43225f0a0261312250223c2a3a0a120a05636f756e"
      "7412091100000000000045400a0e0a036b657912071a0576616c75650a0b0a016c120632040a0220010a070a01"
      "6e120208003a106170706c69636174696f6e2f6a736f6e220712026869320166",
      "{\"id\":\"t1\",\"contextId\":\"c1\",\"status\":{\"state\":\"TASK_STATE_COMPLETED\","
      "\"timestamp\":\"2025-10-28T10:30:00.142Z\"},\"artifacts\":[{\"artifactId\":\"a1\",\"parts\":"
      "["
      "{\"data\":{\"count\":42,\"key\":\"value\",\"l\":[true],\"n\":null},"
      "\"mediaType\":\"application/json\"},{\"raw\":\"aGk=\",\"filename\":\"f\"}]}]}" },
    { &a2a__stream_response__descriptor,
      "{\"statusUpdate\":{\"taskId\":\"t1\",\"contextId\":\"c1\","
      "\"status\":{\"state\":\"TASK_STATE_INPUT_REQUIRED\"}}}",
      "1a0c0a027431120263311a020806", NULL },
    { &a2a__stream_response__descriptor,
      "{\"artifactUpdate\":{\"taskId\":\"t1\",\"contextId\":\"c1\",\"artifact\":{\"artifactId\":"
      "\"a1\",\"parts\":[{\"text\":\"x\"}]},\"append\":true,\"lastChunk\":true}}",
      "22170a027431120263311a090a02613122030a017820012801", NULL },
    { &a2a__list_tasks_request__descriptor,
      "{\"contextId\":\"c1\",\"status\":\"TASK_STATE_WORKING\",\"pageSize\":2,"
      "\"includeArtifacts\":false}",
      "12026331180220024000", NULL },
    { &a2a__list_tasks_request__descriptor,
      "{\"context_id\":\"c1\",\"status\":2,\"page_size\":\"2\",\"include_artifacts\":false}",
      "12026331180220024000",
      "{\"contextId\":\"c1\",\"status\":\"TASK_STATE_WORKING\",\"pageSize\":2,"
      "\"includeArtifacts\":false}" },
    { &a2a__part__descriptor, "{\"data\":null}", "22020800", NULL },
    { &a2a__list_tasks_response__descriptor, "{\"pageSize\":50}", "1832",
      "{\"tasks\":[],\"nextPageToken\":\"\",\"pageSize\":50,\"totalSize\":0}" },
};

TEST(golden_vectors)
{
    for (size_t i = 0; i < JV_COUNT(golden); i++) {
        struct jv_err err = { 0 };
        unsigned char bytes[512];
        ProtobufCMessage *msg;
        size_t n, len;

        fresh_arena();
        msg = jv_json_to_msg(golden[i].type, golden[i].json, strlen(golden[i].json), JV_JSON_STRICT,
                             arena, &err);
        CHECK_OR(msg, printf("# %s\n", err.text));
        if (!msg)
            continue;
        CHECK_STR(packed_hex(msg), golden[i].bytes);
        n = unhex(golden[i].bytes, bytes);
        msg = jv_unpack(golden[i].type, bytes, n, arena, &err);
        CHECK_OR(msg, printf("# %s\n", err.text));
        if (!msg)
            continue;
        CHECK_STR(jv_msg_to_json(msg, JV_JSON_CAMEL, arena, &len),
                  golden[i].back ? golden[i].back : golden[i].json);
        CHECK_INT(len, strlen(golden[i].back ? golden[i].back : golden[i].json));
    }
}

/* ---- good input: what is read, and how it is printed again ---------------------------------- */

struct good {
    const ProtobufCMessageDescriptor *type;
    const char *json, *back;
};

static void check_good(const struct good *rows, size_t n, unsigned flags)
{
    for (size_t i = 0; i < n; i++) {
        struct jv_err err = { 0 };
        ProtobufCMessage *msg;

        fresh_arena();
        msg = jv_json_to_msg(rows[i].type, rows[i].json, strlen(rows[i].json), flags, arena, &err);
        CHECK_OR(msg, printf("# %s: %s\n", rows[i].json, err.text));
        if (!msg)
            continue;
        CHECK_STR(jv_msg_to_json(msg, flags, arena, NULL), rows[i].back);
    }
}

#define S &scalars_type

static const struct good numbers[] = {
    { S, "{\"i32\":1}", "{\"i32\":1}" },
    { S, "{\"i32\":1.0}", "{\"i32\":1}" },
    { S, "{\"i32\":1e2}", "{\"i32\":100}" },
    { S, "{\"i32\":\"-7\"}", "{\"i32\":-7}" },
    { S, "{\"i32\":\"1e2\"}", "{\"i32\":100}" },
    { S, "{\"i32\":-2147483648,\"s32\":2147483647,\"sf32\":-1}",
      "{\"i32\":-2147483648,\"s32\":2147483647,\"sf32\":-1}" },
    { S, "{\"u32\":4294967295,\"f32\":\"4294967295\"}", "{\"u32\":4294967295,\"f32\":4294967295}" },
    { S, "{\"i64\":9007199254740993,\"s64\":\"-9223372036854775808\",\"sf64\":-0}",
      "{\"i64\":\"9007199254740993\",\"s64\":\"-9223372036854775808\"}" },
    { S, "{\"u64\":\"18446744073709551615\",\"f64\":\"5\"}",
      "{\"u64\":\"18446744073709551615\",\"f64\":\"5\"}" },
    { S, "{\"many\":[1,\"2\",3.0]}", "{\"many\":[\"1\",\"2\",\"3\"]}" },
    { S, "{\"twice\":1.5,\"single\":0.1}", "{\"single\":0.1,\"twice\":1.5}" },
    { S, "{\"twice\":\"NaN\",\"single\":\"-Infinity\"}",
      "{\"single\":\"-Infinity\",\"twice\":\"NaN\"}" },
    { S, "{\"twice\":\"Infinity\"}", "{\"twice\":\"Infinity\"}" },
    { S, "{\"twice\":\"1e300\",\"single\":3.4028235e38}",
      "{\"single\":3.4028235e+38,\"twice\":1e+300}" },
    { S, "{\"twice\":-0.0}", "{\"twice\":-0.0}" },
    { S, "{\"twice\":0.1,\"anything\":5e-324}",
      "{\"twice\":0.1,\"anything\":4.94065645841247e-324}" },
    { S, "{\"anything\":123456789012345678901234567890}", "{\"anything\":1.2345678901234568e+29}" },
    { S, "{\"anything\":1e15,\"twice\":999999999999999}",
      "{\"twice\":999999999999999,\"anything\":1e+15}" },
    { S, "{\"flag\":true}", "{\"flag\":true}" },
    { S, "{\"flag\":false,\"i32\":0,\"text\":\"\",\"raw\":\"\",\"many\":[],\"by_int\":{}}", "{}" },
    { S, "{\"i32\":null,\"many\":null,\"by_int\":null,\"list\":null,\"any\":null}", "{}" },
};

TEST(numbers)
{
    check_good(numbers, JV_COUNT(numbers), JV_JSON_SNAKE | JV_JSON_STRICT);
}

static const struct good texts[] = {
    { S, "{\"text\":\"\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\"}",
      "{\"text\":\"\xc3\xa9\xf0\x9f\x98\x80\\n\\\"\\\\/\"}" },
    { S, "{\"text\":\"\\u0001\\u001f\x7f\\b\\f\\r\\t\"}",
      "{\"text\":\"\\u0001\\u001f\x7f\\b\\f\\r\\t\"}" },
    { S, "{\"raw\":\"-_8\"}", "{\"raw\":\"+/8=\"}" },
    { S, "{\"raw\":\"aGk\"}", "{\"raw\":\"aGk=\"}" },
    { S, "{\"raw\":\"aGk=\"}", "{\"raw\":\"aGk=\"}" },
    { S, "{\"by_int\":{\"-1\":\"a\",\"7\":\"b\"}}", "{\"byInt\":{\"-1\":\"a\",\"7\":\"b\"}}" },
    { S, "{\"by_bool\":{\"true\":1,\"false\":\"2\"}}",
      "{\"byBool\":{\"true\":\"1\",\"false\":\"2\"}}" },
    { S, "{\"byLong\":{\"18446744073709551615\":0.5}}",
      "{\"byLong\":{\"18446744073709551615\":0.5}}" },
    { S, "{\"anything\":null,\"values\":[null,1,\"a\",{},[]]}",
      "{\"anything\":null,\"values\":[null,1,\"a\",{},[]]}" },
    { S, "{\"list\":[{\"a\":[[]]},false]}", "{\"list\":[{\"a\":[[]]},false]}" },
};

TEST(texts_and_containers)
{
    check_good(texts, JV_COUNT(texts), JV_JSON_CAMEL);
}

static const struct good times[] = {
    { &a2a__task_status__descriptor, "{\"state\":3,\"timestamp\":\"2025-10-28T12:30:00+02:00\"}",
      "{\"state\":\"TASK_STATE_COMPLETED\",\"timestamp\":\"2025-10-28T10:30:00Z\"}" },
    { &a2a__task_status__descriptor, "{\"state\":3,\"timestamp\":\"2025-10-28T10:30:00.000001Z\"}",
      "{\"state\":\"TASK_STATE_COMPLETED\",\"timestamp\":\"2025-10-28T10:30:00.000001Z\"}" },
    { &a2a__task_status__descriptor, "{\"state\":3,\"timestamp\":\"1969-12-31T23:59:59.9Z\"}",
      "{\"state\":\"TASK_STATE_COMPLETED\",\"timestamp\":\"1969-12-31T23:59:59.900Z\"}" },
    { &a2a__task_status__descriptor,
      "{\"state\":3,\"timestamp\":\"9999-12-31T23:59:59.999999999Z\"}",
      "{\"state\":\"TASK_STATE_COMPLETED\",\"timestamp\":\"9999-12-31T23:59:59.999999999Z\"}" },
    { &a2a__task_status__descriptor, "{\"state\":3,\"timestamp\":\"0001-01-01T00:00:00Z\"}",
      "{\"state\":\"TASK_STATE_COMPLETED\",\"timestamp\":\"0001-01-01T00:00:00Z\"}" },
    { &a2a__task_status__descriptor, "{\"state\":77}", "{\"state\":77}" },
    { &a2a__task_status__descriptor, "{\"state\":\"TASK_STATE_UNSPECIFIED\"}",
      "{\"state\":\"TASK_STATE_UNSPECIFIED\"}" },
};

TEST(times_and_enums)
{
    check_good(times, JV_COUNT(times), JV_JSON_CAMEL);
}

static const struct good anys[] = {
    { S,
      "{\"any\":{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"R\","
      "\"metadata\":{\"taskId\":\"t\"}}}",
      "{\"any\":{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"R\","
      "\"metadata\":{\"taskId\":\"t\"}}}" },
    { S, "{\"any\":{\"value\":\"2025-01-01T00:00:00Z\",\"@type\":\"x/google.protobuf.Timestamp\"}}",
      "{\"any\":{\"@type\":\"x/google.protobuf.Timestamp\",\"value\":\"2025-01-01T00:00:00Z\"}}" },
    { S, "{\"any\":{\"@type\":\"x/google.protobuf.Struct\",\"value\":{\"a\":1}}}",
      "{\"any\":{\"@type\":\"x/google.protobuf.Struct\",\"value\":{\"a\":1}}}" },
    { S, "{\"any\":{\"@type\":\"x/google.protobuf.Empty\"}}",
      "{\"any\":{\"@type\":\"x/google.protobuf.Empty\"}}" },
    { S, "{\"any\":{}}", "{\"any\":{}}" },
};

TEST(any)
{
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;

    check_good(anys, JV_COUNT(anys), JV_JSON_CAMEL | JV_JSON_STRICT);
    fresh_arena();
    any.type_url = (char *)(uintptr_t) "x/some.Unknown";
    any.value = (ProtobufCBinaryData){ 2, (uint8_t *)(uintptr_t) "hi" };
    CHECK_STR(jv_msg_to_json(&any.base, 0, arena, NULL),
              "{\"@type\":\"x/some.Unknown\",\"value\":\"aGk=\"}");
}

/* ---- bad input: the exact sentence and path ------------------------------------------------- */

#define MSG     &a2a__send_message_request__descriptor
#define PART    &a2a__part__descriptor
#define TICKETS &tickets__list_request__descriptor

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *json, *field, *text; /* text: without "field: " before it */
} bad[] = {
    /* no JSON at all: no field */
    { MSG, "", "", "not valid JSON: unexpected token near end of file (line 1, column 0)" },
    { MSG, "{\"tenant\":", "",
      "not valid JSON: unexpected token near end of file (line 1, column 10)" },
    { MSG, "{\"tenant\":\"a\",\"tenant\":\"b\"}", "",
      "not valid JSON: duplicate object key near '\"tenant\"' (line 1, column 22)" },
    { MSG, "{\"tenant\":\"\\ud800\"}", "",
      "not valid JSON: invalid Unicode '\\uD800' near '\"\\ud800\"' (line 1, column 18)" },
    { MSG, "{\"tenant\":\"\xff\"}", "", "not valid JSON: not UTF-8" },
    { MSG, "{\"tenant\":\"\xed\xa0\x80\"}", "", "not valid JSON: not UTF-8" },
    { MSG, "{} x", "", "not valid JSON: end of file expected near 'x' (line 1, column 4)" },
    /* shapes */
    { MSG, "[]", "", "must be an object" },
    { MSG, "null", "", "must be an object" },
    { MSG, "{\"message\":[]}", "message", "must be an object" },
    { MSG, "{\"message\":{\"parts\":{}}}", "message.parts", "must be a list" },
    { MSG, "{\"message\":{\"parts\":[{\"text\":\"a\"},null]}}", "message.parts[1]",
      "must not be null" },
    { MSG, "{\"message\":{\"parts\":[{\"text\":1}]}}", "message.parts[0].text",
      "must be a string" },
    { MSG, "{\"metadata\":[]}", "metadata", "must be an object" },
    { MSG, "{\"message\":{\"message_id\":\"a\",\"messageId\":\"b\"}}", "message.messageId",
      "is given twice" },
    { MSG, "{\"message\":{\"role\":\"ROLE_ADMIN\"}}", "message.role",
      "must be one of ROLE_USER, ROLE_AGENT" },
    { MSG, "{\"message\":{\"role\":true}}", "message.role",
      "must be one of ROLE_USER, ROLE_AGENT" },
    { MSG, "{\"message\":{\"role\":1.5}}", "message.role", "must be a whole number" },
    { MSG, "{\"message\":{\"role\":3000000000}}", "message.role",
      "must be between -2147483648 and 2147483647" },
    { MSG, "{\"configuration\":{\"historyLength\":\"ten\"}}", "configuration.historyLength",
      "must be a whole number" },
    { MSG, "{\"configuration\":{\"historyLength\":2147483648}}", "configuration.historyLength",
      "must be between -2147483648 and 2147483647" },
    { MSG, "{\"configuration\":{\"returnImmediately\":\"true\"}}",
      "configuration.returnImmediately", "must be true or false" },
    { TICKETS, "{\"status\":\"lost\"}", "status",
      "must be one of pending, in_progress, approved, completed, rejected, open, closed" },
    /* oneofs */
    { PART, "{\"text\":\"a\",\"url\":\"b\"}", "url", "cannot be given together with text" },
    { PART, "{\"data\":null,\"raw\":\"\"}", "raw", "cannot be given together with data" },
    { PART, "{\"raw\":\"aGk==\"}", "raw", "is not valid base64" },
    { PART, "{\"raw\":\"a\"}", "raw", "is not valid base64" },
    { PART, "{\"raw\":5}", "raw", "must be a base64 string" },
    { PART, "{\"data\":{\"a\":[1,{\"b\":\"\\u0000\"}]}}", "data.a[1].b",
      "must not contain a NUL character" },
    { PART, "{\"data\":{\"a b\":\"\\u0000\"}}", "data[\"a b\"]",
      "must not contain a NUL character" },
    { PART, "{\"text\":\"\\u0000\"}", "text", "must not contain a NUL character" },
    /* unknown members */
    { MSG, "{\"mesage\":{}}", "mesage", "unknown member of SendMessageRequest" },
    { MSG, "{\"message\":{\"parts\":[{\"txt\":\"\"}]}}", "message.parts[0].txt",
      "unknown member of Part" },
    /* numbers */
    { S, "{\"i32\":1.5}", "i32", "must be a whole number" },
    { S, "{\"i32\":\"\"}", "i32", "must be a whole number" },
    { S, "{\"i32\":\" 1\"}", "i32", "must be a whole number" },
    { S, "{\"i32\":\"+1\"}", "i32", "must be a whole number" },
    { S, "{\"i32\":\"0x10\"}", "i32", "must be a whole number" },
    { S, "{\"i32\":\"1.5\"}", "i32", "must be a whole number" },
    { S, "{\"i32\":\"1\\u0000\"}", "i32", "must be a whole number" },
    { S, "{\"i32\":true}", "i32", "must be a whole number" },
    { S, "{\"u32\":-1}", "u32", "must be between 0 and 4294967295" },
    { S, "{\"i64\":\"9223372036854775808\"}", "i64",
      "must be between -9223372036854775808 and 9223372036854775807" },
    { S, "{\"i64\":1e300}", "i64", "must be between -9223372036854775808 and 9223372036854775807" },
    { S, "{\"u64\":\"18446744073709551616\"}", "u64",
      "must be between 0 and 18446744073709551615" },
    { S, "{\"u64\":\"-1\"}", "u64", "must be between 0 and 18446744073709551615" },
    { S, "{\"many\":[1,-1]}", "many[1]", "must be between 0 and 18446744073709551615" },
    { S, "{\"single\":1e39}", "single", "is too large a number" },
    { S, "{\"twice\":\"1e999\"}", "twice", "is too large a number" },
    { S, "{\"twice\":1e999}", "",
      "not valid JSON: real number overflow near '1e999' (line 1, column 14)" },
    { S, "{\"twice\":\"nan\"}", "twice", "must be a number" },
    { S, "{\"twice\":\"0x1\"}", "twice", "must be a number" },
    { S, "{\"anything\":NaN}", "", "not valid JSON: invalid token near 'NaN' (line 1, column 15)" },
    { S, "{\"by_int\":{\"x\":\"a\"}}", "by_int.x", "must be a whole number" },
    { S, "{\"by_int\":{\"1\":null}}", "by_int[\"1\"]", "must not be null" },
    { S, "{\"by_bool\":{\"yes\":1}}", "by_bool.yes", "must be true or false" },
    { S, "{\"list\":{}}", "list", "must be a list" },
    /* times */
    { &a2a__task_status__descriptor, "{\"timestamp\":\"yesterday\"}", "timestamp",
      "must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)" },
    { &a2a__task_status__descriptor, "{\"timestamp\":\"2025-02-29T00:00:00Z\"}", "timestamp",
      "must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)" },
    { &a2a__task_status__descriptor, "{\"timestamp\":\"0000-01-01T00:00:00Z\"}", "timestamp",
      "must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)" },
    { &a2a__task_status__descriptor, "{\"timestamp\":12}", "timestamp",
      "must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339)" },
    /* Any */
    { S, "{\"any\":{\"reason\":\"R\"}}", "any[\"@type\"]", "is missing" },
    { S, "{\"any\":{\"@type\":\"x/no.Such\"}}", "any[\"@type\"]", "is not a known type" },
    { S, "{\"any\":{\"@type\":\"google.rpc.ErrorInfo\"}}", "any[\"@type\"]",
      "is not a known type" },
    { S, "{\"any\":{\"@type\":\"x/google.protobuf.Struct\"}}", "any.value", "is missing" },
    { S, "{\"any\":{\"@type\":\"x/google.rpc.ErrorInfo\",\"nope\":1}}", "any.nope",
      "unknown member of ErrorInfo" },
    { S, "{\"any\":[]}", "any", "must be an object" },
};

TEST(bad_input_names_the_member)
{
    for (size_t i = 0; i < JV_COUNT(bad); i++) {
        struct jv_err err = { 0 };
        char want[400];

        fresh_arena();
        CHECK_OR(!jv_json_to_msg(bad[i].type, bad[i].json, strlen(bad[i].json), JV_JSON_STRICT,
                                 arena, &err),
                 printf("# accepted: %s\n", bad[i].json));
        snprintf(want, sizeof(want), "%s%s%s", bad[i].field, bad[i].field[0] ? ": " : "",
                 bad[i].text);
        CHECK_STR(err.text, want);
        CHECK_STR(err.field, bad[i].field);
        CHECK_INT(err.code, JV_INVALID_ARGUMENT);
        CHECK_INT(strcmp(err.reason, "MALFORMED_JSON") == 0,
                  strncmp(bad[i].text, "not valid JSON", 14) == 0);
    }
}

TEST(unknown_members_are_ignored_unless_strict)
{
    static const char json[] = "{\"tenant\":\"t\",\"later\":{\"x\":[1]}}";
    struct jv_err err = { 0 };
    A2a__SendMessageRequest *m;

    fresh_arena();
    m = (void *)jv_json_to_msg(MSG, json, strlen(json), 0, arena, &err);
    CHECK_OR(m, return );
    CHECK_STR(m->tenant, "t");
}

TEST(a_nul_in_the_text_ends_nothing)
{
    static const char json[] = "{\"tenant\":\"a\"}\0{}";
    struct jv_err err = { 0 };

    fresh_arena();
    CHECK(!jv_json_to_msg(MSG, json, sizeof(json) - 1, 0, arena, &err));
    CHECK_STR(err.text, "not valid JSON: not UTF-8");
}

TEST(long_paths_are_cut_at_a_step)
{
    struct jv_buf b;
    struct jv_err err = { 0 };

    fresh_arena();
    b = jv_buf_new(arena);
    jv_buf_str(&b, "{\"data\":");
    for (int i = 0; i < 20; i++)
        jv_buf_str(&b, "{\"a_rather_long_name_of_a_key_that_goes_on_and_on_\xc3\xa9\xc3\xa9\":");
    jv_buf_str(&b, "\"\\u0000\"");
    for (int i = 0; i < 21; i++)
        jv_buf_str(&b, "}");
    CHECK(!jv_json_to_msg(PART, b.data, b.len, 0, arena, &err));
    CHECK_HAS(err.text, "data[\"a_rather_long_name_of_a_key_that_goes_on\"][\"");
    CHECK(strlen(err.field) < sizeof(err.field) && err.field[strlen(err.field) - 1] == ']');
}

/* ---- printing ------------------------------------------------------------------------------- */

TEST(defaults_are_printed_when_asked_for)
{
    A2a__SendMessageConfiguration config = A2A__SEND_MESSAGE_CONFIGURATION__INIT;
    Tickets__Ticket ticket = TICKETS__TICKET__INIT;
    Tickets__GetRequest get = TICKETS__GET_REQUEST__INIT;

    fresh_arena();
    CHECK_STR(jv_msg_to_json(&config.base, JV_JSON_SNAKE, arena, NULL), "{}");
    CHECK_STR(jv_msg_to_json(&config.base, JV_JSON_SNAKE | JV_JSON_DEFAULTS, arena, NULL),
              "{\"accepted_output_modes\":[],\"return_immediately\":false}");
    ticket.status = TICKETS__STATUS__in_progress;
    CHECK_STR(jv_msg_to_json(&ticket.base, JV_JSON_SNAKE, arena, NULL),
              "{\"status\":\"in_progress\"}");
    ticket.status = 0; /* says nothing: left out even so, as are messages that are not there */
    CHECK_STR(jv_msg_to_json(&ticket.base, JV_JSON_SNAKE | JV_JSON_DEFAULTS, arena, NULL),
              "{\"id\":0,\"operation\":\"\",\"user\":\"\"}");
    CHECK_STR(jv_msg_to_json(&get.base, JV_JSON_SNAKE, arena, NULL), "{\"ticket_id\":0}");
}

TEST(presence_of_one_member_oneofs)
{
    A2a__AgentCapabilities c = A2A__AGENT_CAPABILITIES__INIT;

    fresh_arena();
    CHECK_STR(jv_msg_to_json(&c.base, 0, arena, NULL), "{}");
    CHECK_STR(jv_msg_to_json(&c.base, JV_JSON_DEFAULTS, arena, NULL), "{\"extensions\":[]}");
    c._streaming_case = A2A__AGENT_CAPABILITIES___STREAMING_STREAMING;
    CHECK_STR(jv_msg_to_json(&c.base, 0, arena, NULL), "{\"streaming\":false}");
}

TEST(text_that_is_no_utf8_is_printed_valid)
{
    struct jv_buf b;

    fresh_arena();
    b = jv_buf_new(arena);
    jv_json_quote(&b, "a\xff\xe2\x82z\0\x1f", 7);
    CHECK_STR(b.data, "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\\u0000\\u001f\"");
}

TEST(numbers_that_json_has_not)
{
    Google__Protobuf__Value v = GOOGLE__PROTOBUF__VALUE__INIT;
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    fresh_arena();
    v.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    v.number_value = INFINITY;
    CHECK_STR(jv_msg_to_json(&v.base, 0, arena, NULL), "null");
    t.seconds = INT64_MAX;
    CHECK_STR(jv_msg_to_json(&t.base, 0, arena, NULL), "null");
}

TEST_MAIN()
