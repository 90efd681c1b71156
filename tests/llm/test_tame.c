/* test_tame.c -- tools' schemas, whoever wrote them, as every provider takes them. */
#include "shapes.h"

#define EMPTY "{\"type\":\"object\",\"properties\":{}}"

static const struct {
    const char *in, *out;
} cases[] = {
    { "{}", EMPTY },
    { "{\"type\":\"banana\"}", EMPTY },
    { "{\"type\":7,\"properties\":7,\"required\":\"x\"}", EMPTY },
    { "{\"properties\":{\"a\":3,\"b\":[],\"c\":null}}", EMPTY },
    { "{\"type\":\"object\",\"properties\":{\"a b\":{},\"\":{},\"ok\":{}}}",
      "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"string\"}}}" },
    { "{\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"b\",7,\"a\",\"a\"]}",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}" },
    { "{\"properties\":{\"a\":{\"type\":\"string\",\"enum\":[]}},\"required\":[\"b\"]}",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}" },
    { "{\"properties\":{\"a\":{\"enum\":[\"x\",\"\",7,\"x\",\"y\"],\"pattern\":\"(\",\"format\":"
      "\"uuid\",\"default\":{}}}}",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"enum\":[\"x\",\"y\"]}}}" },
    { "{\"properties\":{\"a\":{\"type\":[\"null\",\"integer\"],\"const\":1,\"enum\":[1,2],"
      "\"description\":\"A number.\"}}}",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"description\":"
      "\"A number.\"}}}" },
    { "{\"properties\":{\"a\":{\"type\":\"array\"},\"b\":{\"type\":\"array\",\"items\":{\"type\":"
      "\"number\"}}}}",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":"
      "\"string\"}},\"b\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}" },
    { "{\"$schema\":\"x\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/b\"},\"when\":{\"type\":"
      "\"string\",\"format\":\"date-time\"}},\"$defs\":{\"b\":{}},\"additionalProperties\":false}",
      "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"when\":{\"type\":"
      "\"string\",\"format\":\"date-time\"}}}" },
};

static struct jv_arena *arena;

static const char *tamed(const char *json)
{
    struct jv_err err = { 0 };
    void *in = jv_json_to_msg(&google__protobuf__struct__descriptor, json, strlen(json), 0, arena,
                              &err);

    CHECK_STR(err.text, "");
    return json_print(arena, schema_tame(arena, in));
}

TEST(only_what_is_known_to_be_right)
{
    arena = jv_arena_new(8 << 20);
    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        CHECK_STR(tamed(cases[i].in), cases[i].out);
        CHECK_STR(tamed(cases[i].out), cases[i].out); /* what is tame stays so */
    }
    CHECK_STR(json_print(arena, schema_tame(arena, NULL)), EMPTY);
    jv_arena_free(arena);
}

/* Neither depth nor number grows without end. */
TEST(bounded)
{
    struct jv_buf deep, wide;

    arena = jv_arena_new(8 << 20);
    deep = jv_buf_new(arena);
    wide = jv_buf_new(arena);
    for (int i = 0; i < 14; i++)
        jv_buf_str(&deep, "{\"properties\":{\"a\":");
    jv_buf_str(&deep, "{}");
    for (int i = 0; i < 14; i++)
        jv_buf_str(&deep, "}}");
    CHECK_INT(strlen(tamed(deep.data)) < 400, true);
    jv_buf_str(&wide, "{\"properties\":{");
    for (int i = 0; i < 900; i++)
        jv_buf_printf(&wide, "%s\"m%d\":{\"description\":\"%0999d\"}", i ? "," : "", i, 0);
    jv_buf_str(&wide, "}}");
    CHECK_INT(strlen(tamed(wide.data)) < 200 * 700, true);
    jv_arena_free(arena);
}

TEST_MAIN()
