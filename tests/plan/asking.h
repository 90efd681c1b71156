/* asking.h -- conversations with the built-in planner on the cards of our agents, for tests. */
#ifndef ASKING_H
#define ASKING_H

#include <stdio.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/plan.h"
#include "jv/wire.h"

#include "check.h"
#include "plan/town.h"

struct talk {
    struct jv_arena *arena;
    struct jv_catalog *catalog;
    const char *username;
    struct jv_plan plan;
};

static inline struct talk talk_new(const char *username)
{
    struct talk t = { .arena = jv_arena_new(64 << 20), .username = username };

    t.catalog = town_catalog(t.arena);
    return t;
}

static inline void talk_free(struct talk *t)
{
    jv_catalog_free(t->catalog);
    jv_arena_free(t->arena);
}

static inline void say_value(struct jv_buf *b, const Google__Protobuf__Value *v)
{
    if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        jv_buf_str(b, v->string_value);
    else
        jv_buf_printf(b, "%.0f", v->number_value);
}

/* "tickets.get_ticket(ticket_id=12301)"; several are joined by " + ". */
static inline const char *calls_of(const struct talk *t)
{
    static const char *const kinds[] = { "", "ASK ", "TALK", "UNKNOWN" };
    struct jv_buf b = jv_buf_new(t->arena);

    jv_buf_str(&b, kinds[t->plan.kind]);
    for (size_t i = 0; i < t->plan.n; i++) {
        const struct jv_planned *p = &t->plan.calls[i];

        jv_buf_printf(&b, "%s%s.%s(", i ? " + " : "", p->agent, p->tool ? p->tool : p->text);
        for (size_t k = 0; k < p->arguments->n_fields; k++) {
            jv_buf_printf(&b, "%s%s=", k ? "," : "", p->arguments->fields[k]->key);
            say_value(&b, p->arguments->fields[k]->value);
        }
        jv_buf_char(&b, ')');
    }
    return b.data ? b.data : "";
}

static inline const char *ask(struct talk *t, const char *text)
{
    struct jv_plan_input in = { .text = text,
                                .username = t->username,
                                .scope = town_scope(t->username),
                                .memory = t->plan.memory,
                                .now_ms = INT64_C(1736467200000) };

    CHECK_INT(jv_planner_builtin.plan(NULL, t->catalog, &in, t->arena, &t->plan), JV_OK);
    return calls_of(t);
}

/* A new conversation: "first question -> second question"; the answer to the last. */
static inline const char *converse(struct talk *t, const char *username, const char *texts)
{
    static const char arrow[] = " -> ";
    const char *calls = "", *next;

    t->username = username;
    t->plan.memory = NULL;
    for (const char *p = texts; p; p = next ? next + strlen(arrow) : NULL) {
        next = strstr(p, arrow);
        calls = ask(t, next ? jv_arena_strndup(t->arena, p, (size_t)(next - p)) : p);
    }
    return calls;
}

struct expected {
    const char *username, *text, *calls;
};

/* Each row in a conversation of its own. */
static inline void check_all(const struct expected *list, size_t n)
{
    struct talk t = talk_new("");

    for (size_t i = 0; i < n; i++) {
        const char *calls = converse(&t, list[i].username, list[i].text);

        if (strcmp(calls, list[i].calls) != 0) {
            printf("# \"%s\" is\n#   %s\n# not\n#   %s\n", list[i].text, calls, list[i].calls);
            check_failures++;
        }
    }
    talk_free(&t);
}

#endif
