/* remote.c -- fetch a third-party agent's card.
 *
 * What the other side said never gets into an answer: whoever registers an address must not be
 * able to read through us what lies behind it. */
#include "registry.h"

#include <string.h>

#include "jv/fetch.h"
#include "jv/wire.h"

enum { max_card = 256 * 1024, fetch_ms = 10000 };

static int no_card(struct jv_ctx *ctx)
{
    return jv_fail(ctx, JV_FAILED_PRECONDITION,
                   "the address answers, but not with an agent card in JSON");
}

static int fetch(struct jv_ctx *ctx, const char *url, const char **ret_body, size_t *ret_len)
{
    const struct registry *reg = jv_state(ctx);
    struct jv_fetch f = {
        .url = url, .allow = reg->fetch_allow, .max_bytes = max_card, .timeout_ms = fetch_ms
    };
    int r;

    r = jv_offload(ctx, jv_fetch_run, &f);
    if (!r) {
        *ret_body = jv_arena_strndup(jv_arena(ctx), f.body ? f.body : "", f.len);
        *ret_len = f.len;
    }
    jv_fetch_done(&f);
    if (f.err.code == JV_INVALID_ARGUMENT)
        return jv_fail_field(ctx, "agent_card_url", "is not a public address");
    if (f.err.code == JV_FAILED_PRECONDITION)
        return jv_fail(ctx, f.err.code, "the agent card is larger than %d bytes", max_card);
    if (f.err.code || (!r && f.status != 200))
        return jv_fail(ctx, JV_UNAVAILABLE, "no agent card could be fetched from the address");
    return r;
}

/* A card as it is, or as older agents wrap it: {"agentCard": {...}}. */
static const Google__Protobuf__Struct *unwrap(const Google__Protobuf__Struct *s)
{
    const Google__Protobuf__Value *inner = jv_struct_get(s, "agentCard");

    if (inner && inner->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        return inner->struct_value;
    return s;
}

static int parse_card(struct jv_ctx *ctx, const char *body, size_t len, A2a__AgentCard **ret)
{
    struct jv_arena *a = jv_arena(ctx);
    struct jv_err err = { 0 };
    const Google__Protobuf__Struct *s;
    const char *name;

    if (jv_json_scan(body, len, &err))
        return no_card(ctx);
    s = (const void *)jv_json_to_msg(&google__protobuf__struct__descriptor, body, len, 0, a, &err);
    if (!s)
        return no_card(ctx);
    s = unwrap(s);
    name = jv_struct_text(s, "name");
    if (!name || !name[0])
        return jv_fail(ctx, JV_FAILED_PRECONDITION, "the agent card has no name");
    if (!is_name(name))
        return jv_fail(ctx, JV_FAILED_PRECONDITION,
                       "the agent card's name must be a letter, then at most 63 letters, digits, _ "
                       "or -");
    *ret = (void *)jv_struct_to_msg(&a2a__agent_card__descriptor, s, JV_JSON_CAMEL, a, &err);
    return *ret ? JV_OK : no_card(ctx);
}

int fetch_card(struct jv_ctx *ctx, const char *url, A2a__AgentCard **ret)
{
    const char *body;
    size_t len;
    int r;

    r = fetch(ctx, url, &body, &len);
    if (!r)
        r = parse_card(ctx, body, len, ret);
    if (!r && !(*ret)->description[0])
        (*ret)->description = "Remote agent";
    return r;
}
