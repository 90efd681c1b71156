/* routes.c -- the table of the HTTP interface, and finding a row in it. */
#include "gw.h"

#include <stdio.h>
#include <string.h>

#include <a2a.pb-c.h>
#include <auth.pb-c.h>
#include <notifier.pb-c.h>
#include <orchestrator.pb-c.h>
#include <registry.pb-c.h>
#include <sessions.pb-c.h>

#define AUTH     &auth__auth__descriptor
#define SESSIONS &sessions__sessions__descriptor
#define REGISTRY &registry__registry__descriptor
#define JARVIS   &orchestrator__orchestrator__descriptor
#define NOTIFIER &notifier__notifier__descriptor
#define CHAT     &orchestrator__chat__descriptor
#define A2A      &a2a__a2_aservice__descriptor

enum { SMALL = 16 << 10, QUESTION = 128 << 10 };

/* clang-format off */

/* The A2A protocol's HTTP+JSON binding below a path. */
#define A2A_ROW(method_, path_, rpc_, flags_, summary_) \
    { method_, path_, A2A, rpc_, handle_a2a, ROUTE_A2A | (flags_), .tag = "a2a", .summary = summary_ },
#define A2A_ROWS(at, f) \
    A2A_ROW("POST", at "/message:send", "SendMessage", (f) | ROUTE_BODY, \
            "Send a message to an agent") \
    A2A_ROW("POST", at "/message:stream", "SendStreamingMessage", (f) | ROUTE_BODY | ROUTE_STREAM, \
            "Send a message and follow what happens") \
    A2A_ROW("GET", at "/tasks", "ListTasks", f, "The caller's tasks") \
    A2A_ROW("POST", at "/tasks/{id}:cancel", "CancelTask", (f) | ROUTE_BODY, "Cancel a task") \
    A2A_ROW("GET", at "/tasks/{id}:subscribe", "SubscribeToTask", (f) | ROUTE_STREAM, \
            "Follow a task; after Last-Event-ID") \
    A2A_ROW("POST", at "/tasks/{id}:subscribe", "SubscribeToTask", (f) | ROUTE_BODY | ROUTE_STREAM, \
            "Follow a task; after Last-Event-ID") \
    A2A_ROW("GET", at "/tasks/{id}", "GetTask", f, "A task as it stands") \
    A2A_ROW("POST", at "/tasks/{task_id}/pushNotificationConfigs", \
            "CreateTaskPushNotificationConfig", (f) | ROUTE_BODY, "Have a task's events pushed") \
    A2A_ROW("GET", at "/tasks/{task_id}/pushNotificationConfigs", \
            "ListTaskPushNotificationConfigs", f, "A task's push configurations") \
    A2A_ROW("GET", at "/tasks/{task_id}/pushNotificationConfigs/{id}", \
            "GetTaskPushNotificationConfig", f, "A push configuration") \
    A2A_ROW("DELETE", at "/tasks/{task_id}/pushNotificationConfigs/{id}", \
            "DeleteTaskPushNotificationConfig", f, "Remove a push configuration") \
    A2A_ROW("GET", at "/extendedAgentCard", "GetExtendedAgentCard", f, \
            "The card with all that a signed-in caller may see")

const struct route routes[] = {
    { "POST", "/auth/login", AUTH, "Login", .flags = ROUTE_OPEN | ROUTE_BODY, .max_body = SMALL,
      .tag = "auth", .summary = "Sign in" },
    { "POST", "/auth/refresh", AUTH, "Refresh", .flags = ROUTE_OPEN | ROUTE_BODY, .max_body = SMALL,
      .tag = "auth", .summary = "A new pair of tokens for a refresh token" },
    { "POST", "/auth/logout", AUTH, "Logout", .flags = ROUTE_BODY, .max_body = SMALL, .status = 204,
      .tag = "auth", .summary = "Sign out" },
    { "GET", "/auth/me", AUTH, "Me", .tag = "auth", .summary = "Who is asking" },
    { "GET", "/auth/verify", AUTH, "Verify", .tag = "auth", .summary = "The token's claims" },
    { "GET", "/auth/user/{username}", AUTH, "GetUser", .tag = "auth", .summary = "A person" },
    { "GET", "/auth/users", AUTH, "ListPeople", .tag = "people", .summary = "People by name" },
    { "POST", "/auth/users", AUTH, "AddPerson", .flags = ROUTE_BODY, .max_body = SMALL,
      .status = 201, .tag = "people", .summary = "Add a person" },
    { "PATCH", "/auth/users/{username}", AUTH, "ChangePerson", .flags = ROUTE_BODY,
      .max_body = SMALL, .tag = "people", .summary = "Change a person's role or password" },
    { "DELETE", "/auth/users/{username}", AUTH, "RemovePerson", .status = 204, .tag = "people",
      .summary = "Remove a person; all of their sign-ins end" },
    { "GET", "/api/audit", AUTH, "Audit", .tag = "audit",
      .summary = "Who did what, and who was not let, newest first" },
    { "POST", "/auth/keys", AUTH, "RotateKeys", .flags = ROUTE_BODY, .max_body = SMALL,
      .status = 201, .tag = "auth", .summary = "A new key to sign with; nobody notices" },
    { "GET", "/.well-known/jwks.json", AUTH, "Keys", .flags = ROUTE_OPEN, .tag = "auth",
      .summary = "The public keys that tokens are signed with" },

    { "POST", "/api/chat", CHAT, "Chat", handle_chat,
      ROUTE_BODY | ROUTE_STREAM | ROUTE_KEYED | ROUTE_CHAT_TIME, .max_body = QUESTION, .tag = "chat",
      .summary = "Ask; with Accept: text/event-stream the answer comes as it is made" },
    { "GET", "/api/chat/{message_id}/events", CHAT, "Resume", handle_resume,
      ROUTE_STREAM | ROUTE_CHAT_TIME, .tag = "chat",
      .summary = "The events of an answer after Last-Event-ID" },
    { "POST", "/api/suggestions", JARVIS, "Suggest", .flags = ROUTE_BODY, .max_body = SMALL,
      .tag = "chat", .summary = "What to ask next" },

    { "GET", "/api/notifications", NOTIFIER, "ListNotices", .tag = "notifications",
      .summary = "What the caller should know now" },
    { "GET", "/api/notifications/stream", NOTIFIER, "ListNotices", handle_notices, ROUTE_STREAM,
      .tag = "notifications", .summary = "The same as it comes; after Last-Event-ID" },
    { "GET", "/api/notifications/mutes", NOTIFIER, "ListMutes", .tag = "notifications",
      .summary = "Which kinds are muted" },
    { "PUT", "/api/notifications/mutes", NOTIFIER, "MuteNotices", .flags = ROUTE_BODY,
      .max_body = SMALL, .tag = "notifications", .summary = "Mute a kind, or hear of it again" },
    { "GET", "/api/notifications/webhooks", NOTIFIER, "ListHooks", .tag = "notifications",
      .summary = "The caller's webhooks for notifications" },
    { "POST", "/api/notifications/webhooks", NOTIFIER, "AddHook", .flags = ROUTE_BODY,
      .max_body = SMALL, .status = 201, .tag = "notifications",
      .summary = "Have new notifications posted" },
    { "DELETE", "/api/notifications/webhooks/{id}", NOTIFIER, "RemoveHook", .status = 204,
      .tag = "notifications", .summary = "Remove a webhook" },

    { "GET", "/api/history", SESSIONS, "History", .tag = "sessions",
      .summary = "What was said in the current session, or in one that is named" },
    { "GET", "/api/sessions", SESSIONS, "List", .tag = "sessions", .summary = "The caller's sessions" },
    { "POST", "/api/sessions", SESSIONS, "Create", .flags = ROUTE_BODY, .status = 201,
      .tag = "sessions", .summary = "A new session, current from now on" },
    { "GET", "/api/sessions/{session_id}", SESSIONS, "Get", .tag = "sessions", .summary = "One session" },
    { "PATCH", "/api/sessions/{session_id}", SESSIONS, "Update", .flags = ROUTE_BODY,
      .tag = "sessions", .summary = "Change title or status" },
    { "DELETE", "/api/sessions/{session_id}", SESSIONS, "Delete", .status = 204, .tag = "sessions",
      .summary = "Remove a session with all it holds" },
    { "POST", "/api/sessions/{session_id}/switch", SESSIONS, "SwitchTo", .tag = "sessions",
      .summary = "Make a session the current one" },

    { "GET", "/api/memory", SESSIONS, "ListMemories", .tag = "memory",
      .summary = "What the caller has told about themselves" },
    { "POST", "/api/memory", SESSIONS, "Remember", .flags = ROUTE_BODY, .max_body = SMALL,
      .status = 201, .tag = "memory", .summary = "Have something remembered" },
    { "DELETE", "/api/memory", SESSIONS, "ForgetAll", .status = 204, .tag = "memory",
      .summary = "Have all of it forgotten" },
    { "DELETE", "/api/memory/{id}", SESSIONS, "Forget", .status = 204, .tag = "memory",
      .summary = "Have one forgotten" },

    { "GET", "/registry/agents", REGISTRY, "List", .tag = "registry", .summary = "All agents" },
    { "POST", "/registry/agents", REGISTRY, "Add", .flags = ROUTE_BODY, .status = 201,
      .tag = "registry", .summary = "Register an agent; it starts pending" },
    { "POST", "/registry/agents/remote", REGISTRY, "AddRemote", .flags = ROUTE_BODY, .status = 201,
      .tag = "registry", .summary = "Register a third party's agent; it starts pending" },
    { "GET", "/registry/agents/{name}", REGISTRY, "Get", .tag = "registry", .summary = "One agent" },
    { "DELETE", "/registry/agents/{name}", REGISTRY, "Delete", .tag = "registry",
      .summary = "Remove an agent" },
    { "PUT", "/registry/agents/{name}/capabilities", REGISTRY, "SetCapabilities",
      .flags = ROUTE_BODY, .tag = "registry", .summary = "Replace an agent's capabilities" },
    { "PATCH", "/registry/agents/{name}/status", REGISTRY, "SetEnabled", .flags = ROUTE_BODY,
      .tag = "registry", .summary = "Switch an agent on or off" },
    { "PATCH", "/registry/agents/{name}/approval", REGISTRY, "SetApproval", .flags = ROUTE_BODY,
      .tag = "registry", .summary = "Decide about an agent" },
    { "GET", "/registry/export", REGISTRY, "Export", .tag = "registry",
      .summary = "All that is needed to restore the registry" },

    { "POST", "/a2a/{agent}", .handler = handle_a2a_rpc,
      .flags = ROUTE_BODY | ROUTE_A2A | ROUTE_STREAM, .tag = "a2a",
      .summary = "The A2A protocol's JSON-RPC binding: all methods of an agent" },
    { "POST", "/a2a/{agent}/", .handler = handle_a2a_rpc,
      .flags = ROUTE_BODY | ROUTE_A2A | ROUTE_STREAM | ROUTE_HIDDEN, .tag = "a2a",
      .summary = "The same, as some clients spell it" },
    A2A_ROWS("/a2a/{agent}", 0)
    { "GET", "/a2a/{agent}/.well-known/agent-card.json", .handler = handle_card,
      .flags = ROUTE_OPEN, .tag = "a2a", .summary = "An agent's card" },
    { "GET", "/.well-known/agent-card.json", .handler = handle_card, .flags = ROUTE_OPEN,
      .tag = "a2a", .summary = "The card of the agent Jarvis" },
    A2A_ROWS("/a2a/{agent}/{tenant}", ROUTE_HIDDEN)

    { "GET", "/health", .handler = handle_health, .flags = ROUTE_OPEN | ROUTE_OPS, .tag = "ops",
      .summary = "This process is alive" },
    { "GET", "/ready", .handler = handle_ready, .flags = ROUTE_OPEN | ROUTE_OPS, .tag = "ops",
      .summary = "All that is needed to answer is there; 503 and which part is not" },
    { "GET", "/metrics", .handler = handle_metrics,
      .flags = ROUTE_OPEN | ROUTE_OPS | ROUTE_LOCAL | ROUTE_HIDDEN, .tag = "ops",
      .summary = "Counters for Prometheus" },
    { "GET", "/openapi.json", .handler = handle_openapi, .flags = ROUTE_OPEN, .tag = "ops",
      .summary = "This interface" },
    { 0 },
};
/* clang-format on */

const size_t n_routes = JV_COUNT(routes) - 1;

/* The next segment of a pattern; false at its end. "/" has one empty segment, like a path. */
static bool next_segment(const char **pattern, const char **ret, size_t *ret_len)
{
    if (**pattern != '/')
        return false;
    *ret = *pattern + 1;
    *ret_len = strcspn(*ret, "/");
    *pattern = *ret + *ret_len;
    return true;
}

/* "{id}:cancel" against "17:cancel": the member is what stands before the fixed end. */
static const char *member_value(const char *pattern, size_t len, const char *segment,
                                struct jv_arena *a)
{
    const char *end = memchr(pattern, '}', len);
    size_t fixed = len - (size_t)(end + 1 - pattern), n = strlen(segment);

    if (n <= fixed || memcmp(segment + n - fixed, end + 1, fixed) != 0)
        return NULL;
    return fixed ? jv_arena_strndup(a, segment, n - fixed) : segment;
}

static bool path_matches(const struct route *r, const char *const *segments, size_t n,
                         struct jv_arena *a, const char **ret_members)
{
    const char *pattern = r->path, *s;
    size_t len, i = 0, members = 0;

    while (next_segment(&pattern, &s, &len)) {
        if (i == n)
            return false;
        if (s[0] == '{') {
            ret_members[members] = member_value(s, len, segments[i], a);
            if (!ret_members[members++])
                return false;
        } else if (strlen(segments[i]) != len || memcmp(segments[i], s, len) != 0) {
            return false;
        }
        i++;
    }
    return i == n;
}

static void allow_add(char *allow, const char *method)
{
    size_t len = strlen(allow);

    if (!strstr(allow, method))
        snprintf(allow + len, 64 - len, "%s%s", len ? ", " : "", method);
    if (strcmp(method, "GET") == 0)
        allow_add(allow, "HEAD");
}

enum route_found route_find(const char *method, const char *const *segments, size_t n,
                            struct jv_arena *a, const struct route **ret, const char **ret_members,
                            char *allow)
{
    allow[0] = '\0';
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (const struct route *r = routes; r->method; r++) {
        if (!path_matches(r, segments, n, a, ret_members))
            continue;
        if (strcmp(r->method, method) == 0) {
            *ret = r;
            return ROUTE_FOUND;
        }
        allow_add(allow, r->method);
    }
    return allow[0] ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}

bool route_member(const struct route *r, size_t i, char *name)
{
    const char *pattern = r->path, *s;
    size_t len;

    while (next_segment(&pattern, &s, &len))
        if (s[0] == '{' && i-- == 0) {
            snprintf(name, 64, "%.*s", (int)strcspn(s + 1, "}"), s + 1);
            return true;
        }
    return false;
}

const ProtobufCMethodDescriptor *route_rpc(const struct route *r)
{
    return r->service ? protobuf_c_service_descriptor_get_method_by_name(r->service, r->rpc) : NULL;
}
