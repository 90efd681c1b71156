/* test_house.c -- the pure parts of the actor llm: rates, breakers, turns, prices, what is kept. */
#include "actors/llm/house.h"
#include "check.h"

/* ---- models --------------------------------------------------------------------------------- */

static const struct verdict fine = { .result = RESULT_FINE };
static const struct verdict failed = { .result = RESULT_FAILED, .reason = "HTTP 503" };
static const struct verdict neither = { .result = RESULT_NEITHER };

static void call(struct health *h, const struct verdict *v, int64_t now)
{
    bool probe = health_begin(h, 0, now);

    health_end(h, v, probe, now);
}

TEST(requests_have_a_rate)
{
    const struct model m = { .requests_per_minute = 60 };
    struct health h;

    health_init(&h, &m, 1000);
    for (int i = 0; i < 60; i++) {
        CHECK_INT(health_wait(&h, 0, 1000), 0);
        call(&h, &fine, 1000);
    }
    CHECK_INT(health_wait(&h, 0, 1000), 1000);
    CHECK_STR(health_state(&h, 1000), "limited");
    CHECK_INT(health_wait(&h, 0, 1400), 600);
    CHECK_INT(health_wait(&h, 0, 2000), 0);
    CHECK_STR(health_state(&h, 2000), "serving");
    call(&h, &fine, 2000);
    CHECK_INT(health_wait(&h, 0, 2000), 1000);
    CHECK_INT(health_wait(&h, 0, 500), 1000); /* the clock went back */
    CHECK_INT(health_wait(&h, 0, 900000), 0); /* a minute's worth, and no more */
    for (int i = 0; i < 60; i++)
        call(&h, &fine, 900000);
    CHECK_INT(health_wait(&h, 0, 900000), 1000);
}

TEST(tokens_have_a_rate_and_are_set_right_afterwards)
{
    const struct model m = { .tokens_per_minute = 6000 };
    struct health h;
    bool probe;

    health_init(&h, &m, 0);
    probe = health_begin(&h, 5000, 0);
    CHECK_INT(health_wait(&h, 2000, 0), 10000);
    health_end(&h, &(struct verdict){ .result = RESULT_FINE, .estimated = 5000, .used = 1000 },
               probe, 0);
    CHECK_INT(health_wait(&h, 2000, 0), 0);
    CHECK_INT(health_wait(&h, 5000, 0), 0);
    CHECK_INT(health_wait(&h, 1000000, 0), 10000); /* more than a minute's: a full bucket will do */
    probe = health_begin(&h, 0, 0);
    health_end(&h, &(struct verdict){ .result = RESULT_FINE, .used = 11000 }, probe, 0);
    CHECK_INT(health_wait(&h, 1, 0), 60010); /* more than there was: paid back */
}

/* Whatever a provider says that it took, its model serves again. */
TEST(what_nobody_can_have_taken_is_no_rate)
{
    const struct model m = { .tokens_per_minute = 6000 };
    struct health h;

    health_init(&h, &m, 0);
    for (int i = 0; i < 9; i++)
        call(&h, &(struct verdict){ .result = RESULT_FINE, .used = INT64_C(2000000000000000) }, 0);
    CHECK_STR(health_state(&h, 0), "limited");
    CHECK_OR(health_wait(&h, 1, 0) <= 660010, printf("# %lld\n", (long long)health_wait(&h, 1, 0)));
}

TEST(five_failures_in_a_row_make_it_rest)
{
    const struct model m = { 0 };
    struct health h;

    health_init(&h, &m, 0);
    for (int i = 0; i < 4; i++)
        call(&h, &failed, 0);
    call(&h, &fine, 0);
    for (int i = 0; i < 4; i++)
        call(&h, &failed, 0);
    call(&h, &neither, 0);
    CHECK_STR(health_state(&h, 0), "serving");
    call(&h, &failed, 0);
    CHECK_STR(health_state(&h, 0), "resting");
    CHECK_STR(h.reason, "HTTP 503");
    CHECK_INT(health_wait(&h, 0, 9999), health_away);
    CHECK_INT(health_wait(&h, 0, 10000), 0);
}

TEST(more_than_half_of_twenty_make_it_rest)
{
    const struct model m = { 0 };
    struct health h;

    health_init(&h, &m, 0);
    for (int i = 0; i < 20; i++)
        call(&h, i % 2 ? &failed : &fine, 0);
    CHECK_STR(health_state(&h, 0), "serving"); /* ten */
    call(&h, &failed, 0);                      /* for a fine one: eleven */
    CHECK_STR(health_state(&h, 0), "resting");
}

TEST(one_finds_out_whether_it_serves_again)
{
    const struct model m = { 0 };
    struct health h;
    int64_t now = 0, rest[] = { 10000, 20000, 40000, 80000, 160000, 300000, 300000 };
    bool probe, late;

    health_init(&h, &m, now);
    late = health_begin(&h, 0, now); /* ends after all the others */
    for (int i = 0; i < 5; i++)
        call(&h, &failed, now);
    for (size_t i = 0; i < JV_COUNT(rest); i++) {
        CHECK_INT(health_wait(&h, 0, now + rest[i] - 1), health_away);
        now += rest[i];
        CHECK_INT(health_wait(&h, 0, now), 0);
        probe = health_begin(&h, 0, now);
        CHECK(probe);
        CHECK_INT(health_wait(&h, 0, now), health_away); /* no second one */
        health_end(&h, &failed, probe, now);
    }
    now += 300000;
    probe = health_begin(&h, 0, now);
    health_end(&h, &failed, late, now); /* says nothing about now */
    CHECK_INT(health_wait(&h, 0, now), health_away);
    health_end(&h, &neither, probe, now); /* given up: the next one finds out */
    CHECK_INT(health_wait(&h, 0, now), 0);
    call(&h, &fine, now);
    CHECK_STR(health_state(&h, now), "serving");
    CHECK_STR(h.reason, "");
    CHECK_INT(h.running, 0);
    for (int i = 0; i < 5; i++)
        call(&h, &failed, now);
    CHECK_INT(health_wait(&h, 0, now + 10000), 0); /* short again */
}

TEST(a_model_that_said_no_is_well)
{
    const struct model m = { 0 };
    const struct verdict limited = { .result = RESULT_LIMITED, .limited_ms = 7000 };
    struct health h;

    health_init(&h, &m, 0);
    for (int i = 0; i < 9; i++)
        call(&h, &limited, 0);
    CHECK_STR(health_state(&h, 0), "limited");
    CHECK_INT(health_wait(&h, 0, 0), 7000);
    CHECK_INT(health_wait(&h, 0, 7000), 0);
}

/* ---- turns ---------------------------------------------------------------------------------- */

static const struct model two[] = { { .parallel = 2 }, { .parallel = 2 } };

struct scene {
    struct health health[2];
    struct queue q;
    struct waiting w[40];
    size_t n;
};

static void scene(struct scene *s, int64_t parallel)
{
    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < 2; i++)
        health_init(&s->health[i], &two[i], 0);
    s->q = (struct queue){
        .models = s->health, .n_models = 2, .max = 40, .per_person = 20, .parallel = parallel
    };
}

static struct waiting *enter(struct scene *s, const char *person, bool background, uint32_t models)
{
    struct waiting *w = &s->w[s->n++];
    struct jv_err err;

    *w = (struct waiting){ .person = person, .background = background, .models = models };
    CHECK_INT(queue_enter(&s->q, w, &err), JV_OK);
    return w;
}

TEST(the_first_model_that_serves_is_taken)
{
    struct scene s;
    struct waiting *w[5];

    scene(&s, 10);
    s.health[0].limited_until_ms = pass_by_ms + 1;
    w[0] = enter(&s, "a", false, 3);
    CHECK_INT(queue_serve(&s.q, 0), INT64_MAX);
    CHECK_INT(w[0]->turn, TURN_GRANTED);
    CHECK_INT(w[0]->model, 1);
    s.health[0].limited_until_ms = pass_by_ms; /* soon: it is waited for */
    w[1] = enter(&s, "a", false, 3);
    CHECK_INT(queue_serve(&s.q, 0), pass_by_ms);
    CHECK_INT(w[1]->turn, TURN_WAITS);
    CHECK_INT(queue_serve(&s.q, pass_by_ms), INT64_MAX);
    CHECK_INT(w[1]->turn, TURN_GRANTED);
    CHECK_INT(w[1]->model, 0);
    w[2] = enter(&s, "a", false, 1);
    w[3] = enter(&s, "a", false, 1); /* no place: it waits, though the second had one */
    w[4] = enter(&s, "a", false, 2);
    queue_serve(&s.q, pass_by_ms);
    CHECK_INT(w[2]->turn, TURN_GRANTED);
    CHECK_INT(w[3]->turn, TURN_WAITS);
    CHECK_INT(w[4]->turn, TURN_GRANTED);
    queue_done(&s.q, w[1], &fine, pass_by_ms);
    CHECK_INT(w[3]->turn, TURN_GRANTED);
    CHECK_INT(s.q.running, 4);
    CHECK_INT(s.q.n, 0);
}

TEST(whose_models_all_rest_is_refused)
{
    struct scene s;
    struct waiting *a, *b;

    scene(&s, 10);
    for (int i = 0; i < 5; i++)
        call(&s.health[0], &failed, 0);
    a = enter(&s, "a", false, 1);
    b = enter(&s, "b", false, 3);
    queue_serve(&s.q, 0);
    CHECK_INT(a->turn, TURN_REFUSED);
    CHECK_INT(b->turn, TURN_GRANTED);
    CHECK_INT(s.q.n, 0);
    CHECK_INT(s.q.running, 1);
}

TEST(a_small_call_does_not_take_what_a_large_one_waits_for)
{
    static const struct model m = { .tokens_per_minute = 60000 };
    struct scene s;
    struct waiting *large, *small;

    scene(&s, 10);
    health_init(&s.health[0], &m, 0);
    call(&s.health[0], &(struct verdict){ .result = RESULT_FINE, .used = 59500 }, 0);
    large = enter(&s, "a", false, 1);
    large->tokens = 1500;
    small = enter(&s, "b", false, 1);
    small->tokens = 1;
    CHECK_INT(queue_serve(&s.q, 0), 1000);
    CHECK_INT(small->turn, TURN_WAITS);
    CHECK_INT(queue_serve(&s.q, 1000), 1);
    CHECK_INT(large->turn, TURN_GRANTED);
}

/* One place: who gets it, one after the other. */
static void check_order(struct scene *s, const char *want)
{
    char have[64] = "";
    size_t n = 0;

    queue_serve(&s->q, 0);
    for (bool more = true; more && n < sizeof(have) - 1;) {
        more = false;
        for (size_t i = 0; i < s->n && !more; i++)
            if (s->w[i].turn == TURN_GRANTED) {
                s->w[i].turn = TURN_REFUSED; /* is over */
                have[n++] = s->w[i].person[0];
                queue_done(&s->q, &s->w[i], &fine, 0);
                more = true;
            }
    }
    have[n] = '\0';
    CHECK_STR(have, want);
}

TEST(people_take_turns)
{
    struct scene s;

    scene(&s, 1);
    for (int i = 0; i < 5; i++)
        enter(&s, "a", false, 3);
    for (int i = 0; i < 3; i++)
        enter(&s, "b", false, 3);
    enter(&s, "c", false, 3);
    enter(&s, "B", true, 3);
    enter(&s, "a", false, 3);
    check_order(&s, "abcababaaaB");
}

TEST(whoever_comes_later_has_not_waited_before)
{
    struct scene s;

    scene(&s, 1);
    for (int i = 0; i < 4; i++)
        enter(&s, "a", false, 3);
    queue_serve(&s.q, 0);
    s.w[0].turn = TURN_REFUSED;
    queue_done(&s.q, &s.w[0], &fine, 0); /* the second of a runs */
    enter(&s, "b", false, 3);
    enter(&s, "b", false, 3);
    check_order(&s, "aabab");
}

TEST(a_second_try_goes_first)
{
    struct scene s;
    struct waiting *w;

    scene(&s, 1);
    enter(&s, "a", false, 3);
    queue_serve(&s.q, 0);
    for (int i = 0; i < 3; i++)
        enter(&s, "a", false, 3);
    w = &s.w[s.n++];
    *w = (struct waiting){ .person = "x", .models = 3, .again = true };
    s.q.max = s.q.per_person = 1; /* and is never turned away */
    CHECK_INT(queue_enter(&s.q, w, NULL), JV_OK);
    check_order(&s, "axaaa");
}

TEST(who_leaves_is_gone)
{
    struct scene s;
    struct waiting *w;

    scene(&s, 1);
    enter(&s, "a", false, 3);
    w = enter(&s, "b", false, 3);
    enter(&s, "c", false, 3);
    queue_leave(&s.q, w);
    queue_leave(&s.q, w); /* twice is once */
    CHECK_INT(s.q.n, 2);
    check_order(&s, "ac");
}

TEST(background_work_leaves_a_place_at_each_model)
{
    struct scene s;
    struct waiting *w[4];

    scene(&s, 10);
    for (int i = 0; i < 4; i++)
        w[i] = enter(&s, "a", true, i < 2 ? 1 : 2);
    queue_serve(&s.q, 0);
    CHECK_INT(w[0]->turn, TURN_GRANTED);
    CHECK_INT(w[1]->turn, TURN_WAITS);
    CHECK_INT(w[2]->turn, TURN_GRANTED);
    queue_promote(&s.q, w[1]);
    queue_serve(&s.q, 0);
    CHECK_INT(w[1]->turn, TURN_GRANTED);
    CHECK_INT(w[3]->turn, TURN_WAITS);
}

TEST(a_model_with_one_place_does_background_work_too)
{
    static const struct model one = { .parallel = 1 };
    struct scene s;
    struct waiting *w;

    scene(&s, 1);
    health_init(&s.health[0], &one, 0);
    w = enter(&s, "a", true, 1);
    queue_serve(&s.q, 0);
    CHECK_INT(w->turn, TURN_GRANTED);
}

/* ---- money ---------------------------------------------------------------------------------- */

TEST(prices_are_exact)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } cases[] = {
        { "0.30", 300000 },  { "0", 0 },           { "1000", 1000000000 },
        { "0.000001", 1 },   { "12.5", 12500000 }, { "1000.000001", -1 },
        { "0.0000001", -1 }, { "", -1 },           { ".5", -1 },
        { "1.", -1 },        { "-1", -1 },         { "1e3", -1 },
        { "1,5", -1 },       { " 1", -1 },         { "99999999", -1 },
        { "$1", -1 },
    };

    for (size_t i = 0; i < JV_COUNT(cases); i++) {
        int64_t n = -1;

        CHECK_INT(usage_parse_usd(cases[i].text, &n) ? -1 : n, cases[i].want);
    }
}

TEST(what_a_call_costs_is_rounded_up)
{
    const struct model m = { .price_input = 300000, .price_output = 2500000 };
    const struct model dear = { .price_input = 1000000000, .price_output = 1000000000 };

    CHECK_INT(usage_cost(&m, 0, 0), 0);
    CHECK_INT(usage_cost(&m, 1, 0), 1);
    CHECK_INT(usage_cost(&m, 10, 0), 3);
    CHECK_INT(usage_cost(&m, 1000, 200), 800);
    CHECK_INT(usage_cost(&m, 1001, 200), 801);
    CHECK_INT(usage_cost(&dear, INT32_MAX, INT32_MAX), INT64_C(2) * INT32_MAX * 1000);
    CHECK(usage_cost(&dear, INT64_MAX / 2, INT64_MAX / 2) > 0);
}

/* ---- the cache ------------------------------------------------------------------------------ */

static void put(struct cache *c, int n, const char *text, int finish, int64_t now)
{
    Llm__GenerateReply reply = LLM__GENERATE_REPLY__INIT;
    uint8_t key[key_size] = { 0 };

    memcpy(key, &n, sizeof(n));
    reply.text = text;
    reply.finish = (Llm__GenerateReply__Finish)finish;
    cache_put(c, key, &reply, now);
}

static const char *get(struct cache *c, int n, int64_t now, struct jv_arena *a)
{
    uint8_t key[key_size] = { 0 };
    Llm__GenerateReply *reply;

    memcpy(key, &n, sizeof(n));
    reply = cache_get(c, key, now, a);
    return reply ? reply->text : "-";
}

TEST(answers_are_kept_for_a_while)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct cache c = { .ttl_ms = 1000 };
    int stop = LLM__GENERATE_REPLY__FINISH__stop;

    put(&c, 1, "one", stop, 0);
    put(&c, 2, "two", LLM__GENERATE_REPLY__FINISH__tool_calls, 500);
    put(&c, 3, "cut", LLM__GENERATE_REPLY__FINISH__length, 0);
    put(&c, 4, "no", LLM__GENERATE_REPLY__FINISH__blocked, 0);
    CHECK_STR(get(&c, 1, 999, a), "one");
    CHECK_STR(get(&c, 2, 999, a), "two");
    CHECK_STR(get(&c, 3, 0, a), "-");
    CHECK_STR(get(&c, 4, 0, a), "-");
    CHECK_STR(get(&c, 1, 1000, a), "-");
    put(&c, 2, "new", stop, 1200);
    CHECK_STR(get(&c, 2, 2100, a), "new");
    CHECK_INT(c.n, 1);
    cache_forget(&c);
    CHECK_INT(c.n + c.bytes, 0);
    jv_arena_free(a);
}

TEST(the_cache_is_bounded)
{
    struct jv_arena *a = jv_arena_new(64 << 20);
    struct cache c = { .ttl_ms = 1000 };
    char *large = jv_arena_alloc(a, 200000 + 1);

    for (int i = 0; i < 1500; i++)
        put(&c, i, "small", LLM__GENERATE_REPLY__FINISH__stop, 0);
    CHECK_INT(c.n, 1000);
    CHECK_STR(get(&c, 499, 0, a), "-");
    CHECK_STR(get(&c, 500, 0, a), "small");
    memset(large, 'x', 200000);
    for (int i = 2000; i < 2200; i++)
        put(&c, i, large, LLM__GENERATE_REPLY__FINISH__stop, 0);
    CHECK(c.bytes <= 16 << 20 && c.bytes > 15 << 20);
    CHECK(get(&c, 2199, 0, a)[0] == 'x');
    cache_forget(&c);
    jv_arena_free(a);
}

TEST_MAIN()
