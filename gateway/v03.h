/* v03.h -- the A2A protocol 0.3 as its clients speak it (JSON-RPC), to and from 1.0 messages.
 *
 * Pure: nothing waits, everything is made in the arena handed in. Errors name the member by its 0.3
 * path. Unknown members are ignored, null is absent. What 0.3 has no word for travels where it
 * cannot be mistaken: the mediaType and filename of a text or data part as metadata.mediaType and
 * metadata.filename; data that is no object as {"value": x} with metadata.data_part_compat true.
 * Without configuration.blocking a call waits, as it did with 0.3's own servers. A push
 * configuration set without an id gets that of its task, and one is got by the task alone. */
#ifndef V03_H
#define V03_H

#include "jv/base.h"

struct A2a__AgentCard;
struct A2a__StreamResponse;

/* The 1.0 method behind a 0.3 one: "message/send" is "SendMessage"; NULL when there is none. */
const char *v03_method(const char *method);
/* params (the JSON text of an object; "" or "null" when there are none) as the 1.0 request message
 * of that 1.0 method; NULL with err (INVALID_ARGUMENT). */
JV_CHECKED ProtobufCMessage *v03_request(const char *rpc, const char *params, size_t len,
                                         struct jv_arena *a, struct jv_err *err);
/* The reply message of a 1.0 method as the `result` of its 0.3 method: JSON text. A part of a
 * stream too. NULL when the reply holds nothing (an agent's mistake), or for a card as v03_card()
 * does. */
char *v03_result(const char *rpc, const ProtobufCMessage *reply, struct jv_arena *a,
                 size_t *ret_len);
/* A stream's event as a 0.3 `result`: a task, message, status-update or artifact-update; NULL when
 * it holds nothing. A status-update says "final" in each terminal and interrupted state; 0.3's
 * clients expect the stream of message/stream to end there. */
char *v03_event(const struct A2a__StreamResponse *event, struct jv_arena *a, size_t *ret_len);
/* A card in its 0.3 shape; NULL when it has no interface of version 0.3. */
char *v03_card(const struct A2a__AgentCard *card, struct jv_arena *a, size_t *ret_len);
/* A JSON-RPC error code of 1.0 as 0.3 knows it: -32008 and -32009 are -32004
 * (UnsupportedOperation), all others are the same. */
int v03_error_code(int code);

#endif
