/* base.h -- codes, errors, arenas, buffers and lists of parameters: what everything stands on.
 *
 * Memory: everything that is made while a message is handled lives in that message's arena and
 * dies with it. Nothing here returns NULL for want of memory: an arena past its limit is marked
 * and keeps serving up to twice the limit (the engine asks once, at the end, and answers
 * RESOURCE_EXHAUSTED); past that, or when the machine has none left, the process aborts.
 * Nothing here waits. */
#ifndef JV_BASE_H
#define JV_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#define JV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define JV_CHECKED           __attribute__((warn_unused_result))
#define JV_EXPORT            __attribute__((visibility("default")))
#define JV_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

/* ---- codes ----------------------------------------------------------------------------------
 * The gRPC set: X(name, number, HTTP status, JSON-RPC code of A2A). The HTTP status is that of
 * our own API; 422 for INVALID_ARGUMENT keeps the original's convention (400 is a body that is no
 * JSON at all). */
#define JV_CODES(X)                                                                                \
    X(OK, 0, 200, 0)                                                                               \
    X(CANCELLED, 1, 499, -32603)                                                                   \
    X(UNKNOWN, 2, 500, -32603)                                                                     \
    X(INVALID_ARGUMENT, 3, 422, -32602)                                                            \
    X(DEADLINE_EXCEEDED, 4, 504, -32603)                                                           \
    X(NOT_FOUND, 5, 404, -32001)                                                                   \
    X(ALREADY_EXISTS, 6, 409, -32602)                                                              \
    X(PERMISSION_DENIED, 7, 403, -32040)                                                           \
    X(RESOURCE_EXHAUSTED, 8, 429, -32603)                                                          \
    X(FAILED_PRECONDITION, 9, 400, -32004)                                                         \
    X(ABORTED, 10, 409, -32603)                                                                    \
    X(OUT_OF_RANGE, 11, 422, -32602)                                                               \
    X(UNIMPLEMENTED, 12, 501, -32004)                                                              \
    X(INTERNAL, 13, 500, -32603)                                                                   \
    X(UNAVAILABLE, 14, 503, -32603)                                                                \
    X(DATA_LOSS, 15, 500, -32603)                                                                  \
    X(UNAUTHENTICATED, 16, 401, -32041)

enum jv_code {
#define JV_CODE_ENUM(name, number, http, rpc) JV_##name = number,
    JV_CODES(JV_CODE_ENUM)
#undef JV_CODE_ENUM
};

const char *jv_code_name(int code); /* "NOT_FOUND"; "UNKNOWN" for what is not in the list */
int jv_code_http(int code);         /* 404 */
int jv_code_jsonrpc(int code);      /* -32001 */

/* A failure: a code, one sentence (lower case, no full stop, says what and which), and the path of
 * the member it is about ("message.parts[0].text"), empty when it is about none. */
struct jv_err {
    int code;
    char text[320];
    char field[160];
    char reason[48]; /* UPPER_SNAKE_CASE for programs; empty: the code's name */
};

/* Fill *err (NULL is fine) and return the code. */
int jv_err_set(struct jv_err *err, int code, const char *fmt, ...) JV_PRINTF(3, 4);
int jv_err_field(struct jv_err *err, int code, const char *field, const char *fmt, ...)
        JV_PRINTF(4, 5);
/* Put "doing what: " before the text; returns err->code. */
int jv_err_wrap(struct jv_err *err, const char *fmt, ...) JV_PRINTF(2, 3);

/* ---- arena ---------------------------------------------------------------------------------- */

struct jv_arena;

struct jv_arena *jv_arena_new(size_t limit);
void jv_arena_reset(struct jv_arena *a); /* runs the defers, newest first; keeps the first block */
struct jv_arena *jv_arena_free(struct jv_arena *a); /* NULL is fine; returns NULL */
bool jv_arena_overflowed(const struct jv_arena *a);
size_t jv_arena_used(const struct jv_arena *a);

void *jv_arena_alloc(struct jv_arena *a, size_t size); /* zeroed, aligned for anything */
void *jv_arena_memdup(struct jv_arena *a, const void *p, size_t size);
char *jv_arena_strdup(struct jv_arena *a, const char *s); /* NULL gives NULL */
char *jv_arena_strndup(struct jv_arena *a, const char *s, size_t n);
char *jv_arena_printf(struct jv_arena *a, const char *fmt, ...) JV_PRINTF(2, 3);
char *jv_arena_vprintf(struct jv_arena *a, const char *fmt, va_list args) JV_PRINTF(2, 0);
/* Run fn(arg) when the arena is reset or freed: gives foreign handles the message's life. */
void jv_arena_defer(struct jv_arena *a, void (*fn)(void *), void *arg);
/* protobuf-c's allocator on the arena; free is a no-op. Lives as long as the arena. */
ProtobufCAllocator *jv_arena_pb(struct jv_arena *a);

#define JV_NEW(a, type)          ((type *)jv_arena_alloc((a), sizeof(type)))
#define JV_NEW_ARRAY(a, type, n) ((type *)jv_arena_alloc((a), sizeof(type) * (n)))

/* ---- buffer: text or bytes that grow in an arena; always NUL-terminated --------------------- */

struct jv_buf {
    struct jv_arena *arena;
    char *data;
    size_t len, cap;
};

struct jv_buf jv_buf_new(struct jv_arena *a);
void jv_buf_add(struct jv_buf *b, const void *p, size_t n);
void jv_buf_str(struct jv_buf *b, const char *s);
void jv_buf_char(struct jv_buf *b, char c);
void jv_buf_printf(struct jv_buf *b, const char *fmt, ...) JV_PRINTF(2, 3);

/* ---- small things --------------------------------------------------------------------------- */

/* [A-Za-z0-9_-]{1,64}: what from outside may become a token of a subject. */
bool jv_is_token(const char *s);
/* Valid UTF-8 without NUL (RFC 3629: no surrogates, nothing overlong). */
bool jv_is_utf8(const char *s, size_t n);
/* The character at s and its bytes; 0: it is none. */
size_t jv_utf8_next(const char *s, size_t left, uint32_t *ret);
/* Control characters, and those that turn a line around or cannot be seen in it: what people wrote
 * is shown to operators without them. */
bool jv_is_unseen(uint32_t c);
/* Bytes of s, at most max, that end on a whole character. */
size_t jv_clip(const char *s, size_t len, size_t max);
/* Take out, in place, what is not UTF-8: characters that were cut, other encodings. */
void jv_scrub(char *s);
/* Lower-case ASCII copy. */
char *jv_lower(struct jv_arena *a, const char *s);
/* "ListMine" -> "list_mine"; "list_mine" -> "listMine". */
char *jv_snake(struct jv_arena *a, const char *camel);
char *jv_camel(struct jv_arena *a, const char *snake);
/* A random UUIDv4 in out[37]; random bytes from the kernel. */
void jv_uuid(char out[37]);
void jv_random(void *p, size_t n);
/* base64url without padding; decode returns the length or -1 and accepts both alphabets and
 * optional padding. */
char *jv_base64url(struct jv_arena *a, const void *p, size_t n);
char *jv_base64(struct jv_arena *a, const void *p, size_t n); /* standard, padded */
int64_t jv_base64_decode(struct jv_arena *a, const char *s, size_t n, uint8_t **ret);
/* RFC 3339 in UTC; printing takes 0, 3, 6 or 9 fraction digits as needed for nanos. Parsing takes
 * any offset, years 0001-9999. */
char *jv_time_print(struct jv_arena *a, int64_t seconds, int32_t nanos);
JV_CHECKED int jv_time_parse(const char *s, int64_t *ret_seconds, int32_t *ret_nanos);
/* Days since 1970-01-01 of a date (month and day from 1 on), and the way back. */
int64_t jv_days_from_date(int64_t y, int64_t m, int64_t d);
void jv_date_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d);

#endif
