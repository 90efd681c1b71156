/* agent.h -- what the files of the A2A service share. */
#ifndef JV_AGENT_SERVICE_H
#define JV_AGENT_SERVICE_H

#include "actor/message.h"
#include "jv/task.h"

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

/* ---- reply.c: what an agent answers, part by part ------------------------------------------- */
struct jv_reply {
    A2a__Message *message; /* its parts are the answer, whatever becomes of it */
    size_t max;
    A2a__Message *status; /* of a task that is done; NULL: it says nothing */
};
struct jv_reply *jv_reply_new(struct jv_ctx *ctx, const char *context_id);
/* A message of the agent's, empty; then with a text and data (either may be NULL). */
A2a__Message *jv_agent_message(struct jv_ctx *ctx, const char *context_id);
void jv_message_say(struct jv_arena *a, A2a__Message *m, const char *text, const char *media_type,
                    const Google__Protobuf__Struct *data);
A2a__Part *jv_text_part(struct jv_arena *a, const char *text, const char *media_type);
A2a__Part *jv_data_part(struct jv_arena *a, const Google__Protobuf__Struct *data,
                        const char *media_type);
int jv_run_call(struct jv_ctx *ctx, const Google__Protobuf__Struct *call);
int jv_run_text(struct jv_ctx *ctx, const char *text);
/* The path of a member inside `outer` becomes one from outside. */
void jv_lift_path(struct jv_ctx *ctx, const char *outer);

#endif
