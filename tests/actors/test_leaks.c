/* test_leaks.c -- no answer holds a fact that its asker may not see, whoever asks whatever in
 * whatever way; and nobody changes what is not theirs. LEAKS_SEED and LEAKS_QUESTIONS choose. */
#include "check.h"
#include "tickets.pb-c.h"

#include "jv/db.h"
#include "jv/say.h"
#include "leaks/stage.h"

extern const struct jv_actor tickets_actor, oxygen_actor;

enum { n_questions = 20000, n_in_a_round = 2000, chat_percent = 22 };

static long long from_env(const char *name, long long fallback)
{
    const char *text = getenv(name);

    return text ? strtoll(text, NULL, 10) : fallback;
}

static void print_tally(const struct tally *t)
{
    printf("# asked %zu: answered %zu, denied %zu, not signed in %zu; facts told %zu; rows written "
           "%zu; leaks %zu, wrong writes %zu, faults %zu\n",
           t->asked, t->answered, t->denied, t->refused, t->told, t->written, t->leaks,
           t->wrong_writes, t->faults);
}

TEST(no_answer_holds_what_its_asker_may_not_see)
{
    struct plan plan = { .seed = (uint64_t)from_env("LEAKS_SEED", 20250110),
                         .questions = n_in_a_round,
                         .notices = true,
                         .chat_percent = (unsigned)from_env("LEAKS_CHAT", chat_percent) };
    size_t questions = (size_t)from_env("LEAKS_QUESTIONS", n_questions);
    struct tally t = { 0 };

    printf("# seed %llu\n", (unsigned long long)plan.seed);
    for (; t.asked < questions && t.faults + t.wrong_writes < 100; plan.seed++) {
        plan.tasks = (long long)(plan.seed % 10) == from_env("LEAKS_TASKS", 0);
        stage_round(&plan, &t);
    }
    print_tally(&t);
    CHECK_INT(t.leaks, 0);
    CHECK_INT(t.wrong_writes, 0);
    CHECK_INT(t.faults, 0);
    /* It was worth asking. */
    CHECK(t.answered > t.asked / 2);
    CHECK(t.told > t.asked);
    CHECK(t.denied > t.asked / 50);
    CHECK(t.refused > t.asked / 100);
    CHECK(t.written > t.asked / 100);
}

TEST(answers_do_not_depend_on_what_their_asker_may_not_see)
{
    struct plan plan = { .seed = (uint64_t)from_env("LEAKS_SEED", 20250110),
                         .questions = 1200,
                         .chat_percent = chat_percent };
    struct tally t = { 0 };

    for (int i = 0; i < 2; i++, plan.seed++)
        stage_twins(&plan, &t);
    printf("# asked %zu, answered %zu: %zu differ\n", t.asked, t.answered, t.leaks);
    CHECK_INT(t.leaks, 0);
    CHECK_INT(t.faults, 0);
    CHECK(t.answered > t.asked / 3);
}

/* ---- what is wrong is found ------------------------------------------------------------------ */

static struct jv_tool broken_rows[32];
static struct jv_actor broken;

/* A copy of an actor, and the row of a method in it. */
static struct jv_tool *copy(const struct jv_actor *actor, const char *method)
{
    struct jv_tool *found = NULL;

    memset(broken_rows, 0, sizeof(broken_rows));
    for (size_t i = 0; actor->tools[i].method && i + 1 < JV_COUNT(broken_rows); i++) {
        broken_rows[i] = actor->tools[i];
        if (strcmp(broken_rows[i].method, method) == 0)
            found = &broken_rows[i];
    }
    broken = *actor;
    broken.tools = broken_rows;
    return found;
}

static struct tally ask_broken(unsigned chat, void (*meddle)(const struct people *people))
{
    const struct plan plan = { .seed = 4,
                               .questions = 600,
                               .chat_percent = chat,
                               .quiet = getenv("LEAKS_LOUD") == NULL,
                               .instead = &broken,
                               .meddle = meddle };
    struct tally t = { 0 };

    stage_round(&plan, &t);
    return t;
}

TEST(a_missing_owner_is_found)
{
    struct jv_tool *row = copy(&tickets_actor, "List");
    struct tally t;

    CHECK_OR(row, return );
    row->allow.owner = NULL;
    t = ask_broken(0, NULL);
    CHECK(t.leaks > 0);
    CHECK_INT(t.wrong_writes, 0);
}

TEST(a_change_for_somebody_else_is_found)
{
    struct jv_tool *row = copy(&tickets_actor, "Create");

    CHECK_OR(row, return );
    row->allow.owner = NULL;
    CHECK(ask_broken(0, NULL).wrong_writes > 0);
}

TEST(a_deletion_by_everybody_is_found)
{
    struct jv_tool *row = copy(&tickets_actor, "Delete");

    CHECK_OR(row, return );
    row->allow.scope = "tickets:read";
    CHECK(ask_broken(0, NULL).wrong_writes > 0);
}

static char planted[64];

/* A fact of the last person, who may be told much, but not this one to everybody. */
static void plant(const struct people *people)
{
    planted[0] = '\0';
    for (size_t i = 0; i < facts_count(people->facts); i++)
        if (facts_at(people->facts, i)->owner == 0 && facts_at(people->facts, i)->see == SEE_FINOPS)
            snprintf(planted, sizeof(planted), "%s", facts_at(people->facts, i)->word);
}

static void say_too_much(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    (void)ctx, (void)req, (void)ret;
    jv_buf_str(md, "You have courses.\n\n| ");
    jv_say_text(md, planted);
    jv_buf_str(md, " |\n");
}

TEST(a_sentence_that_says_too_much_is_found)
{
    struct jv_tool *row = copy(&oxygen_actor, "MyCourses");

    CHECK_OR(row, return );
    row->say = say_too_much;
    CHECK(ask_broken(chat_percent, plant).leaks > 0);
    CHECK(planted[0]);
}

static int fail_too_much(struct jv_ctx *ctx, const void *req, void *ret)
{
    (void)req, (void)ret;
    return jv_fail(ctx, JV_NOT_FOUND, "not found, but there is %s", planted);
}

TEST(an_error_that_says_too_much_is_found)
{
    struct jv_tool *row = copy(&tickets_actor, "Get");

    CHECK_OR(row, return );
    row->handler = fail_too_much;
    CHECK(ask_broken(chat_percent, plant).leaks > 0);
}

static int count_too_much(struct jv_ctx *ctx, const void *req, void *ret)
{
    Tickets__TicketList *list = ret;
    struct jv_rows rows;
    int r = jv_db(ctx, &rows, "select count(*) as n from tickets where operation <> ''");

    (void)req;
    if (r)
        return r;
    list->note =
            jv_arena_printf(jv_arena(ctx), "There are %d in all.", (int)jv_col_int(&rows, 0, "n"));
    return JV_OK;
}

TEST(a_count_that_says_too_much_is_found)
{
    struct jv_tool *row = copy(&tickets_actor, "ListMine");
    const struct plan plan = { .seed = 4,
                               .questions = 300,
                               .chat_percent = 20,
                               .quiet = getenv("LEAKS_LOUD") == NULL,
                               .instead = &broken };
    struct tally t = { 0 };

    CHECK_OR(row, return );
    row->handler = count_too_much;
    stage_twins(&plan, &t);
    CHECK(t.leaks > 0);
}

/* ---- the search ------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    const char *leak; /* NULL: none */
} texts[] = {
    { "| zovaki37 |", "zovaki37" },
    { "Basic Zovaki37.", "zovaki37" },
    { "get\\_zovaki37", "zovaki37" },
    { "\"get_zovaki37\"", "zovaki37" },
    { "line\\nzovaki37", "zovaki37" },
    { "line\\\\nzovaki37", "zovaki37" },
    { "\\u00fczovaki37", "zovaki37" },
    { "zovaki371 xzovaki37 zovaki3", NULL },
    { "USD 1,234,567.89 left", "123456789" },
    { "\"cents\":\"123456789\"", "123456789" },
    { "123456789, 5", "123456789" },
    { "5,123456789", "123456789" },
    { "1234567890 x123456789 123456789x", NULL },
    { "2011-03-05", "20110305" },
    { "2011-03-05T10:00:00Z", "20110305" },
    { "20110305-0000-4000-8000-000000000000", NULL },
    { "ticket 21000001 is mine", NULL },
    { "ticket 21000002 was said", NULL },
};

TEST(facts_are_found_word_by_word)
{
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct facts *f = facts_new(a);
    const struct reader me = { 1, SEE_ANY, 0 };

    facts_add(f, &(struct fact){ "zovaki37", "", 0, SEE_ANY });
    facts_add(f, &(struct fact){ "123456789", "", 0, SEE_ANY });
    facts_add(f, &(struct fact){ "20110305", "", 0, SEE_ANY });
    facts_add(f, &(struct fact){ "21000001", "", 1, SEE_ANY });
    facts_add(f, &(struct fact){ "21000002", "", 0, SEE_ANY });
    for (size_t i = 0; i < JV_COUNT(texts); i++) {
        const struct fact *leak = facts_leak(f, &me, texts[i].text, "what about 21000002?", NULL);

        CHECK_STR(leak ? leak->word : "", texts[i].leak ? texts[i].leak : "");
    }
    jv_arena_free(a);
}

TEST(who_may_see_what)
{
    const struct fact fact = { "w", "", 0, SEE_TICKETS }, said = { "w", "", 0, 0, .said = true };
    const struct reader owner = { 0, SEE_TICKETS, 0 }, unscoped = { 0, 0, 0 };
    const struct reader admin = { 1, SEE_ANY, SEE_ANY }, money = { 2, SEE_ANY, SEE_FINOPS };

    CHECK(fact_may_see(&fact, &owner));
    CHECK(!fact_may_see(&fact, &unscoped));
    CHECK(fact_may_see(&said, &unscoped));
    CHECK(fact_may_see(&fact, &admin));
    CHECK(!fact_may_see(&fact, &money));
    CHECK(!fact_may_see(&said, &admin));
    CHECK(!fact_may_see(&fact, &(struct reader){ -1, 0, 0 }));
}

TEST_MAIN()
