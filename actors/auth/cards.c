/* cards.c -- signing agents' cards (A2A 8.4): canonical JSON of the card, by a key for cards alone.
 *
 * What is asked for is a card and nothing else, and the text that is signed is made here from it:
 * so nothing but cards is ever signed with that key. */
#include "auth.h"

#include "jv/token.h"
#include "jv/wire.h"

enum { max_card = 256 * 1024 };

/* Without signatures: a signature does not sign the others. */
static char *canonical(struct jv_ctx *ctx, const A2a__AgentCard *card, size_t *ret_len,
                       struct jv_err *err)
{
    A2a__AgentCard bare = *card;

    bare.n_signatures = 0;
    bare.signatures = NULL;
    return jv_jcs(jv_msg_to_struct(&bare.base, JV_JSON_CAMEL, jv_arena(ctx)), jv_arena(ctx),
                  ret_len, err);
}

static void attach(struct jv_ctx *ctx, const struct jv_jws *jws, A2a__AgentCard *card)
{
    A2a__AgentCardSignature *s = jv_msg_new(&a2a__agent_card_signature__descriptor, jv_arena(ctx));

    s->protected_ = jws->header;
    s->signature = jws->signature;
    card->n_signatures = 1;
    card->signatures = JV_NEW(jv_arena(ctx), A2a__AgentCardSignature *);
    card->signatures[0] = s;
}

int cards_sign(struct jv_ctx *ctx, const A2a__AgentCard *card, A2a__AgentCard *ret)
{
    const struct signing_key *key = &((struct auth *)jv_state(ctx))->card_key;
    struct jv_err err = { 0 };
    struct jv_jws jws;
    char *text;
    size_t len;
    int r;

    if (protobuf_c_message_get_packed_size(&card->base) > max_card)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "the card is larger than %d bytes", max_card);
    text = canonical(ctx, card, &len, &err);
    if (!text)
        return jv_fail(ctx, err.code, "the card cannot be signed: %s", err.text);
    r = jv_jws_sign(key->pem, key->kid, text, len, jv_arena(ctx), &jws, &err);
    if (r)
        return jv_fail(ctx, JV_INTERNAL, "signing a card: %s", err.text);
    *ret = *card;
    attach(ctx, &jws, ret);
    return JV_OK;
}
