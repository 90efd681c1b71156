/* wire.h -- what the files that speak with providers share: events of a stream, JSON read and
 * written, an answer that grows within its limits. Nothing here waits.
 *
 * Providers are hostile: whatever of theirs goes into an error is short, printable and without the
 * key; whatever grows has an end. */
#ifndef WIRE_H
#define WIRE_H

#include "google/protobuf/struct.pb-c.h"
#include "llm.h"

enum {
    max_reply = 1 << 20,  /* bytes of all of it */
    max_stream = 8 << 20, /* of one in events: there is more around each word than in it */
    max_event = 256 * 1024,
    max_text = 128 * 1024,
    max_calls = 32,
    max_arguments = 64 * 1024, /* of one call */
    max_signature = 64 * 1024,
    max_name = 128, /* of a call, and of its id */
    max_broken = 1024,
    max_theirs = 200, /* of a provider's words in an error */
};

/* ---- sse.c: text/event-stream, in pieces of any size ----------------------------------------- */

struct sse {
    struct jv_buf line, data;
    char event[32]; /* its type; longer ones are cut */
    size_t bom;     /* bytes of the mark at the very beginning */
    bool cr, some;  /* the last byte was a CR; the event has data */
};

void sse_init(struct sse *s, struct jv_arena *a);
/* take(arg, event, data, len) for each event as its empty line comes; data is NUL-terminated and
 * its own until take() returns. Stops with take()'s code when that is not JV_OK;
 * RESOURCE_EXHAUSTED: a line or an event is longer than max_event. What is unfinished when no more
 * comes is no event. */
int sse_feed(struct sse *s, const char *p, size_t n,
             int (*take)(void *arg, const char *event, const char *data, size_t len), void *arg);

/* ---- json.c: generic JSON -------------------------------------------------------------------- */

typedef Google__Protobuf__Struct json_object;
typedef Google__Protobuf__Value json_value;
typedef Google__Protobuf__ListValue json_list;

/* Members that are not there or are something else: NULL, "", the fallback. */
json_object *json_to_object(const json_value *v);
json_object *json_get_object(const json_object *o, const char *name);
const json_list *json_get_list(const json_object *o, const char *name); /* never NULL */
const char *json_get_text(const json_object *o, const char *name);
bool json_is_true(const json_object *o, const char *name);
int64_t json_get_number(const json_object *o, const char *name, int64_t fallback);

json_object *json_new(struct jv_arena *a);
void json_put_text(struct jv_arena *a, json_object *o, const char *name, const char *text);
void json_put_number(struct jv_arena *a, json_object *o, const char *name, int64_t number);
void json_put_bool(struct jv_arena *a, json_object *o, const char *name, bool b);
void json_put_object(struct jv_arena *a, json_object *o, const char *name, const json_object *p);
json_list *json_put_list(struct jv_arena *a, json_object *o, const char *name);
void json_add(struct jv_arena *a, json_list *l, json_value *v);
json_object *json_add_object(struct jv_arena *a, json_list *l); /* a new one */
const char *json_print(struct jv_arena *a, const json_object *o);
/* A text as it is, anything else as JSON. */
const char *json_print_value(struct jv_arena *a, const json_value *v);

/* ---- request.c: what requests have in common ------------------------------------------------- */

/* POST of that JSON. header: how the key is called, "x-api-key: "; more: one header, or NULL. */
void request_make(struct jv_arena *a, const char *url, const struct model *m, const char *header,
                  const char *more, const json_object *body, struct wire_request *ret);
int64_t request_max_tokens(const Llm__GenerateRequest *req);
/* The model's name as a part of a path. */
const char *request_path(struct jv_arena *a, const char *name);
/* Made up here, as the provider gave none: they are not sent back where none is wanted. */
const char *request_call_id(struct jv_arena *a);
bool request_is_own_id(const char *id);

/* ---- schema.c -------------------------------------------------------------------------------- */

/* A tool's schema with nothing in it that some provider would refuse: an object of members with
 * plain types, descriptions and choices. NULL is one without members. */
json_object *schema_tame(struct jv_arena *a, const json_object *in);

/* ---- answer.c: an answer as it grows --------------------------------------------------------- */

/* A call whose arguments come in pieces. */
struct pending {
    int64_t index; /* the provider's; -1: it did not say */
    Llm__ToolCall *call;
    struct jv_buf arguments;
};

struct partial {
    struct pending calls[max_calls];
    size_t n;
    struct jv_buf refusal;
    int64_t json_at; /* anthropic.c: one more than the index of what is an answer in JSON */
};

struct partial *answer_partial(struct wire_answer *ans);
/* One JSON object of theirs, until the next one is read; UNAVAILABLE: it is none. */
json_object *answer_read(struct wire_answer *ans, const char *json, size_t len, struct jv_err *err);
/* UNAVAILABLE: more than there may be. */
JV_CHECKED int answer_text(struct wire_answer *ans, const char *text, struct jv_err *err);
/* NULL: likewise. id "": one is made up. */
Llm__ToolCall *answer_call(struct wire_answer *ans, const char *id, const char *name,
                           struct jv_err *err);
/* What the model wrote as its arguments: an object, or broken. Nothing is an empty object. */
JV_CHECKED int answer_arguments(struct wire_answer *ans, Llm__ToolCall *call, const char *text,
                                size_t len, struct jv_err *err);
/* The same in pieces: id and name come once, with the first. A new id is a new call, whatever the
 * index says. */
JV_CHECKED int answer_piece(struct wire_answer *ans, int64_t index, const char *id,
                            const char *name, const char *arguments, struct jv_err *err);
/* All has come. Calls without a name are UNAVAILABLE. */
JV_CHECKED int answer_end(struct wire_answer *ans, struct jv_err *err);
/* There is no answer but why there is none. */
void answer_blocked(struct wire_answer *ans, const char *why);
/* UNAVAILABLE with their reason when there is a member "error", a text or an object with a message.
 */
JV_CHECKED int answer_error(const struct wire_answer *ans, const json_object *o,
                            struct jv_err *err);

struct finish {
    const char *theirs;
    Llm__GenerateReply__Finish ours;
};
/* unspecified: it is not in the table, which ends with a zero row. */
Llm__GenerateReply__Finish answer_finish(const struct finish *table, const char *theirs);

/* UNAVAILABLE for a limit that was passed. */
int answer_too_much(struct jv_err *err, const char *what);
extern const char too_much[]; /* the err.reason of limits: trying again is of no use */
const char *wire_without_key(struct jv_arena *a, const struct model *m, const char *text);
/* Words of theirs for an error: short, printable, without the key. */
const char *wire_theirs(struct jv_arena *a, const struct model *m, const char *text);

/* ---- embed.c --------------------------------------------------------------------------------- */

/* From objects with the list `member`, in the order of their "index" when they have one. */
JV_CHECKED int embed_vectors(struct jv_arena *a, const json_list *objects, const char *member,
                             Llm__EmbedReply *ret, struct jv_err *err);

/* ---- refused.c: answers that are none -------------------------------------------------------- */

/* What a status other than 2xx means, its page read for reasons: fills out but for begun. */
void refused(struct jv_arena *a, const struct model *m, const char *page, size_t len,
             struct wire_outcome *out, struct jv_err *err);

#endif
