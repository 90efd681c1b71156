/* test_jcs.c -- canonical JSON: the examples of RFC 8785, and what has no canonical form. */
#include "unit/wire_help.h"

#include <math.h>

/* The canonical text of a JSON object; of numbers and the like as the member "n". */
static const char *canon(const char *json)
{
    struct jv_err err = { 0 };
    size_t len = 0;
    char *text = jv_jcs(jv_struct(arena, json), arena, &len, &err);

    CHECK_STR(err.text, "");
    CHECK(text && strlen(text) == len);
    return text;
}

/* RFC 8785, 3.2.2 and 3.2.4. */
TEST(the_example_of_the_rfc)
{
    fresh_arena();
    CHECK_STR(canon("{\n"
                    "  \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3,\n"
                    "              0.000000000000000000000000001],\n"
                    "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
                    "  \"literals\": [null, true, false]\n"
                    "}"),
              "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,"
              "1e-27],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

/* 3.2.3: by UTF-16 code units, so that the emoji (d83d de00) comes before U+FB33. */
TEST(names_are_sorted_by_utf16)
{
    fresh_arena();
    CHECK_STR(canon("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,"
                    "\"\\u0080\":6,\"\\u00f6\":7}"),
              "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
              "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
    CHECK_STR(canon("{\"b\":1,\"a\\ue000\":2,\"a\\ud800\\udc00\":3,\"ab\":4,\"\":5,\"a\":6,"
                    "\"\\udbff\\udfff\":7,\"\\uffff\":8,\"\\ud7ff\":9}"),
              "{\"\":5,\"a\":6,\"ab\":4,\"a\xf0\x90\x80\x80\":3,\"a\xee\x80\x80\":2,\"b\":1,"
              "\"\xed\x9f\xbf\":9,\"\xf4\x8f\xbf\xbf\":7,\"\xef\xbf\xbf\":8}");
    CHECK_STR(canon("{\"10\":1,\"9\":2,\"B\":{\"z\":1,\"Z\":[{\"d\":1,\"c\":2}]},\"a\":{}}"),
              "{\"10\":1,\"9\":2,\"B\":{\"Z\":[{\"c\":2,\"d\":1}],\"z\":1},\"a\":{}}");
}

TEST(texts_are_escaped_as_little_as_can_be)
{
    fresh_arena();
    CHECK_STR(canon("{\"s\":\"\\b\\t\\n\\f\\r\\u0001\\u001F\\u007f\\u2028\\/<>&\"}"),
              "{\"s\":\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\xe2\x80\xa8/<>&\"}");
    CHECK_STR(canon("{}"), "{}");
    CHECK_STR(canon("{\"l\":[],\"s\":\"\"}"), "{\"l\":[],\"s\":\"\"}");
}

static const char *number(double d)
{
    Google__Protobuf__Struct *s = jv_struct(arena, "{}");
    struct jv_err err = { 0 };
    char *text;

    jv_struct_set(s, arena, "n", jv_value_number(arena, d));
    text = jv_jcs(s, arena, NULL, &err);
    if (!text)
        return jv_arena_strdup(arena, err.text);
    text[strlen(text) - 1] = '\0';
    return text + strlen("{\"n\":");
}

/* RFC 8785, appendix B, then powers of two below which doubles lie closer (the nearest 16 digits of
 * 2^-44 are its neighbour's). */
TEST(numbers_are_as_in_javascript)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } cases[] = {
        { 0x0000000000000000, "0" },
        { 0x8000000000000000, "0" },
        { 0x0000000000000001, "5e-324" },
        { 0x8000000000000001, "-5e-324" },
        { 0x7fefffffffffffff, "1.7976931348623157e+308" },
        { 0xffefffffffffffff, "-1.7976931348623157e+308" },
        { 0x4340000000000000, "9007199254740992" },
        { 0xc340000000000000, "-9007199254740992" },
        { 0x4430000000000000, "295147905179352830000" },
        { 0x44b52d02c7e14af5, "9.999999999999997e+22" },
        { 0x44b52d02c7e14af6, "1e+23" },
        { 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
        { 0x444b1ae4d6e2ef4e, "999999999999999700000" },
        { 0x444b1ae4d6e2ef4f, "999999999999999900000" },
        { 0x444b1ae4d6e2ef50, "1e+21" },
        { 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
        { 0x3eb0c6f7a0b5ed8d, "0.000001" },
        { 0x41b3de4355555553, "333333333.3333332" },
        { 0x41b3de4355555554, "333333333.33333325" },
        { 0x41b3de4355555555, "333333333.3333333" },
        { 0x41b3de4355555556, "333333333.3333334" },
        { 0x41b3de4355555557, "333333333.33333343" },
        { 0xbecbf647612f3696, "-0.0000033333333333333333" },
        { 0x43143ff3c1cb0959, "1424953923781206.2" },
        { 0x3d30000000000000, "5.684341886080802e-14" }, /* 2^-44 */
        { 0x3ff8000000000000, "1.5" },
        { 0x4024000000000000, "10" },
        { 0x000fffffffffffff, "2.225073858507201e-308" }, /* the largest subnormal */
    };

    fresh_arena();
    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        double d;

        memcpy(&d, &cases[i].bits, sizeof(d));
        CHECK_STR(number(d), cases[i].text);
    }
}

TEST(what_has_no_canonical_form)
{
    char b[] = "b", a[] = "a", half[] = "\xed\xa0\x80" /* of a surrogate pair */, bad[] = "\xff";
    Google__Protobuf__Struct *s;
    struct jv_err err = { 0 };

    fresh_arena();
    CHECK_STR(number(NAN), "JSON has no number that is not finite");
    CHECK_STR(number(INFINITY), "JSON has no number that is not finite");
    CHECK_STR(number(-INFINITY), "JSON has no number that is not finite");
    s = jv_struct(arena, "{\"b\":1,\"a\":2,\"c\":3}");
    s->fields[2]->key = b;
    CHECK(!jv_jcs(s, arena, NULL, &err));
    CHECK_INT(err.code, JV_INVALID_ARGUMENT);
    CHECK_STR(err.text, "the name b is there twice");
    s = jv_struct(arena, "{\"a\":[\"x\"]}");
    s->fields[0]->value->list_value->values[0]->string_value = half;
    CHECK(!jv_jcs(s, arena, NULL, &err));
    CHECK_STR(err.text, "a text is not UTF-8");
    s->fields[0]->value = NULL;
    s->fields[0]->key = bad;
    CHECK(!jv_jcs(s, arena, NULL, &err));
    s->fields[0]->key = a;
    CHECK_STR(jv_jcs(s, arena, NULL, &err), "{\"a\":null}");
}

/* ---- a card as A2A 8.4 wants it ------------------------------------------------------------- */

/* Members at their default go, but for REQUIRED ones (at any depth) and `optional` ones that are
 * set. */
TEST(a_card)
{
    static const char json[] =
            "{\"version\":\"1\",\"name\":\"Desks\",\"description\":\"\",\"documentationUrl\":\"\","
            "\"capabilities\":{\"streaming\":false,\"extensions\":[],\"pushNotifications\":true},"
            "\"securitySchemes\":{},\"securityRequirements\":[{\"schemes\":{\"b\":{\"list\":[]}}}],"
            "\"supportedInterfaces\":[{\"url\":\"u\",\"protocolBinding\":\"JSONRPC\",\"tenant\":"
            "\"\",\"protocolVersion\":\"1.0\"}],\"defaultOutputModes\":[],\"defaultInputModes\":["
            "\"text/plain\"],\"skills\":[{\"name\":\"\",\"id\":\"s\",\"examples\":[]}]}";
    struct jv_err err = { 0 };
    ProtobufCMessage *card;

    fresh_arena();
    card = jv_json_to_msg(&a2a__agent_card__descriptor, json, strlen(json), JV_JSON_STRICT, arena,
                          &err);
    CHECK_OR(card, return );
    CHECK_STR(jv_jcs(jv_msg_to_struct(card, JV_JSON_CAMEL, arena), arena, NULL, &err),
              "{\"capabilities\":{\"pushNotifications\":true,\"streaming\":false},"
              "\"defaultInputModes\":[\"text/plain\"],\"defaultOutputModes\":[],"
              "\"description\":\"\",\"documentationUrl\":\"\",\"name\":\"Desks\","
              "\"securityRequirements\":[{\"schemes\":{\"b\":{}}}],"
              "\"skills\":[{\"description\":\"\",\"id\":\"s\",\"name\":\"\",\"tags\":[]}],"
              "\"supportedInterfaces\":[{\"protocolBinding\":\"JSONRPC\",\"protocolVersion\":"
              "\"1.0\",\"url\":\"u\"}],\"version\":\"1\"}");
}

TEST_MAIN()
