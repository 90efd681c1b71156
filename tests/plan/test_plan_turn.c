/* test_plan_turn.c -- which calls of a plan wait for which. */
#include <google/protobuf/struct.pb-c.h>

#include "jv/plan.h"
#include "jv/wire.h"

#include "check.h"

struct said {
    const char *agent, *arguments;
    bool changes;
};

static struct jv_planned planned(struct jv_arena *a, const struct said *s)
{
    struct jv_err err = { 0 };
    struct jv_planned p = { .agent = s->agent, .tool = "x" };

    p.arguments = s->arguments ? (Google__Protobuf__Struct *)jv_json_to_msg(
                                         &google__protobuf__struct__descriptor, s->arguments,
                                         strlen(s->arguments), 0, a, &err)
                               : NULL;
    return p;
}

TEST(in_turn)
{
    static const struct {
        struct said said[4];
        const char *want; /* y: made in turn */
    } cases[] = {
        { { { "tickets", "{}", false }, { "tickets", "{}", false } }, "nn" },
        { { { "tickets", "{}", false }, { "tickets", "{}", true } }, "ny" },
        { { { "tickets", "{}", true }, { "finops", "{}", false }, { "tickets", "{}", true } },
          "yny" },
        /* a look at what is to be changed, and one at what was */
        { { { "tickets", "{\"ticket_id\":1}", false }, { "tickets", "{\"ticket_id\":1}", true } },
          "yy" },
        { { { "tickets", "{\"ticket_id\":1}", true }, { "tickets", "{\"ticket_id\":1}", false } },
          "yn" },
        { { { "tickets", "{\"ticket_id\":1}", false }, { "tickets", "{\"ticket_id\":2}", true } },
          "ny" },
        /* who takes text may change something, and says nothing of what */
        { { { "parcel", NULL, true }, { "parcel", NULL, false } }, "yn" },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct jv_planned calls[4];
        bool changes[4];
        size_t n = strlen(cases[i].want);

        for (size_t k = 0; k < n; k++) {
            calls[k] = planned(a, &cases[i].said[k]);
            changes[k] = cases[i].said[k].changes;
        }
        for (size_t k = 0; k < n; k++)
            CHECK_OR(jv_plan_in_turn(n, calls, changes, k) == (cases[i].want[k] == 'y'),
                     printf("# case %zu, call %zu\n", i, k));
    }
    jv_arena_free(a);
}

TEST(the_same_thing)
{
    static const struct {
        struct said a, b;
        bool same;
    } cases[] = {
        { { "t", "{\"ticket_id\":1}", true },
          { "t", "{\"ticket_id\":1,\"status\":\"x\"}", true },
          true },
        { { "t", "{\"ticket_id\":1}", true }, { "t", "{\"ticket_id\":2}", true }, false },
        { { "t", "{\"ticket_id\":1}", true }, { "u", "{\"ticket_id\":1}", true }, false },
        { { "t", "{\"id\":\"a\"}", true }, { "t", "{\"id\":\"a\"}", true }, true },
        { { "t", "{\"id\":\"a\"}", true }, { "t", "{\"id\":\"b\"}", true }, false },
        { { "t", "{\"id\":\"1\"}", true }, { "t", "{\"id\":1}", true }, false },
        { { "t", "{\"count\":1}", true }, { "t", "{\"count\":1}", true }, false },
        { { "t", "{\"_id\":1}", true }, { "t", "{\"_id\":1}", true }, false },
        { { "t", "{}", true }, { "t", "{}", true }, false },
        { { "t", NULL, true }, { "t", NULL, true }, false },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        struct jv_planned x = planned(a, &cases[i].a), y = planned(a, &cases[i].b);

        CHECK_OR(jv_plan_same_item(&x, &y) == cases[i].same, printf("# case %zu\n", i));
    }
    jv_arena_free(a);
}

TEST_MAIN()
