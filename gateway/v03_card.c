/* v03_card.c -- an agent's card in its 0.3 shape. Signatures stay behind: they are over the 1.0
 * card, byte by byte. */
#include "v03_shape.h"

#include <string.h>

#define MEMBERS(rows) .n = JV_COUNT(rows), .members = (rows)

/* ---- security -------------------------------------------------------------------------------- */

/* One shape for all flows; 1.0's deviceCode has no counterpart. */
static const struct v03_member flow[] = {
    { "authorizationUrl", "authorizationUrl", &v03_text },
    { "tokenUrl", "tokenUrl", &v03_text },
    { "refreshUrl", "refreshUrl", &v03_text },
    { "scopes", "scopes", &v03_any_object, V03_REQUIRED },
};
static const struct v03_shape flow_shape = { MEMBERS(flow) };

static const struct v03_member flows[] = {
    { "authorizationCode", "authorizationCode", &v03_one, .shape = &flow_shape },
    { "clientCredentials", "clientCredentials", &v03_one, .shape = &flow_shape },
    { "implicit", "implicit", &v03_one, .shape = &flow_shape },
    { "password", "password", &v03_one, .shape = &flow_shape },
};
static const struct v03_shape flows_shape = { MEMBERS(flows) };

static const struct v03_member api_key[] = {
    { "description", "description", &v03_text },
    { "in", "location", &v03_text, V03_REQUIRED },
    { "name", "name", &v03_text, V03_REQUIRED },
};
static const struct v03_member http[] = {
    { "description", "description", &v03_text },
    { "scheme", "scheme", &v03_text, V03_REQUIRED },
    { "bearerFormat", "bearerFormat", &v03_text },
};
static const struct v03_member oauth2[] = {
    { "description", "description", &v03_text },
    { "flows", "flows", &v03_one, V03_REQUIRED, &flows_shape },
    { "oauth2MetadataUrl", "oauth2MetadataUrl", &v03_text },
};
static const struct v03_member open_id[] = {
    { "description", "description", &v03_text },
    { "openIdConnectUrl", "openIdConnectUrl", &v03_text, V03_REQUIRED },
};
static const struct v03_member mutual_tls[] = {
    { "description", "description", &v03_text },
};

#define SCHEME(type, now, rows)                                                                    \
    &(const struct v03_shape)                                                                      \
    {                                                                                              \
        type, now, MEMBERS(rows), .kind_is_type = true                                             \
    }
static const struct v03_shape *const schemes[] = {
    SCHEME("apiKey", "apiKeySecurityScheme", api_key),
    SCHEME("http", "httpAuthSecurityScheme", http),
    SCHEME("oauth2", "oauth2SecurityScheme", oauth2),
    SCHEME("openIdConnect", "openIdConnectSecurityScheme", open_id),
    SCHEME("mutualTLS", "mtlsSecurityScheme", mutual_tls),
    NULL,
};

/* An object with room for n members, and one more of them: names are those of another object, so
 * none comes twice. jv_struct_set() would copy all for each. */
static v03_value *new_object(struct v03 *t, size_t n)
{
    v03_value *v = jv_value_struct(t->arena, NULL);

    v->struct_value->fields =
            JV_NEW_ARRAY(t->arena, Google__Protobuf__Struct__FieldsEntry *, n + 1);
    return v;
}

static void put(struct v03 *t, v03_value *object, char *name, v03_value *v)
{
    v03_object *s = object->struct_value;
    Google__Protobuf__Struct__FieldsEntry *e =
            jv_msg_new(&google__protobuf__struct__fields_entry__descriptor, t->arena);

    e->key = name;
    e->value = v;
    s->fields[s->n_fields++] = e;
}

static v03_value *out_schemes(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    const v03_object *now = v->struct_value;
    v03_value *old = new_object(t, now->n_fields);

    (void)m;
    for (size_t i = 0; i < now->n_fields; i++) {
        v03_value *scheme = v03_choose(t, schemes, v03_object_of(now->fields[i]->value));

        if (scheme)
            put(t, old, now->fields[i]->key, scheme);
    }
    return old;
}

/* {"schemes": {"a": {"list": ["x"]}}} -> {"a": ["x"]} */
static v03_value *out_requirement(struct v03 *t, const v03_object *now)
{
    const v03_object *by_name = v03_object_at(now, "schemes");
    size_t n = by_name ? by_name->n_fields : 0;
    v03_value *old = new_object(t, n);

    for (size_t i = 0; i < n; i++) {
        v03_value *list = jv_struct_get(v03_object_of(by_name->fields[i]->value), "list");

        put(t, old, by_name->fields[i]->key, list ? list : v03_new_list(t, 0));
    }
    return old;
}

static v03_value *out_security(struct v03 *t, const struct v03_member *m, v03_value *v)
{
    v03_value *list = v03_new_list(t, v->list_value->n_values);

    (void)m;
    for (size_t i = 0; i < v->list_value->n_values; i++)
        list->list_value->values[i] = out_requirement(t, v->list_value->values[i]->struct_value);
    return list;
}

static const struct v03_kind security_schemes = { .out = out_schemes };
static const struct v03_kind security = { .out = out_security };

/* ---- the card -------------------------------------------------------------------------------- */

static const struct v03_member capabilities[] = {
    { "streaming", "streaming", &v03_flag },
    { "pushNotifications", "pushNotifications", &v03_flag },
    { "stateTransitionHistory", NULL, &v03_flag, V03_REQUIRED }, /* false: 1.0 has dropped it */
    { "extensions", "extensions", &v03_list },
};
static const struct v03_shape capabilities_shape = { MEMBERS(capabilities) };

static const struct v03_member skill[] = {
    { "id", "id", &v03_text, V03_REQUIRED },
    { "name", "name", &v03_text, V03_REQUIRED },
    { "description", "description", &v03_text, V03_REQUIRED },
    { "tags", "tags", &v03_list, V03_REQUIRED },
    { "examples", "examples", &v03_list },
    { "inputModes", "inputModes", &v03_list },
    { "outputModes", "outputModes", &v03_list },
    { "security", "securityRequirements", &security },
};
static const struct v03_shape skill_shape = { MEMBERS(skill) };

static const struct v03_member interface[] = {
    { "url", "url", &v03_text, V03_REQUIRED },
    { "transport", "protocolBinding", &v03_text, V03_REQUIRED },
};
static const struct v03_shape interface_shape = { MEMBERS(interface) };

/* The interfaces come first, by v03_card_value(). */
static const struct v03_member card[] = {
    { "name", "name", &v03_text, V03_REQUIRED },
    { "description", "description", &v03_text, V03_REQUIRED },
    { "version", "version", &v03_text, V03_REQUIRED },
    { "provider", "provider", &v03_any_object },
    { "documentationUrl", "documentationUrl", &v03_text },
    { "iconUrl", "iconUrl", &v03_text },
    { "capabilities", "capabilities", &v03_one, V03_REQUIRED, &capabilities_shape },
    { "securitySchemes", "securitySchemes", &security_schemes },
    { "security", "securityRequirements", &security },
    { "defaultInputModes", "defaultInputModes", &v03_list, V03_REQUIRED },
    { "defaultOutputModes", "defaultOutputModes", &v03_list, V03_REQUIRED },
    { "skills", "skills", &v03_many, V03_REQUIRED, &skill_shape },
};

static bool is_03(const v03_object *face)
{
    const char *version = jv_struct_text(face, "protocolVersion");

    return version && strncmp(version, "0.3", 3) == 0 && (!version[3] || version[3] == '.');
}

/* The interfaces of version 0.3, in their order; an empty list when there are none. */
static v03_value *interfaces(struct v03 *t, const v03_object *now)
{
    const v03_value *all = jv_struct_get(now, "supportedInterfaces");
    v03_value *list = v03_new_list(t, all ? all->list_value->n_values : 0);
    size_t n = 0;

    for (size_t i = 0; i < list->list_value->n_values; i++) {
        const v03_object *face = all->list_value->values[i]->struct_value;

        if (is_03(face))
            list->list_value->values[n++] =
                    jv_value_struct(t->arena, v03_out(t, &interface_shape, face));
    }
    list->list_value->n_values = n;
    return list;
}

static void out_card(struct v03 *t, const v03_object *now, v03_object *old)
{
    v03_value *list = interfaces(t, now), *v;
    const v03_object *first = list->list_value->values[0]->struct_value;

    jv_struct_set(old, t->arena, "protocolVersion", jv_value_text(t->arena, "0.3.0"));
    jv_struct_set(old, t->arena, "url", jv_struct_get(first, "url"));
    jv_struct_set(old, t->arena, "preferredTransport", jv_struct_get(first, "transport"));
    jv_struct_set(old, t->arena, "additionalInterfaces", list);
    v = jv_struct_get(v03_object_at(now, "capabilities"), "extendedAgentCard");
    if (v)
        jv_struct_set(old, t->arena, "supportsAuthenticatedExtendedCard", v);
}

v03_value *v03_card_value(struct v03 *t, const v03_object *now)
{
    static const struct v03_shape shape = { MEMBERS(card), .out = out_card };

    if (!interfaces(t, now)->list_value->n_values)
        return NULL;
    return jv_value_struct(t->arena, v03_out(t, &shape, now));
}
