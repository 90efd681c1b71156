/* v03_check.h -- 0.3 requests read and compared with their 1.0 messages. */
#ifndef V03_CHECK_H
#define V03_CHECK_H

#include "check.h"
#include "gateway/v03.h"
#include "jv/wire.h"

#include <a2a.pb-c.h>

static struct jv_arena *arena;

static inline ProtobufCMessage *read_old(const char *rpc, const char *params, struct jv_err *err)
{
    *err = (struct jv_err){ 0 };
    return v03_request(rpc, params, strlen(params), arena, err);
}

static inline void check_request(const char *rpc, const char *params, const char *want)
{
    struct jv_err err;
    ProtobufCMessage *msg = read_old(rpc, params, &err);

    if (!msg)
        printf("# %s: %s\n", rpc, err.text);
    CHECK_OR(msg, return );
    CHECK_STR(jv_msg_to_json(msg, JV_JSON_CAMEL, arena, NULL), want);
    CHECK_INT(jv_validate_as(msg, JV_JSON_CAMEL, &err), JV_OK);
}

#endif
