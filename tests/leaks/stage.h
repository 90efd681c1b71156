/* stage.h -- a system of real actors on a real database that holds made-up people's data, and what
 * becomes of asking it: answers are searched for what their askers may not see, tables are compared
 * before and after.
 *
 *     struct tally tally = { 0 };
 *     stage_round(&(struct plan){ .seed = 7, .questions = 1000 }, &tally);
 *     CHECK_INT(tally.leaks, 0);
 *
 * A round is one set of people in one world. One person asks at a time, many things at once, so
 * that each change has an author. What is found is printed with the least question that shows it.
 */
#ifndef STAGE_H
#define STAGE_H

#include "leaks/asks.h"

struct plan {
    uint64_t seed;
    size_t questions;
    unsigned chat_percent; /* of what is asked goes through the orchestrator */
    bool tasks;            /* the orchestrator keeps tasks, as it does in a real system */
    bool notices;          /* the notifier runs, and tells in the chat once what is urgent */
    bool quiet;            /* print nothing */
    const struct jv_actor *instead; /* runs in place of the actor of its name; NULL: none */
    /* Something wrong to do once a round has begun; NULL: nothing. */
    void (*meddle)(const struct people *people);
};

struct tally {
    size_t asked, answered, denied, refused; /* refused: not signed in */
    size_t told;                             /* facts that were in answers, and rightly */
    size_t others;                           /* of these, other people's */
    size_t written;                          /* rows that changed, and rightly */
    size_t leaks, wrong_writes, faults;
};

/* The same questions of the same people twice, while the others' data changes in between: all that
 * is told must be the same, in every word and number. tally->leaks counts the answers that differ.
 * plan->questions are asked, half of them in each of the two. */
void stage_twins(const struct plan *plan, struct tally *tally);

void stage_round(const struct plan *plan, struct tally *tally);

#endif
