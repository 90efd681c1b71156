/* sink.h -- where a JSON value is written to: text, or a google.protobuf.Struct. */
#ifndef JV_SINK_H
#define JV_SINK_H

#include "wire/type.h"

struct jv_sink;

struct jv_sink_ops {
    void (*begin)(struct jv_sink *s, bool object);
    void (*end)(struct jv_sink *s, bool object);
    void (*member)(struct jv_sink *s, const struct jv_name *name); /* before its value */
    void (*key)(struct jv_sink *s, const char *key);               /* the same for maps */
    void (*text)(struct jv_sink *s, const char *p, size_t n);
    void (*integer)(struct jv_sink *s, int64_t n);
    void (*real)(struct jv_sink *s, double d, bool single); /* finite */
    void (*boolean)(struct jv_sink *s, bool b);
    void (*null)(struct jv_sink *s);
};

struct jv_sink {
    const struct jv_sink_ops *ops;
    struct jv_arena *arena;
};

struct jv_text_sink {
    struct jv_sink sink;
    struct jv_buf buf;
    bool comma; /* the next value or key follows another */
};
void jv_text_sink_init(struct jv_text_sink *s, struct jv_arena *a);

struct jv_sink_frame;
struct jv_value_sink {
    struct jv_sink sink;
    struct jv_sink_frame *top;
    struct Google__Protobuf__Value *root; /* what was written */
};
void jv_value_sink_init(struct jv_value_sink *s, struct jv_arena *a);

/* pbjson_out.c: the message as a value; flags as in wire.h. */
void jv_write_msg(struct jv_sink *s, const ProtobufCMessage *msg, unsigned flags);
/* The same without the braces around it. */
void jv_write_members(struct jv_sink *s, const struct jv_type *t, const ProtobufCMessage *msg,
                      unsigned flags);
/* wellknown_out.c: the types with a form of their own. */
void jv_write_value(struct jv_sink *s, const struct Google__Protobuf__Value *v);
void jv_write_wellknown(struct jv_sink *s, const struct jv_type *t, const ProtobufCMessage *msg,
                        unsigned flags);

/* The shortest decimal that reads back as d. */
size_t jv_print_real(double d, bool single, char out[32]);

#endif
