/* world.h -- real actors in one process: in-memory bus, virtual clock, and (with-servers pg) a real
 * database. The clock starts at 2025-01-10T00:00:00Z.
 *
 *     struct world *w = world_new();
 *     world_start(w, &tickets_actor);
 *     const char *vishal = world_person(w, "user_001", "vishal", "developer");
 *     struct world_reply r = world_ask(w, vishal, "svc.tickets.ListMine", "{}");
 *     CHECK_INT(r.code, JV_OK); CHECK_HAS(r.json, "12301");
 *     world_free(w);
 *
 * A fake peer is an actor like any other: a struct jv_actor with handlers of the test. */
#ifndef WORLD_H
#define WORLD_H

#include "actor/engine.h"

struct world;

struct world *world_new(void);
struct world *world_free(struct world *w);
struct jv_loop *world_loop(struct world *w);
struct jv_broker *world_broker(struct world *w);
struct jv_arena *world_arena(struct world *w); /* lives as long as the world */
struct jv_identity *world_identity(struct world *w);

/* Start an actor (its settings from the environment) and run until it is ready; aborts with the
 * reason when it cannot. An actor with JV_NEEDS_DB uses TEST_DATABASE_URL. */
struct jv_node *world_start(struct world *w, const struct jv_actor *actor);
/* The same without expecting that it works: the code, the reason in *err. */
int world_try(struct world *w, const struct jv_actor *actor, struct jv_err *err);
/* An auth that knows the demo's people, zoe, max, and `gone`, who was removed; it does nothing
 * else. */
struct jv_node *world_auth(struct world *w);
/* Gone without a farewell heartbeat; what it was answering is answered. */
void world_kill(struct world *w, struct jv_node *n);
/* As SIGTERM: drains, then gone. */
void world_drain(struct world *w, struct jv_node *n);

/* A token with the scopes of a role, or with given ones; lives as long as the world. */
const char *world_person(struct world *w, const char *user_id, const char *username,
                         const char *role);
const char *world_token(struct world *w, const char *user_id, const char *username,
                        const char *scopes);
const char *world_brief_token(struct world *w, const char *user_id, const char *username,
                              const char *scopes, int64_t life_s);

struct world_reply {
    int code;          /* JV_OK or the error's gRPC code */
    int http;          /* of the error header, 0 when it was none */
    const char *text;  /* the error's sentence */
    const char *field; /* the member it names */
    const char *json;  /* the body */
    size_t parts;      /* of a stream */
};

/* Send JSON to a subject (without the prefix) and run until the answer is there or a virtual minute
 * has passed. token may be NULL. A stream's parts are joined by newlines. */
struct world_reply world_ask(struct world *w, const char *token, const char *subject,
                             const char *json);
/* A tool call to an agent's SendMessage: arguments as JSON. */
struct world_reply world_tool(struct world *w, const char *token, const char *agent,
                              const char *tool, const char *arguments);
/* A text to an agent's SendMessage. */
struct world_reply world_say(struct world *w, const char *token, const char *agent,
                             const char *text);
/* Several at once: send now, collect later; answers in the order of sending. */
void world_send(struct world *w, const char *token, const char *subject, const char *json);
struct world_reply world_collect(struct world *w);

/* Let virtual time pass. */
void world_advance(struct world *w, int64_t ms);
void world_set_wall(struct world *w, const char *rfc3339);
/* What was published (not requested) on a subject, newest last: "audit.tickets.denied". NULL past
 * the end. Subjects must be listened to before. */
void world_listen(struct world *w, const char *subject);
const char *world_heard(struct world *w, size_t i, const char **ret_subject);

/* The database of the test run: migrated (once per process) with all actors' migrations; seeded
 * with the demo data when asked. Truncates nothing: give each test its own ids or call
 * world_db_reset. */
struct jv_file;
void world_db(const struct jv_file *migrations, const struct jv_file *seeds);
/* Drop everything and make it anew. */
void world_db_reset(const struct jv_file *migrations, const struct jv_file *seeds);
/* One statement, blocking, for arranging and looking behind the curtain; the first value as text.
 */
const char *world_sql(struct world *w, const char *sql);

#endif
