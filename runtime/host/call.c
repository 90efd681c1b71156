/* call.c -- `jarvis call`: one call by hand, as JSON.
 *
 *     jarvis call tickets.ListMine '{}' --as vishal:password123
 *     JARVIS_PASSWORD=@/run/secrets/probe jarvis call tickets.ListMine --as probe
 *     jarvis call tickets 'show my tickets' --as vishal:password123   (an agent's SendMessage)
 *     jarvis call a2a.tickets.GetExtendedAgentCard '{}' --token "$TOKEN" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <a2a.pb-c.h>

#include "base/log.h"
#include "base/settings.h"
#include "host/commands.h"
#include "jv/agent.h"
#include "jv/client.h"
#include "jv/wire.h"

enum { connect_ms = 5000, call_ms = 60000, arena_limit = 64 << 20 };

struct call {
    const struct jv_program *program;
    struct jv_arena *arena;
    struct jv_client *client;
    const ProtobufCServiceDescriptor *service;
    const char *agent, *method; /* agent NULL: a service of our own */
    const char *body, *token, *as;
    unsigned json;
};

/* ---- what is called -------------------------------------------------------------------------- */

static bool is_agent(const struct jv_program *p, const char *token)
{
    for (size_t i = 0; p->actors[i]; i++)
        if (p->actors[i]->agent && strcmp(p->actors[i]->agent->token, token) == 0)
            return true;
    return false;
}

static int find_agent(struct call *c, const char *token, const char *method)
{
    if (!jv_is_token(token))
        return jv_complain(2, "%s is no agent", token);
    c->service = &a2a__a2_aservice__descriptor;
    c->agent = token;
    c->method = method;
    c->json = JV_JSON_CAMEL;
    return 0;
}

static int find_target(struct call *c, const char *what)
{
    const char *dot = strrchr(what, '.');
    const struct jv_actor *actor;
    char *name;

    if (!dot) {
        if (!is_agent(c->program, what))
            return jv_complain(2, "%s is no agent; a method is written ACTOR.METHOD", what);
        return find_agent(c, what, "SendMessage");
    }
    name = jv_arena_strndup(c->arena, what, (size_t)(dot - what));
    if (strncmp(name, "a2a.", 4) == 0)
        return find_agent(c, name + 4, dot + 1);
    actor = jv_find_actor(c->program, name);
    if (!actor)
        return jv_complain(2, "there is no actor %s; see `jarvis list`", name);
    c->service = actor->service;
    c->method = dot + 1;
    c->json = JV_JSON_SNAKE | JV_JSON_DEFAULTS;
    return 0;
}

/* Plain words to an agent become a message. */
static const char *message_of(struct call *c, const char *words)
{
    struct jv_buf b = jv_buf_new(c->arena);
    char id[37];

    jv_uuid(id);
    jv_buf_printf(
            &b,
            "{\"message\":{\"messageId\":\"%s\",\"role\":\"ROLE_USER\",\"parts\":[{\"text\":", id);
    jv_json_quote(&b, words, strlen(words));
    jv_buf_str(&b, "}]}}");
    return b.data;
}

/* ---- calling --------------------------------------------------------------------------------- */

static void *request(struct call *c, const ProtobufCServiceDescriptor *s, const char *method,
                     const char *json, unsigned flags, struct jv_err *err)
{
    const ProtobufCMethodDescriptor *m =
            protobuf_c_service_descriptor_get_method_by_name(s, method);

    if (!m) {
        jv_err_set(err, JV_UNIMPLEMENTED, "%s has no method %s; see `jarvis describe`", s->name,
                   method);
        return NULL;
    }
    return jv_json_to_msg(m->input, json, strlen(json), flags | JV_JSON_STRICT, c->arena, err);
}

/* What stands on the command line is seen by everybody on this machine; a file is not. */
static int find_password(struct call *c, const char **ret, struct jv_err *err)
{
    static const struct jv_setting setting[] = {
        { "JARVIS_PASSWORD", "", "of whom --as names", JV_SET_SECRET, 0, 0, 0 },
        { 0 },
    };
    const char *colon = strchr(c->as, ':');
    int r = JV_OK;

    *ret = colon ? colon + 1 : "";
    if (!colon)
        r = jv_settings_load(setting, ret, err);
    if (!r && !(*ret)[0])
        r = jv_err_set(err, JV_INVALID_ARGUMENT,
                       "JARVIS_PASSWORD: is not set, and --as names no password");
    return r;
}

static int sign_in(struct call *c, struct jv_err *err)
{
    const struct jv_actor *auth = jv_find_actor(c->program, "auth");
    const struct jv_call_options o = { .timeout_ms = call_ms };
    struct jv_buf b = jv_buf_new(c->arena);
    ProtobufCMessage *reply = NULL;
    const char *password;
    void *req;
    int r = find_password(c, &password, err);

    if (r)
        return r;
    jv_buf_str(&b, "{\"username\":");
    jv_json_quote(&b, c->as, strcspn(c->as, ":"));
    jv_buf_str(&b, ",\"password\":");
    jv_json_quote(&b, password, strlen(password));
    jv_buf_char(&b, '}');
    req = request(c, auth->service, "Login", b.data, 0, err);
    if (!req)
        return err->code;
    r = jv_client_call(c->client, auth->service, NULL, "Login", req, &reply, &o, c->arena, err);
    if (r)
        return jv_err_wrap(err, "signing in");
    c->token = jv_get_text(reply, "access_token");
    return JV_OK;
}

static void print(struct call *c, const ProtobufCMessage *m)
{
    size_t len;

    puts(jv_msg_to_json(m, c->json, c->arena, &len));
}

static int stream(struct call *c, const void *req, const struct jv_call_options *o,
                  struct jv_err *err)
{
    ProtobufCMessage *part;
    struct jv_stream *s;
    int r = jv_client_open(c->client, c->service, c->agent, c->method, req, o, &s, err);

    if (r)
        return r;
    do {
        part = NULL;
        r = jv_client_next(s, call_ms, &part, c->arena, err);
        if (!r && part)
            print(c, part);
    } while (!r && part);
    jv_client_close(s);
    return r;
}

static int call(struct call *c, struct jv_err *err)
{
    struct jv_call_options o = { .timeout_ms = call_ms, .a2a_version = c->agent ? "1.0" : NULL };
    ProtobufCMessage *reply = NULL;
    void *req = request(c, c->service, c->method, c->body, c->json, err);
    int r;

    if (!req)
        return err->code;
    if (c->as) {
        r = sign_in(c, err);
        if (r)
            return r;
    }
    o.token = c->token;
    if (jv_method_streams(c->service, c->method))
        return stream(c, req, &o, err);
    r = jv_client_call(c->client, c->service, c->agent, c->method, req, &reply, &o, c->arena, err);
    if (!r)
        print(c, reply);
    return r;
}

static int connect_and_call(struct call *c, struct jv_err *err)
{
    struct jv_common common;
    struct jv_client_options o = { .name = "operator" };
    int r;

    jv_borrow_env();
    r = jv_common_load(&common, err);
    if (!r)
        r = jv_common_creds(&common, "operator", err);
    if (r)
        return r;
    jv_log_init("", JV_LOG_ERROR, false);
    o.url = common.nats_url;
    o.creds = common.nats_creds;
    o.ca = common.nats_ca;
    o.prefix = common.prefix;
    c->client = jv_client_new(&o, connect_ms, err);
    if (!c->client)
        return getenv("NATS_URL") ? err->code : jv_err_wrap(err, "nothing is running here");
    r = call(c, err);
    jv_client_free(c->client);
    return r;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int usage(void)
{
    return jv_complain(2, "usage: jarvis call ACTOR.METHOD|AGENT JSON|TEXT [--as USER[:PASSWORD]] "
                          "[--token TOKEN]");
}

static int parse(struct call *c, int argc, char **argv)
{
    const char *words[2];
    int n = 0;

    for (int i = 0; i < argc; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "--as") == 0 && has_value)
            c->as = argv[++i];
        else if (strcmp(argv[i], "--token") == 0 && has_value)
            c->token = argv[++i];
        else if (n == 2 || strncmp(argv[i], "--", 2) == 0)
            return usage();
        else
            words[n++] = argv[i];
    }
    if (!n)
        return usage();
    c->body = n == 2 ? words[1] : "{}";
    if (find_target(c, words[0]))
        return 2;
    if (c->agent && c->body[0] != '{')
        c->body = message_of(c, c->body);
    return 0;
}

int jv_cmd_call(const struct jv_program *p, int argc, char **argv)
{
    struct call c = { .program = p, .arena = jv_arena_new(arena_limit) };
    struct jv_err err = { 0 };
    int code = parse(&c, argc, argv), r;

    if (!code) {
        r = connect_and_call(&c, &err);
        if (r)
            code = jv_complain(1, "%s: %s%s%s", jv_code_name(r), err.field,
                               err.field[0] ? ": " : "", err.text);
    }
    jv_arena_free(c.arena);
    return code;
}
