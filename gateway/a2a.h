/* a2a.h -- the A2A protocol over HTTP: what the files of its bindings share.
 *
 * Two bindings, one way: JSON-RPC (a2a_rpc.c) and HTTP+JSON (a2a_rest.c) make the same operation of
 * a request; a2a.c carries it out on the bus and answers in the binding it came by, a2a_stream.c
 * does so for the two that stream, a2a_error.c says what went wrong. Cards are made, kept and
 * served by a2a_card_make.c, a2a_cards.c and a2a_card.c. */
#ifndef A2A_H
#define A2A_H

#include "gw.h"

struct A2a__AgentCard;

/* An operation on its way. */
struct a2a {
    struct request *rq;
    const char *agent;  /* subject token, known to be served */
    const char *method; /* of the A2A service: "SendMessage" */
    const ProtobufCMessage *msg;
    const char *extensions; /* that the client names, comma-separated; NULL: none */
    bool legacy;            /* a 0.3 client: its shapes */
    bool silent;            /* a notification: nobody wants the answer */
};

/* ---- a2a.c ---------------------------------------------------------------------------------- */
/* Carry out and answer. */
void a2a_run(struct a2a *op);
/* The agent of the path; false when it is none that may be called, which was answered then. */
bool a2a_agent(struct a2a *op);
/* The protocol's version that the client speaks, "1.0" or "0.3"; "" when it does not say; NULL with
 * err, which may be NULL, when it is none of ours. */
const char *a2a_version(const struct request *rq, struct jv_err *err);
/* JSON comes in: false when the Content-Type says it does not, which was answered then. */
bool a2a_takes_type(struct request *rq);
/* The media type of JSON that goes out. */
const char *a2a_json_type(const struct request *rq);
/* Last-Event-ID, 0 when there is none; false when it is no number, which was answered then. */
bool a2a_last_event_id(struct request *rq, int64_t *ret);

/* ---- a2a_stream.c --------------------------------------------------------------------------- */
void a2a_stream(struct a2a *op);

/* ---- a2a_envelope.c ------------------------------------------------------------------------- */
struct span {
    const char *at; /* NULL: it is not there */
    size_t len;
};

/* A JSON-RPC request's members, as they came: nothing is said about their types. */
struct a2a_envelope {
    struct span version, id, method, params;
};

/* Reasons of what fails: MALFORMED_JSON, or INVALID_REQUEST for what is JSON and no request.
 * Members that are cut out here may still be malformed inside. */
JV_CHECKED int a2a_envelope_read(const char *s, size_t len, struct a2a_envelope *e,
                                 struct jv_arena *a, struct jv_err *err);
/* A span as a JSON value, or NULL with err; as text, or NULL with err->reason when it is no JSON.
 */
const struct Google__Protobuf__Value *a2a_parse(const struct span *v, struct jv_arena *a,
                                                struct jv_err *err);
const char *a2a_text(const struct span *v, struct jv_arena *a, struct jv_err *err);
/* Give a failure its reason; one that is INVALID_REQUEST. Both return the code. */
int a2a_because(struct jv_err *err, const char *reason);
int a2a_invalid(struct jv_err *err, const char *field, const char *what);

/* ---- a2a_rpc.c ------------------------------------------------------------------------------ */
/* {"jsonrpc":"2.0","id":...,"<member>":json} */
void a2a_rpc_envelope(const struct request *rq, struct jv_buf *b, const char *member,
                      const char *json, size_t len);

/* ---- a2a_cards.c: what the registry says, kept for a moment --------------------------------- */
/* The three ways to write a card: as 1.0, as 0.3, and for those who do not say. */
enum card_shape { CARD_V1, CARD_V03, CARD_BOTH, CARD_SHAPES };

struct card {
    char *json;
    size_t len;
    char etag[32];
    int64_t modified; /* unix seconds */
    bool is_signed;
};

/* A card in the arena; NOT_FOUND when there is no such agent, or no such shape of its card. */
JV_CHECKED int card_get(struct gw *gw, const char *agent, enum card_shape shape, struct jv_arena *a,
                        struct card *ret, struct jv_err *err);
/* May the agent be called: it is approved and enabled, as far as is known. */
JV_CHECKED int card_known(struct gw *gw, const char *agent, struct jv_err *err);
/* Those of the extensions in the list that the agent's card declares, comma-separated; NULL when
 * there are none. */
const char *card_extensions(struct gw *gw, const char *agent, const char *list, struct jv_arena *a);

/* ---- a2a_card_make.c ------------------------------------------------------------------------ */
/* What only the gateway can say of an agent: where it is served and how one signs in. */
void card_complete(const struct gw *gw, const char *agent, struct A2a__AgentCard *card,
                   struct jv_arena *a);
/* A 1.0 card that carries the members of its 0.3 shape as well; both are JSON objects. */
char *card_for_both(const char *v1, size_t v1_len, const char *v03, size_t v03_len,
                    struct jv_arena *a, size_t *ret_len);

#endif
