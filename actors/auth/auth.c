/* auth.c -- sign-in, tokens and who is who. */
#include "auth.h"

#include <string.h>

#include "jv/wire.h"

static int wrong_sign_in(struct jv_ctx *ctx)
{
    return jv_fail(ctx, JV_UNAUTHENTICATED, "Invalid username or password");
}

/* Every way to fail does the same work and says the same. A name that nobody has is not recorded:
 * people type passwords there. */
JV_TOOL_FN(login, Auth__LoginRequest, Auth__TokenReply)
{
    const char *name = jv_lower(jv_arena(ctx), req->username);
    bool matches, locked = false;
    struct person p;
    int r;

    if (strlen(req->username) > max_username)
        return jv_fail_field(ctx, "username", "is longer than %d bytes", max_username);
    if (strlen(req->password) > max_password)
        return jv_fail_field(ctx, "password", "is longer than %d bytes", max_password);
    r = person_by_name(ctx, name, &p);
    if (!r)
        r = person_check_password(ctx, &p, req->password, &matches);
    if (r)
        return r;
    matches = matches && p.may_sign_in;
    r = matches ? lockout_clear(ctx, name, &locked) : lockout_count(ctx, name);
    if (r)
        return r;
    if (matches && !locked)
        return tokens_sign_in(ctx, &p, ret);
    if (p.user_id)
        jv_audit_who(ctx, p.username, p.user_id);
    jv_audit(ctx, "login_failed", "%s: %s", p.user_id ? p.username : "an unknown name",
             locked ? "too many wrong passwords" : "wrong password or not allowed");
    return wrong_sign_in(ctx);
}

JV_TOOL_FN(refresh, Auth__RefreshRequest, Auth__TokenReply)
{
    return tokens_refresh(ctx, req->refresh_token, ret);
}

JV_TOOL_FN(logout, Auth__LogoutRequest, Google__Protobuf__Empty)
{
    const struct jv_caller *caller = jv_caller(ctx);
    const char *other = "";
    int r;

    (void)ret;
    r = tokens_end(ctx, caller->sid, "logout");
    if (!r && req->refresh_token[0])
        r = tokens_family(ctx, req->refresh_token, caller->user_id, &other);
    if (!r && other[0])
        r = tokens_end(ctx, other, "logout");
    if (r)
        return r;
    jv_audit(ctx, "logout", "%s (%s) signed out, sid %s", caller->username, caller->user_id,
             caller->sid);
    return JV_OK;
}

JV_TOOL_FN(sign_card, A2a__AgentCard, A2a__AgentCard)
{
    return cards_sign(ctx, req, ret);
}

JV_TOOL_FN(me, Google__Protobuf__Empty, Auth__User)
{
    struct person p;
    int r;

    (void)req;
    r = person_by_id(ctx, jv_caller(ctx)->user_id, &p);
    if (r)
        return r;
    if (!p.may_sign_in)
        return jv_fail(ctx, JV_UNAUTHENTICATED, "this account is not active");
    person_show(&p, ret);
    return JV_OK;
}

/* The runtime has verified the token; what is left is to show what it says. */
JV_TOOL_FN(verify, Google__Protobuf__Empty, Auth__VerifyReply)
{
    const char *body = strchr(jv_caller(ctx)->token, '.');
    struct jv_err err = { 0 };
    ProtobufCMessage *claims = NULL;
    uint8_t *json;
    int64_t len;

    (void)req;
    if (!body++)
        return jv_fail(ctx, JV_UNAUTHENTICATED, "not signed in with a token");
    len = jv_base64_decode(jv_arena(ctx), body, strcspn(body, "."), &json);
    if (len > 0)
        claims = jv_json_to_msg(&auth__claims__descriptor, (const char *)json, (size_t)len,
                                JV_JSON_SNAKE, jv_arena(ctx), &err);
    if (!claims)
        return jv_fail(ctx, JV_INTERNAL, "a verified token cannot be read: %s", err.text);
    ret->valid = true;
    ret->payload = (Auth__Claims *)claims;
    return JV_OK;
}

/* Somebody else's record looks like one that does not exist. */
JV_TOOL_FN(get_user, Auth__GetUserRequest, Auth__User)
{
    const struct jv_caller *caller = jv_caller(ctx);
    const char *name = jv_lower(jv_arena(ctx), req->username);
    struct person p;
    bool hidden;
    int r;

    if (strlen(name) > max_username)
        return jv_fail_field(ctx, "username", "is longer than %d bytes", max_username);
    r = person_by_name(ctx, name, &p);
    if (r)
        return r;
    hidden = p.user_id && strcmp(p.user_id, caller->user_id) != 0 &&
             !jv_caller_has(ctx, "users:read:all");
    if (p.user_id && !hidden) {
        person_show(&p, ret);
        return JV_OK;
    }
    jv_hidden(ctx, hidden ? p.user_id : NULL, "user %s", name);
    return jv_fail(ctx, JV_NOT_FOUND, "user %s not found", name);
}

JV_TOOL_FN(find_person, Auth__FindPersonRequest, Auth__FoundPerson)
{
    return find_by_any_name(ctx, req, ret);
}

JV_TOOL_FN(rotate_keys, Auth__RotateKeysRequest, Auth__Jwk)
{
    return keys_rotate(ctx, req->purpose, ret);
}

JV_TOOL_FN(keys, Google__Protobuf__Empty, Auth__KeySet)
{
    (void)req;
    return keys_list(ctx, ret);
}

JV_TOOL_FN(revocations, Google__Protobuf__Empty, Auth__RevocationList)
{
    (void)req;
    return tokens_revoked(ctx, ret);
}

JV_TOOL_FN(has_ended, Auth__HasEndedRequest, Auth__HasEndedReply)
{
    return tokens_has_ended(ctx, req, ret);
}

JV_TOOL_FN(add_person, Auth__AddPersonRequest, Auth__User)
{
    return admin_add(ctx, req, ret);
}

JV_TOOL_FN(change_person, Auth__ChangePersonRequest, Auth__User)
{
    return admin_change(ctx, req, ret);
}

JV_TOOL_FN(remove_person, Auth__RemovePersonRequest, Google__Protobuf__Empty)
{
    (void)ret;
    return admin_remove(ctx, req->username);
}

JV_TOOL_FN(list_people, Auth__ListPeopleRequest, Auth__PeopleList)
{
    return admin_list(ctx, req, ret);
}

JV_TOOL_FN(audit, Auth__AuditRequest, Auth__AuditList)
{
    return records_list(ctx, req, ret);
}

static int hourly(struct jv_ctx *ctx)
{
    int r = keys_load(ctx);

    if (!r)
        r = tokens_purge(ctx);
    return r ? r : records_purge(ctx);
}

/* JetStream keeps them meanwhile; whoever reads them takes over the rest first. */
static int take_records(struct jv_ctx *ctx)
{
    enum { at_once = 5000 };
    int r = records_take(ctx, at_once);

    return r == JV_RESOURCE_EXHAUSTED ? JV_OK : r; /* the next time */
}

static int check(const void *state, struct jv_err *err)
{
    return first_check(state, err);
}

static int init(struct jv_ctx *ctx)
{
    const struct auth *auth = jv_state(ctx);
    int r = keys_load(ctx);

    if (!r)
        r = telling_started(ctx);
    if (!r && auth->demo)
        r = people_add_demo(ctx);
    return r ? r : first_add(ctx);
}

static void fini(void *state)
{
    keys_forget(state);
}

static const struct jv_tool tools[] = {
    JV_TOOL("Login", login, .allow = JV_ALLOW_ANYONE),
    JV_TOOL("Refresh", refresh, .allow = JV_ALLOW_ANYONE),
    JV_TOOL("Logout", logout, .allow = JV_ALLOW_USER),
    JV_TOOL("Me", me, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("Verify", verify, .allow = JV_ALLOW_USER, .flags = JV_TOOL_READONLY),
    JV_TOOL("GetUser", get_user, .allow = JV_ALLOW_SCOPE("users:read"), .flags = JV_TOOL_READONLY),
    JV_TOOL("FindPerson", find_person, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_READONLY),
    JV_TOOL("RotateKeys", rotate_keys, .allow = JV_ALLOW_SCOPE("users:write")),
    JV_TOOL("Keys", keys, .allow = JV_ALLOW_ANYONE, .flags = JV_TOOL_READONLY),
    JV_TOOL("SignCard", sign_card, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_READONLY),
    JV_TOOL("AddPerson", add_person, .allow = JV_ALLOW_SCOPE("users:write")),
    JV_TOOL("ChangePerson", change_person, .allow = JV_ALLOW_SCOPE("users:write")),
    JV_TOOL("RemovePerson", remove_person, .allow = JV_ALLOW_SCOPE("users:write")),
    JV_TOOL("ListPeople", list_people, .allow = JV_ALLOW_SCOPE("users:read:all"),
            .flags = JV_TOOL_READONLY),
    JV_TOOL("Audit", audit, .allow = JV_ALLOW_SCOPE("audit:read"), .flags = JV_TOOL_READONLY),
    JV_TOOL("Revocations", revocations, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_READONLY),
    JV_TOOL("HasEnded", has_ended, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_READONLY),
    { 0 },
};

static const struct jv_timer timers[] = {
    { "hourly", 3600 * 1000, hourly },
    { "records", 5 * 1000, take_records },
    { "telling", 3 * 1000, telling_again },
    { 0 },
};

#define SECONDS(n) ((int64_t)(n)*1000)
#define DAYS(n)    SECONDS((int64_t)(n)*24 * 3600)

static const struct jv_setting settings[] = {
    { "JARVIS_ACCESS_TTL", "15m", "how long an access token is good", JV_SET_MSEC,
      offsetof(struct auth, access_ttl_ms), SECONDS(1), DAYS(1) },
    { "JARVIS_REFRESH_TTL", "30d", "how long an unused refresh token is good", JV_SET_MSEC,
      offsetof(struct auth, refresh_ttl_ms), SECONDS(1), DAYS(365) },
    { "JARVIS_SIGNIN_TTL", "90d", "after this a person signs in again, however often refreshed",
      JV_SET_MSEC, offsetof(struct auth, signin_ttl_ms), SECONDS(1), DAYS(3650) },
    { "JARVIS_AUDIT_AGE", "400d", "how long audit records are kept", JV_SET_MSEC,
      offsetof(struct auth, audit_ms), SECONDS(3600), DAYS(36500) },
    { "JARVIS_AUDIT_RECORDS", "1000000", "how many audit records are kept, the newest", JV_SET_INT,
      offsetof(struct auth, audit_records), 100, INT64_C(1) << 40 },
    { "JARVIS_DEMO", "0", "add the demo's people and let them sign in", JV_SET_BOOL,
      offsetof(struct auth, demo), 0, 0 },
    { "JARVIS_ADMIN", "", "made at start while nobody is administrator: a user name", JV_SET_TEXT,
      offsetof(struct auth, admin), 0, 0 },
    { "JARVIS_ADMIN_PASSWORD", "", "their password, or @/path", JV_SET_SECRET,
      offsetof(struct auth, admin_password), 0, 0 },
    { "JARVIS_PROBE", "", "who signs in to see whether all is well: a user name", JV_SET_TEXT,
      offsetof(struct auth, probe), 0, 0 },
    { "JARVIS_PROBE_PASSWORD", "", "their password, or @/path; a new one here is theirs",
      JV_SET_SECRET, offsetof(struct auth, probe_password), 0, 0 },
    { 0 },
};

JV_ACTOR(auth) = {
    .name = "auth",
    .version = "1.0.0",
    .summary = "people, passwords, sign-in, tokens and the keys that sign them",
    .service = &auth__auth__descriptor,
    .tools = tools,
    .timers = timers,
    .settings = settings,
    .needs = JV_NEEDS_DB | JV_NEEDS_AUDIT,
    .state_size = sizeof(struct auth),
    .check = check,
    .init = init,
    .fini = fini,
};
