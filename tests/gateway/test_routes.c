/* test_routes.c -- the table of the HTTP interface: it matches, is sound, and documents itself. */
#include "check.h"
#include "gateway/gw.h"

static const struct route *found;
static const char *members[MAX_ROUTE_MEMBERS];
static char allow[64];

/* Splits "/a/b" as the guard does. */
static enum route_found find(struct jv_arena *a, const char *method, const char *path)
{
    struct head h = { .method = method, .path = path, .version = "1.1" };
    struct refusal why;
    struct target t;

    h.headers[h.n_headers++] = (struct header){ "Host", "x" };
    if (!guard_head(&h, a, &t, &why))
        abort();
    return route_find(method, t.segments, t.n_segments, a, &found, members, allow);
}

TEST(matching)
{
    struct jv_arena *a = jv_arena_new(1 << 20);

    CHECK_INT(find(a, "POST", "/auth/login"), ROUTE_FOUND);
    CHECK_STR(found->rpc, "Login");
    CHECK_INT(find(a, "GET", "/api/sessions/abc"), ROUTE_FOUND);
    CHECK_STR(found->rpc, "Get");
    CHECK_STR(members[0], "abc");
    CHECK_INT(find(a, "HEAD", "/api/sessions/abc"), ROUTE_FOUND);
    CHECK_STR(found->method, "GET");
    CHECK_INT(find(a, "POST", "/registry/agents/remote"), ROUTE_FOUND);
    CHECK_STR(found->rpc, "AddRemote");
    CHECK_INT(find(a, "GET", "/registry/agents/remote"), ROUTE_FOUND);
    CHECK_STR(found->rpc, "Get");
    CHECK_INT(find(a, "POST", "/a2a/tickets/message:send"), ROUTE_FOUND);
    CHECK_STR(members[0], "tickets");
    CHECK_INT(find(a, "GET", "/.well-known/jwks.json"), ROUTE_FOUND);
    CHECK_INT(find(a, "GET", "/.well-known/agent-card.json"), ROUTE_FOUND);

    CHECK_INT(find(a, "GET", "/"), ROUTE_NO_PATH);
    CHECK_INT(find(a, "GET", "/api/sessions/"), ROUTE_NO_PATH); /* an empty member is none */
    CHECK_INT(find(a, "GET", "/api/sessions/a/b/c"), ROUTE_NO_PATH);
    CHECK_INT(find(a, "GET", "/API/sessions"), ROUTE_NO_PATH);
    CHECK_INT(find(a, "GET", "/api"), ROUTE_NO_PATH);
    CHECK_INT(find(a, "POST", "/a2a/tickets/message:sen"), ROUTE_NO_PATH);
    jv_arena_free(a);
}

/* Members with something fixed behind them, and a tenant before them. */
TEST(verbs)
{
    static const struct {
        const char *method, *path, *rpc, *members[4];
    } rows[] = {
        { "GET", "/a2a/x/tasks", "ListTasks", { "x" } },
        { "GET", "/a2a/x/tasks/17", "GetTask", { "x", "17" } },
        { "POST", "/a2a/x/tasks/17:cancel", "CancelTask", { "x", "17" } },
        { "POST", "/a2a/x/tasks/a:b:cancel", "CancelTask", { "x", "a:b" } },
        { "POST", "/a2a/x/tasks/17%3Acancel", "CancelTask", { "x", "17" } },
        { "GET", "/a2a/x/tasks/17:subscribe", "SubscribeToTask", { "x", "17" } },
        { "POST", "/a2a/x/tasks/17:subscribe", "SubscribeToTask", { "x", "17" } },
        { "GET", "/a2a/x/tasks/:subscribe", "GetTask", { "x", ":subscribe" } },
        { "GET",
          "/a2a/x/tasks/17/pushNotificationConfigs/c",
          "GetTaskPushNotificationConfig",
          { "x", "17", "c" } },
        { "DELETE",
          "/a2a/x/acme/tasks/17/pushNotificationConfigs/c",
          "DeleteTaskPushNotificationConfig",
          { "x", "acme", "17", "c" } },
        { "GET", "/a2a/x/acme/tasks/17", "GetTask", { "x", "acme", "17" } },
        { "GET", "/a2a/x/extendedAgentCard", "GetExtendedAgentCard", { "x" } },
    };
    struct jv_arena *a = jv_arena_new(1 << 20);

    for (size_t i = 0; i < JV_COUNT(rows); i++) {
        CHECK_INT(find(a, rows[i].method, rows[i].path), ROUTE_FOUND);
        CHECK_STR(found->rpc, rows[i].rpc);
        for (size_t m = 0; m < 4 && rows[i].members[m]; m++)
            CHECK_STR(members[m], rows[i].members[m]);
    }
    CHECK_INT(find(a, "POST", "/a2a/x/"), ROUTE_FOUND);
    CHECK_INT(find(a, "POST", "/a2a/x"), ROUTE_FOUND);
    CHECK_INT(find(a, "POST", "/a2a//"), ROUTE_NO_PATH);
    CHECK_INT(find(a, "POST", "/a2a/x/tasks/:cancel"), ROUTE_NO_METHOD);
    CHECK_STR(allow, "GET, HEAD");
    jv_arena_free(a);
}

TEST(methods)
{
    struct jv_arena *a = jv_arena_new(1 << 20);

    CHECK_INT(find(a, "GET", "/auth/login"), ROUTE_NO_METHOD);
    CHECK_STR(allow, "POST");
    CHECK_INT(find(a, "PUT", "/api/sessions/abc"), ROUTE_NO_METHOD);
    CHECK_STR(allow, "GET, HEAD, PATCH, DELETE");
    CHECK_INT(find(a, "OPTIONS", "/api/chat"), ROUTE_NO_METHOD);
    CHECK_STR(allow, "POST");
    jv_arena_free(a);
}

TEST(table_is_sound)
{
    char name[64];

    for (const struct route *r = routes; r->method; r++) {
        const ProtobufCMethodDescriptor *m = route_rpc(r);

        CHECK(r->service == NULL || m != NULL);
        CHECK(r->service || r->handler);
        CHECK(r->summary && r->tag);
        CHECK(r->path[0] == '/');
        CHECK(!(r->flags & ROUTE_BODY) || strcmp(r->method, "GET") != 0);
        for (size_t i = 0; route_member(r, i, name); i++) {
            CHECK(i < MAX_ROUTE_MEMBERS);
            CHECK((r->flags & ROUTE_A2A) || !m ||
                  protobuf_c_message_descriptor_get_field_by_name(m->input, name));
        }
        CHECK(!(r->flags & ROUTE_KEYED) ||
              protobuf_c_message_descriptor_get_field_by_name(m->input, "idempotency_key"));
        for (const struct route *o = routes; o < r; o++)
            CHECK(strcmp(o->path, r->path) != 0 || strcmp(o->method, r->method) != 0);
    }
}

TEST(openapi_lists_every_route)
{
    struct jv_arena *a = jv_arena_new(64 << 20);
    struct jv_err err = { 0 };
    size_t len;
    char *text = openapi_text("1.2.3", a, &len);

    CHECK_INT(jv_json_scan(text, len, &err), JV_OK);
    CHECK_STR(err.text, "");
    CHECK_HAS(text, "\"openapi\":\"3.1.0\"");
    for (const struct route *r = routes; r->method; r++) {
        char *key = jv_arena_printf(a, "\"%s\":{", r->path);

        CHECK(r->flags & ROUTE_HIDDEN ? !strstr(text, key) : strstr(text, key) != NULL);
    }
    CHECK_HAS(text, "\"name\":\"session_id\",\"in\":\"path\",\"required\":true");
    CHECK_HAS(text, "\"name\":\"Idempotency-Key\",\"in\":\"header\"");
    CHECK_HAS(text, "#/components/schemas/jarvis.auth.v1.LoginRequest");
    CHECK_HAS(text, "\"jarvis.auth.v1.LoginRequest\":{");
    CHECK(!strstr(text, "\"in\":\"query\",\"required\":true"));
    jv_arena_free(a);
}

TEST_MAIN()
