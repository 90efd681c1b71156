/* peers.h -- a town for the orchestrator: fake registry and sessions, and the three agents with the
 * real agents' tables and made-up data. How they behave is in `fake`. */
#ifndef PEERS_H
#define PEERS_H

#include <a2a.pb-c.h>
#include <google/protobuf/empty.pb-c.h>

#include "finops.pb-c.h"
#include "notifier.pb-c.h"
#include "orchestrator.pb-c.h"
#include "oxygen.pb-c.h"
#include "registry.pb-c.h"
#include "sessions.pb-c.h"
#include "tickets.pb-c.h"

#include "check.h"
#include "world/fake_service.h"

extern const struct jv_actor orchestrator_actor, tickets_actor, finops_actor, oxygen_actor;

enum { max_agents = 8 };

/* ---- how the peers behave; reset by every test ----------------------------------------------- */

struct behaviour {
    int code;          /* what its tools answer with */
    uint32_t delay_ms; /* before */
    size_t calls;
    size_t bulk; /* bytes that its lists are made longer by */
    char message_id[64];
};

static struct {
    struct behaviour tickets, finops, oxygen;
    /* registry */
    size_t n_cards;
    uint8_t *cards[max_agents];
    size_t card_sizes[max_agents];
    bool deaf; /* no card is taken any more */
    int catalog_code;
    int digest;
    size_t catalogs;
    /* sessions */
    int resolve_code, begin_code, finish_code;
    size_t begins, finishes;
    char turn[64]; /* the message_id of the last one */
    bool finished;
    char *plan; /* the memory, as JSON */
    char *response;
    size_t n_invocations;
    char invocation[256];
    bool invocation_ok;
    /* notifier */
    struct behaviour notifier;
    const char *notice; /* what is to be told; NULL: nothing */
    char told[64];      /* the answer that tells it */
} fake;

static int behave(struct jv_ctx *ctx, struct behaviour *b)
{
    int r = JV_OK;

    b->calls++;
    if (b->delay_ms)
        r = jv_sleep(ctx, b->delay_ms);
    if (!r && b->code)
        r = jv_fail(ctx, b->code, "the reason is made up");
    return r;
}

/* ---- the agents ------------------------------------------------------------------------------ */

static Tickets__Ticket *ticket(struct jv_ctx *ctx, int32_t id, const char *operation,
                               Tickets__Status status)
{
    Tickets__Ticket *t = jv_msg_new(&tickets__ticket__descriptor, jv_arena(ctx));

    t->id = id;
    t->operation = operation;
    t->user = jv_caller(ctx)->username;
    t->status = status;
    return t;
}

static int list(struct jv_ctx *ctx, Tickets__TicketList *ret)
{
    ret->tickets = JV_NEW_ARRAY(jv_arena(ctx), Tickets__Ticket *, 2);
    ret->tickets[0] = ticket(ctx, 12301, "create_ai_key", TICKETS__STATUS__pending);
    ret->tickets[1] = ticket(ctx, 12303, "update_budget", TICKETS__STATUS__in_progress);
    ret->n_tickets = 2;
    ret->total = 2;
    if (fake.tickets.bulk)
        ret->note = jv_arena_printf(jv_arena(ctx), "%0*d", (int)fake.tickets.bulk, 0);
    return behave(ctx, &fake.tickets);
}

JV_TOOL_FN(list_mine, Tickets__ListMineRequest, Tickets__TicketList)
{
    (void)req;
    ret->username = jv_caller(ctx)->username;
    return list(ctx, ret);
}

JV_TOOL_FN(list_of, Tickets__ListRequest, Tickets__TicketList)
{
    ret->username = req->username;
    return list(ctx, ret);
}

JV_TOOL_FN(get, Tickets__GetRequest, Tickets__Ticket)
{
    (void)ret;
    fake.tickets.calls++;
    return jv_fail(ctx, JV_NOT_FOUND, "ticket %d was not found", (int)req->ticket_id);
}

JV_TOOL_FN(create_mine, Tickets__CreateMineRequest, Tickets__Created)
{
    ret->success = true;
    ret->ticket = ticket(ctx, 12306, req->operation, TICKETS__STATUS__pending);
    ret->message = "created";
    return behave(ctx, &fake.tickets);
}

JV_TOOL_FN(cloud_cost, Finops__CloudCostRequest, Finops__ProviderCost)
{
    static const struct {
        const char *provider;
        int64_t cents;
        double percent;
    } costs[] = { { "aws", 1523450, 41.62 },
                  { "gcp", 1245075, 34.01 },
                  { "azure", 892025, 24.37 } };

    for (size_t i = 0; i < JV_COUNT(costs); i++) {
        if (strcmp(costs[i].provider, req->provider) != 0)
            continue;
        ret->total_cents = costs[i].cents;
        ret->percentage = costs[i].percent;
    }
    ret->provider = req->provider;
    return behave(ctx, &fake.finops);
}

JV_TOOL_FN(service_cost, Finops__ServiceCostRequest, Finops__ServiceReport)
{
    ret->service = req->service_name;
    ret->total_cents = strcmp(req->service_name, "ec2") == 0 ? 850000 : 423450;
    return behave(ctx, &fake.finops);
}

JV_TOOL_FN(budget_of, Finops__BudgetRequest, Finops__BudgetReport)
{
    ret->username = req->username;
    ret->monthly_budget_cents = strcmp(req->username, "alex") == 0 ? 30000 : 50000;
    return behave(ctx, &fake.finops);
}

JV_TOOL_FN(my_budget, Google__Protobuf__Empty, Finops__BudgetReport)
{
    (void)req;
    ret->username = jv_caller(ctx)->username;
    ret->utilization_percent = 95;
    return behave(ctx, &fake.finops);
}

JV_TOOL_FN(my_courses, Oxygen__MyCoursesRequest, Oxygen__CourseList)
{
    (void)req;
    ret->username = jv_caller(ctx)->username;
    return behave(ctx, &fake.oxygen);
}

static Oxygen__Exam *exam(struct jv_ctx *ctx, const char *name, const char *deadline, int32_t days)
{
    Oxygen__Exam *e = jv_msg_new(&oxygen__exam__descriptor, jv_arena(ctx));

    e->exam = name;
    e->deadline = deadline;
    e->days_remaining = days;
    return e;
}

JV_TOOL_FN(my_exams, Oxygen__MyExamsRequest, Oxygen__ExamList)
{
    (void)req;
    ret->pending_exams = JV_NEW_ARRAY(jv_arena(ctx), Oxygen__Exam *, 3);
    ret->pending_exams[0] = exam(ctx, "Python Advanced Final", "2025-01-15", 5);
    ret->pending_exams[1] = exam(ctx, "Cloud Architecture Cert", "2025-01-20", 10);
    ret->pending_exams[2] = exam(ctx, "Data Science Midterm", "2025-01-12", 2);
    ret->n_pending_exams = 3;
    return behave(ctx, &fake.oxygen);
}

static const struct {
    const char *method;
    jv_handler_fn handler;
} handlers[] = {
    { "ListMine", list_mine__tool },
    { "List", list_of__tool },
    { "Get", get__tool },
    { "CreateMine", create_mine__tool },
    { "CloudCost", cloud_cost__tool },
    { "ServiceCost", service_cost__tool },
    { "Budget", budget_of__tool },
    { "MyBudget", my_budget__tool },
    { "MyCourses", my_courses__tool },
    { "MyExams", my_exams__tool },
};

/* The real agent's words, access rules and sentences with other handlers and no database. */
static struct jv_actor *fake_agent(struct world *w, const struct jv_actor *real)
{
    struct jv_actor *a = jv_arena_memdup(world_arena(w), real, sizeof(*real));
    struct jv_tool *rows;
    size_t n = 0;

    while (real->tools[n].method)
        n++;
    rows = jv_arena_memdup(world_arena(w), real->tools, (n + 1) * sizeof(*rows));
    for (size_t i = 0; i < n; i++) {
        rows[i].handler = unheard_of;
        for (size_t k = 0; k < JV_COUNT(handlers); k++)
            if (strcmp(handlers[k].method, rows[i].method) == 0)
                rows[i].handler = handlers[k].handler;
    }
    a->tools = rows;
    a->needs = 0;
    a->timers = NULL;
    a->init = NULL;
    return a;
}

/* ---- the registry: whoever announces a card is in the catalogue ------------------------------ */

static int on_heartbeat(struct jv_ctx *ctx, const char *subject, const void *msg)
{
    const Registry__Heartbeat *h = msg;
    Registry__CatalogEntry e = REGISTRY__CATALOG_ENTRY__INIT;
    size_t len;
    uint8_t *bytes;

    (void)subject;
    if (!h->card || h->leaving || fake.deaf || fake.n_cards == max_agents)
        return JV_OK;
    e.token = h->token;
    e.card = h->card;
    bytes = jv_pack(&e, jv_arena(ctx), &len);
    for (size_t i = 0; i < fake.n_cards; i++)
        if (fake.card_sizes[i] == len && memcmp(fake.cards[i], bytes, len) == 0)
            return JV_OK;
    fake.cards[fake.n_cards] = malloc(len);
    memcpy(fake.cards[fake.n_cards], bytes, len);
    fake.card_sizes[fake.n_cards++] = len;
    fake.digest++;
    return JV_OK;
}

JV_TOOL_FN(catalog, Google__Protobuf__Empty, Registry__CatalogReply)
{
    struct jv_arena *a = jv_arena(ctx);

    (void)req;
    fake.catalogs++;
    if (fake.catalog_code)
        return jv_fail(ctx, fake.catalog_code, "the reason is made up");
    ret->digest = jv_arena_printf(a, "%d", fake.digest);
    ret->entries = JV_NEW_ARRAY(a, Registry__CatalogEntry *, max_agents);
    for (size_t i = 0; i < fake.n_cards; i++)
        ret->entries[ret->n_entries++] = (Registry__CatalogEntry *)jv_unpack(
                &registry__catalog_entry__descriptor, fake.cards[i], fake.card_sizes[i], a, NULL);
    return JV_OK;
}

/* ---- sessions: one turn is kept -------------------------------------------------------------- */

#define SESSION "11111111-1111-4111-8111-111111111111"

JV_TOOL_FN(resolve, Sessions__ResolveRequest, Sessions__ResolveReply)
{
    if (fake.resolve_code || (req->session_id[0] && strcmp(req->session_id, SESSION) != 0))
        return jv_fail(ctx, fake.resolve_code ? fake.resolve_code : JV_NOT_FOUND,
                       "the reason is made up");
    ret->session_id = SESSION;
    return JV_OK;
}

JV_TOOL_FN(begin, Sessions__BeginRequest, Sessions__BeginReply)
{
    fake.begins++;
    if (fake.begin_code)
        return jv_fail(ctx, fake.begin_code, "the reason is made up");
    CHECK_STR(req->session_id, SESSION);
    snprintf(fake.turn, sizeof(fake.turn), "%s", req->message_id);
    ret->session_id = SESSION;
    ret->context = jv_msg_new(&sessions__context__descriptor, jv_arena(ctx));
    if (fake.plan)
        ret->context->plan = jv_struct(jv_arena(ctx), fake.plan);
    return JV_OK;
}

JV_TOOL_FN(finish, Sessions__FinishRequest, Google__Protobuf__Empty)
{
    size_t len;

    (void)ret;
    fake.finishes++;
    if (fake.finish_code)
        return jv_fail(ctx, fake.finish_code, "the reason is made up");
    CHECK_STR(req->message_id, fake.turn);
    fake.n_invocations = req->n_invocations;
    if (req->n_invocations) {
        snprintf(fake.invocation, sizeof(fake.invocation), "%s %s", req->invocations[0]->agent_name,
                 req->invocations[0]->query);
        fake.invocation_ok = req->invocations[0]->success;
    }
    free(fake.plan);
    fake.plan = strdup(jv_msg_to_json(&req->context->plan->base, 0, jv_arena(ctx), &len));
    free(fake.response);
    fake.response = strdup(req->response);
    fake.finished = true;
    return JV_OK;
}

/* A session that holds the last turn. */
JV_TOOL_FN(active, Google__Protobuf__Empty, Sessions__Session)
{
    struct jv_arena *a = jv_arena(ctx);
    Sessions__Invocation *i = jv_msg_new(&sessions__invocation__descriptor, a);
    Sessions__Message *m = jv_msg_new(&sessions__message__descriptor, a);

    (void)req;
    if (!fake.finished)
        return jv_fail(ctx, JV_NOT_FOUND, "there is no session");
    ret->session_id = SESSION;
    i->agent_name = "TicketsAgent";
    i->query = strchr(fake.invocation, '{') ? strchr(fake.invocation, '{') : "";
    ret->n_agents_invoked = 1;
    ret->agents_invoked = jv_arena_memdup(a, &i, sizeof(i));
    m->role = SESSIONS__ROLE__assistant;
    m->content = fake.response;
    ret->n_conversation_history = 1;
    ret->conversation_history = jv_arena_memdup(a, &m, sizeof(m));
    return JV_OK;
}

/* ---- notifier: at most one notice ------------------------------------------------------------ */

JV_TOOL_FN(take_notice, Notifier__TakeNoticeRequest, Notifier__NotificationList)
{
    Notifier__Notification *n = jv_msg_new(&notifier__notification__descriptor, jv_arena(ctx));

    if (!fake.notice || (fake.told[0] && strcmp(fake.told, req->message_id) != 0))
        return behave(ctx, &fake.notifier);
    n->text = fake.notice;
    ret->notifications = jv_arena_memdup(jv_arena(ctx), &n, sizeof(n));
    ret->n_notifications = 1;
    if (req->message_id[0])
        snprintf(fake.told, sizeof(fake.told), "%s", req->message_id);
    return behave(ctx, &fake.notifier);
}

static const struct jv_tool registry_rows[] = {
    JV_TOOL("Catalog", catalog, .allow = JV_ALLOW_ANYONE),
    { 0 },
};

static const struct jv_event registry_events[] = {
    { "hb.*.*", &registry__heartbeat__descriptor, on_heartbeat },
    { 0 },
};

static const struct jv_tool session_rows[] = {
    JV_TOOL("Resolve", resolve, .allow = JV_ALLOW_USER),
    JV_TOOL("Begin", begin, .allow = JV_ALLOW_USER),
    JV_TOOL("Finish", finish, .allow = JV_ALLOW_USER),
    JV_TOOL("Active", active, .allow = JV_ALLOW_USER),
    { 0 },
};

static const struct jv_tool notifier_rows[] = {
    JV_TOOL("TakeNotice", take_notice, .allow = JV_ALLOW_USER),
    { 0 },
};

/* ---- a town of them -------------------------------------------------------------------------- */

struct town {
    struct world *w;
    struct jv_node *auth, *registry, *sessions, *tickets, *finops, *oxygen, *jarvis;
    const char *vishal, *happy, *admin;
};

static void forget(void)
{
    for (size_t i = 0; i < fake.n_cards; i++)
        free(fake.cards[i]);
    free(fake.plan);
    free(fake.response);
    memset(&fake, 0, sizeof(fake));
}

/* The orchestrator without a database: it keeps no tasks and answers with messages. */
static inline const struct jv_actor *without_tasks(struct world *w)
{
    struct jv_actor *a =
            jv_arena_memdup(world_arena(w), &orchestrator_actor, sizeof(orchestrator_actor));

    a->needs = 0;
    return a;
}

/* What is real there, on a database. */
enum real { NOTHING_REAL, TICKETS_REAL, AGENTS_REAL };

/* With tickets come sessions and tasks. */
static inline struct town town_of(enum real real)
{
    extern const struct jv_actor sessions_actor;
    struct town t = { .w = world_new() };
    struct jv_actor *registry;

    t.auth = world_auth(t.w);
    registry = fake_service(t.w, "registry", &registry__registry__descriptor, registry_rows);
    registry->events = registry_events;
    t.registry = world_start(t.w, registry);
    t.sessions =
            world_start(t.w, real ? &sessions_actor
                                  : fake_service(t.w, "sessions", &sessions__sessions__descriptor,
                                                 session_rows));
    t.tickets = world_start(t.w, real ? &tickets_actor : fake_agent(t.w, &tickets_actor));
    t.finops =
            world_start(t.w, real == AGENTS_REAL ? &finops_actor : fake_agent(t.w, &finops_actor));
    t.oxygen =
            world_start(t.w, real == AGENTS_REAL ? &oxygen_actor : fake_agent(t.w, &oxygen_actor));
    world_advance(t.w, 10);
    t.jarvis = world_start(t.w, real ? &orchestrator_actor : without_tasks(t.w));
    t.vishal = world_person(t.w, "user_001", "vishal", "developer");
    t.happy = world_person(t.w, "user_002", "happy", "developer");
    t.admin = world_person(t.w, "user_admin", "admin", "admin");
    return t;
}

static inline struct town town_new(void)
{
    return town_of(NOTHING_REAL);
}

static inline void town_free(struct town *t)
{
    world_free(t->w);
    forget();
}

/* ---- asking Jarvis --------------------------------------------------------------------------- */

/* `more` is JSON beside the message's parts. */
static inline const char *question(struct town *t, const char *text, const char *more)
{
    static int n;
    struct jv_buf b = jv_buf_new(world_arena(t->w));

    jv_buf_str(&b, "{\"message\":{\"role\":\"ROLE_USER\",\"parts\":[{\"text\":");
    jv_json_quote(&b, text, strlen(text));
    jv_buf_printf(&b, "}]%s", more);
    if (!strstr(more, "messageId"))
        jv_buf_printf(&b, ",\"messageId\":\"q%d\"", ++n);
    jv_buf_str(&b, "}}");
    return b.data;
}

static inline struct world_reply say(struct town *t, const char *token, const char *text,
                                     const char *more)
{
    return world_ask(t->w, token, "a2a.jarvis.SendMessage", question(t, text, more));
}

/* The reply that is data among parts; NULL: there is none. */
static inline const Orchestrator__ChatReply *reply_in(struct town *t, const A2a__Message *m)
{
    struct jv_err err = { 0 };

    for (size_t i = 0; m && i < m->n_parts; i++)
        if (strcmp(m->parts[i]->media_type, "application/vnd.jarvis.reply+json") == 0)
            return (const void *)jv_struct_to_msg(&orchestrator__chat_reply__descriptor,
                                                  m->parts[i]->data->struct_value, JV_JSON_STRICT,
                                                  world_arena(t->w), &err);
    return NULL;
}

/* What a message was answered with: a message, or a task whose last word counts. */
static inline const Orchestrator__ChatReply *reply_of(struct town *t, const struct world_reply *r)
{
    struct jv_err err = { 0 };
    const A2a__SendMessageResponse *res = NULL;

    if (r->code == JV_OK)
        res = (const void *)jv_json_to_msg(&a2a__send_message_response__descriptor, r->json,
                                           strlen(r->json), JV_JSON_CAMEL, world_arena(t->w), &err);
    if (!res)
        return NULL;
    return reply_in(t, res->payload_case == A2A__SEND_MESSAGE_RESPONSE__PAYLOAD_TASK
                               ? res->task->status->message
                               : res->message);
}

/* Ask and read the reply; all zero when it failed. */
static inline const Orchestrator__ChatReply *ask_more(struct town *t, const char *token,
                                                      const char *text, const char *more)
{
    struct world_reply r = say(t, token, text, more);
    const Orchestrator__ChatReply *reply = reply_of(t, &r);

    CHECK_OR(reply, printf("# %s: %d %s %s\n", text, r.code, r.text, r.json ? r.json : ""));
    return reply ? reply : jv_msg_new(&orchestrator__chat_reply__descriptor, world_arena(t->w));
}

static inline const Orchestrator__ChatReply *ask(struct town *t, const char *token,
                                                 const char *text)
{
    return ask_more(t, token, text, "");
}

#define CHECK_OUTCOME(reply, want) CHECK_INT((reply)->outcome, ORCHESTRATOR__OUTCOME__##want)
#define CHECK_HAS_NOT(have, part)  CHECK(!strstr((have), (part)))

#endif
