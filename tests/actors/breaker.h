/* breaker.h -- an agent that does what its message says, for tests that try to break its tasks. */
#ifndef BREAKER_H
#define BREAKER_H

#include <a2a.pb-c.h>

#include "actors/asking.h"
#include "host/migrations.h"
#include "jv/agent.h"
#include "jv/db.h"
#include "jv/task.h"

/* ---- what it can do: a word, and a number behind it ------------------------------------------ */

/* A step a second, each with an effect and an event. */
static int do_steps(struct jv_ctx *ctx, int n)
{
    int r = JV_OK;

    for (int step = (int)jv_state_number(ctx, "step"); !r && step < n; step++) {
        r = jv_db(ctx, NULL, "insert into effects (task, step) values ($1, $2)",
                  jv_text(jv_task_id(ctx)), jv_int(step));
        jv_state_set_number(ctx, "step", step + 1);
        if (!r)
            r = jv_progress(ctx, "step %d of %d", step + 1, n);
        if (!r)
            r = jv_sleep(ctx, 1000);
    }
    return r;
}

/* Waits the first time, as if it would die; then works. */
static int do_wait(struct jv_ctx *ctx, int n)
{
    return jv_task_attempt(ctx) == 1 && n ? jv_sleep(ctx, (uint32_t)n * 1000) : do_steps(ctx, 1);
}

/* Says something, and then nothing for so long. */
static int do_quiet(struct jv_ctx *ctx, int n)
{
    int r = jv_progress(ctx, "here I am");

    return r ? r : jv_sleep(ctx, (uint32_t)n * 1000);
}

/* News and artifacts by turns. */
static int do_turns(struct jv_ctx *ctx, int n)
{
    int r = JV_OK;

    for (int i = 0; !r && i < n; i++) {
        r = jv_progress(ctx, "turn %d", i);
        if (!r)
            r = jv_artifact_text(ctx, "turns", NULL, jv_arena_printf(jv_arena(ctx), "piece %d;", i),
                                 i ? JV_APPEND : 0);
        if (!r)
            r = jv_sleep(ctx, 100);
    }
    return r;
}

/* Loses its connection to the database in the middle, so often. */
static int do_lose(struct jv_ctx *ctx, int n)
{
    struct jv_rows rows;
    int r = do_steps(ctx, 1);

    if (!r && jv_task_attempt(ctx) <= n)
        r = jv_db(ctx, &rows, "select pg_terminate_backend(pg_backend_pid())");
    return r;
}

static int do_chunks(struct jv_ctx *ctx, int n)
{
    int r = JV_OK;

    for (int i = 0; !r && i < n; i++)
        r = jv_artifact_text(ctx, "text", NULL, "x", i ? JV_APPEND : 0);
    return r;
}

static const char *text_of(struct jv_ctx *ctx, int kib)
{
    size_t n = (size_t)kib << 10;
    char *text = jv_arena_alloc(jv_arena(ctx), n + 1);

    memset(text, 'a', n);
    return text;
}

/* An artifact of so many KiB, and another one. */
static int do_large(struct jv_ctx *ctx, int n)
{
    return jv_artifact_text(ctx, "large", NULL, text_of(ctx, n), 0);
}

static int do_result(struct jv_ctx *ctx, int n)
{
    jv_answer_text(ctx, text_of(ctx, n));
    return JV_OK;
}

static int do_told(struct jv_ctx *ctx, int n)
{
    return jv_progress(ctx, "%s", text_of(ctx, n));
}

/* So many events of 100 KiB. */
static int do_tells(struct jv_ctx *ctx, int n)
{
    int r = JV_OK;

    for (int i = 0; !r && i < n; i++)
        r = do_told(ctx, 100);
    return r;
}

static int do_state(struct jv_ctx *ctx, int n)
{
    jv_state_set_text(ctx, "much", text_of(ctx, n));
    return jv_checkpoint(ctx);
}

/* How much memory so many events take that are over and done. */
static int do_memory(struct jv_ctx *ctx, int n)
{
    size_t before;
    int r = jv_progress(ctx, "first");

    before = jv_arena_used(jv_arena(ctx));
    for (int i = 0; !r && i < n; i++)
        r = jv_progress(ctx, "again");
    jv_answer_text(
            ctx, jv_arena_printf(jv_arena(ctx), "used %zu", jv_arena_used(jv_arena(ctx)) - before));
    return r;
}

static int do_ask(struct jv_ctx *ctx, int n)
{
    const A2a__Message *said;
    int r = jv_ask(ctx, &said, "%s", n ? text_of(ctx, n) : "well?");

    if (!r)
        jv_answer_text(ctx, "thanks");
    return r;
}

/* A transaction of its own: 1 that fails and is undone, 2 that is left open, 3 with news in it. */
static int do_begin(struct jv_ctx *ctx, int n)
{
    int r = jv_db_begin(ctx);

    if (!r)
        r = jv_db(ctx, NULL, "insert into effects (task, step) values ($1, $2)",
                  jv_text(jv_task_id(ctx)), jv_int(n));
    if (!r && n == 1)
        r = jv_db(ctx, NULL, "select 1 / (1 - $1::int)", jv_int(n));
    if (r && n == 1) {
        jv_db_rollback(ctx);
        r = do_steps(ctx, 1);
    }
    if (!r && n == 3)
        r = jv_progress(ctx, "too early");
    return r;
}

static int breaker_answer(struct jv_ctx *ctx, const A2a__Message *in)
{
    static const struct {
        const char *word;
        int (*fn)(struct jv_ctx *ctx, int n);
    } doings[] = { { "steps", do_steps },   { "wait", do_wait },   { "lose", do_lose },
                   { "chunks", do_chunks }, { "large", do_large }, { "result", do_result },
                   { "told", do_told },     { "state", do_state }, { "memory", do_memory },
                   { "ask", do_ask },       { "tells", do_tells }, { "begin", do_begin },
                   { "quiet", do_quiet },   { "turns", do_turns } };
    const char *text = jv_message_text(jv_arena(ctx), in);
    size_t n = strcspn(text, " ");

    for (size_t i = 0; i < JV_COUNT(doings); i++)
        if (strlen(doings[i].word) == n && memcmp(doings[i].word, text, n) == 0)
            return doings[i].fn(ctx, atoi(text + n));
    jv_answer_text(ctx, "said");
    return JV_OK;
}

static const struct jv_skill breaker_skills[] = {
    { "do", "Do", "Does things.", "do", NULL },
    { 0 },
};
static const struct jv_agent breaker_agent = {
    .name = "BreakerAgent",
    .token = "breaker",
    .description = "Does what it is told.",
    .skills = breaker_skills,
    .answer = breaker_answer,
};
static const struct jv_actor breaker = {
    .name = "breaker",
    .version = "1",
    .summary = "does",
    .agent = &breaker_agent,
    .needs = JV_NEEDS_DB,
    .max_inflight = 400,
};

/* ---- the stage ------------------------------------------------------------------------------- */

struct stage {
    struct world *w;
    struct jv_node *node;
    const char *vishal, *happy;
};

static inline void breaker_db(void)
{
    static const struct jv_actor *const actors[] = { &breaker, NULL };
    static const char effects[] = "create table effects (task text, step integer)";
    static bool done;
    struct jv_migration mine = { "breaker", "001_effects", effects, sizeof(effects) - 1 }, *list;
    struct jv_arena *a = jv_arena_new(1 << 20);
    struct jv_err err = { 0 };
    size_t n, some = 0;

    list = jv_migration_list(jv_migration_files, actors, a, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].actor, "breaker") == 0)
            list[some++] = list[i];
    list[some++] = mine;
    if (!done)
        CHECK_OR(!jv_pg_migrate(getenv("TEST_DATABASE_URL"), list, some, NULL, NULL, &err),
                 printf("# %s\n", err.text));
    done = true;
    jv_arena_free(a);
}

static inline struct stage stage_new(void)
{
    struct stage s = { .w = world_new() };

    breaker_db();
    s.node = world_start(s.w, &breaker);
    s.vishal = world_person(s.w, "user_001", "vishal", "developer");
    s.happy = world_person(s.w, "user_002", "happy", "developer");
    return s;
}

/* The JSON of a message; `more` is JSON beside the parts, `config` the configuration's. */
static inline const char *message(struct stage *s, const char *id, const char *text,
                                  const char *more, const char *config)
{
    return jv_arena_printf(world_arena(s->w),
                           "{\"message\":{\"messageId\":\"%s\",\"role\":\"ROLE_USER\",\"parts\":[{"
                           "\"text\":\"%s\"}]%s},\"configuration\":{%s}}",
                           id, text, more, config);
}

static inline const char *new_id(struct stage *s)
{
    static int n;

    return jv_arena_printf(world_arena(s->w), "m%d", ++n);
}

static inline struct world_reply say(struct stage *s, const char *text, const char *more)
{
    return world_ask(s->w, s->vishal, "a2a.breaker.SendMessage",
                     message(s, new_id(s), text, more, ""));
}

/* Accepted, and not waited for: the task's id. */
static inline const char *begin(struct stage *s, const char *text, const char *config)
{
    struct world_reply r = world_ask(
            s->w, s->vishal, "a2a.breaker.SendMessage",
            message(s, new_id(s), text, "",
                    jv_arena_printf(world_arena(s->w), "\"returnImmediately\":true%s", config)));

    CHECK_INT(r.code, JV_OK);
    return member(s->w, &r, "id");
}

static inline struct world_reply get(struct stage *s, const char *id)
{
    return ask(s->w, s->vishal, "a2a.breaker.GetTask", "{\"id\":\"%s\"}", id);
}

/* A column of a task, as text. */
static inline const char *column(struct stage *s, const char *id, const char *name)
{
    const char *v = world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                                    "select (%s)::text from breaker.tasks where id "
                                                    "= '%s'",
                                                    name, id));

    return v ? v : "(null)";
}

static inline const char *effects_of(struct stage *s, const char *id)
{
    const char *v = world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                                    "select string_agg(step::text, ',' order by "
                                                    "step) from breaker.effects where task = '%s'",
                                                    id));

    return v ? v : "";
}

/* As if whoever ran it had died: the lease is somebody else's and over. */
static inline void orphan(struct stage *s, const char *id)
{
    world_sql(s->w, jv_arena_printf(world_arena(s->w),
                                    "update breaker.tasks set lease = lease + 1, lease_by = "
                                    "'ghost', lease_until = 'epoch' where id = '%s'",
                                    id));
}

#endif
