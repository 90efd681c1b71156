/* a2a_stream.c -- the two operations that stream, in the binding that they came by. */
#include "a2a.h"

#include <string.h>

#include "follow.h"
#include "v03.h"

static bool write_json(struct follow *f, int64_t id, const char *member, const char *json,
                       size_t len)
{
    struct request *rq = f->rq;
    struct jv_buf b = jv_buf_new(rq->a);

    if (rq->binding != BINDING_A2A_RPC)
        return sse_write(&f->sse, id, NULL, json, len);
    a2a_rpc_envelope(rq, &b, member, json, len);
    return sse_write(&f->sse, id, NULL, b.data, b.len);
}

static enum follow_step write_event(struct follow *f, const A2a__StreamResponse *e, int64_t id,
                                    struct jv_err *err)
{
    const struct a2a *op = f->arg;
    size_t len;
    char *json = op->legacy ? v03_event(e, f->rq->a, &len)
                            : jv_msg_to_json(&e->base, JV_JSON_CAMEL, f->rq->a, &len);

    (void)err;
    return write_json(f, id, "result", json, len) ? FOLLOW_ON : FOLLOW_GONE;
}

static void write_error(struct follow *f, const struct jv_err *err)
{
    struct request *rq = f->rq;
    const char *json = rq->binding == BINDING_A2A_RPC
                               ? a2a_error_rpc(err, rq->legacy, rq->trace_id, rq->a)
                               : a2a_error_rest(err, a2a_error_http(err), rq->trace_id, rq->a);

    write_json(f, 0, "error", json, strlen(json));
}

void a2a_stream(struct a2a *op)
{
    bool sends = strcmp(op->method, "SendStreamingMessage") == 0;
    struct follow f = { .rq = op->rq,
                        .agent = op->agent,
                        .method = op->method,
                        .msg = op->msg,
                        .extensions = op->extensions,
                        .limit_ms = op->rq->gw->set.stream_ms,
                        .to_question = sends,
                        .write = write_event,
                        .write_error = write_error,
                        .arg = op };

    if (!a2a_last_event_id(op->rq, &f.seen))
        return;
    if (sends)
        f.seen = 0; /* of another stream */
    follow_task(&f);
}
