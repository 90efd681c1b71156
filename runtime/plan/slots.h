/* slots.h -- from a wish to tool calls: which tool of the family, and its arguments. */
#ifndef JV_SLOTS_H
#define JV_SLOTS_H

#include "plan/clause.h"

enum { JV_CALLS_MAX = 8 };

struct jv_draft {
    bool asked; /* the words ask to see it; else it may just be mentioned */
    bool said_whose, compares, points, borrows; /* what its part says; points: "it", "they" */
    size_t wish;                                /* which part */
    uint32_t tool;
    struct Google__Protobuf__Struct *arguments;
    double confidence;
    const struct jv_slot *missing; /* NULL: complete */
    bool guessed; /* a change that only follows from what was said before: ask first */
};

/* The tool of a family for somebody's data; a name only where it can take one. */
uint32_t jv_slots_tool(const struct jv_catalog *c, uint32_t family, enum jv_whom whom);

/* The calls for one pick of a wish: several when it names several people, values or numbers. */
size_t jv_slots_fill(const struct jv_reading *r, const struct jv_wish *w, const struct jv_pick *p,
                     struct jv_arena *a, struct jv_draft *ret, size_t max);

/* The word at i says that the family's change is asked for, not what it is about. */
bool jv_slots_asks(const struct jv_reading *r, size_t i, uint32_t family);

/* The days that a part names, as the value of one of the tool's times; NULL: none. */
struct Google__Protobuf__Value *jv_slots_time(const struct jv_reading *r, const struct jv_clause *c,
                                              const struct jv_cat_tool *tool,
                                              const struct jv_slot *slot, struct jv_arena *a);

/* What a change still lacks, from anywhere in the text: the only number, the only value, or the
 * story that came before ("the printer is broken, open a ticket"). */
void jv_slots_complete(const struct jv_reading *r, struct jv_draft *d, struct jv_arena *a);

/* A value for one member from a whole text: one of the vocabulary, a number, or the words
 * themselves; NULL when it holds none. For the answer to a question. */
struct Google__Protobuf__Value *jv_slots_answer(const struct jv_reading *r, uint32_t tool,
                                                const struct jv_slot *slot, struct jv_arena *a);

#endif
