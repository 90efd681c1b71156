/* src.h -- a JSON value to read, whoever holds it: a jansson tree or a google.protobuf.Value. */
#ifndef JV_SRC_H
#define JV_SRC_H

#include "jv/wire.h"

enum jv_src_kind {
    JV_SRC_NULL,
    JV_SRC_BOOL,
    JV_SRC_INT,
    JV_SRC_REAL,
    JV_SRC_TEXT,
    JV_SRC_LIST,
    JV_SRC_OBJECT,
};

struct jv_src {
    enum jv_src_kind kind;
    int64_t i;        /* INT; BOOL */
    double d;         /* REAL */
    const char *text; /* TEXT: NUL-terminated, but may hold NULs of its own */
    size_t len;       /* bytes of TEXT; entries of LIST and OBJECT */
    const void *node;
    const struct jv_src_ops *ops;
};

/* A walk over a list or object; start with a zero one. */
struct jv_src_iter {
    size_t i;
    void *at;
    const char *key; /* of an object's entry */
    size_t key_len;
    struct jv_src value;
};

struct jv_src_ops {
    bool (*next)(const struct jv_src *parent, struct jv_src_iter *it);
};

static inline bool jv_src_next(const struct jv_src *parent, struct jv_src_iter *it)
{
    return parent->ops->next(parent, it);
}

struct jv_src jv_src_struct(const struct Google__Protobuf__Struct *s);
struct jv_src jv_src_value(const struct Google__Protobuf__Value *v);
struct jv_src jv_src_text(const char *s, size_t len);

/* Text -> tree, scanned first; jv_src_json_free() when done. */
JV_CHECKED int jv_src_json(const char *json, size_t len, struct jv_src *ret, struct jv_err *err);
void jv_src_json_free(struct jv_src *s);

#endif
