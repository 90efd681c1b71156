/* memory.h -- what the planner hands itself from turn to turn: the last calls, who was spoken of,
 * an open question. As a Struct:
 *     {"calls": [{"agent", "tool", "arguments"}], "before": [...], "person": "vishal",
 *      "items": [{"agent", "tool", "arguments"}], what shows each of the last list,
 *      "ask": {"agent", "tool", "arguments", "missing"}} */
#ifndef JV_MEMORY_H
#define JV_MEMORY_H

#include "plan/slots.h"

enum { JV_ITEMS_MAX = 16 };

struct jv_memory {
    size_t n_calls, n_before;
    struct jv_draft calls[JV_CALLS_MAX],
            before[JV_CALLS_MAX]; /* of the last turn; of earlier ones */
    size_t n_items;
    struct jv_draft items[JV_ITEMS_MAX]; /* of the last list that was shown, in its order */
    const char *person;
    bool asks;
    struct jv_draft ask; /* with its missing member */
    size_t n_confirm;
    struct jv_draft confirm[JV_CALLS_MAX]; /* done when the answer is yes */
};

/* Calls of tools that are no more in the catalogue are forgotten. */
struct jv_memory jv_memory_read(const struct jv_catalog *c,
                                const struct Google__Protobuf__Struct *s, struct jv_arena *a);
struct Google__Protobuf__Struct *jv_memory_write(const struct jv_catalog *c,
                                                 const struct jv_memory *m, struct jv_arena *a);
/* The turn is over with these calls. */
void jv_memory_push(struct jv_memory *m, const struct jv_catalog *c, size_t n,
                    const struct jv_draft *calls);
/* Its members are shared. */
struct Google__Protobuf__Struct *jv_struct_copy(const struct Google__Protobuf__Struct *s,
                                                struct jv_arena *a);
bool jv_value_same(const struct Google__Protobuf__Value *a,
                   const struct Google__Protobuf__Value *b);
bool jv_draft_same(const struct jv_draft *a, const struct jv_draft *b);

#endif
