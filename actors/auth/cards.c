/* cards.c -- signing agents' cards (A2A 8.4): canonical JSON of the card, by a key for cards alone.
 *
 * What is asked for is a card and nothing else, and the text that is signed is made here from it:
 * so nothing but cards is ever signed with that key. */
#include "auth.h"

#include "google/protobuf/struct.pb-c.h"
#include "jv/token.h"
#include "jv/wire.h"

enum { max_card = 256 * 1024 };

/* ---- what common clients sign ---------------------------------------------------------------
 * A2A drops members at their default but keeps REQUIRED ones; the JavaScript and Python SDKs drop
 * every empty text, list and object, at any depth. Where that differs (an empty list of scopes,
 * say) a second signature is for them. */

static bool prune(Google__Protobuf__Value *v);

static size_t prune_struct(Google__Protobuf__Struct *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_fields; i++)
        if (prune(s->fields[i]->value))
            s->fields[n++] = s->fields[i];
    return s->n_fields = n;
}

static size_t prune_list(Google__Protobuf__ListValue *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n_values; i++)
        if (prune(list->values[i]))
            list->values[n++] = list->values[i];
    return list->n_values = n;
}

/* Is anything left of it? */
static bool prune(Google__Protobuf__Value *v)
{
    switch (v->kind_case) {
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        return v->string_value[0];
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
        return prune_struct(v->struct_value) > 0;
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        return prune_list(v->list_value) > 0;
    default:
        return v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
    }
}

/* ---- signing -------------------------------------------------------------------------------- */

/* Without signatures: a signature does not sign the others. */
static Google__Protobuf__Struct *bare(struct jv_ctx *ctx, const A2a__AgentCard *card)
{
    A2a__AgentCard copy = *card;

    copy.n_signatures = 0;
    copy.signatures = NULL;
    return jv_msg_to_struct(&copy.base, JV_JSON_CAMEL, jv_arena(ctx));
}

static int attach(struct jv_ctx *ctx, A2a__AgentCard *card, const char *text, size_t len)
{
    const struct signing_key *key = &((struct auth *)jv_state(ctx))->card_key;
    A2a__AgentCardSignature *s = jv_msg_new(&a2a__agent_card_signature__descriptor, jv_arena(ctx));
    struct jv_err err = { 0 };
    struct jv_jws jws;

    if (jv_jws_sign(key->pem, key->kid, text, len, jv_arena(ctx), &jws, &err))
        return jv_fail(ctx, JV_INTERNAL, "signing a card: %s", err.text);
    s->protected_ = jws.header;
    s->signature = jws.signature;
    card->signatures[card->n_signatures++] = s;
    return JV_OK;
}

int cards_sign(struct jv_ctx *ctx, const A2a__AgentCard *card, A2a__AgentCard *ret)
{
    Google__Protobuf__Struct *s = bare(ctx, card);
    struct jv_err err = { 0 };
    char *text, *pruned = NULL;
    size_t len, pruned_len;
    int r;

    if (protobuf_c_message_get_packed_size(&card->base) > max_card)
        return jv_fail(ctx, JV_RESOURCE_EXHAUSTED, "the card is larger than %d bytes", max_card);
    r = keys_load_card(ctx);
    if (r)
        return r;
    text = jv_jcs(s, jv_arena(ctx), &len, &err);
    if (text) {
        prune_struct(s);
        pruned = jv_jcs(s, jv_arena(ctx), &pruned_len, &err);
    }
    if (!pruned)
        return jv_fail(ctx, err.code, "the card cannot be signed: %s", err.text);
    *ret = *card;
    ret->n_signatures = 0;
    ret->signatures = JV_NEW_ARRAY(jv_arena(ctx), A2a__AgentCardSignature *, 2);
    r = attach(ctx, ret, text, len);
    if (!r && pruned_len < len)
        r = attach(ctx, ret, pruned, pruned_len);
    return r;
}
