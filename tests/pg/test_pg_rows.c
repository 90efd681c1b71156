/* test_pg_rows.c -- columns, arrays, and rows as messages of every kind we have. */
#include "pg_bench.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/struct.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>

#include "finops.pb-c.h"
#include "oxygen.pb-c.h"
#include "registry.pb-c.h"
#include "sessions.pb-c.h"
#include "tickets.pb-c.h"

static struct jv_rows query(struct bench *b, const char *sql)
{
    struct jv_err err = { 0 };
    struct jv_rows rows = { 0 };

    CHECK_INT(bench_exec(b, &rows, sql, NULL, &err), JV_OK);
    CHECK_STR(err.text, "");
    return rows;
}

/* The one row of a query as a message of the type; aborts the program when it has none. */
static void *first(struct bench *b, const ProtobufCMessageDescriptor *type, const char *sql)
{
    ProtobufCMessage *msg = jv_arena_alloc(b->arena, type->sizeof_message);
    struct jv_rows rows = query(b, sql);
    struct jv_err err = { 0 };

    protobuf_c_message_init(type, msg);
    CHECK_INT(jv_pg_row_to_msg(b->arena, &rows, 0, msg, &err), JV_OK);
    CHECK_STR(err.text, "");
    return msg;
}

static void ticket(struct bench *b)
{
    Tickets__Ticket *t = first(b, &tickets__ticket__descriptor,
                               "select 12301 as id, 'Create \"EC2\"' as operation,"
                               " 'vishal' as user, 'in_progress' as status,"
                               " '2025-01-10 10:00:00.25+00'::timestamptz as created_at,"
                               " null::timestamptz as updated_at, 'ignored' as nobody");

    CHECK_INT(t->id, 12301);
    CHECK_STR(t->operation, "Create \"EC2\"");
    CHECK_STR(t->user, "vishal");
    CHECK_INT(t->status, TICKETS__STATUS__in_progress);
    CHECK_OR(t->created_at, return );
    CHECK_INT(t->created_at->seconds, 1736503200);
    CHECK_INT(t->created_at->nanos, 250000000);
    CHECK(!t->updated_at);
}

TEST(fills_scalars_enums_and_times)
{
    bench_run(JV_CLOCK_REAL, 1, ticket);
}

static void money(struct bench *b)
{
    Finops__BudgetReport *r =
            first(b, &finops__budget_report__descriptor,
                  "select 9007199254740993 as monthly_budget_cents, 12.5::numeric as"
                  " utilization_percent, array['a b', 'c\"d', 'NULL', '', 'x\\y', 'ü,{}']"
                  " as departments, true as alerts_enabled, 'near_limit'::text as status");
    Finops__ProviderCost *p =
            first(b, &finops__provider_cost__descriptor,
                  "select '[{\"name\": \"EC2\", \"cost_cents\": 5},"
                  " {\"name\": \"S3\", \"costCents\": \"7\"}]'::jsonb as services");

    CHECK_INT(r->monthly_budget_cents, 9007199254740993);
    CHECK(r->utilization_percent == 12.5);
    CHECK(r->alerts_enabled);
    CHECK_INT(r->status, FINOPS__BUDGET_STATUS__near_limit);
    CHECK_OR(r->n_departments == 6, return );
    CHECK_STR(r->departments[0], "a b");
    CHECK_STR(r->departments[1], "c\"d");
    CHECK_STR(r->departments[2], "NULL");
    CHECK_STR(r->departments[3], "");
    CHECK_STR(r->departments[4], "x\\y");
    CHECK_STR(r->departments[5], "ü,{}");
    CHECK_OR(p->n_services == 2, return );
    CHECK_STR(p->services[0]->name, "EC2");
    CHECK_INT(p->services[1]->cost_cents, 7);
}

TEST(fills_numbers_arrays_and_lists)
{
    bench_run(JV_CLOCK_REAL, 1, money);
}

static void json(struct bench *b)
{
    Sessions__Session *s =
            first(b, &sessions__session__descriptor,
                  "select '{\"theme\": {\"dark\": true}}'::jsonb as metadata,"
                  " '[{\"role\": \"user\", \"content\": \"hi\"}]'::json as conversation_history,"
                  " 'expired' as status, 3::bigint as message_count");
    Registry__Agent *a = first(b, &registry__agent__descriptor,
                               "select '{\"domains\": [\"x\"], \"priority\": 4}'::jsonb as"
                               " capabilities, '[\"t1\", \"t2\"]'::jsonb as tags,"
                               " 'null'::jsonb as provider, 'approved' as status");
    Sessions__Invocation *i = first(b, &sessions__invocation__descriptor,
                                    "select false as success, 5 as duration_ms");
    Sessions__Invocation *none =
            first(b, &sessions__invocation__descriptor, "select null::bool as success");

    CHECK_OR(s->metadata && s->metadata->n_fields == 1, return );
    CHECK_STR(s->metadata->fields[0]->key, "theme");
    CHECK_OR(s->n_conversation_history == 1, return );
    CHECK_INT(s->conversation_history[0]->role, SESSIONS__ROLE__user);
    CHECK_INT(s->status, SESSIONS__STATUS__expired);
    CHECK_INT(s->message_count, 3);
    CHECK_OR(a->capabilities && a->capabilities->n_domains == 1, return );
    CHECK_INT(a->capabilities->priority, 4);
    CHECK_INT(a->n_tags, 2);
    CHECK(!a->provider);
    CHECK_INT(i->_success_case, SESSIONS__INVOCATION___SUCCESS_SUCCESS);
    CHECK(!i->success);
    CHECK_INT(none->_success_case, SESSIONS__INVOCATION___SUCCESS__NOT_SET);
}

TEST(fills_messages_from_json_and_one_member_oneofs)
{
    bench_run(JV_CLOCK_REAL, 1, json);
}

static void bytes(struct bench *b)
{
    Google__Protobuf__Any *e = first(b, &google__protobuf__any__descriptor,
                                     "select '\\x00ff'::bytea as value, 'x' as type_url");
    Google__Protobuf__Any *none =
            first(b, &google__protobuf__any__descriptor, "select ''::bytea as value");
    Google__Protobuf__Timestamp *t =
            first(b, &google__protobuf__timestamp__descriptor, "select 5 as seconds, 6 as nanos");
    Oxygen__Exam *x = first(b, &oxygen__exam__descriptor, "select '2026-02-03'::date as deadline");

    CHECK_OR(e->value.len == 2, return );
    CHECK(memcmp(e->value.data, "\x00\xff", 2) == 0);
    CHECK_STR(e->type_url, "x");
    CHECK_INT(none->value.len, 0);
    CHECK_INT(t->seconds * 10 + t->nanos, 56);
    CHECK_STR(x->deadline, "2026-02-03");
}

TEST(fills_bytes_and_dates)
{
    bench_run(JV_CLOCK_REAL, 1, bytes);
}

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *sql, *text;
} misfits[] = {
    { &tickets__ticket__descriptor, "select 'x' as id", "column id: \"x\" is no integer" },
    { &tickets__ticket__descriptor, "select 1.5 as id", "column id: \"1.5\" is no integer" },
    { &tickets__ticket__descriptor, "select 3000000000 as id", "is no integer of the member" },
    { &tickets__ticket__descriptor, "select 'gone' as status", "column status: \"gone\" is no" },
    { &tickets__ticket__descriptor, "select 'soon' as created_at", "\"soon\" is no time" },
    { &tickets__ticket__descriptor, "select 'infinity'::timestamptz as created_at", "no time" },
    { &finops__budget_report__descriptor, "select 'x' as departments", "is no array" },
    { &finops__budget_report__descriptor, "select '{{a}}' as departments", "is no array" },
    { &finops__budget_report__descriptor, "select 'yes' as alerts_enabled", "is no boolean" },
    { &finops__budget_report__descriptor, "select 'x' as utilization_percent", "is no number" },
    { &registry__agent__descriptor, "select '{\"priority\": \"x\"}'::jsonb as capabilities",
      "column capabilities: " },
};

static void misfit(struct bench *b)
{
    for (size_t i = 0; i < JV_COUNT(misfits); i++) {
        ProtobufCMessage *msg = jv_arena_alloc(b->arena, misfits[i].type->sizeof_message);
        struct jv_rows rows = query(b, misfits[i].sql);
        struct jv_err err = { 0 };

        protobuf_c_message_init(misfits[i].type, msg);
        CHECK_INT(jv_pg_row_to_msg(b->arena, &rows, 0, msg, &err), JV_INTERNAL);
        CHECK_INT(err.code, JV_INTERNAL);
        CHECK_HAS(err.text, misfits[i].text);
        CHECK_INT(jv_pg_row_to_msg(b->arena, &rows, 0, msg, NULL), JV_INTERNAL);
    }
}

TEST(names_the_column_that_does_not_fit)
{
    bench_run(JV_CLOCK_REAL, 1, misfit);
}

static void arrays(struct bench *b)
{
    static const char *const items[] = { "plain", "two words", "q\"uote", "back\\slash",
                                         "{,}",   "",          "NULL",    "ä" };
    const struct jv_param *params = PARAMS(jv_pg_text_array(b->arena, JV_COUNT(items), items),
                                           jv_pg_text_array(b->arena, 0, NULL));
    const char **back;
    struct jv_rows rows;

    CHECK_INT(bench_exec(b, &rows,
                         "select $1::text[] as full, $2::text[] as empty,"
                         " array[null, 'x']::text[] as holes",
                         params, NULL),
              JV_OK);
    CHECK_OR(jv_pg_col_array(b->arena, &rows, 0, "full", &back) == JV_COUNT(items), return );
    for (size_t i = 0; i < JV_COUNT(items); i++)
        CHECK_STR(back[i], items[i]);
    CHECK_INT(jv_pg_col_array(b->arena, &rows, 0, "empty", &back), 0);
    CHECK_OR(jv_pg_col_array(b->arena, &rows, 0, "holes", &back) == 2, return );
    CHECK_STR(back[0], "");
    CHECK_STR(back[1], "x");
}

TEST(arrays_come_back_as_they_went)
{
    bench_run(JV_CLOCK_REAL, 1, arrays);
}

TEST_MAIN()
