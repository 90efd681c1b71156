/* eval.h -- what the files of `jarvis eval` share. */
#ifndef JV_EVAL_H
#define JV_EVAL_H

#include <eval.pb-c.h>
#include <orchestrator.pb-c.h>

#include "jv/base.h"

enum { eval_people = 64 };

/* The system that is asked, and who has signed in there. */
struct eval_system {
    struct jv_arena *arena; /* for as long as the run */
    const char *url;        /* without a slash at its end */
    char place[320];        /* its host:port */
    const char *passwords;  /* lines of name:password; NULL: the demo's */
    int timeout_ms;         /* of one question */
    size_t n_people;
    struct {
        const char *name, *token;
        int64_t until_ms; /* monotonic: sign in again then */
    } people[eval_people];
};

/* What a question brought; all zero when it has none. */
struct eval_answer {
    const Orchestrator__ChatReply *reply;
    int64_t ms;
    int retries;
};

/* ---- eval_ask.c: over HTTP; may wait for as long as the system takes. Secrets stay out of errors.
 * UNAVAILABLE: not reachable; UNAUTHENTICATED: this person cannot sign in. */
JV_CHECKED int eval_sign_in(struct eval_system *s, const char *person, const char **ret_token,
                            struct jv_err *err);
JV_CHECKED int eval_begin(struct eval_system *s, const char *person, struct jv_arena *a,
                          const char **ret_session, struct jv_err *err);
JV_CHECKED int eval_ask(struct eval_system *s, const char *person, const char *session,
                        const char *question, struct jv_arena *a, struct eval_answer *ret,
                        struct jv_err *err);

/* ---- eval_judge.c ---------------------------------------------------------------------------- */
/* All "@NAME" of the table are there, and every list has texts. */
JV_CHECKED int eval_check_table(const Eval__Table *t, struct jv_err *err);
/* Fills right and wrong. */
void eval_judge(const Eval__Table *t, const Eval__Row *row, const Orchestrator__ChatReply *reply,
                struct jv_arena *a, Eval__Result *ret);

/* ---- eval_say.c ------------------------------------------------------------------------------ */
void eval_total(const Eval__Report *report, struct jv_arena *a);
void eval_say_head(void);
void eval_say_row(const Eval__Result *r);
void eval_say_total(const Eval__Total *t);

#endif
