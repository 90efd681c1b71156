/* sessions.h -- what the files of this actor share.
 *
 * A session is looked up by its id and its owner, always both: somebody else's is not there. */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "jv/db.h"

#include "sessions.pb-c.h"

enum {
    max_content = 64 * 1024,     /* bytes of a message */
    max_response = 256 * 1024,   /* of an answer */
    max_page_bytes = 400 * 1024, /* of messages or invocations in one reply */
    max_metadata = 16 * 1024,
    max_plan = 64 * 1024,
    head_chars = 1024, /* of a message that is handed out with a turn */
    max_title = 200,
    max_name = 128,
    max_memory = 200,
    max_topic = 32,
    max_memories = 50, /* of a person */
};

struct sessions {
    int64_t resume_ms; /* setting */
};

/* ---- sessions.c ---- */
const char *owner_of(struct jv_ctx *ctx);
/* NOT_FOUND, whether nobody has that session or somebody else does; the audit is told. */
int no_session(struct jv_ctx *ctx, const char *id);
/* The start of the time within which a session is resumed. */
struct jv_param resume_since(struct jv_ctx *ctx);
/* A new session, which becomes the current one. */
int session_insert(struct jv_ctx *ctx, const char *title, struct jv_param metadata,
                   char ret_id[37]);

/* ---- check.c: input and its limits; each names the member ---- */
bool is_uuid(const char *s);
int check_size(struct jv_ctx *ctx, const char *member, const char *text, size_t max);
int check_invocation(struct jv_ctx *ctx, const char *member, const Sessions__Invocation *i);
/* A message as JSON for a jsonb column; NULL is SQL null. */
int check_json(struct jv_ctx *ctx, const char *member, const void *msg, size_t max,
               struct jv_param *ret);
/* How many rows: `asked`, or 50 when that is 0. */
int page_size(struct jv_ctx *ctx, int32_t asked, int32_t max, int32_t *ret);
/* Cursors: a text and a number, opaque to callers. */
const char *page_token(struct jv_ctx *ctx, const char *text, int64_t n);
int page_parse(struct jv_ctx *ctx, const char *token, const char **ret_text, int64_t *ret_n);
int page_wrong(struct jv_ctx *ctx);
bool parse_number(const char *s, int64_t *ret);

/* ---- messages.c ---- */
/* The newest before an id, oldest first, at most `limit` and as many as fit into `bytes`. */
int messages_before(struct jv_ctx *ctx, const char *session_id, int64_t before, int32_t limit,
                    int64_t bytes, struct jv_rows *rows);
/* Likewise, with no more than the head_chars first characters of each. */
int messages_heads(struct jv_ctx *ctx, const char *session_id, int64_t before, int32_t limit,
                   struct jv_rows *rows);
int messages_read(struct jv_ctx *ctx, const struct jv_rows *rows, size_t *ret_n,
                  Sessions__Message ***ret);
int messages_history(struct jv_ctx *ctx, const Sessions__HistoryRequest *req,
                     Sessions__HistoryReply *ret);
int messages_add(struct jv_ctx *ctx, const Sessions__AddMessageRequest *req,
                 Sessions__Message *ret);
int invocations_add(struct jv_ctx *ctx, const Sessions__AddInvocationRequest *req);
/* The newest messages and invocations of a session, and which agent was called last. */
int session_fill(struct jv_ctx *ctx, Sessions__Session *ret);

/* ---- turns.c ---- */
int turn_resolve(struct jv_ctx *ctx, const Sessions__ResolveRequest *req,
                 Sessions__ResolveReply *ret);
int turn_begin(struct jv_ctx *ctx, const Sessions__BeginRequest *req, Sessions__BeginReply *ret);
int turn_finish(struct jv_ctx *ctx, const Sessions__FinishRequest *req);

/* ---- memories.c: what people have told about themselves ---- */
int memory_remember(struct jv_ctx *ctx, const Sessions__RememberRequest *req,
                    Sessions__Memory *ret);
int memory_list(struct jv_ctx *ctx, size_t *ret_n, Sessions__Memory ***ret);
int memory_forget(struct jv_ctx *ctx, int32_t id);
int memory_forget_all(struct jv_ctx *ctx);

#endif
