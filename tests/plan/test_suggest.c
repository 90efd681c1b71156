/* test_suggest.c -- what is suggested to whom, from a card that would tell too much. */
#include <a2a.pb-c.h>

#include "jv/agent.h"
#include "jv/plan.h"
#include "jv/wire.h"

#include "check.h"

#define LONG "show the parcels of the whole company of last and of this week"

/* An agent of somebody else: some examples name people and numbers, some are too long. */
static const char card_json[] =
        "{\"name\":\"ParcelAgent\",\"version\":\"1\",\"capabilities\":{\"extensions\":[{\"uri\":"
        "\"" JV_TOOLS_EXTENSION "\",\"params\":{\"tools\":["
        "{\"name\":\"get_all_parcels\",\"skill\":\"look\",\"read_only\":true,\"scope\":"
        "\"parcels:read\",\"words\":\"parcels\",\"examples\":[\"" LONG "\",\"show all parcels\"]},"
        "{\"name\":\"get_user_parcels\",\"skill\":\"look\",\"read_only\":true,\"scope\":"
        "\"parcels:read\",\"owner\":\"username\",\"words\":\"parcels\",\"examples\":["
        "\"show zoe's "
        "parcels\"],\"input_schema\":{\"type\":\"object\",\"properties\":{\"username\":"
        "{\"type\":\"string\"}}}},"
        "{\"name\":\"get_my_parcels\",\"skill\":\"look\",\"read_only\":true,\"scope\":"
        "\"parcels:read\",\"words\":\"parcels\",\"examples\":[\"show my parcels\"]},"
        "{\"name\":\"get_parcel\",\"skill\":\"look\",\"read_only\":true,\"scope\":\"parcels:read\","
        "\"words\":\"parcel\",\"examples\":[\"where is parcel 777?\"],\"input_schema\":{\"type\":"
        "\"object\",\"properties\":{\"number\":{\"type\":\"integer\"}},\"required\":[\"number\"]}},"
        "{\"name\":\"get_postage\",\"skill\":\"money\",\"read_only\":true,\"words\":\"postage\","
        "\"examples\":[\"postage of zoe's letters\",\"what is postage to france\","
        "\"what is postage to spain\"],\"input_schema\":{\"type\":\"object\",\"properties\":"
        "{\"country\":{\"type\":\"string\"}}}},"
        "{\"name\":\"list_stamps\",\"skill\":\"money\",\"read_only\":true,\"words\":\"stamps, "
        "collector stamps\",\"examples\":[\"list the stamps\"]},"
        "{\"name\":\"burn_parcels\",\"skill\":\"do\",\"scope\":\"parcels:burn\",\"words\":\"burn\","
        "\"examples\":[\"burn the parcels\"]},"
        "{\"name\":\"send_parcel\",\"skill\":\"do\",\"scope\":\"parcels:write\",\"words\":\"send\","
        "\"examples\":[\"send a parcel\"]}],"
        "\"vocabulary\":[{\"member\":\"country\",\"value\":\"fr\",\"words\":\"france\"},"
        "{\"member\":\"country\",\"value\":\"es\",\"words\":\"spain\"}]}}]},\"skills\":[]}";

struct desk {
    struct jv_arena *arena;
    struct jv_catalog *catalog;
    const char *list[8];
    size_t n;
};

static struct desk desk_new(void)
{
    struct desk d = { .arena = jv_arena_new(8 << 20), .catalog = jv_catalog_new() };
    struct jv_err err = { 0 };
    const ProtobufCMessage *card = jv_json_to_msg(&a2a__agent_card__descriptor, card_json,
                                                  strlen(card_json), JV_JSON_CAMEL, d.arena, &err);

    if (!card) {
        printf("Bail out! %s (%s)\n", err.text, err.field);
        exit(1);
    }
    jv_catalog_add(d.catalog, "parcel", 0, (const A2a__AgentCard *)card);
    jv_catalog_index(d.catalog);
    return d;
}

static void desk_free(struct desk *d)
{
    jv_catalog_free(d->catalog);
    jv_arena_free(d->arena);
}

/* Suggest, and check what is never suggested. */
static void suggest(struct desk *d, const struct jv_suggest_input *in)
{
    static const char *const never[] = { "zoe", "777", "company" };

    d->n = jv_plan_suggest_to(d->catalog, d->arena, in, 7, d->list);
    CHECK(d->n <= 7);
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; k < JV_COUNT(never); k++)
            CHECK_OR(!strstr(d->list[i], never[k]), printf("# %s\n", d->list[i]));
}

static bool has(const struct desk *d, const char *text)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->list[i], text) == 0)
            return true;
    return false;
}

TEST(only_what_the_asker_may)
{
    struct desk d = desk_new();

    suggest(&d, &(struct jv_suggest_input){ .scope = "parcels:read parcels:write" });
    CHECK_INT(d.n, 4);
    CHECK_STR(d.list[0], "show my parcels");
    CHECK(has(&d, "what is postage to france") && has(&d, "list the stamps"));
    CHECK(has(&d, "send a parcel"));
    suggest(&d,
            &(struct jv_suggest_input){ .scope = "parcels:read parcels:read:all parcels:burn" });
    CHECK_STR(d.list[0], "show all parcels");
    CHECK(has(&d, "burn the parcels") && !has(&d, "send a parcel"));
    suggest(&d, &(struct jv_suggest_input){ .scope = "parcels parcels:readers xparcels:read" });
    CHECK_INT(d.n, 2); /* what needs no scope */
    suggest(&d, &(struct jv_suggest_input){ .scope = "" });
    CHECK_INT(d.n, 2);
    suggest(&d, &(struct jv_suggest_input){ 0 });
    CHECK(has(&d, "show my parcels") && !has(&d, "show all parcels"));
    desk_free(&d);
}

TEST(never_what_was_just_asked)
{
    struct desk d = desk_new();
    struct jv_planned mine = { .agent = "parcel", .tool = "get_my_parcels" };
    struct jv_planned all = { .agent = "parcel", .tool = "get_all_parcels" };
    struct jv_planned zoes = { .agent = "parcel", .tool = "get_user_parcels" };
    static const char scope[] = "parcels:read";

    suggest(&d, &(struct jv_suggest_input){ .scope = scope, .n_done = 1, .done = &mine });
    CHECK(!has(&d, "show my parcels"));
    suggest(&d, &(struct jv_suggest_input){ .scope = scope, .n_done = 1, .done = &all });
    CHECK(!has(&d, "show my parcels")); /* they were shown */
    suggest(&d, &(struct jv_suggest_input){ .scope = scope, .n_done = 1, .done = &zoes });
    CHECK_STR(d.list[0], "show my parcels");
    suggest(&d,
            &(struct jv_suggest_input){ .scope = scope, .question = "List the stamps, please!" });
    CHECK(has(&d, "list the stamps"));
    suggest(&d, &(struct jv_suggest_input){ .scope = scope, .question = "LIST the STAMPS!" });
    CHECK(!has(&d, "list the stamps"));
    desk_free(&d);
}

TEST(the_same_of_something_else)
{
    struct desk d = desk_new();
    struct jv_planned calls[2] = {
        { .agent = "parcel",
          .tool = "get_postage",
          .arguments = jv_struct(d.arena, "{\"country\":\"fr\"}") },
        { .agent = "parcel",
          .tool = "get_postage",
          .arguments = jv_struct(d.arena, "{\"country\":\"es\"}") },
    };

    suggest(&d, &(struct jv_suggest_input){ .scope = "", .n_done = 1, .done = calls });
    CHECK_STR(d.list[0], "what is postage to spain");
    CHECK_STR(d.list[1], "list the stamps"); /* of the same skill */
    suggest(&d, &(struct jv_suggest_input){ .scope = "", .n_done = 2, .done = calls });
    CHECK(!has(&d, "what is postage to spain") && !has(&d, "what is postage to france"));
    desk_free(&d);
}

TEST(names_that_were_seen_lead_on)
{
    struct desk d = desk_new();
    static const char *const seen[] = { "collector_stamps", NULL };

    suggest(&d, &(struct jv_suggest_input){ .scope = "parcels:read", .seen = seen });
    CHECK_STR(d.list[0], "list the stamps");
    desk_free(&d);
}

/* What is not there, and too little room. */
TEST(odd_input)
{
    struct desk d = desk_new();
    struct jv_catalog *nobody = jv_catalog_new();
    struct jv_planned unknown[] = { { .agent = "gone", .tool = "get_x" },
                                    { .agent = "parcel", .tool = "get_x" },
                                    { .agent = "parcel" } };

    suggest(&d,
            &(struct jv_suggest_input){ .scope = "parcels:read", .n_done = 3, .done = unknown });
    CHECK(has(&d, "show my parcels"));
    CHECK_INT(jv_plan_suggest_to(d.catalog, d.arena, &(struct jv_suggest_input){ 0 }, 0, d.list),
              0);
    CHECK_INT(jv_plan_suggest_to(d.catalog, d.arena, &(struct jv_suggest_input){ 0 }, 1, d.list),
              1);
    jv_catalog_index(nobody);
    CHECK_INT(jv_plan_suggest_to(nobody, d.arena, &(struct jv_suggest_input){ 0 }, 5, d.list), 0);
    jv_catalog_free(nobody);
    desk_free(&d);
}

/* ---- of what was shown ----------------------------------------------------------------------- */

static const Google__Protobuf__Struct *result_of(struct desk *d, const char *json)
{
    struct jv_err err = { 0 };

    return (const Google__Protobuf__Struct *)jv_json_to_msg(&google__protobuf__struct__descriptor,
                                                            json, strlen(json), 0, d->arena, &err);
}

TEST(what_was_shown_leads_on)
{
    struct desk d = desk_new();
    struct jv_planned all = { .agent = "parcel", .tool = "get_all_parcels" };
    struct jv_planned one = { .agent = "parcel", .tool = "get_parcel" };
    const Google__Protobuf__Struct *list = result_of(
            &d, "{\"parcels\":[{\"number\":41,\"username\":\"ben\",\"weight\":9},{\"number\":42,"
                "\"username\":\"ada\"}]}");
    struct jv_suggest_input in = { .scope = "parcels:read parcels:read:all",
                                   .username = "ben",
                                   .n_done = 1,
                                   .done = &all,
                                   .results = &list };

    suggest(&d, &in);
    CHECK_STR(d.list[0], "where is parcel 41?");
    CHECK(has(&d, "show ada's parcels") && !has(&d, "show ben's parcels"));
    in.stale = JV_TEXTS("Where is parcel 41?");
    suggest(&d, &in);
    CHECK_STR(d.list[0], "where is parcel 42?");
    in.scope = "parcels:read"; /* others are nothing to them */
    suggest(&d, &in);
    CHECK(!has(&d, "show ada's parcels"));
    in.scope = "";
    suggest(&d, &in);
    CHECK(!has(&d, "where is parcel 41?") && !has(&d, "where is parcel 42?"));
    one.arguments = (Google__Protobuf__Struct *)(uintptr_t)result_of(&d, "{\"number\":41}");
    in = (struct jv_suggest_input){
        .scope = "parcels:read", .n_done = 1, .done = &one, .results = &list
    };
    suggest(&d, &in); /* all of it was told */
    CHECK(!has(&d, "where is parcel 41?"));
    desk_free(&d);
}

TEST(what_is_stale_comes_last)
{
    struct desk d = desk_new();
    struct jv_suggest_input in = { .scope = "" };
    const char *first;

    suggest(&d, &in);
    first = d.list[0];
    in.stale = (const char *const[]){ first, NULL };
    suggest(&d, &in);
    CHECK(strcmp(d.list[0], first) != 0);
    CHECK_INT(d.n, 2);
    desk_free(&d);
}

TEST_MAIN()
