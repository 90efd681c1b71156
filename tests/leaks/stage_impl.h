/* stage_impl.h -- what the files behind stage.h share. */
#ifndef STAGE_IMPL_H
#define STAGE_IMPL_H

#include <libpq-fe.h>

#include "leaks/stage.h"
#include "world/world.h"

enum {
    n_chains = 32,
    max_turns = 3,
    n_sessions = 112,
    n_tasks_known = 24,
    max_printed = 5,
    max_suspects = 256
};

struct chain {
    struct ask asks[max_turns];
    size_t n;
    const char *session;
    struct jv_buf said;
};

struct stage {
    const struct plan *plan;
    struct tally *tally;
    struct jv_arena *arena;
    struct dice dice;
    struct people *people;
    struct world *w;
    PGconn *db;
    const char *tokens[n_people], *expired[n_people];
    const char *sessions[n_people][n_sessions];
    size_t n_used[n_people]; /* sessions */
    bool gone[n_people];     /* has neither sessions nor tasks */
    size_t n_tasks;
    const char *tasks[n_tasks_known];
    const struct person *me;
    struct asking asking;
    struct chain chains[n_chains];
    size_t n_suspects;
    struct suspect {
        const struct chain *chain;
        size_t turn;
        const struct fact *fact;
        const char *text;
    } suspects[max_suspects];
};

/* ---- stage.c: the world --------------------------------------------------------------------- */
struct stage *stage_new(const struct plan *plan, struct tally *tally);
void stage_free(struct stage *s);
/* The first value; "" for none. */
const char *stage_sql(struct stage *s, const char *text);
/* Everybody's that is not gone: empty sessions, and a task with each of some agents. */
void stage_reset_sessions(struct stage *s);
void stage_learn_tasks(struct stage *s);
void stage_be(struct stage *s, const struct person *who); /* who asks from now on */
void stage_make_chain(struct stage *s, struct chain *c);
void stage_send(struct stage *s, const struct ask *ask);

/* ---- changes.c: what was written ------------------------------------------------------------- */
const char *changes_snapshot(struct stage *s);
/* false: some of it was nothing for the one who asks. */
bool changes_judge(struct stage *s, const char *before, const char *after);

/* ---- answers.c: what was said ---------------------------------------------------------------- */
/* The error's text and member, and the body. */
const char *answer_of(struct stage *s, const struct world_reply *r);
void answer_judge(struct stage *s, const struct chain *c, size_t turn, const struct world_reply *r);
/* What is kept of the asker's sessions: memory, history, what agents were asked. */
void answer_judge_memory(struct stage *s, const struct chain *c);
/* Once it is known what the batch has written: somebody who opens a ticket for a word has it in
 * their own data, whosever it was before. */
void answer_judge_suspects(struct stage *s);

#endif
