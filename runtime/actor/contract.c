/* contract.c -- an actor's table against its .proto, before the first message: one row per rpc, the
 * right C types, somebody may call it, owners name members. A mistake here is said at start. */
#include "actor/engine.h"

#include <string.h>

#include <a2a.pb-c.h>

static const ProtobufCMethodDescriptor *rpc_of(const ProtobufCServiceDescriptor *s,
                                               const char *name)
{
    for (unsigned i = 0; i < s->n_methods; i++)
        if (strcmp(s->methods[i].name, name) == 0)
            return &s->methods[i];
    return NULL;
}

static int check_row(const struct jv_actor *a, const ProtobufCServiceDescriptor *s,
                     const struct jv_tool *row, struct jv_err *err)
{
    const ProtobufCMethodDescriptor *rpc = rpc_of(s, row->method);
    const char *owner = row->allow.owner;
    const ProtobufCFieldDescriptor *f;

    if (!rpc)
        return jv_err_set(err, JV_INTERNAL, "%s: %s has no rpc %s", a->name, s->name, row->method);
    if (!row->handler)
        return jv_err_set(err, JV_INTERNAL, "%s.%s has no handler", a->name, row->method);
    if (row->req_size != rpc->input->sizeof_message || row->ret_size != rpc->output->sizeof_message)
        return jv_err_set(err, JV_INTERNAL, "%s.%s: its types are not %s and %s", a->name,
                          row->method, rpc->input->name, rpc->output->name);
    if (row->allow.kind == JV_ACCESS_NOBODY)
        return jv_err_set(err, JV_INTERNAL, "%s.%s: nobody may call it", a->name, row->method);
    if (owner && row->allow.kind != JV_ACCESS_SCOPE)
        return jv_err_set(err, JV_INTERNAL, "%s.%s: an owner needs a scope", a->name, row->method);
    if (row->allow.kind == JV_ACCESS_SCOPE && !row->allow.scope)
        return jv_err_set(err, JV_INTERNAL, "%s.%s: its scope is missing", a->name, row->method);
    if (!!(row->flags & JV_TOOL_STREAMS) != jv_method_streams(s, row->method))
        return jv_err_set(err, JV_INTERNAL, "%s.%s: JV_TOOL_STREAMS does not match the rpc",
                          a->name, row->method);
    if (!owner)
        return JV_OK;
    f = protobuf_c_message_descriptor_get_field_by_name(rpc->input, owner);
    if (!f || f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED)
        return jv_err_set(err, JV_INTERNAL, "%s.%s: its owner %s is no string of %s", a->name,
                          row->method, owner, rpc->input->name);
    return JV_OK;
}

static size_t count_rows(const struct jv_tool *rows)
{
    size_t n = 0;

    while (rows && rows[n].method)
        n++;
    return n;
}

static int add_service(struct jv_node *n, const ProtobufCServiceDescriptor *s,
                       const struct jv_tool *rows, const char *tree, unsigned json,
                       struct jv_err *err)
{
    size_t n_rows = count_rows(rows);
    bool agent = n->actor->agent && strcmp(tree, "svc") == 0;

    if (n_rows != s->n_methods)
        return jv_err_set(err, JV_INTERNAL, "%s: %u rpcs in %s but %zu rows", n->actor->name,
                          s->n_methods, s->name, n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        const struct jv_tool *row = &rows[i];
        struct jv_method *m = &n->methods[n->n_methods];
        int r = check_row(n->actor, s, row, err);

        if (r)
            return r;
        for (size_t j = 0; j < i; j++)
            if (strcmp(rows[j].method, row->method) == 0)
                return jv_err_set(err, JV_INTERNAL, "%s.%s has two rows", n->actor->name,
                                  row->method);
        m->name = row->method;
        m->row = row;
        m->in = rpc_of(s, row->method)->input;
        m->out = rpc_of(s, row->method)->output;
        m->service = tree;
        m->json = json;
        m->streams = row->flags & JV_TOOL_STREAMS;
        if (agent && !(row->flags & (JV_TOOL_HIDDEN | JV_TOOL_STREAMS)))
            m->tool = row->tool ? row->tool : jv_snake(n->keep, row->method);
        n->n_methods++;
    }
    return JV_OK;
}

static int check_agent(const struct jv_actor *a, struct jv_err *err)
{
    const struct jv_agent *g = a->agent;

    if (!g->name || !jv_is_token(g->name) || !g->token || !jv_is_token(g->token))
        return jv_err_set(err, JV_INTERNAL, "%s: its agent needs a name and a token", a->name);
    if (!g->skills || !g->skills[0].id)
        return jv_err_set(err, JV_INTERNAL, "%s: its agent has no skill", a->name);
    for (const struct jv_tool *t = a->tools; t && t->method; t++) {
        const struct jv_skill *k = g->skills;

        while (t->skill && k->id && strcmp(k->id, t->skill) != 0)
            k++;
        if (t->skill && !k->id)
            return jv_err_set(err, JV_INTERNAL, "%s.%s: there is no skill %s", a->name, t->method,
                              t->skill);
    }
    return JV_OK;
}

/* One public name, one tool; a method's name leads to no other tool either. */
static int check_tools(const struct jv_node *n, struct jv_err *err)
{
    for (size_t i = 0; i < n->n_methods; i++)
        for (size_t j = 0; j < n->n_methods; j++) {
            const struct jv_method *a = &n->methods[i], *b = &n->methods[j];

            if (i != j && a->tool && b->tool &&
                (strcmp(a->tool, b->tool) == 0 || strcmp(a->tool, b->name) == 0))
                return jv_err_set(err, JV_INTERNAL, "%s: two tools are called %s", n->actor->name,
                                  a->tool);
        }
    return JV_OK;
}

static int check_rest(const struct jv_actor *a, struct jv_err *err)
{
    for (const struct jv_timer *t = a->timers; t && t->name; t++)
        if (!t->every_ms || !t->run)
            return jv_err_set(err, JV_INTERNAL, "%s: timer %s needs a time and a function", a->name,
                              t->name);
    for (const struct jv_event *e = a->events; e && e->subject; e++)
        if (!e->type || !e->handle)
            return jv_err_set(err, JV_INTERNAL, "%s: event %s needs a type and a function", a->name,
                              e->subject);
    return JV_OK;
}

int jv_contract(struct jv_node *n, struct jv_err *err)
{
    const struct jv_actor *a = n->actor;
    size_t n_agent = a->agent ? count_rows(jv_agent_tools) : 0;
    bool answers = a->agent && a->agent->answer; /* needs no service of its own */
    int r = JV_OK;

    if (!a->name || !jv_is_token(a->name) || !a->version || (!a->service && !answers))
        return jv_err_set(err, JV_INTERNAL, "an actor needs a name, a version and a service");
    if (a->agent && a->agent->flags & JV_AGENT_OPEN && !answers)
        return jv_err_set(err, JV_INTERNAL, "%s: an agent with tools is not open to everybody",
                          a->name);
    n->methods = JV_NEW_ARRAY(n->keep, struct jv_method, count_rows(a->tools) + n_agent);
    if (a->service)
        r = add_service(n, a->service, a->tools, "svc", JV_JSON_SNAKE | JV_JSON_DEFAULTS, err);
    if (!r && a->agent)
        r = check_agent(a, err);
    if (!r && a->agent)
        r = add_service(n, &a2a__a2_aservice__descriptor, jv_agent_tools, "a2a", JV_JSON_CAMEL,
                        err);
    if (!r)
        r = check_tools(n, err);
    return r ? r : check_rest(a, err);
}

struct jv_method *jv_find_method(struct jv_node *n, const char *service, const char *name)
{
    for (size_t i = 0; i < n->n_methods; i++)
        if (strcmp(n->methods[i].name, name) == 0 && strcmp(n->methods[i].service, service) == 0)
            return &n->methods[i];
    return NULL;
}

/* By its public name, or by the method's. */
struct jv_method *jv_find_tool(struct jv_node *n, const char *tool)
{
    for (size_t i = 0; i < n->n_methods; i++) {
        struct jv_method *m = &n->methods[i];

        if (m->tool && (strcmp(m->tool, tool) == 0 || strcmp(m->name, tool) == 0))
            return m;
    }
    return NULL;
}
