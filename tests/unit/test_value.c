/* test_value.c -- Struct and Value by hand. */
#include "unit/wire_help.h"

TEST(make_get_set)
{
    Google__Protobuf__Struct *s, *inner;

    fresh_arena();
    s = jv_struct(arena, "{\"tool\":\"get\",\"n\":1.5,\"ok\":true,\"none\":null}");
    CHECK_STR(jv_struct_text(s, "tool"), "get");
    CHECK(!jv_struct_text(s, "n"));
    CHECK(!jv_struct_text(s, "absent"));
    CHECK(!jv_struct_get(s, "absent"));
    CHECK(!jv_struct_get(NULL, "tool"));
    CHECK(jv_struct_get(s, "n")->number_value == 1.5);
    jv_struct_set(s, arena, "tool", jv_value_text(arena, "put"));
    CHECK_STR(jv_struct_text(s, "tool"), "put");
    CHECK_INT(s->n_fields, 4);
    inner = jv_struct(arena, "{}");
    jv_struct_set(inner, arena, "x", jv_value_number(arena, 7));
    jv_struct_set(s, arena, "args", jv_value_struct(arena, inner));
    jv_struct_set(s, arena, "no", jv_value_bool(arena, false));
    CHECK_STR(jv_msg_to_json(&s->base, 0, arena, NULL),
              "{\"tool\":\"put\",\"n\":1.5,\"ok\":true,\"none\":null,\"args\":{\"x\":7},\"no\":"
              "false}");
}

TEST(structs_into_messages)
{
    struct jv_err err = { 0 };
    Tickets__GetRequest *get;
    Google__Protobuf__Struct *s;

    fresh_arena();
    s = jv_struct(arena, "{\"ticket_id\":12301}");
    get = (void *)jv_struct_to_msg(&tickets__get_request__descriptor, s, JV_JSON_STRICT, arena,
                                   &err);
    CHECK_OR(get, return );
    CHECK_INT(get->ticket_id, 12301);
    CHECK_STR(jv_msg_to_json(&jv_msg_to_struct(&get->base, JV_JSON_SNAKE, arena)->base, 0, arena,
                             NULL),
              "{\"ticket_id\":12301}");

    CHECK(!jv_struct_to_msg(&tickets__get_request__descriptor,
                            jv_struct(arena, "{\"ticket_id\":1.5}"), 0, arena, &err));
    CHECK_STR(err.text, "ticket_id: must be a whole number");
    CHECK(!jv_struct_to_msg(&tickets__get_request__descriptor,
                            jv_struct(arena, "{\"ticket_id\":1,\"ticketId\":2}"), 0, arena, &err));
    CHECK_STR(err.text, "ticketId: is given twice");
    CHECK(!jv_struct_to_msg(&tickets__get_request__descriptor, jv_struct(arena, "{\"id\":1}"),
                            JV_JSON_STRICT, arena, &err));
    CHECK_STR(err.text, "id: unknown member of GetRequest");
    CHECK(jv_struct_to_msg(&tickets__get_request__descriptor, NULL, JV_JSON_STRICT, arena, &err));
}

TEST(a_struct_with_a_key_twice)
{
    struct jv_err err = { 0 };
    Google__Protobuf__Struct *s;

    fresh_arena();
    s = jv_struct(arena, "{\"ticket_id\":1,\"other\":2}");
    s->fields[1]->key = s->fields[0]->key; /* as no decoder of ours lets through */
    CHECK(!jv_struct_to_msg(&tickets__get_request__descriptor, s, 0, arena, &err));
    CHECK_STR(err.text, "ticket_id: is given twice");
}

TEST(messages_into_structs)
{
    A2a__TaskStatus status = A2A__TASK_STATUS__INIT;
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    fresh_arena();
    status.state = A2A__TASK_STATE__TASK_STATE_WORKING;
    status.timestamp = &t;
    CHECK_STR(jv_msg_to_json(&jv_msg_to_struct(&status.base, 0, arena)->base, 0, arena, NULL),
              "{\"state\":\"TASK_STATE_WORKING\",\"timestamp\":\"1970-01-01T00:00:00Z\"}");
    CHECK_INT(jv_msg_to_struct(&t.base, 0, arena)->n_fields, 0); /* no object */
}

TEST_MAIN()
