/* test_v03.c -- what clients of A2A 0.3 ask, as 1.0 messages; what is wrong with it, and where. */
#include "v03_check.h"

TEST(methods_have_their_names)
{
    static const char *const names[][2] = {
        { "message/send", "SendMessage" },
        { "message/stream", "SendStreamingMessage" },
        { "tasks/get", "GetTask" },
        { "tasks/cancel", "CancelTask" },
        { "tasks/resubscribe", "SubscribeToTask" },
        { "tasks/pushNotificationConfig/set", "CreateTaskPushNotificationConfig" },
        { "tasks/pushNotificationConfig/get", "GetTaskPushNotificationConfig" },
        { "tasks/pushNotificationConfig/list", "ListTaskPushNotificationConfigs" },
        { "tasks/pushNotificationConfig/delete", "DeleteTaskPushNotificationConfig" },
        { "agent/getAuthenticatedExtendedCard", "GetExtendedAgentCard" },
    };
    static const char *const unknown[] = { "", "SendMessage", "message/Send", "tasks/list",
                                           "message/send " };
    struct jv_err err;

    for (size_t i = 0; i < JV_COUNT(names); i++)
        CHECK_STR(v03_method(names[i][0]), names[i][1]);
    for (size_t i = 0; i < JV_COUNT(unknown); i++)
        CHECK(!v03_method(unknown[i]));
    CHECK(!read_old("ListTasks", "{}", &err));
    CHECK_INT(err.code, JV_UNIMPLEMENTED);
    CHECK(!v03_result("ListTasks", jv_msg_new(&a2a__list_tasks_response__descriptor, arena), arena,
                      NULL));
}

#define HEAD                                                                                       \
    "{\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"hi\"}]}"
#define HELLO                                                                                      \
    "\"message\":{\"messageId\":\"m\",\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":"   \
    "\"hi\"}]}"

TEST(a_message_with_all_its_members)
{
    static const char old[] =
            "{\"message\":{\"kind\":\"message\",\"messageId\":\"m-1\",\"contextId\":\"c-1\","
            "\"taskId\":\"t-1\",\"role\":\"user\",\"parts\":["
            "{\"kind\":\"text\",\"text\":\"hi\",\"metadata\":{\"a\":[1,null]}},"
            "{\"kind\":\"data\",\"data\":{\"tool\":\"find\",\"arguments\":{}}},"
            "{\"kind\":\"file\",\"file\":{\"bytes\":\"aGk\",\"mimeType\":\"text/plain\","
            "\"name\":\"a.txt\"}},"
            "{\"kind\":\"file\",\"file\":{\"uri\":\"https://x/y\"},\"metadata\":{}}],"
            "\"metadata\":{\"k\":true},\"extensions\":[\"urn:x\"],\"referenceTaskIds\":[\"t-0\"]},"
            "\"configuration\":{\"acceptedOutputModes\":[\"text/plain\",\"application/json\"],"
            "\"blocking\":false,\"historyLength\":0,\"pushNotificationConfig\":{\"id\":\"p\","
            "\"url\":\"https://hook/\",\"token\":\"s\",\"authentication\":"
            "{\"schemes\":[\"Bearer\",\"Basic\"],\"credentials\":\"x\"}}},"
            "\"metadata\":{\"n\":1.5},\"unknown\":[{}]}";
    static const char now[] =
            "{\"message\":{\"messageId\":\"m-1\",\"contextId\":\"c-1\",\"taskId\":\"t-1\","
            "\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"hi\",\"metadata\":{\"a\":[1,null]}},"
            "{\"data\":{\"tool\":\"find\",\"arguments\":{}}},"
            "{\"raw\":\"aGk=\",\"filename\":\"a.txt\",\"mediaType\":\"text/plain\"},"
            "{\"url\":\"https://x/y\",\"metadata\":{}}],"
            "\"metadata\":{\"k\":true},\"extensions\":[\"urn:x\"],\"referenceTaskIds\":[\"t-0\"]},"
            "\"configuration\":{\"acceptedOutputModes\":[\"text/plain\",\"application/json\"],"
            "\"taskPushNotificationConfig\":{\"id\":\"p\",\"url\":\"https://hook/"
            "\",\"token\":\"s\","
            "\"authentication\":{\"scheme\":\"Bearer\",\"credentials\":\"x\"}},"
            "\"historyLength\":0,\"returnImmediately\":true},\"metadata\":{\"n\":1.5}}";

    check_request("SendMessage", old, now);
    check_request("SendStreamingMessage", old, now);
}

TEST(what_may_be_left_out)
{
    check_request("SendMessage", "{" HELLO "}", HEAD "}");
    check_request("SendMessage", "{" HELLO ",\"configuration\":null,\"metadata\":null}", HEAD "}");
    check_request("SendMessage", "{" HELLO ",\"configuration\":{}}", HEAD ",\"configuration\":{}}");
    check_request("SendMessage", "{" HELLO ",\"configuration\":{\"blocking\":true}}",
                  HEAD ",\"configuration\":{}}");
    check_request(
            "SendMessage",
            "{\"message\":{\"kind\":null,\"messageId\":\"m\",\"role\":\"agent\",\"taskId\":null,"
            "\"parts\":[{\"kind\":\"text\",\"text\":\"\",\"file\":7}],\"role2\":1}}",
            "{\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_AGENT\","
            "\"parts\":[{\"text\":\"\"}]}}");
}

TEST(requests_about_a_task)
{
    static const struct {
        const char *rpc, *old, *now;
    } cases[] = {
        { "GetTask", "{\"id\":\"t\"}", "{\"id\":\"t\"}" },
        { "GetTask", "{\"id\":\"t\",\"historyLength\":7,\"metadata\":{}}",
          "{\"id\":\"t\",\"historyLength\":7}" },
        { "GetTask", "{\"id\":\"t\",\"historyLength\":0}", "{\"id\":\"t\",\"historyLength\":0}" },
        { "GetTask", "{\"id\":\"t\",\"historyLength\":2147483647}",
          "{\"id\":\"t\",\"historyLength\":2147483647}" },
        { "CancelTask", "{\"id\":\"t\",\"metadata\":{\"why\":\"no\"}}",
          "{\"id\":\"t\",\"metadata\":{\"why\":\"no\"}}" },
        { "SubscribeToTask", "{\"id\":\"t\",\"metadata\":{\"why\":\"no\"}}", "{\"id\":\"t\"}" },
        { "CreateTaskPushNotificationConfig",
          "{\"taskId\":\"t\",\"pushNotificationConfig\":{\"id\":\"p\",\"url\":\"https://h/\","
          "\"token\":\"s\",\"authentication\":{\"schemes\":[\"Bearer\"]}}}",
          "{\"id\":\"p\",\"taskId\":\"t\",\"url\":\"https://h/\",\"token\":\"s\","
          "\"authentication\":{\"scheme\":\"Bearer\"}}" },
        { "CreateTaskPushNotificationConfig",
          "{\"taskId\":\"t\",\"pushNotificationConfig\":{\"url\":\"https://h/\"}}",
          "{\"id\":\"t\",\"taskId\":\"t\",\"url\":\"https://h/\"}" },
        { "GetTaskPushNotificationConfig", "{\"id\":\"t\",\"pushNotificationConfigId\":\"p\"}",
          "{\"taskId\":\"t\",\"id\":\"p\"}" },
        { "GetTaskPushNotificationConfig", "{\"id\":\"t\"}", "{\"taskId\":\"t\",\"id\":\"t\"}" },
        { "GetTaskPushNotificationConfig", "{\"id\":\"t\",\"pushNotificationConfigId\":\"\"}",
          "{\"taskId\":\"t\",\"id\":\"t\"}" },
        { "ListTaskPushNotificationConfigs", "{\"id\":\"t\"}",
          "{\"taskId\":\"t\",\"pageSize\":100}" },
        { "DeleteTaskPushNotificationConfig", "{\"id\":\"t\",\"pushNotificationConfigId\":\"p\"}",
          "{\"taskId\":\"t\",\"id\":\"p\"}" },
        { "GetExtendedAgentCard", "", "{}" },
        { "GetExtendedAgentCard", "null", "{}" },
        { "GetExtendedAgentCard", "{\"tenant\":\"x\"}", "{}" },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++)
        check_request(cases[i].rpc, cases[i].old, cases[i].now);
}

/* ---- refusals -------------------------------------------------------------------------------- */

struct refusal {
    const char *params, *field, *text;
};

static void check_refused(const char *rpc, const struct refusal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct jv_err err;

        CHECK(!read_old(rpc, cases[i].params, &err));
        CHECK_INT(err.code, JV_INVALID_ARGUMENT);
        CHECK_STR(err.field, cases[i].field);
        CHECK_STR(err.text, cases[i].text);
        CHECK_STR(err.reason, "");
    }
}

/* A message whose members these are, and whose parts. */
#define MESSAGE(members) "{\"message\":{\"messageId\":\"m\",\"role\":\"user\"," members "}}"
#define PART(part)       MESSAGE("\"parts\":[{\"kind\":\"text\",\"text\":\"\"}," part "]")
#define CONFIG(members)  "{" HELLO ",\"configuration\":{" members "}}"

TEST(messages_that_are_wrong)
{
    static const struct refusal cases[] = {
        { "", "message", "message: is required" },
        { "{}", "message", "message: is required" },
        { "{\"message\":null}", "message", "message: is required" },
        { "{\"message\":[]}", "message", "message: is required" },
        { "{\"message\":[1]}", "message", "message: must be an object" },
        { "{\"message\":\"hi\"}", "message", "message: must be an object" },
        { "{\"message\":{}}", "message.messageId", "message.messageId: is required" },
        { "{\"message\":{\"messageId\":\"\"}}", "message.messageId",
          "message.messageId: is required" },
        { "{\"message\":{\"messageId\":7}}", "message.messageId",
          "message.messageId: must be a string" },
        { "{\"message\":{\"messageId\":\"m\"}}", "message.role", "message.role: is required" },
        { "{\"message\":{\"messageId\":\"m\",\"role\":\"ROLE_USER\"}}", "message.role",
          "message.role: must be one of user, agent" },
        { "{\"message\":{\"messageId\":\"m\",\"role\":1}}", "message.role",
          "message.role: must be one of user, agent" },
        { "{\"message\":{\"messageId\":\"m\",\"role\":\"user\"}}", "message.parts",
          "message.parts: is required" },
        { MESSAGE("\"kind\":\"task\""), "message.kind", "message.kind: must be message" },
        { MESSAGE("\"kind\":{}"), "message.kind", "message.kind: must be message" },
        { MESSAGE("\"parts\":[]"), "message.parts", "message.parts: is required" },
        { MESSAGE("\"parts\":{}"), "message.parts", "message.parts: must be a list" },
        { MESSAGE("\"contextId\":1,\"parts\":[{}]"), "message.contextId",
          "message.contextId: must be a string" },
        { MESSAGE("\"taskId\":false"), "message.taskId", "message.taskId: must be a string" },
        { "{" HELLO ",\"metadata\":[]}", "metadata", "metadata: must be an object" },
        { "{" HELLO ",\"configuration\":\"x\"}", "configuration",
          "configuration: must be an object" },
    };

    check_refused("SendMessage", cases, JV_COUNT(cases));
    check_refused("SendStreamingMessage", cases, JV_COUNT(cases));
}

#define P1 "message.parts[1]"
#define OK "\"parts\":[{\"kind\":\"text\",\"text\":\"\"}],"

TEST(parts_that_are_wrong)
{
    static const struct refusal cases[] = {
        { PART("7"), P1, P1 ": must be an object" },
        { PART("null"), P1, P1 ": must be an object" },
        { PART("{}"), P1 ".kind", P1 ".kind: is required" },
        { PART("{\"text\":\"hi\"}"), P1 ".kind", P1 ".kind: is required" },
        { PART("{\"kind\":\"\"}"), P1 ".kind", P1 ".kind: must be one of text, file, data" },
        { PART("{\"kind\":3}"), P1 ".kind", P1 ".kind: must be one of text, file, data" },
        { PART("{\"kind\":\"text\"}"), P1 ".text", P1 ".text: is required" },
        { PART("{\"kind\":\"text\",\"text\":1}"), P1 ".text", P1 ".text: must be a string" },
        { PART("{\"kind\":\"text\",\"text\":\"\",\"metadata\":1}"), P1 ".metadata",
          P1 ".metadata: must be an object" },
        { PART("{\"kind\":\"data\"}"), P1 ".data", P1 ".data: is required" },
        { PART("{\"kind\":\"data\",\"data\":null}"), P1 ".data", P1 ".data: is required" },
        { PART("{\"kind\":\"data\",\"data\":[1]}"), P1 ".data", P1 ".data: must be an object" },
        { PART("{\"kind\":\"data\",\"data\":\"x\"}"), P1 ".data", P1 ".data: must be an object" },
        { PART("{\"kind\":\"file\"}"), P1 ".file", P1 ".file: is required" },
        { PART("{\"kind\":\"file\",\"file\":\"x\"}"), P1 ".file", P1 ".file: must be an object" },
        { PART("{\"kind\":\"file\",\"file\":{}}"), P1 ".file",
          P1 ".file: must have one of bytes and uri" },
        { PART("{\"kind\":\"file\",\"file\":{\"bytes\":\"\",\"uri\":\"x\"}}"), P1 ".file",
          P1 ".file: must have one of bytes and uri" },
        { PART("{\"kind\":\"file\",\"file\":{\"bytes\":1}}"), P1 ".file.bytes",
          P1 ".file.bytes: must be a base64 string" },
        { PART("{\"kind\":\"file\",\"file\":{\"bytes\":\"?\"}}"), P1 ".file.bytes",
          P1 ".file.bytes: is not valid base64" },
        { PART("{\"kind\":\"file\",\"file\":{\"uri\":{}}}"), P1 ".file.uri",
          P1 ".file.uri: must be a string" },
        { PART("{\"kind\":\"file\",\"file\":{\"uri\":\"x\",\"mimeType\":1}}"), P1 ".file.mimeType",
          P1 ".file.mimeType: must be a string" },
        { PART("{\"kind\":\"file\",\"file\":{\"uri\":\"x\",\"name\":[]}}"), P1 ".file.name",
          P1 ".file.name: must be a string" },
        { MESSAGE(OK "\"metadata\":\"x\""), "message.metadata",
          "message.metadata: must be an object" },
        { MESSAGE(OK "\"extensions\":\"x\""), "message.extensions",
          "message.extensions: must be a list of strings" },
        { MESSAGE(OK "\"extensions\":[\"x\",1]"), "message.extensions[1]",
          "message.extensions[1]: must be a string" },
        { MESSAGE(OK "\"referenceTaskIds\":[null]"), "message.referenceTaskIds[0]",
          "message.referenceTaskIds[0]: must be a string" },
    };

    check_refused("SendMessage", cases, JV_COUNT(cases));
}

#define CP "configuration.pushNotificationConfig"
#define CA CP ".authentication"
#define AUTH(members)                                                                              \
    CONFIG("\"pushNotificationConfig\":{\"url\":\"u\",\"authentication\":{" members "}}")

TEST(configurations_that_are_wrong)
{
    static const struct refusal cases[] = {
        { CONFIG("\"blocking\":\"yes\""), "configuration.blocking",
          "configuration.blocking: must be true or false" },
        { CONFIG("\"historyLength\":\"3\""), "configuration.historyLength",
          "configuration.historyLength: must be a whole number" },
        { CONFIG("\"historyLength\":1.5"), "configuration.historyLength",
          "configuration.historyLength: must be a whole number" },
        { CONFIG("\"historyLength\":-1"), "configuration.historyLength",
          "configuration.historyLength: must be between 0 and 2147483647" },
        { CONFIG("\"historyLength\":2147483648"), "configuration.historyLength",
          "configuration.historyLength: must be between 0 and 2147483647" },
        { CONFIG("\"acceptedOutputModes\":{}"), "configuration.acceptedOutputModes",
          "configuration.acceptedOutputModes: must be a list of strings" },
        { CONFIG("\"pushNotificationConfig\":7"), CP, CP ": must be an object" },
        { CONFIG("\"pushNotificationConfig\":{}"), CP ".url", CP ".url: is required" },
        { CONFIG("\"pushNotificationConfig\":{\"url\":7}"), CP ".url",
          CP ".url: must be a string" },
        { CONFIG("\"pushNotificationConfig\":{\"id\":7,\"url\":\"u\"}"), CP ".id",
          CP ".id: must be a string" },
        { CONFIG("\"pushNotificationConfig\":{\"url\":\"u\",\"token\":7}"), CP ".token",
          CP ".token: must be a string" },
        { AUTH(""), CA ".schemes", CA ".schemes: is required" },
        { AUTH("\"schemes\":[]"), CA ".schemes", CA ".schemes: is required" },
        { AUTH("\"schemes\":\"Bearer\""), CA ".schemes", CA ".schemes: must be a list of strings" },
        { AUTH("\"schemes\":[1]"), CA ".schemes[0]", CA ".schemes[0]: must be a string" },
        { AUTH("\"schemes\":[\"\"]"), CA ".schemes[0]", CA ".schemes[0]: must not be empty" },
        { AUTH("\"schemes\":[\"B\"],\"credentials\":1"), CA ".credentials",
          CA ".credentials: must be a string" },
    };

    check_refused("SendMessage", cases, JV_COUNT(cases));
}

TEST(task_requests_that_are_wrong)
{
    static const char *const by_id[] = { "GetTask",
                                         "CancelTask",
                                         "SubscribeToTask",
                                         "GetTaskPushNotificationConfig",
                                         "ListTaskPushNotificationConfigs",
                                         "DeleteTaskPushNotificationConfig" };
    static const struct refusal id[] = {
        { "", "id", "id: is required" },
        { "{\"id\":\"\"}", "id", "id: is required" },
        { "{\"taskId\":\"t\"}", "id", "id: is required" },
        { "{\"id\":12}", "id", "id: must be a string" },
        { "{\"id\":\"t\",\"pushNotificationConfigId\":\"p\",\"metadata\":\"x\"}", "metadata",
          "metadata: must be an object" },
    };
    static const struct refusal get[] = {
        { "{\"id\":\"t\",\"historyLength\":-1}", "historyLength",
          "historyLength: must be between 0 and 2147483647" },
        { "{\"id\":\"t\",\"historyLength\":true}", "historyLength",
          "historyLength: must be a whole number" },
    };
    static const struct refusal drop[] = {
        { "{\"id\":\"t\"}", "pushNotificationConfigId", "pushNotificationConfigId: is required" },
        { "{\"id\":\"t\",\"pushNotificationConfigId\":1}", "pushNotificationConfigId",
          "pushNotificationConfigId: must be a string" },
    };
    static const struct refusal set[] = {
        { "{}", "taskId", "taskId: is required" },
        { "{\"taskId\":1}", "taskId", "taskId: must be a string" },
        { "{\"taskId\":\"t\"}", "pushNotificationConfig", "pushNotificationConfig: is required" },
        { "{\"taskId\":\"t\",\"pushNotificationConfig\":\"u\"}", "pushNotificationConfig",
          "pushNotificationConfig: must be an object" },
        { "{\"taskId\":\"t\",\"pushNotificationConfig\":{}}", "pushNotificationConfig.url",
          "pushNotificationConfig.url: is required" },
    };

    for (size_t i = 0; i < JV_COUNT(by_id); i++)
        check_refused(by_id[i], id, JV_COUNT(id));
    check_refused("GetTask", get, JV_COUNT(get));
    check_refused("DeleteTaskPushNotificationConfig", drop, JV_COUNT(drop));
    check_refused("CreateTaskPushNotificationConfig", set, JV_COUNT(set));
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* before, then `what` n times, then after, then `end` n times, then the rest. */
static const char *repeated(const char *before, const char *what, size_t n, const char *after,
                            const char *end, const char *rest)
{
    struct jv_buf b = jv_buf_new(arena);

    jv_buf_str(&b, before);
    for (size_t i = 0; i < n; i++)
        jv_buf_str(&b, what);
    jv_buf_str(&b, after);
    for (size_t i = 0; i < n; i++)
        jv_buf_str(&b, end);
    jv_buf_str(&b, rest);
    return b.data;
}

TEST(limits)
{
    static const char data[] = "{\"message\":{\"messageId\":\"m\",\"role\":\"user\",\"parts\":["
                               "{\"kind\":\"data\",\"data\":{\"x\":";
    static const struct {
        const char *params, *reason;
        int code;
    } wrong[] = {
        { "{\"message\":", "MALFORMED_JSON", JV_INVALID_ARGUMENT },
        { "hello", "MALFORMED_JSON", JV_INVALID_ARGUMENT },
        { "{\"id\":\"a\",\"id\":\"b\"}", "MALFORMED_JSON", JV_INVALID_ARGUMENT },
        { "[]", "", JV_INVALID_ARGUMENT },
        { "\"id\"", "", JV_INVALID_ARGUMENT },
    };
    struct jv_err err;
    const char *text;

    for (size_t i = 0; i < JV_COUNT(wrong); i++) {
        CHECK(!read_old("GetTask", wrong[i].params, &err));
        CHECK_INT(err.code, wrong[i].code);
        CHECK_STR(err.reason, wrong[i].reason);
    }
    CHECK(read_old("SendMessage", repeated(data, "[", 27, "", "]", "}}]}}"), &err));
    CHECK(!read_old("SendMessage", repeated(data, "[", 28, "", "]", "}}]}}"), &err));
    CHECK_INT(err.code, JV_INVALID_ARGUMENT);
    CHECK_HAS(err.text, "deep");
    text = repeated("{\"id\":\"", "x", JV_MAX_BODY - 9, "", "", "\"}");
    CHECK_INT(strlen(text), JV_MAX_BODY);
    CHECK(read_old("GetTask", text, &err));
    text = repeated("{\"id\":\"", "x", JV_MAX_BODY - 8, "", "", "\"}");
    CHECK(!read_old("GetTask", text, &err));
    CHECK_INT(err.code, JV_RESOURCE_EXHAUSTED);
}

TEST(many_parts_and_many_unknown_members)
{
    struct jv_buf b = jv_buf_new(arena);
    const char *text = repeated("{\"message\":{\"messageId\":\"m\",\"role\":\"user\",\"parts\":["
                                "{\"kind\":\"text\",\"text\":\"\"}",
                                ",{\"kind\":\"text\",\"text\":\"\"}", 19999, "]}}", "", "");
    struct jv_err err;
    ProtobufCMessage *msg = read_old("SendMessage", text, &err);

    CHECK_OR(msg, return );
    CHECK_INT(((A2a__SendMessageRequest *)(void *)msg)->message->n_parts, 20000);
    jv_buf_str(&b, "{\"id\":\"t\"");
    for (int i = 0; i < 60000; i++)
        jv_buf_printf(&b, ",\"%d\":0", i);
    jv_buf_str(&b, "}");
    check_request("GetTask", b.data, "{\"id\":\"t\"}");
}

int main(int argc, char **argv)
{
    int r;

    arena = jv_arena_new(256 << 20);
    r = check_run(argc, argv);
    jv_arena_free(arena);
    return r;
}
