/* people.h -- made-up people with made-up data in which every personal fact is a word or a number
 * that stands nowhere else, and the SQL that puts them into the tables.
 *
 * Names are ordinary words ("open", "may"), names as people have them, with digits, or words that
 * are facts themselves. */
#ifndef PEOPLE_H
#define PEOPLE_H

#include "leaks/dice.h"
#include "leaks/facts.h"

enum { n_people = 14, max_own = 24 };

struct person {
    int number;
    const char *username, *user_id;
    const char *role;   /* as auth has them */
    const char *scopes; /* what the token carries */
    struct reader reader;
    bool may_write, may_write_all; /* tickets: one's own, everybody's */
    size_t n_tickets, n_operations;
    int32_t tickets[max_own];
    const char *operations[max_own]; /* those that are facts */
    struct jv_buf sql;               /* their rows */
};

struct people {
    struct jv_arena *arena;
    struct dice *dice;
    struct facts *facts;
    struct person list[n_people];
    int64_t next_id; /* where ids of new tickets begin */
};

/* only_roles: everybody has the scopes that auth gives their role; else some have others. */
struct people *people_new(struct jv_arena *a, struct dice *d, bool only_roles);

/* One transaction after which the agents' tables hold these people's data and nothing else. */
const char *people_sql(struct people *p);
/* Other data for a person; what was theirs is nowhere any more, but is still a fact. */
void people_redraw(struct people *p, struct person *who);

/* A word that stands nowhere else: "zovaki37". */
const char *people_word(struct people *p);
/* A word that a person says: theirs, but for whoever may see everybody's tickets. */
const char *people_said(struct people *p, const struct person *who);

#endif
