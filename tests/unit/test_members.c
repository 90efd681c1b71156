/* test_members.c -- members by name, from text, and the required ones. */
#include "unit/wire_help.h"

#define MSG &a2a__send_message_request__descriptor

TEST(members_by_name)
{
    A2a__ListTasksRequest m = A2A__LIST_TASKS_REQUEST__INIT;
    A2a__SendMessageConfiguration c = A2A__SEND_MESSAGE_CONFIGURATION__INIT;
    A2a__Part p = A2A__PART__INIT;
    struct jv_err err = { 0 };

    fresh_arena();
    CHECK_STR(jv_get_text(&m.base, "context_id"), "");
    CHECK(!jv_get_text(&m.base, "page_size"));
    CHECK(!jv_get_text(&m.base, "nothing"));
    CHECK(jv_set_text(&m.base, "contextId", "c"));
    CHECK_STR(jv_get_text(&m.base, "context_id"), "c");
    CHECK(!jv_set_text(&m.base, "status", "x"));
    CHECK_STR(jv_get_text(&p.base, "url"), "");
    CHECK(jv_set_text(&p.base, "url", "u"));
    CHECK_INT(p.content_case, A2A__PART__CONTENT_URL);
    CHECK_STR(jv_get_text(&p.base, "text"), "");

    CHECK_INT(jv_set_from_text(&m.base, "page_size", "7", arena, &err), JV_OK);
    CHECK_INT(m._page_size_case, A2A__LIST_TASKS_REQUEST___PAGE_SIZE_PAGE_SIZE);
    CHECK_INT(m.page_size, 7);
    CHECK_INT(jv_set_from_text(&m.base, "status", "TASK_STATE_WORKING", arena, &err), JV_OK);
    CHECK_INT(m.status, 2);
    CHECK_INT(jv_set_from_text(&m.base, "status", "3", arena, &err), JV_OK);
    CHECK_INT(m.status, 3);
    CHECK_INT(jv_set_from_text(&m.base, "includeArtifacts", "true", arena, &err), JV_OK);
    CHECK_INT(m.include_artifacts, 1);
    CHECK_INT(
            jv_set_from_text(&m.base, "statusTimestampAfter", "2025-01-01T00:00:00Z", arena, &err),
            JV_OK);
    CHECK_INT(m.status_timestamp_after->seconds, 1735689600);
    for (int i = 0; i < 2; i++)
        CHECK_INT(jv_set_from_text(&c.base, "acceptedOutputModes", i ? "b" : "a", arena, &err), 0);
    CHECK_INT(c.n_accepted_output_modes, 2);
    CHECK_STR(c.accepted_output_modes[1], "b");

    CHECK_INT(jv_set_from_text(&m.base, "pageSize", "1x", arena, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "pageSize: must be a whole number");
    CHECK_INT(jv_set_from_text(&m.base, "nope", "1", arena, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "nope: unknown member of ListTasksRequest");
    CHECK_INT(jv_set_from_text(&m.base, "includeArtifacts", "yes", arena, &err),
              JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "includeArtifacts: must be true or false");
    CHECK_INT(jv_set_from_text(&m.base, "tenant", "\xff", arena, &err), JV_INVALID_ARGUMENT);
    CHECK_INT(jv_set_from_text(&c.base, "task_push_notification_config", "x", arena, &err),
              JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "task_push_notification_config: must be an object");
}

TEST(lists_from_text_are_bounded)
{
    A2a__SendMessageConfiguration c = A2A__SEND_MESSAGE_CONFIGURATION__INIT;
    struct jv_err err = { 0 };
    int r = JV_OK;

    fresh_arena();
    for (int i = 0; i < 1001 && !r; i++)
        r = jv_set_from_text(&c.base, "accepted_output_modes", "a", arena, &err);
    CHECK_INT(r, JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "accepted_output_modes: has more than 1000 values");
}

/* ---- required members ----------------------------------------------------------------------- */

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *json, *field; /* NULL: all are there */
} required[] = {
    { MSG, "{}", "message" },
    { MSG, "{\"message\":{}}", "message.messageId" },
    { MSG, "{\"message\":{\"messageId\":\"m\"}}", "message.role" },
    { MSG, "{\"message\":{\"messageId\":\"m\",\"role\":1}}", "message.parts" },
    { MSG, "{\"message\":{\"messageId\":\"m\",\"role\":1,\"parts\":[{}]}}", NULL },
    { MSG,
      "{\"message\":{\"messageId\":\"m\",\"role\":1,\"parts\":[{}]},"
      "\"configuration\":{\"taskPushNotificationConfig\":{}}}",
      "configuration.taskPushNotificationConfig.url" },
    { &a2a__agent_card__descriptor,
      "{\"name\":\"n\",\"description\":\"d\",\"supportedInterfaces\":[{\"url\":\"u\"}]}",
      "supportedInterfaces[0].protocolBinding" },
    { &registry__set_enabled_request__descriptor, "{\"name\":\"a\"}", "enabled" },
    { &registry__set_enabled_request__descriptor, "{\"name\":\"a\",\"enabled\":false}", NULL },
    { &sessions__add_message_request__descriptor, "{\"sessionId\":\"a\",\"content\":\"b\"}",
      "role" },
    { &registry__auth_config__descriptor, "{\"type\":\"none\"}", NULL },
    { &tickets__get_request__descriptor, "{}", "ticketId" },
    { &tickets__get_request__descriptor, "{\"ticketId\":-1}", NULL },
};

TEST(required_members)
{
    for (size_t i = 0; i < JV_COUNT(required); i++) {
        struct jv_err err = { 0 };
        ProtobufCMessage *msg;
        char want[200];
        int r;

        fresh_arena();
        msg = jv_json_to_msg(required[i].type, required[i].json, strlen(required[i].json),
                             JV_JSON_STRICT, arena, &err);
        CHECK_OR(msg, printf("# %s\n", err.text));
        if (!msg)
            continue;
        r = jv_validate_as(msg, JV_JSON_CAMEL, &err);
        CHECK_INT(r, required[i].field ? JV_INVALID_ARGUMENT : JV_OK);
        snprintf(want, sizeof(want), "%s: is required", required[i].field ? required[i].field : "");
        if (required[i].field) {
            CHECK_STR(err.text, want);
            CHECK_STR(err.field, required[i].field);
        }
    }
}

TEST(required_members_by_their_proto_names)
{
    Tickets__GetRequest get = TICKETS__GET_REQUEST__INIT;
    struct jv_err err = { 0 };

    CHECK_INT(jv_validate(&get.base, &err), JV_INVALID_ARGUMENT);
    CHECK_STR(err.field, "ticket_id");
}

TEST_MAIN()
