/* read.h -- from a JSON value to members of a message; the parts of the reader know each other. */
#ifndef JV_READ_H
#define JV_READ_H

#include "wire/src.h"
#include "wire/type.h"

struct jv_in {
    struct jv_arena *arena;
    struct jv_err *err;
    unsigned flags;
};

/* One value of the field's type, not a list, into `at`. */
JV_CHECKED int jv_read_one(struct jv_in *in, const ProtobufCFieldDescriptor *f,
                           const struct jv_src *v, const struct jv_path *path, void *at);
/* The same from text, as in a map's key or a query: booleans and enum numbers too. */
JV_CHECKED int jv_read_text(struct jv_in *in, const ProtobufCFieldDescriptor *f,
                            const struct jv_src *v, const struct jv_path *path, void *at);
/* Everything but messages (scalar_in.c). */
JV_CHECKED int jv_read_scalar(struct jv_in *in, const ProtobufCFieldDescriptor *f,
                              const struct jv_src *v, const struct jv_path *path, void *at);
JV_CHECKED int jv_read_string(struct jv_in *in, const struct jv_src *v, const struct jv_path *path,
                              char **ret);
/* A message of any type. */
JV_CHECKED int jv_read_msg(struct jv_in *in, const ProtobufCMessageDescriptor *type,
                           const struct jv_src *v, const struct jv_path *path,
                           ProtobufCMessage **ret);
/* The members of an object into msg; the member `skip`, if any, is passed over. */
JV_CHECKED int jv_read_members(struct jv_in *in, const struct jv_type *t, const struct jv_src *v,
                               const struct jv_path *path, const char *skip, ProtobufCMessage *msg);
/* Types with a form of their own (wellknown_in.c). */
JV_CHECKED int jv_read_wellknown(struct jv_in *in, const struct jv_type *t, const struct jv_src *v,
                                 const struct jv_path *path, ProtobufCMessage *msg);

#endif
