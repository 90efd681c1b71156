/* a2a_card_make.c -- what the gateway adds to an agent's card, and cards for clients of both
 * versions. Pure. */
#include "a2a.h"

#include <string.h>

#include <a2a.pb-c.h>
#include <google/protobuf/struct.pb-c.h>

/* ---- interfaces and sign-in ----------------------------------------------------------------- */

/* The first that a client knows is the one it takes. */
static const struct interface {
    const char *binding, *version;
} interfaces[] = {
    { "JSONRPC", "1.0" },
    { "HTTP+JSON", "1.0" },
    { "JSONRPC", "0.3" },
};

/* Those of the bus stay, behind ours; but the conformance agent's bus is its own. */
static void add_interfaces(const struct gw *gw, const char *agent, A2a__AgentCard *card,
                           struct jv_arena *a)
{
    size_t n = JV_COUNT(interfaces), own = gw->set.conformance ? 0 : card->n_supported_interfaces;
    A2a__AgentInterface **all = JV_NEW_ARRAY(a, A2a__AgentInterface *, n + own);
    const char *url = jv_arena_printf(a, "%s/a2a/%s", gw->set.public_url, agent);

    for (size_t i = 0; i < n; i++) {
        all[i] = jv_msg_new(&a2a__agent_interface__descriptor, a);
        all[i]->url = url;
        all[i]->protocol_binding = interfaces[i].binding;
        all[i]->protocol_version = interfaces[i].version;
    }
    for (size_t i = 0; i < own; i++)
        all[n + i] = card->supported_interfaces[i];
    card->supported_interfaces = all;
    card->n_supported_interfaces = n + own;
}

static A2a__SecurityScheme *bearer(struct jv_arena *a)
{
    A2a__SecurityScheme *s = jv_msg_new(&a2a__security_scheme__descriptor, a);
    A2a__HTTPAuthSecurityScheme *http = jv_msg_new(&a2a__httpauth_security_scheme__descriptor, a);

    http->description = "An access token, as POST /auth/login gives it.";
    http->scheme = "Bearer";
    http->bearer_format = "JWT";
    s->scheme_case = A2A__SECURITY_SCHEME__SCHEME_HTTP_AUTH_SECURITY_SCHEME;
    s->http_auth_security_scheme = http;
    return s;
}

static void add_sign_in(A2a__AgentCard *card, struct jv_arena *a)
{
    A2a__AgentCard__SecuritySchemesEntry *scheme =
            jv_msg_new(&a2a__agent_card__security_schemes_entry__descriptor, a);
    A2a__SecurityRequirement__SchemesEntry *which =
            jv_msg_new(&a2a__security_requirement__schemes_entry__descriptor, a);
    A2a__SecurityRequirement *required = jv_msg_new(&a2a__security_requirement__descriptor, a);

    scheme->key = which->key = "bearer";
    scheme->value = bearer(a);
    which->value = jv_msg_new(&a2a__string_list__descriptor, a);
    required->n_schemes = 1;
    required->schemes = jv_arena_memdup(a, &which, sizeof(which));
    card->n_security_schemes = card->n_security_requirements = 1;
    card->security_schemes = jv_arena_memdup(a, &scheme, sizeof(scheme));
    card->security_requirements = jv_arena_memdup(a, &required, sizeof(required));
}

void card_complete(const struct gw *gw, const char *agent, A2a__AgentCard *card, struct jv_arena *a)
{
    card->n_signatures = 0; /* they were for what it said before */
    add_interfaces(gw, agent, card, a);
    card->n_security_schemes = card->n_security_requirements = 0;
    if (!gw->set.conformance || strcmp(agent, CONFORMANCE_AGENT) != 0)
        add_sign_in(card, a);
}

/* ---- for both ------------------------------------------------------------------------------- */

static Google__Protobuf__Struct *members_of(const Google__Protobuf__Value *v)
{
    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;
}

/* What only `from` has. */
static void add_missing(Google__Protobuf__Struct *to, const Google__Protobuf__Struct *from,
                        struct jv_arena *a)
{
    for (size_t i = 0; i < from->n_fields; i++)
        if (!jv_struct_get(to, from->fields[i]->key))
            jv_struct_set(to, a, from->fields[i]->key, from->fields[i]->value);
}

/* Both have it by the same names, with other members inside. */
static void merge_schemes(Google__Protobuf__Struct *to, const Google__Protobuf__Struct *from,
                          struct jv_arena *a)
{
    Google__Protobuf__Struct *mine = members_of(jv_struct_get(to, "securitySchemes"));
    const Google__Protobuf__Struct *others = members_of(jv_struct_get(from, "securitySchemes"));

    for (size_t i = 0; mine && others && i < others->n_fields; i++) {
        Google__Protobuf__Struct *s = members_of(jv_struct_get(mine, others->fields[i]->key));
        const Google__Protobuf__Struct *o = members_of(others->fields[i]->value);

        if (s && o)
            add_missing(s, o, a);
    }
}

char *card_for_both(const char *v1, size_t v1_len, const char *v03, size_t v03_len,
                    struct jv_arena *a, size_t *ret_len)
{
    const ProtobufCMessageDescriptor *type = &google__protobuf__struct__descriptor;
    Google__Protobuf__Struct *both = (void *)jv_json_to_msg(type, v1, v1_len, 0, a, NULL);
    Google__Protobuf__Struct *old = (void *)jv_json_to_msg(type, v03, v03_len, 0, a, NULL);

    if (!both || !old) {
        *ret_len = v1_len;
        return jv_arena_strndup(a, v1, v1_len);
    }
    merge_schemes(both, old, a);
    add_missing(both, old, a);
    return jv_msg_to_json(&both->base, JV_JSON_CAMEL, a, ret_len);
}
