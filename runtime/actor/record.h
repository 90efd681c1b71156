/* record.h -- an audit record as it is published: JSON, so that an operator reads it with nothing
 * but a NATS client. Members that are empty are left out. */
#ifndef JV_RECORD_H
#define JV_RECORD_H

#include "jv/base.h"

struct jv_record {
    const char *actor, *action, *who, *user_id, *method, *tool, *trace_id, *text;
    const char *rule, *about; /* of a denial */
    const char *claimed;      /* what a refused token says its name is: nobody has checked that */
    int64_t at_ms;            /* real */
    unsigned left_out;        /* so many refusals before it have no record of their own */
};

char *jv_record_json(struct jv_arena *a, const struct jv_record *r, size_t *ret_len);

/* Whose name an unverified token tells, clipped to 64 bytes of visible ASCII; "" for none. */
const char *jv_record_claimed(struct jv_arena *a, const char *token);

/* Anybody can send tokens that are refused: at most JV_FLOOD_PER_S of them have a record. */
enum { JV_FLOOD_PER_S = 10 };
struct jv_flood {
    int64_t second;
    unsigned n, left_out;
};
/* Whether this one has a record, which then tells how many had none. */
bool jv_flood_lets(struct jv_flood *f, int64_t real_ms, unsigned *ret_left_out);
/* How many had none and were not told yet. */
unsigned jv_flood_take(struct jv_flood *f);

#endif
