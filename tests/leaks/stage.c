/* stage.c -- a world of real actors on a database with made-up people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jv/file.h"
#include "leaks/stage_impl.h"

extern const struct jv_file jv_migration_files[];
extern const struct jv_actor auth_actor, registry_actor, sessions_actor, notifier_actor,
        tickets_actor, finops_actor, oxygen_actor, orchestrator_actor;

static const struct jv_actor *const agents[] = { &tickets_actor, &finops_actor, &oxygen_actor,
                                                 NULL };

/* ---- the database ---------------------------------------------------------------------------- */

/* The first value; "" for none. */
const char *stage_sql(struct stage *s, const char *text)
{
    PGresult *r = PQexec(s->db, text);
    const char *value = "";

    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r))
        value = jv_arena_strdup(s->arena, PQgetvalue(r, 0, 0));
    else if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK) {
        printf("# %s", PQerrorMessage(s->db));
        s->tally->faults++;
    }
    PQclear(r);
    return value;
}

/* Sessions for everybody, to ask in and to be asked about. */
static void name_sessions(struct stage *s)
{
    for (int i = 0; i < n_people; i++)
        for (int k = 0; k < n_sessions; k++)
            s->sessions[i][k] = jv_arena_printf(
                    s->arena, "%08x-0000-4000-8000-%04x%08x", (unsigned)dice_roll(&s->dice),
                    (unsigned)(i * 256 + k), (unsigned)dice_roll(&s->dice));
}

static void add_sessions(struct stage *s, struct jv_buf *b)
{
    const char *comma = "";

    jv_buf_str(b, "insert into sessions.sessions (session_id, owner, created_at, updated_at) "
                  "select id::uuid, owner, '2025-01-10', '2025-01-10' from (values ");
    for (int i = 0; i < n_people; i++)
        for (int k = 0; !s->gone[i] && k < n_sessions; k++, comma = ",")
            jv_buf_printf(b, "%s('%s', '%s')", comma, s->sessions[i][k],
                          s->people->list[i].username);
    jv_buf_str(b, ") given (id, owner);\n");
}

/* Finished long ago; named as the first session. */
static void add_tasks(struct stage *s, struct jv_buf *b)
{
    static const char *const schemas[] = { "tickets", "orchestrator" };

    for (int i = 0; i < n_people; i++)
        for (size_t k = 0; !s->gone[i] && k < JV_COUNT(schemas); k++)
            jv_buf_printf(b,
                          "insert into %s.tasks (id, context_id, owner, state, status, status_at, "
                          "last_seq, told, size, lease, tries, created_at) values ('%s', '%s', "
                          "'%s', 3, '\\x0803', '2025-01-09', 1, 1, 0, 0, 1, '2025-01-09');\n",
                          schemas[k], s->sessions[i][0], s->sessions[i][0],
                          s->people->list[i].user_id);
}

void stage_reset_sessions(struct stage *s)
{
    struct jv_buf b = jv_buf_new(s->arena);

    jv_buf_str(&b, "begin; delete from sessions.sessions; delete from sessions.memories; "
                   "delete from orchestrator.tasks; "
                   "delete from tickets.tasks;\n");
    add_sessions(s, &b);
    add_tasks(s, &b);
    jv_buf_str(&b, "commit");
    stage_sql(s, b.data);
}

/* Of everybody, the newest first. */
void stage_learn_tasks(struct stage *s)
{
    const char *ids =
            stage_sql(s, "select string_agg(task, E'\\n') from (select task from (select "
                         "'tickets ' || id as task, created_at from tickets.tasks union all "
                         "select 'jarvis ' || id, created_at from orchestrator.tasks) x "
                         "order by created_at desc limit 24) newest");
    char *save = NULL;

    s->n_tasks = 0;
    for (char *id = strtok_r(jv_arena_strdup(s->arena, ids), "\n", &save);
         id && s->n_tasks < n_tasks_known; id = strtok_r(NULL, "\n", &save))
        s->tasks[s->n_tasks++] = id;
}

/* ---- asking
 * ---------------------------------------------------------------------------------- */

static enum way pick_way(struct stage *s)
{
    static const enum way others[] = { ASK_TEXT, ASK_TEXT,    ASK_TEXT,    ASK_TOOL, ASK_TOOL,
                                       ASK_TOOL, ASK_SERVICE, ASK_SERVICE, ASK_ODD };

    if (!dice_chance(&s->dice, s->plan->chat_percent))
        return DICE_PICK(&s->dice, others);
    return dice_chance(&s->dice, 10) ? ASK_STREAM : ASK_CHAT;
}

static const struct person *someone_else(struct stage *s)
{
    size_t i = dice_below(&s->dice, n_people - 1);

    return &s->people->list[i < (size_t)s->me->number ? i : i + 1];
}

/* Each talk has one of its own. */
static const char *next_session(struct stage *s, bool talks)
{
    size_t i = s->n_used[s->me->number];

    s->n_used[s->me->number] += talks;
    return s->sessions[s->me->number][i];
}

void stage_make_chain(struct stage *s, struct chain *c)
{
    enum way way = pick_way(s);
    bool talks = way == ASK_CHAT || way == ASK_STREAM || way == ASK_ODD;
    const char *session = next_session(s, talks);

    *c = (struct chain){ .n = 1, .session = session, .said = jv_buf_new(s->arena) };
    while (talks && way != ASK_ODD && c->n < max_turns && dice_chance(&s->dice, 40))
        c->n++;
    s->asking.session = session;
    s->asking.words.other = someone_else(s);
    s->asking.other_session = DICE_PICK(&s->dice, s->sessions[s->asking.words.other->number]);
    for (size_t i = 0; i < c->n; i++) {
        c->asks[i] = ask_make(&s->asking, way, i > 0);
        facts_told(s->people->facts, s->me->number, c->asks[i].said);
    }
}

void stage_send(struct stage *s, const struct ask *ask)
{
    const char *tokens[] = { s->tokens[s->me->number], NULL, s->expired[s->me->number] };

    world_send(s->w, tokens[ask->token], ask->subject, ask->json);
}

void stage_be(struct stage *s, const struct person *who)
{
    s->me = who;
    s->asking = (struct asking){ .words = { s->people, s->me, NULL },
                                 .agents = agents,
                                 .n_tasks = s->n_tasks,
                                 .tasks = s->tasks };
}

/* ---- the world
 * ------------------------------------------------------------------------------- */

/* The orchestrator without a database: it keeps no tasks and answers with messages. */
static const struct jv_actor *without_tasks(struct stage *s, const struct jv_actor *actor)
{
    struct jv_actor *a = jv_arena_memdup(s->arena, actor, sizeof(*actor));

    a->needs = 0;
    return a;
}

/* Auth knows all of them, also in a twin's world where one has nothing. */
static void add_people(struct stage *s)
{
    struct jv_buf b = jv_buf_new(s->arena);

    jv_buf_str(&b, "delete from notifier.notices; delete from notifier.looks; "
                   "delete from notifier.rounds; delete from auth.people;\n");
    for (int i = 0; i < n_people; i++)
        jv_buf_printf(&b,
                      "insert into auth.people (user_id, username, role, email, password_hash, "
                      "created_at) values ('%s', '%s', 'user', '', '', '2025-01-01');\n",
                      s->people->list[i].user_id, s->people->list[i].username);
    stage_sql(s, b.data);
}

static void start_actors(struct stage *s)
{
    const struct jv_actor *const actors[] = { &auth_actor,     &registry_actor,    &sessions_actor,
                                              &notifier_actor, &tickets_actor,     &finops_actor,
                                              &oxygen_actor,   &orchestrator_actor };
    const struct jv_actor *instead = s->plan->instead;

    for (size_t i = 0; i < JV_COUNT(actors); i++) {
        bool same = instead && strcmp(instead->name, actors[i]->name) == 0;

        const struct jv_actor *actor = same ? instead : actors[i];

        if (actor == &notifier_actor && !s->plan->notices)
            continue;
        if (actor == &orchestrator_actor && !s->plan->tasks)
            actor = without_tasks(s, actor);
        world_start(s->w, actor);
        world_advance(s->w, 10); /* its card arrives */
    }
}

static void make_tokens(struct stage *s)
{
    for (int i = 0; i < n_people; i++) {
        const struct person *p = &s->people->list[i];

        s->tokens[i] = world_token(s->w, p->user_id, p->username, p->scopes);
        s->expired[i] = world_brief_token(s->w, p->user_id, p->username, p->scopes, -3600);
    }
}

struct stage *stage_new(const struct plan *plan, struct tally *tally)
{
    struct jv_arena *a = jv_arena_new((size_t)512 << 20);
    struct stage *s = JV_NEW(a, struct stage);

    *s = (struct stage){ .plan = plan, .tally = tally, .arena = a, .dice = { plan->seed } };
    world_db(jv_migration_files, NULL);
    s->db = PQconnectdb(getenv("TEST_DATABASE_URL"));
    s->people = people_new(a, &s->dice, false);
    stage_sql(s, people_sql(s->people));
    add_people(s);
    name_sessions(s);
    stage_reset_sessions(s);
    stage_learn_tasks(s);
    s->w = world_new();
    start_actors(s);
    make_tokens(s);
    if (plan->meddle)
        plan->meddle(s->people);
    return s;
}

void stage_free(struct stage *s)
{
    world_free(s->w);
    PQfinish(s->db);
    jv_arena_free(s->arena);
}
