/* test_faults_town.c -- a person's question when one publish fails, whichever it is. */
#include "peers.h"
#include "sweep.h"

struct wish {
    const char *text;
    const char *without; /* the outcome when nothing fails */
};

static void send_wish(struct town *t, const struct wish *q)
{
    world_send(t->w, t->vishal, "a2a.jarvis.SendMessage", question(t, q->text, ""));
}

static const char *outcome(struct town *t, const char *which)
{
    return jv_arena_printf(world_arena(t->w), "\"outcome\":\"%s\"", which);
}

/* A whole answer, or a part of it that says so. */
static void check_reply(struct town *t, const struct wish *q, size_t n, const struct world_reply *r)
{
    check_code(q->text, n, r, JV_OK);
    if (r->code)
        return;
    if (strstr(r->json, outcome(t, q->without)))
        CHECK(strcmp(q->without, "answered") != 0 || !strstr(r->json, "\"unavailable\""));
    else
        CHECK_OR(strstr(r->json, outcome(t, "partial")) && strstr(r->json, "\"unavailable\""),
                 printf("# %s, publish %zu: %s\n", q->text, n, r->json));
}

static bool ask_under(void *town, size_t n, const void *arg)
{
    struct town *t = town;
    const struct wish *q = arg;
    struct world_reply r;
    struct fault f;
    bool came;

    fake.tickets.calls = 0;
    send_wish(t, q);
    f = fault_in(t->w, n);
    r = world_collect(t->w);
    came = fault_over(&f);
    check_reply(t, q, n, &r);
    CHECK(fake.tickets.calls <= 1); /* nothing is done twice on the quiet */
    send_wish(t, q);
    r = world_collect(t->w);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, outcome(t, q->without));
    return came;
}

TEST(a_wish_ends_whichever_publish_fails)
{
    static const struct wish wishes[] = {
        { "show my courses, tickets and aws cost", "answered" },
        { "create a ticket for vpn access", "answered" },
        { "show happy's tickets", "denied" },
        { "what can you do for me?", "answered" },
        { "show my tickets and aws cost", "answered" },
    };
    struct town t = town_new();

    for (size_t i = 0; i < JV_COUNT(wishes); i++)
        sweep(ask_under, &t, &wishes[i]);
    town_free(&t);
}

struct errand {
    const char *subject, *json, *has;
};

/* What is no turn: there is no partial outcome to tell of, but nothing hangs. */
static bool run_under(void *town, size_t n, const void *arg)
{
    struct town *t = town;
    const struct errand *e = arg;
    struct world_reply r;
    struct fault f;
    bool came;

    world_send(t->w, t->vishal, e->subject, e->json);
    f = fault_in(t->w, n);
    r = world_collect(t->w);
    came = fault_over(&f);
    check_code(e->subject, n, &r, JV_OK);
    r = world_ask(t->w, t->vishal, e->subject, e->json);
    CHECK_INT(r.code, JV_OK);
    CHECK_HAS(r.json, e->has);
    return came;
}

TEST(an_errand_ends_whichever_publish_fails)
{
    static const struct errand errands[] = {
        { "svc.orchestrator.Suggest", "{}", "show my tickets" },
        { "svc.orchestrator.Explain", "{\"message\":\"show my tickets\"}", "get_my_tickets" },
    };
    struct town t = town_new();

    for (size_t i = 0; i < JV_COUNT(errands); i++)
        sweep(run_under, &t, &errands[i]);
    town_free(&t);
}

/* A catalogue that could not be fetched when it changed is in use a little later. */
TEST(a_new_catalogue_arrives_whichever_publish_fails)
{
    const struct wish q = { "show my tickets", "not_understood" };

    for (size_t n = 1; n <= 3; n++) {
        struct town t = town_new();
        struct jv_bus *operator= jv_bus_mem(world_broker(t.w), "operator");
        struct world_reply r;
        struct fault f;

        world_kill(t.w, t.tickets);
        free(fake.cards[0]);
        fake.cards[0] = fake.cards[--fake.n_cards];
        fake.card_sizes[0] = fake.card_sizes[fake.n_cards];
        fake.digest++;
        CHECK_INT(jv_bus_publish(operator, "jarvis.evt.registry.Changed", NULL, NULL, 0, "", 0),
                  JV_OK);
        f = fault_in(t.w, n);
        world_advance(t.w, 5000);
        fault_over(&f);
        send_wish(&t, &q);
        r = world_collect(t.w);
        CHECK_INT(r.code, JV_OK);
        CHECK_HAS(r.json, outcome(&t, q.without));
        jv_bus_free(operator);
        town_free(&t);
    }
}

TEST_MAIN()
