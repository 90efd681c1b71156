/* answer.c -- the agent Jarvis: a message is a turn of a session, and so is each answer to what the
 * turn asked back. */
#include "orchestrator.h"

#include <stdio.h>
#include <string.h>

/* ---- before anything is kept ----------------------------------------------------------------- */

static bool fits(const char *question)
{
    return question[strspn(question, " \t\r\n")] && strlen(question) <= max_question;
}

static int check_question(struct jv_ctx *ctx, const A2a__Message *in)
{
    const char *question = jv_message_text(jv_arena(ctx), in);

    for (size_t i = 0; i < in->n_parts; i++)
        if (in->parts[i]->content_case != A2A__PART__CONTENT_TEXT)
            return jv_fail_field(ctx, jv_arena_printf(jv_arena(ctx), "message.parts[%zu]", i),
                                 "is no text, which is all that this agent takes");
    if (fits(question))
        return JV_OK;
    if (strlen(question) > max_question)
        return jv_fail_field(ctx, "message.parts", "hold more than %d bytes", max_question);
    return jv_fail_field(ctx, "message.parts", "hold no text");
}

struct place {
    const char *wanted, *session_id;
};

/* A child, so that it does not shorten the time that the sender waits for the answer. */
static int find_place(struct jv_ctx *ctx, void *arg)
{
    struct place *p = arg;
    Sessions__ResolveRequest req = SESSIONS__RESOLVE_REQUEST__INIT;
    const struct jv_catalog *catalog;
    Sessions__ResolveReply *reply;
    int r;

    jv_within(ctx, call_ms);
    r = catalog_get(ctx, &catalog); /* without agents nothing is begun */
    if (r)
        return r;
    req.session_id = p->wanted;
    r = jv_call(ctx, &sessions__sessions__descriptor, "Resolve", &req, &reply);
    if (r == JV_NOT_FOUND)
        return jv_fail_field(ctx, "message.contextId", "is no session of yours");
    if (!r)
        p->session_id = reply->session_id;
    return r;
}

int answer_receive(struct jv_ctx *ctx, const A2a__Message *in, struct jv_receipt *ret)
{
    struct place p = { .wanted = in->context_id };
    int r = check_question(ctx, in);

    if (!r)
        r = jv_join(ctx, jv_spawn(ctx, find_place, &p));
    ret->context_id = p.session_id;
    return r;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static int give(struct jv_ctx *ctx, const Orchestrator__ChatReply *reply)
{
    Google__Protobuf__Struct *data = tell_struct(ctx, reply);

    if (jv_task_id(ctx)[0]) {
        jv_answer_status(ctx, NULL, REPLY_TYPE, data);
    } else {
        jv_answer_text(ctx, reply->response);
        jv_answer_data(ctx, REPLY_TYPE, data);
    }
    return JV_OK;
}

/* Ask what the turn asks, until the answer is one. reply is NULL for a question of an earlier run,
 * which has its answer. */
static int ask(struct jv_ctx *ctx, const Orchestrator__ChatReply *reply, const char **ret_question)
{
    const char *text = reply ? reply->response : NULL;
    Google__Protobuf__Struct *data = reply ? tell_struct(ctx, reply) : NULL;
    const A2a__Message *more = NULL;
    int r;

    do {
        r = jv_ask_data(ctx, &more, text, REPLY_TYPE, data);
        if (!r)
            *ret_question = jv_message_text(jv_arena(ctx), more);
        text = "Please say it in words, and not too many.";
        data = NULL;
    } while (!r && !fits(*ret_question));
    return r;
}

/* What the next run must know: how many turns have asked, and the last one's memory. */
static void remember(struct jv_ctx *ctx, int n_asked, Google__Protobuf__Struct *memory)
{
    struct jv_arena *a = jv_arena(ctx);

    jv_state_set_number(ctx, "asked", n_asked);
    if (memory)
        jv_struct_set(jv_task_state(ctx), a, "memory", jv_value_struct(a, memory));
}

static const Google__Protobuf__Struct *remembered(struct jv_ctx *ctx)
{
    const Google__Protobuf__Value *v = jv_struct_get(jv_task_state(ctx), "memory");

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

int answer_message(struct jv_ctx *ctx, const A2a__Message *in)
{
    int asked = (int)jv_state_number(ctx, "asked"), r = JV_OK;
    struct turn_request req = { .question = jv_message_text(jv_arena(ctx), in) };

    for (; !r; req.n++) {
        Orchestrator__ChatReply *reply = NULL;
        Google__Protobuf__Struct *memory;

        if (req.n >= asked) {
            req.memory = remembered(ctx);
            r = turn_run(ctx, &req, &reply, &memory);
            if (r || reply->outcome != ORCHESTRATOR__OUTCOME__needs_input || !jv_task_id(ctx)[0])
                return r ? r : give(ctx, reply);
            remember(ctx, req.n + 1, memory);
        }
        r = ask(ctx, reply, &req.question);
    }
    return r;
}
