/* match.h -- which family of tools a part of the sentence is about. */
#ifndef JV_MATCH_H
#define JV_MATCH_H

#include "plan/reading.h"

/* Whose data is asked for. */
enum jv_whom {
    JV_WHOM_NONE = 0, /* not said */
    JV_WHOM_CALLER,
    JV_WHOM_PERSON,
    JV_WHOM_EVERYBODY,
    JV_WHOM_UNCLEAR, /* "his", and nobody was spoken of */
};

enum { JV_CLAUSE_TOKENS = 64, JV_CLAUSE_NAMES = 4 };

/* A part of the sentence: tokens from..to, and what it takes over from a neighbour. */
struct jv_clause {
    size_t from, to;
    size_t head_from, head_to; /* whose head it shares: "aws" in "aws and gcp cost"; empty: none */
    bool head_acts;            /* that head asks for a change */
    enum jv_break before;      /* how it is parted from the one before */
    enum jv_whom whom;
    size_t n_names;
    const char *names[JV_CLAUSE_NAMES];
    bool looks;            /* show, what, which: it does not ask for a change */
    bool wishes;           /* "I need ..." of something new */
    bool negated;          /* don't ... */
    bool fragment;         /* no verb */
    bool background;       /* because ..., when ..., if ... */
    bool asked, makes_new; /* ends with a question mark; "a", "new" stands in it */
};

static inline jv_roles jv_roles_of(const struct jv_reading *r, const struct jv_clause *c)
{
    jv_roles roles = 0;

    for (size_t i = c->from; i < c->to; i++)
        roles |= r->tokens[i].word->roles;
    return roles;
}

/* How a family fits a clause. */
struct jv_score {
    double terms, values; /* evidence from words; from values and numbers */
    double total;         /* with everything considered, for ranking */
    double confidence;
    double unsaid;      /* what the family is named for and the clause does not say */
    uint64_t explained; /* tokens of the clause, from `from` */
    size_t unknown;     /* a token that fills the required member without a known value; SIZE_MAX */
    bool acts, missing; /* it was asked for a change; a required member has no value */
};

struct jv_pick {
    uint32_t family;
    struct jv_score score;
};

/* The best families, best first. */
size_t jv_match(const struct jv_reading *r, const struct jv_clause *clause, struct jv_arena *a,
                struct jv_pick *ret, size_t max);

/* The clause names a value of this member (one that the family's agent knows): its place in
 * r->values, from `at` on; SIZE_MAX when there is none. */
size_t jv_match_value(const struct jv_reading *r, const struct jv_clause *clause, uint32_t family,
                      const char *member, size_t at);
/* The next number in the clause from token `at` on; SIZE_MAX. */
size_t jv_match_number(const struct jv_reading *r, const struct jv_clause *clause, size_t at);

#endif
