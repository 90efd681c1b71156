/* registry.c -- the agents: who they are, who decided about them, who is offered to the planner. */
#include "registry.h"

#include <string.h>

#include "jv/agent.h"
#include "jv/fetch.h"
#include "jv/wire.h"

enum { max_agent_type = 64, max_description = 2000, max_notes = 2000, max_contact = 256 };

#define AGENT_COLUMNS                                                                              \
    "name, description, agent_type, enabled, tags, capabilities, type, agent_card_url, provider, " \
    "status, registered_at, updated_at, approved_by, approved_at, approval_notes, token, "         \
    "auth_config"

struct jv_param as_json(struct jv_ctx *ctx, const void *msg)
{
    size_t len;

    return jv_text(msg ? jv_msg_to_json(msg, JV_JSON_SNAKE, jv_arena(ctx), &len) : NULL);
}

int tell_changed(struct jv_ctx *ctx)
{
    Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;

    if (jv_publish(ctx, "evt.registry.Changed", &nothing))
        jv_warn(ctx, "a change of the registry could not be published");
    return JV_OK;
}

static int not_found(struct jv_ctx *ctx, const char *name)
{
    return jv_fail(ctx, JV_NOT_FOUND, "agent %.64s not found", name);
}

static int read_agent(struct jv_ctx *ctx, const struct jv_rows *rows, size_t row,
                      Registry__Agent *ret)
{
    int r = jv_row_to_msg(ctx, rows, row, &ret->base);

    if (r)
        return r;
    ret->instances = live_count(jv_state(ctx), ret->name);
    ret->alive = ret->instances > 0 || strcmp(ret->type, "remote") == 0;
    return JV_OK;
}

static int read_agents(struct jv_ctx *ctx, const struct jv_rows *rows, Registry__Agent ***ret)
{
    Registry__Agent **agents = JV_NEW_ARRAY(jv_arena(ctx), Registry__Agent *, rows->n + 1);
    int r = JV_OK;

    for (size_t i = 0; !r && i < rows->n; i++) {
        agents[i] = jv_msg_new(&registry__agent__descriptor, jv_arena(ctx));
        r = read_agent(ctx, rows, i, agents[i]);
    }
    *ret = agents;
    return r;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* "a, b" -> a, b */
static struct jv_param tags_param(struct jv_ctx *ctx, const char *list)
{
    struct jv_arena *a = jv_arena(ctx);
    const char **tags = JV_NEW_ARRAY(a, const char *, strlen(list) + 1);
    size_t n = 0;

    for (const char *p = list; *p;) {
        size_t len;

        p += strspn(p, ", \t");
        len = strcspn(p, ",");
        while (len && (p[len - 1] == ' ' || p[len - 1] == '\t'))
            len--;
        if (len)
            tags[n++] = jv_arena_strndup(a, p, len);
        p += strcspn(p, ",");
    }
    return jv_text_array(ctx, n, tags);
}

static const char *approval_name(Registry__Approval status)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&registry__approval__descriptor, (int)status);

    return v && status ? v->name : "";
}

JV_TOOL_FN(list, Registry__ListRequest, Registry__ListReply)
{
    struct jv_rows rows;
    int r;

    if (req->type[0] && strcmp(req->type, "local") != 0 && strcmp(req->type, "remote") != 0)
        return jv_fail_field(ctx, "type", "must be local or remote");
    r = check_text(ctx, "tags", req->tags, 1024);
    if (!r)
        r = jv_db(ctx, &rows,
                  "select " AGENT_COLUMNS " from agents where (enabled or not $1) "
                  "and ($2::text[] = '{}' or tags && $2) and ($3 = '' or status = $3) "
                  "and ($4 = '' or type = $4) order by lower(name)",
                  jv_bool(req->enabled_only), tags_param(ctx, req->tags),
                  jv_text(approval_name(req->status)), jv_text(req->type));
    if (!r)
        r = read_agents(ctx, &rows, &ret->agents);
    if (r)
        return r;
    ret->n_agents = rows.n;
    ret->total = (int32_t)rows.n;
    return JV_OK;
}

JV_TOOL_FN(get, Registry__GetRequest, Registry__Agent)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select " AGENT_COLUMNS ", card from agents where name = $1",
              jv_text(req->name));
    if (r)
        return r;
    return rows.n ? read_agent(ctx, &rows, 0, ret) : not_found(ctx, req->name);
}

JV_TOOL_FN(export, Google__Protobuf__Empty, Registry__ExportReply)
{
    Registry__Agent **agents;
    struct jv_rows rows;
    int r;

    (void)req;
    r = jv_db(ctx, &rows, "select " AGENT_COLUMNS ", card from agents order by lower(name)");
    if (!r)
        r = read_agents(ctx, &rows, &agents);
    if (r)
        return r;
    ret->version = "1.0";
    ret->total_agents = (int32_t)rows.n;
    ret->agents = JV_NEW_ARRAY(jv_arena(ctx), Registry__ExportReply__AgentsEntry *, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        Registry__ExportReply__AgentsEntry *e =
                jv_msg_new(&registry__export_reply__agents_entry__descriptor, jv_arena(ctx));

        e->key = agents[i]->name;
        e->value = agents[i];
        ret->agents[ret->n_agents++] = e;
    }
    return JV_OK;
}

/* For its first seconds the registry has not heard of everybody who is there: it gives agents that
 * it knows the benefit of the doubt. One that is gone is noticed when it is called. */
static bool may_be_alive(struct jv_ctx *ctx, const char *agent)
{
    const struct registry *reg = jv_state(ctx);

    return !reg->settled || live_count(reg, agent) > 0;
}

/* Remote agents have no token yet: they come in when something puts them on the bus. */
JV_TOOL_FN(catalog, Google__Protobuf__Empty, Registry__CatalogReply)
{
    struct jv_rows rows;
    uint8_t *bytes;
    size_t len;
    int r;

    (void)req;
    r = jv_db(ctx, &rows,
              "select name, token, priority, card from agents where status = 'approved' "
              "and enabled and in_catalog and token <> '' and card is not null "
              "order by priority desc, name");
    if (r)
        return r;
    ret->entries = JV_NEW_ARRAY(jv_arena(ctx), Registry__CatalogEntry *, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        Registry__CatalogEntry *e = jv_msg_new(&registry__catalog_entry__descriptor, jv_arena(ctx));

        if (!may_be_alive(ctx, jv_col(&rows, i, "name")))
            continue;
        r = jv_row_to_msg(ctx, &rows, i, &e->base);
        if (r)
            return r;
        ret->entries[ret->n_entries++] = e;
    }
    bytes = jv_pack(ret, jv_arena(ctx), &len);
    ret->digest = jv_sha256_hex(jv_arena(ctx), bytes, len);
    return JV_OK;
}

/* What the tools take is for those who are signed in: the extended card has it. */
static void hide_tools(A2a__AgentCard *card)
{
    A2a__AgentCapabilities *c = card->capabilities;

    for (size_t i = 0; c && i < c->n_extensions; i++)
        if (strcmp(c->extensions[i]->uri, JV_TOOLS_EXTENSION) == 0)
            c->extensions[i]->params = NULL;
}

JV_TOOL_FN(card, Registry__CardRequest, Registry__CardReply)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select card, card_at as updated_at from agents where token = $1 "
              "and status = 'approved' and enabled and card is not null",
              jv_text(req->token));
    if (!r && !rows.n)
        r = jv_fail(ctx, JV_NOT_FOUND, "there is no agent %.64s", req->token);
    if (!r)
        r = jv_row_to_msg(ctx, &rows, 0, &ret->base);
    if (!r)
        hide_tools(ret->card);
    return r;
}

/* ---- registering ---------------------------------------------------------------------------- */

static int added(struct jv_ctx *ctx, const struct jv_rows *rows, const char *name,
                 const char *status, Registry__Registered *ret)
{
    if (!rows->affected)
        return jv_fail(ctx, JV_ALREADY_EXISTS, "agent %s already exists", name);
    jv_audit(ctx, "agent_added", "%s registered %s", jv_caller(ctx)->username, name);
    ret->status = status;
    ret->message =
            jv_arena_printf(jv_arena(ctx), "agent %s is registered and waits for approval", name);
    ret->data = jv_msg_new(&registry__registered_data__descriptor, jv_arena(ctx));
    ret->data->agent_name = name;
    ret->data->status = REGISTRY__APPROVAL__pending;
    return tell_changed(ctx);
}

static int check_config(struct jv_ctx *ctx, const Registry__AgentConfig *c)
{
    int r = check_text(ctx, "agent_config.agent_type", c->agent_type, max_agent_type);

    if (!r)
        r = check_url(ctx, "agent_config.agent_card_url", c->agent_card_url);
    if (!r)
        r = check_name(ctx, "agent_config.name", c->name);
    if (!r)
        r = check_text(ctx, "agent_config.description", c->description, max_description);
    return r;
}

JV_TOOL_FN(add, Registry__RegisterRequest, Registry__Registered)
{
    const Registry__AgentConfig *c = req->agent_config;
    Registry__Capabilities caps;
    struct jv_rows rows;
    const char **tags;
    size_t n_tags;
    int r;

    r = check_config(ctx, c);
    if (!r)
        r = check_capabilities(ctx, req->capabilities, &caps);
    if (!r)
        r = check_list(ctx, "tags", req->n_tags, (const char *const *)req->tags, &n_tags, &tags);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "insert into agents (name, type, agent_type, description, tags, capabilities, "
              "agent_card_url, registered_by, registered_at, updated_at) "
              "values ($1, 'remote', $2, $3, $4, $5, $6, $7, $8, $8) on conflict do nothing",
              jv_text(c->name), jv_text(c->agent_type), jv_text(c->description),
              jv_text_array(ctx, n_tags, tags), as_json(ctx, &caps), jv_text(c->agent_card_url),
              jv_text(jv_caller(ctx)->username), jv_ms(jv_now_ms(ctx)));
    return r ? r : added(ctx, &rows, c->name, "registered", ret);
}

static int check_provider(struct jv_ctx *ctx, const Registry__Provider *p)
{
    int r = check_text(ctx, "provider.name", p->name, max_contact);

    if (!r)
        r = check_text(ctx, "provider.website", p->website, max_contact);
    if (!r)
        r = check_text(ctx, "provider.support_email", p->support_email, max_contact);
    if (!r)
        r = check_text(ctx, "provider.documentation", p->documentation, max_contact);
    return r;
}

static int check_auth(struct jv_ctx *ctx, Registry__AuthConfig *a)
{
    int r;

    if (!a)
        return JV_OK;
    if (a->token_endpoint[0] &&
        (r = check_url(ctx, "auth_config.token_endpoint", a->token_endpoint)))
        return r;
    return check_list(ctx, "auth_config.scopes", a->n_scopes, (const char *const *)a->scopes,
                      &a->n_scopes, &a->scopes);
}

JV_TOOL_FN(add_remote, Registry__RegisterRemoteRequest, Registry__Registered)
{
    Registry__AuthConfig *auth = req->auth_config;
    Registry__Capabilities caps;
    A2a__AgentCard *card;
    struct jv_rows rows;
    const char **tags;
    size_t n_tags;
    int r;

    r = check_url(ctx, "agent_card_url", req->agent_card_url);
    if (!r)
        r = check_capabilities(ctx, req->capabilities, &caps);
    if (!r)
        r = check_list(ctx, "tags", req->n_tags, (const char *const *)req->tags, &n_tags, &tags);
    if (!r)
        r = check_provider(ctx, req->provider);
    if (!r)
        r = check_auth(ctx, auth);
    if (!r)
        r = fetch_card(ctx, req->agent_card_url, &card);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "insert into agents (name, type, agent_type, description, tags, capabilities, "
              "agent_card_url, provider, auth_config, card, registered_by, registered_at, "
              "updated_at, card_at) values ($1, 'remote', $1, left($2, 2000), $3, $4, $5, $6, $7, "
              "$8, $9, $10, $10, $10) on conflict do nothing",
              jv_text(card->name), jv_text(card->description), jv_text_array(ctx, n_tags, tags),
              as_json(ctx, &caps), jv_text(req->agent_card_url), as_json(ctx, req->provider),
              as_json(ctx, auth), as_json(ctx, card), jv_text(jv_caller(ctx)->username),
              jv_ms(jv_now_ms(ctx)));
    if (!r)
        r = added(ctx, &rows, card->name, "pending_approval", ret);
    if (!r)
        ret->data->provider = req->provider;
    return r;
}

/* ---- changing ------------------------------------------------------------------------------- */

static int changed(struct jv_ctx *ctx, const struct jv_rows *rows, const char *name,
                   const char *status, Registry__Changed *ret)
{
    if (!rows->affected)
        return not_found(ctx, name);
    jv_audit(ctx, "agent_changed", "%s: %s by %s", name, status, jv_caller(ctx)->username);
    ret->status = status;
    ret->message = jv_arena_printf(jv_arena(ctx), "agent %s %s", name, status);
    return tell_changed(ctx);
}

JV_TOOL_FN(set_capabilities, Registry__SetCapabilitiesRequest, Registry__Changed)
{
    Registry__Capabilities caps;
    struct jv_rows rows;
    int r;

    r = check_capabilities(ctx, req->capabilities, &caps);
    if (!r)
        r = jv_db(ctx, &rows,
                  "update agents set capabilities = $2, updated_at = $3 where name = $1",
                  jv_text(req->name), as_json(ctx, &caps), jv_ms(jv_now_ms(ctx)));
    return r ? r : changed(ctx, &rows, req->name, "updated", ret);
}

JV_TOOL_FN(set_enabled, Registry__SetEnabledRequest, Registry__Changed)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "update agents set enabled = $2, updated_at = $3 where name = $1",
              jv_text(req->name), jv_bool(req->enabled), jv_ms(jv_now_ms(ctx)));
    return r ? r : changed(ctx, &rows, req->name, req->enabled ? "enabled" : "disabled", ret);
}

JV_TOOL_FN(delete, Registry__GetRequest, Registry__Changed)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "delete from agents where name = $1", jv_text(req->name));
    return r ? r : changed(ctx, &rows, req->name, "deleted", ret);
}

JV_TOOL_FN(set_approval, Registry__SetApprovalRequest, Registry__Agent)
{
    const char *status = approval_name(req->status);
    struct jv_rows rows;
    int r;

    if (!status[0])
        return jv_fail_field(ctx, "status", "must be pending, approved, suspended or rejected");
    r = check_text(ctx, "notes", req->notes, max_notes);
    if (!r)
        r = jv_db(ctx, &rows,
                  "update agents set status = $2, approved_by = $3, approved_at = $4, "
                  "approval_notes = $5, updated_at = $4 where name = $1 returning " AGENT_COLUMNS,
                  jv_text(req->name), jv_text(status), jv_text(jv_caller(ctx)->username),
                  jv_ms(jv_now_ms(ctx)), jv_text(req->notes));
    if (r)
        return r;
    if (!rows.n)
        return not_found(ctx, req->name);
    jv_audit(ctx, "agent_approval", "%s: %s by %s", req->name, status, jv_caller(ctx)->username);
    r = read_agent(ctx, &rows, 0, ret);
    return r ? r : tell_changed(ctx);
}

/* ---- life ----------------------------------------------------------------------------------- */

/* Something changed, perhaps through another replica: compare announced cards with the rows once
 * more, so that an agent whose row was removed comes back as a new one. */
static int on_changed(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    struct registry *reg = jv_state(ctx);

    (void)subject;
    (void)msg;
    for (size_t i = 0; i < reg->n_instances; i++)
        reg->instances[i].checked = false;
    return JV_OK;
}

/* Everybody announces again. */
static int tell_started(struct jv_ctx *ctx)
{
    Google__Protobuf__Empty nothing = GOOGLE__PROTOBUF__EMPTY__INIT;

    return jv_publish(ctx, "evt.registry.Started", &nothing);
}

static int check(const void *state, struct jv_err *err)
{
    return jv_check_allow("JARVIS_FETCH_ALLOW", ((const struct registry *)state)->fetch_allow, err);
}

static int init(struct jv_ctx *ctx)
{
    struct registry *reg = jv_state(ctx);

    reg->started_ms = jv_real_ms(ctx);
    return tell_started(ctx);
}

/* At init the answers may come before the subscription does: so once more at the first tick. */
static int tick(struct jv_ctx *ctx)
{
    struct registry *reg = jv_state(ctx);
    int64_t now = jv_real_ms(ctx);
    bool swept = live_sweep(reg, now);

    if (!reg->told_started)
        reg->told_started = tell_started(ctx) == JV_OK;
    if (!reg->settled && now - reg->started_ms > alive_ms)
        reg->settled = swept = true;
    return swept ? tell_changed(ctx) : JV_OK;
}

static const struct jv_tool tools[] = {
    JV_TOOL("List", list, .allow = JV_ALLOW_SCOPE("registry:read"), .flags = JV_TOOL_READONLY),
    JV_TOOL("Get", get, .allow = JV_ALLOW_SCOPE("registry:read"), .flags = JV_TOOL_READONLY),
    JV_TOOL("Add", add, .allow = JV_ALLOW_SCOPE("registry:write")),
    JV_TOOL("AddRemote", add_remote, .allow = JV_ALLOW_SCOPE("registry:write"),
            .timeout_ms = 15000),
    JV_TOOL("SetCapabilities", set_capabilities, .allow = JV_ALLOW_SCOPE("registry:write")),
    JV_TOOL("SetEnabled", set_enabled, .allow = JV_ALLOW_SCOPE("registry:write")),
    JV_TOOL("SetApproval", set_approval, .allow = JV_ALLOW_SCOPE("registry:approve")),
    JV_TOOL("Delete", delete, .allow = JV_ALLOW_SCOPE("registry:write")),
    JV_TOOL("Export", export, .allow = JV_ALLOW_SCOPE("registry:read"), .flags = JV_TOOL_READONLY),
    JV_TOOL("Card", card, .allow = JV_ALLOW_ANYONE, .flags = JV_TOOL_READONLY),
    JV_TOOL("Catalog", catalog, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_READONLY),
    { 0 },
};

static const struct jv_event events[] = {
    { "hb.*.*", &registry__heartbeat__descriptor, on_heartbeat },
    { "evt.registry.Changed", &google__protobuf__empty__descriptor, on_changed },
    { 0 },
};

static const struct jv_timer timers[] = {
    { "tick", 1000, tick },
    { 0 },
};

static const struct jv_setting settings[] = {
    { "JARVIS_FETCH_ALLOW", "", "host:port pairs that agent cards may come from though not public",
      JV_SET_TEXT, offsetof(struct registry, fetch_allow), 0, 0 },
    { "JARVIS_CONFORMANCE", "0", "approve the agent of the protocol's tests at once", JV_SET_BOOL,
      offsetof(struct registry, conformance), 0, 0 },
    { 0 },
};

JV_ACTOR(registry) = {
    .name = "registry",
    .version = "1.0.0",
    .summary = "the agents: cards, capabilities, approval, who is alive",
    .service = &registry__registry__descriptor,
    .tools = tools,
    .timers = timers,
    .events = events,
    .settings = settings,
    .needs = JV_NEEDS_DB | JV_NEEDS_HTTP,
    .state_size = sizeof(struct registry),
    .check = check,
    .init = init,
};
