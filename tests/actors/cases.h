/* cases.h -- tables of tool calls for the agents' tests: each call is made on the actor's own
 * service and again as a tool call in an A2A message; both must agree. */
#ifndef CASES_H
#define CASES_H

#include <a2a.pb-c.h>

#include "check.h"
#include "jv/file.h"
#include "world/world.h"

extern const struct jv_file jv_migration_files[], jv_seed_files[];

enum who { NOBODY, UNSCOPED, VISHAL, HAPPY, ALEX, SARAH, ADMIN, N_WHO };

struct call_case {
    enum who who;
    const char *tool, *arguments; /* JSON */
    int code;
    const char *has[8]; /* parts of the result's JSON, or of the error's text */
    const char *lacks;  /* in no answer, good or bad */
    const char *said;   /* the Markdown, exactly; NULL: not looked at */
};

struct stage {
    struct world *w;
    const struct jv_actor *actor;
    const char *tokens[N_WHO];
};

static inline struct stage stage_new(const struct jv_actor *actor)
{
    struct stage s = { .w = world_new(), .actor = actor };

    world_db(jv_migration_files, jv_seed_files);
    world_auth(s.w);
    world_start(s.w, actor);
    s.tokens[UNSCOPED] = world_token(s.w, "user_009", "nadia", "");
    s.tokens[VISHAL] = world_person(s.w, "user_001", "vishal", "developer");
    s.tokens[HAPPY] = world_person(s.w, "user_002", "happy", "developer");
    s.tokens[ALEX] = world_person(s.w, "user_003", "alex", "devops");
    s.tokens[SARAH] = world_person(s.w, "user_004", "sarah", "data_scientist");
    s.tokens[ADMIN] = world_person(s.w, "user_admin", "admin", "admin");
    return s;
}

static inline struct world_reply call_service(struct stage *s, enum who who, const char *tool,
                                              const char *arguments)
{
    const struct jv_tool *row = s->actor->tools;

    while (row->method && strcmp(row->tool, tool) != 0)
        row++;
    CHECK_OR(row->method != NULL, return (struct world_reply){ .code = -1 });
    return world_ask(s->w, s->tokens[who],
                     jv_arena_printf(world_arena(s->w), "svc.%s.%s", s->actor->name, row->method),
                     arguments);
}

static inline struct world_reply call_agent(struct stage *s, enum who who, const char *tool,
                                            const char *arguments)
{
    return world_tool(s->w, s->tokens[who], s->actor->agent->token, tool, arguments);
}

/* The answer: a message's parts, or those of a task's result or question. */
static inline A2a__Part **parts_of(const A2a__SendMessageResponse *r)
{
    if (r->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_MESSAGE)
        return r->message->parts;
    return r->task->n_artifacts ? r->task->artifacts[0]->parts : r->task->status->message->parts;
}

static inline size_t n_parts_of(const A2a__SendMessageResponse *r)
{
    if (r->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_MESSAGE)
        return r->message->n_parts;
    if (r->payload_case != A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_TASK)
        return 0;
    if (r->task->n_artifacts)
        return r->task->artifacts[0]->n_parts;
    return r->task->status->message ? r->task->status->message->n_parts : 0;
}

/* The Markdown of a SendMessage reply. */
static inline const char *markdown(struct stage *s, const struct world_reply *r)
{
    struct jv_err err = { 0 };
    A2a__SendMessageResponse *reply =
            (void *)jv_json_to_msg(&a2a__send_message_response__descriptor, r->json,
                                   strlen(r->json), JV_JSON_CAMEL, world_arena(s->w), &err);

    CHECK_OR(reply && n_parts_of(reply), return NULL);
    CHECK_STR(parts_of(reply)[0]->media_type, "text/markdown");
    return parts_of(reply)[0]->text;
}

/* Ids are made by chance, and one in some thousand has the number of a ticket. */
static inline bool is_in_id(const char *text, const char *at)
{
    static const char digits[] = "0123456789abcdef-";

    while (at > text && strchr(digits, at[-1]))
        at--;
    return strspn(at, digits) >= 16;
}

static inline bool tells(const char *text, const char *word)
{
    const char *at = strstr(text, word);

    while (at && is_in_id(text, at))
        at = strstr(at + 1, word);
    return at;
}

static inline void check_reply(const struct call_case *c, const struct world_reply *r)
{
    const char *text = r->code ? r->text : r->json;

    CHECK_INT(r->code, c->code);
    for (size_t i = 0; i < JV_COUNT(c->has) && c->has[i]; i++)
        CHECK_HAS(text, c->has[i]);
    CHECK(!c->lacks || !text || !tells(text, c->lacks));
}

static inline void check_case(struct stage *s, const struct call_case *c)
{
    int before = check_failures;
    struct world_reply r = call_service(s, c->who, c->tool, c->arguments);

    check_reply(c, &r);
    r = call_agent(s, c->who, c->tool, c->arguments);
    check_reply(c, &r);
    if (c->said && !r.code)
        CHECK_STR(markdown(s, &r), c->said);
    if (check_failures > before)
        printf("# ^ %s %s %s\n", c->tool, c->arguments, s->tokens[c->who] ? "" : "(no token)");
}

/* A text to the agent, understood by the words of its tables. */
struct said_case {
    enum who who;
    const char *text;
    int code;
    const char *has[4]; /* in the Markdown, or in the error's text */
    const char *lacks;
};

static inline void check_said(struct stage *s, const struct said_case *c)
{
    int before = check_failures;
    struct world_reply r = world_say(s->w, s->tokens[c->who], s->actor->agent->token, c->text);
    const char *text = r.code ? r.text : markdown(s, &r);

    CHECK_INT(r.code, c->code);
    for (size_t i = 0; i < JV_COUNT(c->has) && c->has[i]; i++)
        CHECK_HAS(text, c->has[i]);
    CHECK(!c->lacks || (text && !strstr(text, c->lacks)));
    if (check_failures > before)
        printf("# ^ \"%s\"\n", c->text);
}

#define CHECK_SAID(stage, cases)                                                                   \
    for (size_t i_ = 0; i_ < JV_COUNT(cases); i_++)                                                \
    check_said((stage), &(cases)[i_])

#define CHECK_CASES(stage, cases)                                                                  \
    for (size_t i_ = 0; i_ < JV_COUNT(cases); i_++)                                                \
    check_case((stage), &(cases)[i_])

#endif
