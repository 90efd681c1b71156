/* plan.c -- how long the built-in planner takes among 3, 10, 100 and 500 agents of ten tools.
 *
 *     bench_plan [--rounds N] wordings.json...
 *
 * Our agents and strangers.h up to that number. Each wording is a question of its own, asked N
 * times; the best of them counts, so that what else the machine does is left out, and the
 * percentiles are those of the wordings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/plan.h"
#include "jv/wire.h"
#include "plan/strangers.h"
#include "plan/town.h"

enum { MAX_QUESTIONS = 4096, MAX_FILE = 8 << 20, N_SUGGESTIONS = 4 };

/* 2025-01-10, a Friday */
static const int64_t now_ms = INT64_C(1736467200000);

struct times {
    size_t n;
    double ms[MAX_QUESTIONS];
};

struct bench {
    struct jv_arena *arena, *asking;
    struct town_card ours[TOWN_CARDS];
    size_t n_questions, most_memory;
    int rounds;
    const char *questions[MAX_QUESTIONS];
    struct times plan, suggest;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void load(struct bench *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = jv_arena_alloc(b->arena, MAX_FILE);
    size_t len = f ? fread(text, 1, MAX_FILE - 1, f) : 0;
    struct jv_err err = { 0 };
    const Google__Protobuf__Struct *s = (const void *)jv_json_to_msg(
            &google__protobuf__struct__descriptor, text, len, 0, b->arena, &err);

    if (f)
        fclose(f);
    if (!s) {
        fprintf(stderr, "bench_plan: %s: %s\n", path, err.text);
        exit(1);
    }
    for (size_t i = 0; i < s->n_fields; i++) {
        const Google__Protobuf__ListValue *list = s->fields[i]->value->list_value;

        for (size_t k = 0; k < list->n_values && b->n_questions < MAX_QUESTIONS; k++)
            b->questions[b->n_questions++] = list->values[k]->string_value;
    }
}

/* How long the catalogue takes; the cards are there. */
static struct jv_catalog *build(struct bench *b, size_t n_agents, double *ret_ms)
{
    struct jv_catalog *c = jv_catalog_new();
    size_t n = n_agents - TOWN_CARDS;
    A2a__AgentCard **cards = JV_NEW_ARRAY(b->arena, A2a__AgentCard *, n + 1);
    const char **tokens = JV_NEW_ARRAY(b->arena, const char *, n + 1);
    double start;

    for (size_t i = 0; i < n; i++)
        cards[i] = stranger_card(b->arena, i, &tokens[i]);
    start = now();
    town_add(c, b->ours);
    for (size_t i = 0; i < n; i++)
        jv_catalog_add(c, tokens[i], 5, cards[i]);
    jv_catalog_index(c);
    *ret_ms = now() - start;
    return c;
}

static void keep_least(double *have, double ms, int round)
{
    if (!round || ms < *have)
        *have = ms;
}

static void ask(struct bench *b, const struct jv_catalog *c, size_t question, int round)
{
    struct jv_plan_input in = { .text = b->questions[question],
                                .username = "vishal",
                                .now_ms = now_ms };
    const char *seen[] = { "update_budget", "vpn_access", NULL }, *list[N_SUGGESTIONS];
    struct jv_suggest_input more = { .question = in.text, .seen = seen };
    struct jv_plan plan;
    double start, planned;

    jv_arena_reset(b->asking);
    start = now();
    if (jv_planner_builtin.plan(NULL, c, &in, b->asking, &plan))
        exit(1);
    planned = now();
    if (jv_arena_used(b->asking) > b->most_memory)
        b->most_memory = jv_arena_used(b->asking);
    more.n_done = plan.n;
    more.done = plan.calls;
    jv_plan_suggest_to(c, b->asking, &more, N_SUGGESTIONS, list);
    keep_least(&b->plan.ms[question], planned - start, round);
    keep_least(&b->suggest.ms[question], now() - planned, round);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_times(struct times *t, size_t n)
{
    qsort(t->ms, n, sizeof(t->ms[0]), by_size);
    printf(" %.3f | %.3f | %.3f |", t->ms[n / 2], t->ms[n * 99 / 100], t->ms[n - 1]);
}

static void row(struct bench *b, size_t n_agents)
{
    double built;
    struct jv_catalog *c = build(b, n_agents, &built);

    b->most_memory = 0;
    for (int round = 0; round < b->rounds; round++)
        for (size_t i = 0; i < b->n_questions; i++)
            ask(b, c, i, round);
    printf("| %zu | %zu |", c->n_agents, c->n_tools);
    print_times(&b->plan, b->n_questions);
    print_times(&b->suggest, b->n_questions);
    printf(" %zu | %.0f | %.1f |\n", b->most_memory >> 10, built,
           (double)jv_arena_used(c->arena) / (1 << 20));
    fflush(stdout);
    jv_catalog_free(c);
}

int main(int argc, char **argv)
{
    static const size_t agents[] = { TOWN_CARDS, 10, 100, STRANGERS_MAX };
    static struct bench b;
    int i = 1;

    b.arena = jv_arena_new(0);
    b.asking = jv_arena_new(64 << 20);
    b.rounds = 3;
    if (argc > 2 && strcmp(argv[1], "--rounds") == 0) {
        b.rounds = (int)strtol(argv[2], NULL, 10);
        i = 3;
    }
    for (; i < argc; i++)
        load(&b, argv[i]);
    if (!b.n_questions || b.rounds < 1) {
        fprintf(stderr, "usage: bench_plan [--rounds N] wordings.json...\n");
        return 2;
    }
    town_cards(b.arena, b.ours);
    printf("%zu questions, the best of %d times each\n\n", b.n_questions, b.rounds);
    printf("| agents | tools | plan p50 ms | p99 ms | max ms | suggestions p50 ms | p99 ms | max "
           "ms "
           "| memory of a plan KB | catalogue built in ms | its memory MB |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t k = 0; k < JV_COUNT(agents); k++)
        row(&b, agents[k]);
    jv_arena_free(b.asking);
    jv_arena_free(b.arena);
    return 0;
}
