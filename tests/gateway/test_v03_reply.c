/* test_v03_reply.c -- replies, events and cards of 1.0 as clients of 0.3 get them; there and back.
 */
#include "v03_check.h"

/* ---- results: 1.0 -> 0.3 --------------------------------------------------------------------- */

static const ProtobufCMessage *read_new(const ProtobufCMessageDescriptor *type, const char *json)
{
    struct jv_err err = { 0 };
    const ProtobufCMessage *msg =
            jv_json_to_msg(type, json, strlen(json), JV_JSON_STRICT, arena, &err);

    if (!msg)
        printf("# %s\n", err.text);
    return msg;
}

/* The text and its length agree, and it is JSON. */
static const char *checked(const char *json, size_t len)
{
    struct jv_err err = { 0 };

    if (!json)
        return NULL;
    CHECK_INT(len, strlen(json));
    CHECK_INT(jv_json_scan(json, len, &err), JV_OK);
    return json;
}

static void check_result(const char *rpc, const ProtobufCMessageDescriptor *type, const char *now,
                         const char *old)
{
    const ProtobufCMessage *msg = read_new(type, now);
    size_t len = 0;
    const char *json;

    CHECK_OR(msg, return );
    json = v03_result(rpc, msg, arena, &len);
    CHECK_STR(checked(json, len), old);
    CHECK_STR(jv_msg_to_json(msg, JV_JSON_CAMEL, arena, NULL),
              jv_msg_to_json(read_new(type, now), JV_JSON_CAMEL, arena, NULL)); /* untouched */
}

static const char task_now[] =
        "{\"id\":\"t\",\"contextId\":\"c\",\"status\":{\"state\":\"TASK_STATE_INPUT_REQUIRED\","
        "\"message\":{\"messageId\":\"q\",\"contextId\":\"c\",\"taskId\":\"t\",\"role\":\"ROLE_"
        "AGENT\","
        "\"parts\":[{\"text\":\"**Which?**\",\"mediaType\":\"text/markdown\"}]},"
        "\"timestamp\":\"2026-01-02T03:04:05.678Z\"},\"artifacts\":[{\"artifactId\":\"a\","
        "\"name\":\"result\",\"description\":\"d\",\"parts\":[{\"data\":{\"n\":1}},"
        "{\"raw\":\"aGk=\",\"filename\":\"a.txt\",\"mediaType\":\"text/plain\"},"
        "{\"url\":\"https://x/y\"}],\"metadata\":{\"k\":1},\"extensions\":[\"urn:x\"]}],"
        "\"history\":[{\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"hi\"}]}],"
        "\"metadata\":{\"z\":null}}";
static const char task_old[] =
        "{\"kind\":\"task\",\"id\":\"t\",\"contextId\":\"c\",\"status\":{\"state\":\"input-"
        "required\","
        "\"message\":{\"kind\":\"message\",\"messageId\":\"q\",\"contextId\":\"c\",\"taskId\":"
        "\"t\","
        "\"role\":\"agent\",\"parts\":[{\"kind\":\"text\",\"text\":\"**Which?**\","
        "\"metadata\":{\"mediaType\":\"text/markdown\"}}]},"
        "\"timestamp\":\"2026-01-02T03:04:05.678Z\"},\"artifacts\":[{\"artifactId\":\"a\","
        "\"name\":\"result\",\"description\":\"d\",\"parts\":[{\"kind\":\"data\",\"data\":{\"n\":1}"
        "},"
        "{\"kind\":\"file\",\"file\":{\"bytes\":\"aGk=\",\"mimeType\":\"text/plain\","
        "\"name\":\"a.txt\"}},{\"kind\":\"file\",\"file\":{\"uri\":\"https://x/y\"}}],"
        "\"metadata\":{\"k\":1},\"extensions\":[\"urn:x\"]}],"
        "\"history\":[{\"kind\":\"message\",\"messageId\":\"m\",\"role\":\"user\","
        "\"parts\":[{\"kind\":\"text\",\"text\":\"hi\"}]}],\"metadata\":{\"z\":null}}";

/* {"name":json} */
static const char *in(const char *name, const char *json)
{
    return jv_arena_printf(arena, "{\"%s\":%s}", name, json);
}

TEST(tasks)
{
    const ProtobufCMessageDescriptor *type = &a2a__task__descriptor;

    check_result("GetTask", type, task_now, task_old);
    check_result("CancelTask", type, task_now, task_old);
    check_result("SendMessage", &a2a__send_message_response__descriptor, in("task", task_now),
                 task_old);
    check_result("SubscribeToTask", &a2a__stream_response__descriptor, in("task", task_now),
                 task_old);
    check_result("GetTask", type, "{}",
                 "{\"kind\":\"task\",\"id\":\"\",\"contextId\":\"\",\"status\":{\"state\":"
                 "\"unknown\"}}");
    check_result("GetTask", type, "{\"id\":\"t\",\"status\":{\"state\":99}}",
                 "{\"kind\":\"task\",\"id\":\"t\",\"contextId\":\"\",\"status\":{\"state\":"
                 "\"unknown\"}}");
}

TEST(messages)
{
    static const char now[] =
            "{\"messageId\":\"m\",\"role\":\"ROLE_AGENT\",\"parts\":[{\"text\":\"hi\"}],"
            "\"metadata\":{\"k\":1},\"extensions\":[\"urn:x\"],\"referenceTaskIds\":[\"t\"]}";
    static const char old[] =
            "{\"kind\":\"message\",\"messageId\":\"m\",\"role\":\"agent\","
            "\"parts\":[{\"kind\":\"text\",\"text\":\"hi\"}],\"metadata\":{\"k\":1},"
            "\"extensions\":[\"urn:x\"],\"referenceTaskIds\":[\"t\"]}";

    check_result("SendMessage", &a2a__send_message_response__descriptor, in("message", now), old);
    check_result("SendStreamingMessage", &a2a__stream_response__descriptor, in("message", now),
                 old);
    check_result("SendMessage", &a2a__send_message_response__descriptor, "{\"message\":{}}",
                 "{\"kind\":\"message\",\"messageId\":\"\",\"role\":\"agent\",\"parts\":[]}");
    check_result("SendMessage", &a2a__send_message_response__descriptor,
                 "{\"message\":{\"parts\":[{}]}}",
                 "{\"kind\":\"message\",\"messageId\":\"\",\"role\":\"agent\","
                 "\"parts\":[{\"kind\":\"text\",\"text\":\"\"}]}");
    CHECK(!v03_result("SendMessage", read_new(&a2a__send_message_response__descriptor, "{}"), arena,
                      NULL));
}

TEST(push_configurations)
{
    static const char now[] = "{\"id\":\"p\",\"taskId\":\"t\",\"url\":\"u\",\"token\":\"s\","
                              "\"authentication\":{\"scheme\":\"Bearer\",\"credentials\":\"x\"}}";
    static const char old[] =
            "{\"taskId\":\"t\",\"pushNotificationConfig\":{\"id\":\"p\",\"url\":\"u\",\"token\":"
            "\"s\","
            "\"authentication\":{\"schemes\":[\"Bearer\"],\"credentials\":\"x\"}}}";
    static const char bare_old[] = "{\"taskId\":\"\",\"pushNotificationConfig\":{\"url\":\"u\","
                                   "\"authentication\":{\"schemes\":[]}}}";
    const ProtobufCMessageDescriptor *type = &a2a__task_push_notification_config__descriptor;
    const ProtobufCMessageDescriptor *list =
            &a2a__list_task_push_notification_configs_response__descriptor;

    check_result("CreateTaskPushNotificationConfig", type, now, old);
    check_result("GetTaskPushNotificationConfig", type, now, old);
    check_result("GetTaskPushNotificationConfig", type, "{\"url\":\"u\",\"authentication\":{}}",
                 bare_old);
    check_result("ListTaskPushNotificationConfigs", list, "{}", "[]");
    check_result(
            "ListTaskPushNotificationConfigs", list,
            jv_arena_printf(arena, "{\"configs\":[%s,{\"url\":\"u\",\"authentication\":{}}]}", now),
            jv_arena_printf(arena, "[%s,%s]", old, bare_old));
    check_result("DeleteTaskPushNotificationConfig", &google__protobuf__empty__descriptor, "{}",
                 "null");
}

/* ---- events ---------------------------------------------------------------------------------- */

static const char *event_text(const char *now)
{
    const ProtobufCMessage *msg = read_new(&a2a__stream_response__descriptor, now);
    size_t len = 0;
    const char *json = msg ? v03_event((const void *)msg, arena, &len) : NULL;

    return checked(json, len);
}

TEST(every_state_and_whether_it_is_final)
{
    static const struct {
        const char *now, *old;
        bool final;
    } states[] = {
        { "SUBMITTED", "submitted", false }, { "WORKING", "working", false },
        { "COMPLETED", "completed", true },  { "FAILED", "failed", true },
        { "CANCELED", "canceled", true },    { "INPUT_REQUIRED", "input-required", true },
        { "REJECTED", "rejected", true },    { "AUTH_REQUIRED", "auth-required", true },
        { "UNSPECIFIED", "unknown", false },
    };

    for (size_t i = 0; i < JV_COUNT(states); i++)
        CHECK_STR(event_text(jv_arena_printf(
                          arena,
                          "{\"statusUpdate\":{\"taskId\":\"t\",\"contextId\":\"c\",\"status\":"
                          "{\"state\":\"TASK_STATE_%s\"},\"metadata\":{\"a\":1}}}",
                          states[i].now)),
                  jv_arena_printf(
                          arena,
                          "{\"kind\":\"status-update\",\"taskId\":\"t\",\"contextId\":\"c\","
                          "\"status\":{\"state\":\"%s\"},\"metadata\":{\"a\":1},\"final\":%s}",
                          states[i].old, states[i].final ? "true" : "false"));
}

TEST(events)
{
    CHECK_STR(event_text("{\"statusUpdate\":{}}"),
              "{\"kind\":\"status-update\",\"taskId\":\"\",\"contextId\":\"\","
              "\"status\":{\"state\":\"unknown\"},\"final\":false}");
    CHECK_STR(
            event_text("{\"artifactUpdate\":{\"taskId\":\"t\",\"contextId\":\"c\",\"artifact\":"
                       "{\"artifactId\":\"a\",\"parts\":[{\"text\":\"x\"}]},\"append\":true,"
                       "\"lastChunk\":true,\"metadata\":{\"k\":1}}}"),
            "{\"kind\":\"artifact-update\",\"taskId\":\"t\",\"contextId\":\"c\",\"artifact\":"
            "{\"artifactId\":\"a\",\"parts\":[{\"kind\":\"text\",\"text\":\"x\"}]},\"append\":true,"
            "\"lastChunk\":true,\"metadata\":{\"k\":1}}");
    CHECK_STR(event_text("{\"artifactUpdate\":{}}"),
              "{\"kind\":\"artifact-update\",\"taskId\":\"\",\"contextId\":\"\",\"artifact\":"
              "{\"artifactId\":\"\",\"parts\":[]}}");
    CHECK_STR(event_text(in("task", task_now)), task_old);
    CHECK(!event_text("{}"));
}

TEST(error_codes)
{
    for (int code = -32700; code <= -32000; code++)
        CHECK_INT(v03_error_code(code), code == -32008 || code == -32009 ? -32004 : code);
}

/* ---- what 0.3 has no word for, there and back ------------------------------------------------ */

/* A 1.0 part to 0.3 and back. */
static void check_part(const char *now, const char *old)
{
    struct jv_err err;
    const char *json = event_text(jv_arena_printf(
            arena, "{\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"parts\":[%s]}}",
            now));
    ProtobufCMessage *back;

    CHECK_STR(json, jv_arena_printf(arena,
                                    "{\"kind\":\"message\",\"messageId\":\"m\",\"role\":\"user\","
                                    "\"parts\":[%s]}",
                                    old));
    back = read_old("SendMessage", in("message", json ? json : "{}"), &err);
    CHECK_OR(back, return );
    CHECK_STR(jv_msg_to_json(back, JV_JSON_CAMEL, arena, NULL),
              jv_arena_printf(
                      arena,
                      "{\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"parts\":[%s]}}",
                      now));
}

TEST(parts_there_and_back)
{
    static const char *const pairs[][2] = {
        { "{\"text\":\"\"}", "{\"kind\":\"text\",\"text\":\"\"}" },
        { "{\"text\":\"\\\"ä\\n\",\"metadata\":{}}",
          "{\"kind\":\"text\",\"text\":\"\\\"ä\\n\",\"metadata\":{}}" },
        { "{\"text\":\"x\",\"filename\":\"f\",\"mediaType\":\"text/markdown\"}",
          "{\"kind\":\"text\",\"text\":\"x\","
          "\"metadata\":{\"mediaType\":\"text/markdown\",\"filename\":\"f\"}}" },
        { "{\"data\":{\"a\":[1,2.5,\"x\",null,{}]},\"metadata\":{\"k\":1},\"mediaType\":\"a/b\"}",
          "{\"kind\":\"data\",\"data\":{\"a\":[1,2.5,\"x\",null,{}]},"
          "\"metadata\":{\"k\":1,\"mediaType\":\"a/b\"}}" },
        { "{\"data\":[1,\"x\"]}", "{\"kind\":\"data\",\"data\":{\"value\":[1,\"x\"]},"
                                  "\"metadata\":{\"data_part_compat\":true}}" },
        { "{\"data\":\"x\",\"metadata\":{\"k\":1},\"mediaType\":\"a/b\"}",
          "{\"kind\":\"data\",\"data\":{\"value\":\"x\"},"
          "\"metadata\":{\"k\":1,\"mediaType\":\"a/b\",\"data_part_compat\":true}}" },
        { "{\"data\":0}", "{\"kind\":\"data\",\"data\":{\"value\":0},"
                          "\"metadata\":{\"data_part_compat\":true}}" },
        { "{\"data\":null}", "{\"kind\":\"data\",\"data\":{\"value\":null},"
                             "\"metadata\":{\"data_part_compat\":true}}" },
        { "{\"data\":{\"value\":1}}", "{\"kind\":\"data\",\"data\":{\"value\":1}}" },
        { "{\"raw\":\"\"}", "{\"kind\":\"file\",\"file\":{\"bytes\":\"\"}}" },
        { "{\"raw\":\"/+8=\",\"metadata\":{\"k\":1},\"filename\":\"f\",\"mediaType\":\"a/b\"}",
          "{\"kind\":\"file\",\"file\":{\"bytes\":\"/+8=\",\"mimeType\":\"a/b\",\"name\":\"f\"},"
          "\"metadata\":{\"k\":1}}" },
        { "{\"url\":\"https://x/\",\"mediaType\":\"a/b\"}",
          "{\"kind\":\"file\",\"file\":{\"uri\":\"https://x/\",\"mimeType\":\"a/b\"}}" },
    };

    for (size_t i = 0; i < JV_COUNT(pairs); i++)
        check_part(pairs[i][0], pairs[i][1]);
}

/* Names that mean something to us are nobody else's: only with the type that they have here. */
TEST(metadata_that_looks_like_ours)
{
    static const char *const pairs[][2] = {
        { "{\"kind\":\"data\",\"data\":{\"value\":1},\"metadata\":{\"data_part_compat\":false}}",
          "{\"data\":{\"value\":1},\"metadata\":{\"data_part_compat\":false}}" },
        { "{\"kind\":\"data\",\"data\":{\"value\":1},\"metadata\":{\"data_part_compat\":\"yes\"}}",
          "{\"data\":{\"value\":1},\"metadata\":{\"data_part_compat\":\"yes\"}}" },
        { "{\"kind\":\"data\",\"data\":{\"x\":1},\"metadata\":{\"data_part_compat\":true}}",
          "{\"data\":{\"x\":1},\"metadata\":{\"data_part_compat\":true}}" },
        { "{\"kind\":\"text\",\"text\":\"x\",\"metadata\":{\"mediaType\":7,\"filename\":null}}",
          "{\"text\":\"x\",\"metadata\":{\"mediaType\":7,\"filename\":null}}" },
        { "{\"kind\":\"file\",\"file\":{\"uri\":\"u\"},\"metadata\":{\"mediaType\":\"a/b\"}}",
          "{\"url\":\"u\",\"metadata\":{\"mediaType\":\"a/b\"}}" },
    };

    for (size_t i = 0; i < JV_COUNT(pairs); i++)
        check_request("SendMessage",
                      jv_arena_printf(arena,
                                      "{\"message\":{\"messageId\":\"m\",\"role\":\"user\","
                                      "\"parts\":[%s]}}",
                                      pairs[i][0]),
                      jv_arena_printf(arena,
                                      "{\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_USER\","
                                      "\"parts\":[%s]}}",
                                      pairs[i][1]));
}

/* A 0.3 client gets back what it sent. */
TEST(messages_there_and_back)
{
    static const char *const texts[] = {
        "{\"kind\":\"message\",\"messageId\":\"m\",\"contextId\":\"c\",\"taskId\":\"t\","
        "\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\"hi\"},{\"kind\":\"data\","
        "\"data\":{\"value\":[]}},{\"kind\":\"file\",\"file\":{\"bytes\":\"aGk=\","
        "\"mimeType\":\"a/b\",\"name\":\"n\"},\"metadata\":{\"x\":{\"y\":[true]}}}],"
        "\"metadata\":{},\"extensions\":[\"a\",\"b\"],\"referenceTaskIds\":[\"r\"]}",
        "{\"kind\":\"message\",\"messageId\":\"m\",\"role\":\"agent\","
        "\"parts\":[{\"kind\":\"file\",\"file\":{\"uri\":\"u\",\"name\":\"n\"}}]}",
    };

    for (size_t i = 0; i < JV_COUNT(texts); i++) {
        A2a__StreamResponse event = A2A__STREAM_RESPONSE__INIT;
        struct jv_err err;
        void *msg = read_old("SendMessage", in("message", texts[i]), &err);

        CHECK_OR(msg, continue);
        event.payload_case = A2A__STREAM_RESPONSE__PAYLOAD_MESSAGE;
        event.message = ((A2a__SendMessageRequest *)msg)->message;
        CHECK_STR(v03_event(&event, arena, NULL), texts[i]);
    }
}

/* ---- cards ----------------------------------------------------------------------------------- */

static const char *card_text(const char *now)
{
    const ProtobufCMessage *msg = read_new(&a2a__agent_card__descriptor, now);
    size_t len = 0;
    const char *json = msg ? v03_card((const void *)msg, arena, &len) : NULL;

    return checked(json, len);
}

#define FACE(url, binding, version)                                                                \
    "{\"url\":\"" url "\",\"protocolBinding\":\"" binding "\",\"protocolVersion\":\"" version "\"" \
    "}"

static const char card_now[] =
        "{\"name\":\"TicketsAgent\",\"description\":\"d\",\"supportedInterfaces\":"
        "[" FACE("https://h/10", "JSONRPC", "1.0") "," FACE(
                "https://h/03", "JSONRPC",
                "0.3") "," FACE("https://h/rest", "HTTP+JSON",
                                "0.3.0") "],"
                                         "\"provider\":{\"url\":\"https://"
                                         "p\",\"organization\":\"o\"},\"version\":\"2."
                                         "0.0\","
                                         "\"documentationUrl\":\"https://"
                                         "d\",\"capabilities\":{\"streaming\":true,"
                                         "\"pushNotifications\":false,\"extensions\":[{"
                                         "\"uri\":\"urn:x\",\"required\":true,"
                                         "\"params\":{\"a\":1}}],\"extendedAgentCard\":"
                                         "true},\"securitySchemes\":{"
                                         "\"b\":{\"httpAuthSecurityScheme\":{"
                                         "\"scheme\":\"Bearer\",\"bearerFormat\":"
                                         "\"JWT\"}},"
                                         "\"k\":{\"apiKeySecurityScheme\":{"
                                         "\"description\":\"D\",\"location\":"
                                         "\"header\","
                                         "\"name\":\"X-Key\"}},\"m\":{"
                                         "\"mtlsSecurityScheme\":{}},"
                                         "\"i\":{\"openIdConnectSecurityScheme\":{"
                                         "\"openIdConnectUrl\":\"https://i\"}},"
                                         "\"o\":{\"oauth2SecurityScheme\":{\"flows\":{"
                                         "\"authorizationCode\":"
                                         "{\"authorizationUrl\":\"https://"
                                         "a\",\"tokenUrl\":\"https://t\","
                                         "\"scopes\":{\"r\":\"read\"},\"pkceRequired\":"
                                         "true}},\"oauth2MetadataUrl\":\"https://m\"}},"
                                         "\"v\":{\"oauth2SecurityScheme\":{\"flows\":{"
                                         "\"deviceCode\":"
                                         "{\"deviceAuthorizationUrl\":\"https://"
                                         "a\",\"tokenUrl\":\"https://t\"}}}},"
                                         "\"w\":{\"oauth2SecurityScheme\":{\"flows\":{"
                                         "\"clientCredentials\":"
                                         "{\"tokenUrl\":\"https://t\"}}}},\"x\":{}},"
                                         "\"securityRequirements\":[{\"schemes\":{"
                                         "\"b\":{},\"o\":{\"list\":[\"r\"]}}},{}],"
                                         "\"defaultInputModes\":[\"text/"
                                         "plain\"],\"defaultOutputModes\":[\"text/"
                                         "markdown\"],"
                                         "\"skills\":[{\"id\":\"s\",\"name\":\"S\","
                                         "\"description\":\"D\",\"tags\":[\"a\"],"
                                         "\"examples\":[\"e\"],\"inputModes\":[\"i\"],"
                                         "\"outputModes\":[\"o\"],"
                                         "\"securityRequirements\":[{\"schemes\":{"
                                         "\"b\":{}}}]}],"
                                         "\"signatures\":[{\"protected\":\"p\","
                                         "\"signature\":\"s\"}],\"iconUrl\":\"https://"
                                         "i\"}";
static const char card_old[] =
        "{\"name\":\"TicketsAgent\",\"description\":\"d\",\"version\":\"2.0.0\","
        "\"provider\":{\"url\":\"https://p\",\"organization\":\"o\"},"
        "\"documentationUrl\":\"https://d\",\"iconUrl\":\"https://i\","
        "\"capabilities\":{\"streaming\":true,\"pushNotifications\":false,"
        "\"stateTransitionHistory\":false,\"extensions\":[{\"uri\":\"urn:x\",\"required\":true,"
        "\"params\":{\"a\":1}}]},\"securitySchemes\":{"
        "\"b\":{\"type\":\"http\",\"scheme\":\"Bearer\",\"bearerFormat\":\"JWT\"},"
        "\"k\":{\"type\":\"apiKey\",\"description\":\"D\",\"in\":\"header\",\"name\":\"X-Key\"}"
        ","
        "\"m\":{\"type\":\"mutualTLS\"},"
        "\"i\":{\"type\":\"openIdConnect\",\"openIdConnectUrl\":\"https://i\"},"
        "\"o\":{\"type\":\"oauth2\",\"flows\":{\"authorizationCode\":"
        "{\"authorizationUrl\":\"https://a\",\"tokenUrl\":\"https://t\","
        "\"scopes\":{\"r\":\"read\"}}},\"oauth2MetadataUrl\":\"https://m\"},"
        "\"v\":{\"type\":\"oauth2\",\"flows\":{}},"
        "\"w\":{\"type\":\"oauth2\",\"flows\":{\"clientCredentials\":"
        "{\"tokenUrl\":\"https://t\",\"scopes\":{}}}}},"
        "\"security\":[{\"b\":[],\"o\":[\"r\"]},{}],"
        "\"defaultInputModes\":[\"text/plain\"],\"defaultOutputModes\":[\"text/markdown\"],"
        "\"skills\":[{\"id\":\"s\",\"name\":\"S\",\"description\":\"D\",\"tags\":[\"a\"],"
        "\"examples\":[\"e\"],\"inputModes\":[\"i\"],\"outputModes\":[\"o\"],"
        "\"security\":[{\"b\":[]}]}],\"protocolVersion\":\"0.3.0\",\"url\":\"https://h/03\","
        "\"preferredTransport\":\"JSONRPC\",\"additionalInterfaces\":["
        "{\"url\":\"https://h/03\",\"transport\":\"JSONRPC\"},"
        "{\"url\":\"https://h/rest\",\"transport\":\"HTTP+JSON\"}],"
        "\"supportsAuthenticatedExtendedCard\":true}";

TEST(a_card_with_everything)
{
    CHECK_STR(card_text(card_now), card_old);
    check_result("GetExtendedAgentCard", &a2a__agent_card__descriptor, card_now, card_old);
}

TEST(a_card_with_nothing)
{
    static const char *const none[] = {
        "{}",
        "{\"supportedInterfaces\":[" FACE("u", "JSONRPC", "1.0") "]}",
        "{\"supportedInterfaces\":[" FACE("u", "JSONRPC", "0.30") "," FACE("u", "JSONRPC", "") "]}",
    };

    for (size_t i = 0; i < JV_COUNT(none); i++)
        CHECK(!card_text(none[i]));
    CHECK_STR(card_text("{\"supportedInterfaces\":[" FACE("u", "HTTP+JSON", "0.3") "]}"),
              "{\"name\":\"\",\"description\":\"\",\"version\":\"\","
              "\"capabilities\":{\"stateTransitionHistory\":false},\"defaultInputModes\":[],"
              "\"defaultOutputModes\":[],\"skills\":[],\"protocolVersion\":\"0.3.0\",\"url\":\"u\","
              "\"preferredTransport\":\"HTTP+JSON\",\"additionalInterfaces\":["
              "{\"url\":\"u\",\"transport\":\"HTTP+JSON\"}]}");
}

/* Memory grows with what is there, not with its square. */
TEST(a_card_with_thousands_of_schemes)
{
    enum { many = 5000, most = 32 << 20 };
    struct jv_buf b = jv_buf_new(arena);
    A2a__AgentCard *card;
    size_t before, len = 0;
    const char *json;

    jv_buf_str(&b,
               "{\"supportedInterfaces\":[" FACE("u", "JSONRPC", "0.3") "],\"securitySchemes\":{");
    for (int i = 0; i < many; i++)
        jv_buf_printf(&b, "%s\"s%d\":{\"mtlsSecurityScheme\":{}}", i ? "," : "", i);
    jv_buf_str(&b, "},\"securityRequirements\":[{\"schemes\":{");
    for (int i = 0; i < many; i++)
        jv_buf_printf(&b, "%s\"s%d\":{}", i ? "," : "", i);
    jv_buf_str(&b, "}}]}");
    card = (void *)(uintptr_t)read_new(&a2a__agent_card__descriptor, b.data);
    CHECK_OR(card, return );
    before = jv_arena_used(arena);
    json = v03_card(card, arena, &len);
    CHECK(jv_arena_used(arena) - before < most);
    CHECK_HAS(checked(json, len), "\"s4999\":{\"type\":\"mutualTLS\"}");
    CHECK_HAS(json, "\"s4999\":[]");
}

int main(int argc, char **argv)
{
    int r;

    arena = jv_arena_new(256 << 20);
    r = check_run(argc, argv);
    jv_arena_free(arena);
    return r;
}
