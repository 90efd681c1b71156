/* clause.h -- a sentence as wishes: each part with its head, its values and whose it is. */
#ifndef JV_CLAUSE_H
#define JV_CLAUSE_H

#include "plan/match.h"

enum { JV_PARTS = 32, JV_CLAUSES = 8 }; /* parts of a sentence; those that wish something */

/* What kind of a part it is. */
enum jv_mood {
    JV_FRAGMENT,  /* "my open tickets" */
    JV_REQUEST,   /* "show me ...", "which ...?", "I need ..." */
    JV_STATEMENT, /* "my laptop is old": background, as long as something is requested */
};

struct jv_wish {
    struct jv_clause clause;
    enum jv_mood mood;
    size_t text_to; /* free text of the wish may run up to this token */
    size_t n_picks;
    struct jv_pick picks[4];
};

/* What is known beside the sentence. */
struct jv_asker {
    const char *username;
    const char *person; /* "his", "her": who was spoken of; NULL: nobody */
};

/* The wishes of a sentence, in order; parts that say nothing are left out. */
size_t jv_clauses(const struct jv_reading *r, const struct jv_asker *who, struct jv_arena *a,
                  struct jv_wish ret[JV_CLAUSES]);
/* Something in the wish names a subject, beside values and names. */
bool jv_wish_has_head(const struct jv_wish *w);

#endif
