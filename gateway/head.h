/* head.h -- the head of an HTTP request, and what may be believed of it.
 *
 * civetweb reads leniently (two Content-Lengths, folded lines, "%00" cutting a path), which is how
 * requests get smuggled past a proxy; so nothing is used before guard_head() has seen it. Pure:
 * no connection, no waiting. */
#ifndef HEAD_H
#define HEAD_H

#include "jv/base.h"

enum {
    MAX_HEADERS = 63,      /* civetweb drops what is beyond the 64th without a word */
    MAX_HEAD_SIZE = 16384, /* request line and headers */
    MAX_PATH_SIZE = 2048,
    MAX_SEGMENTS = 8,
    MAX_PARAMS = 16,
    MAX_TOKEN_SIZE = 8192,
};

struct header {
    const char *name, *value;
};

struct head {
    const char *method, *path /* as sent, not decoded */, *query /* may be NULL */, *version;
    struct header headers[MAX_HEADERS + 1];
    size_t n_headers;
};

struct param {
    const char *name, *value;
};

/* What the guard found out. */
struct target {
    const char *segments[MAX_SEGMENTS]; /* of the path, decoded */
    size_t n_segments;
    struct param params[MAX_PARAMS]; /* of the query, decoded */
    size_t n_params;
    int64_t body_len; /* -1: chunked */
    bool expects_continue, keep_alive, is_head;
    const char *token; /* of Authorization: Bearer; NULL when there is none */
};

/* Why a request is refused before anything else is known of it. */
struct refusal {
    int status; /* HTTP */
    const char *text;
};

/* The first header of that name, any case; NULL when there is none. */
const char *head_get(const struct head *h, const char *name);
/* A comma-separated header has the word: "Connection" has "keep-alive". Parameters are ignored. */
bool head_has(const struct head *h, const char *name, const char *word);

/* Framing, size, path and query; fills *ret and returns true, or says why not. */
JV_CHECKED bool guard_head(const struct head *h, struct jv_arena *a, struct target *ret,
                           struct refusal *why);
/* The head's text, where civetweb cut it into strings: nothing folded, no bare line feed, no space
 * before a colon, and nothing after the last header it understood. */
JV_CHECKED bool guard_lines(const struct head *h);
/* Decode %XX (and + in a query); false for bad escapes, NUL, control characters, no UTF-8. */
JV_CHECKED bool guard_decode(const char *s, size_t n, bool plus, struct jv_arena *a,
                             const char **ret);

#endif
