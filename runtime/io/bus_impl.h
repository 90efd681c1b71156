/* bus_impl.h -- inside the bus: what a back end provides behind bus.h. */
#ifndef JV_BUS_IMPL_H
#define JV_BUS_IMPL_H

#include "io/bus.h"

enum {
    JV_BUS_MAX_SUBJECT = 255,
    JV_BUS_MAX_BODY = 1 << 20,     /* a server may allow less, headers included */
    JV_BUS_MAX_HEADERS = 32,       /* in number */
    JV_BUS_HEADER_SIZE = 64 << 10, /* and together in bytes */
    JV_BUS_BUFFER = 1 << 20,       /* publishes kept while the server is away */
};

/* What jv_bus_publish() was asked to send, checked. */
struct jv_bus_out {
    const char *subject, *reply;
    const struct jv_header *headers;
    size_t n_headers;
    const void *data;
    size_t len;
};

struct jv_bus_ops {
    void (*free)(struct jv_bus *b);
    bool (*connected)(const struct jv_bus *b);
    int (*publish)(struct jv_bus *b, const struct jv_bus_out *o);
    struct jv_bus_sub *(*subscribe)(struct jv_bus *b, const char *subject, const char *queue,
                                    jv_bus_fn fn, void *arg, bool direct);
    void (*unsubscribe)(struct jv_bus *b, struct jv_bus_sub *s);
    void (*drain)(struct jv_bus *b, struct jv_bus_sub *s, void (*done)(void *), void *arg);
    int (*stream)(struct jv_bus *b, const char *stream, const char *const *subjects,
                  const struct jv_stream_limits *limits, struct jv_err *err);
    bool thread_safe_publish;
};

struct jv_bus {
    const struct jv_bus_ops *ops;
    char inbox[128];
};

/* A message's foreign_ points to a struct that begins with this. */
struct jv_bus_foreign {
    const char *(*header)(const struct jv_bus_msg *m, const char *name);
    struct jv_bus_msg *(*keep)(struct jv_bus_msg *m);
    void (*release)(struct jv_bus_msg *m);
};

/* As jv_bus_subscribe(), but fn may run on a thread of the back end's, so it must be quick and
 * thread-safe. Only for subjects under the bus's own inbox; ended by jv_bus_free() alone. */
struct jv_bus_sub *jv_bus_subscribe_direct(struct jv_bus *b, const char *subject, jv_bus_fn fn,
                                           void *arg);

/* Tokens without blanks, control characters or wildcards (those only if `pattern`). */
bool jv_bus_is_subject(const char *subject, bool pattern);
bool jv_bus_matches(const char *pattern, const char *subject);
/* "_INBOX.<name>.<random>" into b->inbox; false when name is no token. */
bool jv_bus_make_inbox(struct jv_bus *b, const char *name);
bool jv_bus_is_clean(const char *value);
bool jv_bus_is_blank(const char *value);
/* A malloc'ed copy of a header's value; what would break the header block becomes a blank. */
char *jv_bus_header_value(const char *value);
/* Is the subject under this bus's inbox? */
bool jv_bus_is_own(const struct jv_bus *b, const char *subject);

#endif
