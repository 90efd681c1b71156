/* test_plan_hostile.c -- the planner on cards and texts that mean no good: it stays within its
 * memory, and comes to an end, for which ctest's limit is enough. */
#include <a2a.pb-c.h>

#include "jv/agent.h"
#include "jv/plan.h"
#include "jv/wire.h"
#include "plan/catalog.h"

#include "check.h"

enum { AGENTS = 2, TEXT_SIZE = 1 << 20 };

/* ---- cards ----------------------------------------------------------------------------------- */

static void comma(struct jv_buf *b, int i)
{
    jv_buf_str(b, i ? "," : "");
}

/* Every tag speaks for every tool. */
static void tags_times_tools(struct jv_buf *b)
{
    for (int i = 0; i < 256; i++) {
        comma(b, i);
        jv_buf_printf(b, "{\"name\":\"t%d\",\"read_only\":true}", i);
    }
    jv_buf_str(b, "]}}]},\"skills\":[");
    for (int i = 0; i < 64; i++) {
        comma(b, i);
        jv_buf_printf(b, "{\"id\":\"s%d\",\"name\":\"n\",\"description\":\"d\",\"tags\":[", i);
        for (int k = 0; k < 64; k++) {
            comma(b, k);
            jv_buf_printf(b, "\"x%d y%d\"", i * 64 + k, k);
        }
        jv_buf_str(b, "]}");
    }
    jv_buf_str(b, "]}");
}

/* Hundreds of phrases for each tool, all with the words that people use. */
static void wordy(struct jv_buf *b)
{
    for (int i = 0; i < 50; i++) {
        comma(b, i);
        jv_buf_printf(b, "{\"name\":\"t%d\",\"words\":\"", i);
        for (int k = 0; k < 480; k++) {
            comma(b, k);
            jv_buf_printf(b, "%c%c%c tickets", 'a' + k % 26, 'a' + k / 26, 'a' + i % 26);
        }
        jv_buf_str(b, "\",\"examples\":[\"show my tickets\",\"show my tickets and all costs\"]}");
    }
    jv_buf_str(b, "]}}]}}");
}

/* Values made of the words that people use. */
static void all_words_are_values(struct jv_buf *b)
{
    jv_buf_str(b,
               "{\"name\":\"x\",\"input_schema\":{\"properties\":{\"p\":{\"type\":\"string\"}}}}],"
               "\"vocabulary\":[");
    for (int i = 0; i < 1024; i++) {
        comma(b, i);
        jv_buf_printf(b,
                      "{\"member\":\"p\",\"value\":\"show%d\",\"words\":\"show,show my,my tickets,"
                      "show my tickets,tickets,and,the,show my tickets and the costs\"}",
                      i);
    }
    jv_buf_str(b, "]}}]}}");
}

static void many_members(struct jv_buf *b)
{
    for (int i = 0; i < 256; i++) {
        comma(b, i);
        jv_buf_printf(b, "{\"name\":\"get_t%d\",\"input_schema\":{\"properties\":{", i);
        for (int k = 0; k < 20; k++) {
            comma(b, k);
            jv_buf_printf(b, "\"show%d\":{\"type\":\"string\",\"enum\":[\"show\",\"my\",\"x\"]}",
                          k);
        }
        jv_buf_str(b, "},\"required\":[\"show1\",\"show2\"]}}");
    }
    jv_buf_str(b, "]}}]}}");
}

static void nested(struct jv_buf *b)
{
    jv_buf_str(b, "{\"name\":\"x\",\"input_schema\":{\"properties\":{\"p\":");
    for (int i = 0; i < 9; i++)
        jv_buf_str(b, "{\"properties\":{\"p\":");
    jv_buf_str(b, "[]");
    for (int i = 0; i < 9; i++)
        jv_buf_str(b, "}}");
    jv_buf_str(b, "}}}]}}]}}");
}

static A2a__AgentCard *card(struct jv_arena *a, void (*tools)(struct jv_buf *b))
{
    struct jv_buf b = jv_buf_new(a);
    struct jv_err err = { 0 };
    ProtobufCMessage *m;

    jv_buf_printf(&b,
                  "{\"name\":\"Bad\",\"description\":\"bad\",\"version\":\"1\",\"capabilities\":{"
                  "\"extensions\":[{\"uri\":\"%s\",\"params\":{\"tools\":[",
                  JV_TOOLS_EXTENSION);
    tools(&b);
    m = jv_json_to_msg(&a2a__agent_card__descriptor, b.data, b.len, 0, a, &err);
    CHECK_STR(err.text, "");
    return (A2a__AgentCard *)m;
}

static struct jv_catalog *catalog(struct jv_arena *a, void (*tools)(struct jv_buf *b))
{
    struct jv_catalog *c = jv_catalog_new();
    const A2a__AgentCard *bad = card(a, tools);

    for (int i = 0; bad && i < AGENTS; i++)
        jv_catalog_add(c, jv_arena_printf(a, "agent%d", i), 0, bad);
    jv_catalog_index(c);
    return c;
}

static void plan(const struct jv_catalog *c, const char *text)
{
    struct jv_arena *a = jv_arena_new(8 << 20);
    struct jv_plan_input in = { .text = text, .username = "vishal" };
    struct jv_plan ret;

    CHECK_INT(jv_planner_builtin.plan(NULL, c, &in, a, &ret), JV_OK);
    CHECK(ret.n <= 8);
    CHECK(!jv_arena_overflowed(a));
    jv_arena_free(a);
}

TEST(cards)
{
    static void (*const kinds[])(struct jv_buf *) = { tags_times_tools, wordy, all_words_are_values,
                                                      many_members, nested };
    static const char *const questions[] = {
        "show my tickets and the costs of everything, show x1 y1 and compare x1 with y2",
        "tickets tickets tickets show show show my my my and and and",
        "zzqx wlkj qpwo eiru tyla skdj fhgz mxnc bvqa",
    };

    for (size_t i = 0; i < JV_COUNT(kinds); i++) {
        struct jv_arena *a = jv_arena_new(128 << 20);
        struct jv_catalog *c = catalog(a, kinds[i]);

        for (size_t q = 0; q < JV_COUNT(questions); q++)
            plan(c, questions[q]);
        CHECK(jv_arena_used(c->arena) < JV_CATALOG_FULL);
        jv_catalog_free(c);
        jv_arena_free(a);
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

TEST(texts)
{
    static const char *const pieces[] = {
        "a",
        "tickets ",
        "show my tickets and ",
        "\xc3\xa9",
        "\xf0\x9f\x8e\x9f ",
        "' ",
        "\" ",
        "-1 ",
        "9",
        ", ",
        "vishal's ",
        "\xe2\x80\x99s ",
        "a\xe2\x80\x93",
        ". ",
        "of the ",
    };
    struct jv_arena *a = jv_arena_new(64 << 20);
    struct jv_catalog *c = catalog(a, all_words_are_values);
    char *text = jv_arena_alloc(a, TEXT_SIZE + 1);

    for (size_t i = 0; i < JV_COUNT(pieces); i++) {
        size_t n = strlen(pieces[i]), end = TEXT_SIZE - TEXT_SIZE % n;

        for (size_t k = 0; k < end; k++)
            text[k] = pieces[i][k % n];
        text[end] = '\0';
        plan(c, text);
    }
    jv_catalog_free(c);
    jv_arena_free(a);
}

TEST_MAIN()
