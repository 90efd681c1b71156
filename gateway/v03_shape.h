/* v03_shape.h -- how 0.3 and 1.0 differ, as tables: for each object of 0.3 its members, what they
 * are called in 1.0 and what they are. v03_walk.c carries objects over by them, both ways, on
 * google.protobuf.Struct values; nothing else in the gateway includes this.
 *
 * in: from 0.3, which a client wrote: everything is checked. out: to 0.3, from a message of ours:
 * what 0.3 requires and is missing is printed empty. */
#ifndef V03_SHAPE_H
#define V03_SHAPE_H

#include "v03.h"
#include "jv/wire.h"
#include "google/protobuf/struct.pb-c.h"

typedef Google__Protobuf__Value v03_value;
typedef Google__Protobuf__Struct v03_object;

/* One translation. */
struct v03 {
    struct jv_arena *arena;
    struct jv_err *err;
};

/* Where in the 0.3 object we are: frames of the callers' stacks; the root has no name. */
struct v03_at {
    const struct v03_at *up;
    const char *name; /* NULL: index counts */
    size_t index;
};

enum v03_need {
    V03_OPTIONAL = 0,
    V03_PRESENT, /* may be empty */
    V03_REQUIRED /* and not empty */
};

/* A word of 0.3 and the enum value of 1.0; in a table the last row stands for all others. */
struct v03_word {
    const char *old, *now;
};

struct v03_member {
    const char *old, *now; /* now NULL: 1.0 has no such member */
    const struct v03_kind *kind;
    enum v03_need need;
    const struct v03_shape *shape; /* of the object, or of a list's objects */
    const struct v03_word *words;  /* with v03_enum */
    size_t n_words;
};

/* What a member is. in gives NULL with an error; out gets NULL for a missing member that 0.3
 * requires. Kinds of replies alone have no in, of requests alone no out. */
struct v03_kind {
    v03_value *(*in)(struct v03 *t, const struct v03_member *m, v03_value *v,
                     const struct v03_at *at);
    v03_value *(*out)(struct v03 *t, const struct v03_member *m, v03_value *v);
    Google__Protobuf__Value__KindCase json; /* of plain kinds */
    const char *must;                       /* "be a string" */
};

struct v03_shape {
    const char *kind;  /* 0.3's "kind", in cards its "type"; NULL: objects without one */
    const char *now;   /* the member of 1.0 that holds it, where there is a choice */
    bool kind_is_type; /* the discriminator is called "type" */
    size_t n;
    const struct v03_member *members;
    /* What no table says: after the members. */
    bool (*in)(struct v03 *t, const v03_object *old, const struct v03_at *at, v03_object *now);
    void (*out)(struct v03 *t, const v03_object *now, v03_object *old);
};

/* ---- v03_kinds.c, v03_parts.c --------------------------------------------------------------- */

/* Plain: carried over as they are. */
extern const struct v03_kind v03_text, v03_texts, v03_flag, v03_count, v03_bytes, v03_any_object,
        v03_list;
extern const struct v03_kind v03_enum;   /* of .words */
extern const struct v03_kind v03_not;    /* a flag that says the opposite */
extern const struct v03_kind v03_first;  /* a required list of strings; 1.0 keeps the first */
extern const struct v03_kind v03_one;    /* an object of .shape */
extern const struct v03_kind v03_many;   /* a list of them; out only */
extern const struct v03_kind v03_inside; /* an object whose members 1.0 has one level up */
extern const struct v03_kind v03_parts;  /* of a message or artifact */

/* ---- v03_walk.c ----------------------------------------------------------------------------- */

/* The members of old into now; false with an error. */
bool v03_in(struct v03 *t, const struct v03_shape *s, const v03_object *old,
            const struct v03_at *at, v03_object *now);
v03_object *v03_out(struct v03 *t, const struct v03_shape *s, const v03_object *now);
/* INVALID_ARGUMENT about the member at `at`, the text "path: sentence"; returns NULL. */
void *v03_fail(struct v03 *t, const struct v03_at *at, const char *fmt, ...) JV_PRINTF(3, 4);

bool v03_is(const v03_value *v, Google__Protobuf__Value__KindCase json);
bool v03_is_empty(const v03_value *v); /* text or list */
/* As an object; NULL when it is none (or NULL). */
v03_object *v03_object_of(const v03_value *v);
/* The member as an object; NULL when it is none. */
v03_object *v03_object_at(const v03_object *s, const char *name);
/* Of that type: "", [], {}, false, 0 or null. */
v03_value *v03_empty(struct v03 *t, Google__Protobuf__Value__KindCase json);
/* A list of n values, to be filled in. */
v03_value *v03_new_list(struct v03 *t, size_t n);
/* The object of the one of the shapes (NULL ends them) whose .now is in the 1.0 object; NULL when
 * none is. */
v03_value *v03_choose(struct v03 *t, const struct v03_shape *const *shapes, const v03_object *now);

/* ---- v03_shapes.c, v03_card.c: the tables --------------------------------------------------- */

extern const struct v03_shape v03_send_params, v03_task_params, v03_query_params, v03_push_params,
        v03_get_push_params, v03_delete_push_params, v03_list_push_params, v03_no_params;
extern const struct v03_shape v03_task, v03_push;
extern const struct v03_shape *const v03_events[];
/* NULL when the card has no interface of version 0.3. */
v03_value *v03_card_value(struct v03 *t, const v03_object *now);

#endif
