/* test_schema.c -- JSON Schema and comments out of the .proto files. */
#include "unit/wire_help.h"

static const char *schema(const ProtobufCMessageDescriptor *type, unsigned flags)
{
    return jv_msg_to_json(&jv_schema(type, flags, arena)->base, 0, arena, NULL);
}

TEST(a_tool_request)
{
    fresh_arena();
    CHECK_STR(schema(&tickets__get_request__descriptor, JV_JSON_SNAKE),
              "{\"type\":\"object\",\"properties\":{\"ticket_id\":{\"type\":\"integer\","
              "\"format\":\"int32\",\"description\":\"The ticket's number.\"}},"
              "\"required\":[\"ticket_id\"],\"additionalProperties\":false}");
}

TEST(enums_lists_times_and_longs)
{
    const char *ticket, *agent, *budget;

    fresh_arena();
    ticket = schema(&tickets__ticket__descriptor, JV_JSON_SNAKE);
    CHECK_HAS(ticket, "\"status\":{\"type\":\"string\",\"enum\":[\"pending\",\"in_progress\","
                      "\"approved\",\"completed\",\"rejected\"],\"description\":\"Where a ticket "
                      "stands. pending: nobody has started; in_progress:");
    CHECK_HAS(ticket, "\"created_at\":{\"type\":\"string\",\"format\":\"date-time\"}");
    agent = schema(&registry__auth_config__descriptor, JV_JSON_SNAKE);
    CHECK_HAS(agent, "\"scopes\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
    CHECK_HAS(agent, "\"enum\":[\"none\",\"bearer\",\"api_key\",\"oauth2\"]");
    budget = schema(&sessions__message__descriptor, JV_JSON_SNAKE);
    CHECK_HAS(budget, "\"id\":{\"type\":\"string\",\"format\":\"int64\"");
}

/* The three tools of a family take the same. */
TEST(filters_of_lists)
{
    static const ProtobufCMessageDescriptor *const lists[] = {
        &tickets__list_all_request__descriptor,
        &tickets__list_request__descriptor,
        &tickets__list_mine_request__descriptor,
    };
    static const ProtobufCMessageDescriptor *const exams[] = {
        &oxygen__exams_request__descriptor,
        &oxygen__my_exams_request__descriptor,
    };

    fresh_arena();
    for (size_t i = 0; i < JV_COUNT(lists); i++) {
        const char *list = schema(lists[i], JV_JSON_SNAKE);

        CHECK_HAS(list, "\"status\":{\"type\":\"string\",\"enum\":[\"pending\",\"in_progress\","
                        "\"approved\",\"completed\",\"rejected\",\"open\",\"closed\"],");
        CHECK_HAS(list, "\"order\":{\"type\":\"string\",\"enum\":[\"newest\",\"oldest\"],");
        CHECK_HAS(list, "\"created_from\":{\"type\":\"string\",\"format\":\"date-time\",");
        CHECK_HAS(list, "\"created_until\":{\"type\":\"string\",\"format\":\"date-time\",");
    }
    for (size_t i = 0; i < JV_COUNT(exams); i++) {
        const char *list = schema(exams[i], JV_JSON_SNAKE);

        CHECK_HAS(list, "\"urgency\":{\"type\":\"string\",\"enum\":[\"upcoming\",\"urgent\",");
        CHECK_HAS(list, "\"due_from\":{\"type\":\"string\",\"format\":\"date-time\",");
        CHECK_HAS(list, "\"due_until\":{\"type\":\"string\",\"format\":\"date-time\",");
    }
    CHECK_HAS(schema(&finops__costs_request__descriptor, JV_JSON_SNAKE),
              "\"order\":{\"type\":\"string\",\"enum\":[\"costliest\",\"cheapest\"],");
    CHECK_HAS(schema(&oxygen__courses_request__descriptor, JV_JSON_SNAKE),
              "\"state\":{\"type\":\"string\",\"enum\":[\"enrolled\",\"completed\"],");
}

TEST(a2a_types)
{
    const char *request, *card;

    fresh_arena();
    request = schema(&a2a__send_message_request__descriptor, JV_JSON_CAMEL);
    CHECK_HAS(request, "\"historyLength\":{\"type\":\"integer\"");
    CHECK_HAS(request, "\"raw\":{\"type\":\"string\",\"contentEncoding\":\"base64\",");
    CHECK_HAS(request, "\"data\":{\"description\":\"Any JSON value.\"}");
    CHECK_HAS(request, "\"metadata\":{\"type\":\"object\"}");
    CHECK_HAS(request, "\"required\":[\"messageId\",\"role\",\"parts\"]");
    card = schema(&a2a__agent_card__descriptor, JV_JSON_CAMEL);
    CHECK_HAS(card, "\"securitySchemes\":{\"type\":\"object\",\"additionalProperties\":{\"type\":"
                    "\"object\"");
}

TEST(every_type_has_one_and_it_ends)
{
    collect_types();
    for (size_t i = 0; i < n_all_types; i++) {
        fresh_arena();
        CHECK_OR(strlen(schema(all_types[i], JV_JSON_SNAKE)) >= 2, return );
        CHECK_OR(jv_arena_used(arena) < 4 << 20,
                 printf("# %s: %zu\n", all_types[i]->name, jv_arena_used(arena)));
    }
}

TEST(comments)
{
    CHECK_STR(jv_comment("jarvis.tickets.v1.Tickets.Get"), "Show one ticket by its number.");
    CHECK_STR(jv_comment("jarvis.tickets.v1.Ticket.id"), "The ticket's number: 12301.");
    CHECK_HAS(jv_comment("jarvis.tickets.v1.Status"), "Where a ticket stands.");
    CHECK_HAS(jv_comment("lf.a2a.v1.A2AService"), "What every agent serves");
    CHECK_STR(jv_comment("jarvis.tickets.v1.Status.pending"), "");
    CHECK_STR(jv_comment("no.such.Thing"), "");
    CHECK_STR(jv_comment(""), "");
    /* over several lines */
    CHECK(!strchr(jv_comment("jarvis.tickets.v1.Status"), '\n'));
}

TEST(every_tool_of_an_agent_is_described)
{
    static const ProtobufCServiceDescriptor *const agents[] = { &tickets__tickets__descriptor,
                                                                &finops__finops__descriptor,
                                                                &oxygen__oxygen__descriptor };

    fresh_arena();
    for (size_t i = 0; i < JV_COUNT(agents); i++)
        for (unsigned j = 0; j < agents[i]->n_methods; j++) {
            const char *name =
                    jv_arena_printf(arena, "%s.%s", agents[i]->name, agents[i]->methods[j].name);

            CHECK_OR(*jv_comment(name), printf("# %s has no comment\n", name));
        }
}

TEST(required_and_streams)
{
    const ProtobufCMessageDescriptor *m = &a2a__message__descriptor;
    const ProtobufCServiceDescriptor *s = &a2a__a2_aservice__descriptor;

    CHECK(jv_field_required(m, protobuf_c_message_descriptor_get_field_by_name(m, "message_id")));
    CHECK(!jv_field_required(m, protobuf_c_message_descriptor_get_field_by_name(m, "task_id")));
    CHECK(jv_method_streams(s, "SendStreamingMessage"));
    CHECK(jv_method_streams(s, "SubscribeToTask"));
    CHECK(!jv_method_streams(s, "SendMessage"));
    CHECK(!jv_method_streams(s, "Nope"));
}

TEST_MAIN()
