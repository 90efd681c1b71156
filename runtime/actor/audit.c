/* audit.c -- who did what, and who was not let: records on jarvis.audit.<actor>.<action>.
 *
 * A record is published before the answer that it tells of, on the same connection: whoever has the
 * answer can be sure that the server has the record. It is said again until JetStream has written
 * it down (its acknowledgement), so a server that dies in between loses nothing; Nats-Msg-Id makes
 * the two one. Nobody waits for any of that, so a record takes no time that could be measured. */
#include "actor/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/message.h"
#include "actor/pace.h"
#include "base/log.h"

enum { AGAIN_MS = 1000, GIVE_UP_MS = 90000, MAX_KEPT = 1024, ARENA = 1 << 20 };

/* A record that is not written down yet. */
struct kept {
    uint64_t id; /* random: nobody else can acknowledge it */
    int64_t since_ms, told_ms;
    char *subject, *data;
    size_t len;
    bool refused; /* nobody keeps such records here */
    struct kept *next;
};

struct jv_audits {
    struct jv_node *node;
    bool acknowledged; /* does this bus write down? */
    bool has_stream;   /* and did it ever? Then it is away for a while: another server takes over */
    struct kept *first, **end;
    size_t n;
    struct jv_bus_sub *sub;
    struct jv_loop_timer again, told; /* the second tells how many refusals had no record */
    struct jv_flood flood;
    struct jv_pace *pace; /* of each person */
    struct jv_loop_timer minute;
    bool counting; /* the minute runs */
};

/* A record that waits for a commit. */
struct jv_said {
    char *subject, *data;
    size_t len;
    bool inner; /* said since the savepoint */
    struct jv_said *next;
};

/* ---- until it is written down --------------------------------------------------------------- */

static void drop(struct jv_audits *s, struct kept **at)
{
    struct kept *k = *at;

    *at = k->next;
    if (!*at)
        s->end = at;
    s->n--;
    free(k->subject);
    free(k->data);
    free(k);
}

/* Without an answer it is a question that fails while the bus is away; then it is said again. */
static void tell(struct jv_audits *s, struct kept *k)
{
    struct jv_node *n = s->node;
    char reply[192], id[24];
    const struct jv_header headers[] = { { JV_H_MSG_ID, id } };

    snprintf(reply, sizeof(reply), "%s.audit.%016llx", jv_bus_inbox(n->bus),
             (unsigned long long)k->id);
    snprintf(id, sizeof(id), "%016llx", (unsigned long long)k->id);
    k->told_ms = jv_loop_mono_ms(n->loop);
    jv_may_fail(jv_bus_publish(n->bus, k->subject, reply, headers, 1, k->data, k->len));
}

static bool is_over(const struct jv_audits *s, const struct kept *k)
{
    int64_t age = jv_loop_mono_ms(s->node->loop) - k->since_ms;

    return age > GIVE_UP_MS || (k->refused && s->node->draining && !s->has_stream);
}

static void again(struct jv_loop_timer *t)
{
    struct jv_audits *s = t->arg;
    int64_t now = jv_loop_mono_ms(s->node->loop);

    for (struct kept **at = &s->first; *at;) {
        if (is_over(s, *at)) {
            jv_logf(JV_LOG_WARN, "an audit record is not kept: %.*s", (int)(*at)->len, (*at)->data);
            drop(s, at);
            continue;
        }
        if (now - (*at)->told_ms >= AGAIN_MS)
            tell(s, *at);
        at = &(*at)->next;
    }
    if (s->first)
        jv_loop_timer_start(s->node->loop, t, now + AGAIN_MS);
    jv_node_idle(s->node);
}

static void on_written(void *arg, struct jv_bus_msg *m)
{
    struct jv_audits *s = arg;
    uint64_t id = strtoull(strrchr(m->subject, '.') + 1, NULL, 16);
    struct kept **at = &s->first;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    if (*at && jv_bus_is_kept(m)) {
        s->has_stream = true;
        drop(s, at);
    } else if (*at) {
        (*at)->refused = true;
    }
    jv_node_idle(s->node);
}

static void *copy_of(const void *p, size_t n)
{
    char *copy = malloc(n + 1);

    if (!copy)
        abort();
    memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

/* id 0: one of its own. */
static void keep(struct jv_audits *s, uint64_t id, const char *subject, const char *data,
                 size_t len)
{
    struct kept *k = calloc(1, sizeof(*k));

    if (!k)
        abort();
    k->id = id;
    if (!id)
        jv_random(&k->id, sizeof(k->id));
    k->since_ms = jv_loop_mono_ms(s->node->loop);
    k->subject = copy_of(subject, strlen(subject));
    k->data = copy_of(data, len);
    k->len = len;
    if (s->n == MAX_KEPT) /* the log has it */
        drop(s, &s->first);
    if (!s->first)
        jv_loop_timer_start(s->node->loop, &s->again, k->since_ms + AGAIN_MS);
    *s->end = k;
    s->end = &k->next;
    s->n++;
    tell(s, k);
}

/* ---- a record ------------------------------------------------------------------------------- */

static void publish(struct jv_node *n, uint64_t id, const char *subject, const char *data,
                    size_t len)
{
    if (n->audits->acknowledged)
        keep(n->audits, id, subject, data, len);
    else
        jv_may_fail(jv_bus_publish(n->bus, subject, NULL, NULL, 0, data, len));
}

static char *print(struct jv_node *n, struct jv_record *r, struct jv_arena *a, char **ret_subject,
                   size_t *ret_len)
{
    r->actor = n->actor->name;
    if (!r->at_ms)
        r->at_ms = jv_loop_real_ms(n->loop);
    *ret_subject = jv_arena_printf(a, "%s.audit.%s.%s", n->prefix, n->actor->name, r->action);
    return jv_record_json(a, r, ret_len);
}

static void record_as(struct jv_node *n, uint64_t id, struct jv_record *r)
{
    struct jv_arena *a = jv_arena_new(ARENA);
    char *subject, *json;
    size_t len;

    json = print(n, r, a, &subject, &len);
    jv_log(JV_LOG_INFO, "audit", "action", r->action, "who", r->who, "text", r->text, "trace",
           r->trace_id, NULL);
    publish(n, id, subject, json, len);
    jv_arena_free(a);
}

static void record(struct jv_node *n, struct jv_record *r)
{
    record_as(n, 0, r);
}

/* ---- with a transaction --------------------------------------------------------------------- */

static void record_later(struct jv_ctx *ctx, struct jv_record *r)
{
    struct jv_arena *a = jv_arena_new(ARENA);
    struct jv_said *said = calloc(1, sizeof(*said)), **end = &ctx->said;
    char *subject, *json;

    if (!said)
        abort();
    json = print(ctx->node, r, a, &subject, &said->len);
    said->subject = copy_of(subject, strlen(subject));
    said->data = copy_of(json, said->len);
    said->inner = ctx->savepoint;
    while (*end)
        end = &(*end)->next;
    *end = said;
    jv_arena_free(a);
}

static void drop_said(struct jv_said **at)
{
    struct jv_said *said = *at;

    *at = said->next;
    free(said->subject);
    free(said->data);
    free(said);
}

void jv_records_say(struct jv_ctx *ctx)
{
    while (ctx->said) {
        jv_log(JV_LOG_INFO, "audit", "record", ctx->said->data, NULL);
        publish(ctx->node, 0, ctx->said->subject, ctx->said->data, ctx->said->len);
        drop_said(&ctx->said);
    }
}

void jv_records_drop(struct jv_ctx *ctx, bool inner)
{
    for (struct jv_said **at = &ctx->said; *at;)
        if (inner && !(*at)->inner)
            at = &(*at)->next;
        else
            drop_said(at);
}

void jv_records_keep(struct jv_ctx *ctx)
{
    for (struct jv_said *said = ctx->said; said; said = said->next)
        said->inner = false;
}

/* ---- as many as a person may have ------------------------------------------------------------ */

static void tell_minute(struct jv_loop_timer *t)
{
    struct jv_audits *s = t->arg;
    char who[JV_PACE_NAME], user_id[JV_PACE_NAME];
    unsigned n;

    s->counting = false;
    while ((n = jv_pace_take(s->pace, who, user_id)) > 0) {
        struct jv_record r = { .action = "denied",
                               .who = who,
                               .user_id = user_id,
                               .rule = "pace",
                               .text = "more than a person's records of a minute",
                               .left_out = n };

        record(s->node, &r);
    }
}

/* May it have a record? Changes always have. */
static bool in_pace(struct jv_ctx *ctx, const struct jv_record *r)
{
    struct jv_audits *s = ctx->node->audits;
    bool first;

    if (!jv_pace_counts(r->action) ||
        jv_pace_lets(s->pace, r->who, r->user_id, jv_real_ms(ctx), &first))
        return true;
    if (first && !s->counting)
        jv_loop_timer_start(ctx->node->loop, &s->minute,
                            jv_loop_mono_ms(ctx->node->loop) + JV_PACE_MS);
    s->counting |= first;
    return false;
}

/* ---- by hand and by rule --------------------------------------------------------------------- */

static struct jv_record of_message(const struct jv_ctx *ctx, const char *action)
{
    const struct jv_method *m = ctx->serving ? ctx->serving : ctx->method;

    return (struct jv_record){ .action = action,
                               .who = ctx->about_who ? ctx->about_who : ctx->caller.username,
                               .user_id = ctx->about_id ? ctx->about_id : ctx->caller.user_id,
                               .method = m ? m->name : NULL,
                               .tool = m ? m->tool : NULL,
                               .trace_id = ctx->env.trace_id };
}

void jv_audit_who(struct jv_ctx *ctx, const char *username, const char *user_id)
{
    ctx->about_who = username;
    ctx->about_id = user_id;
}

void jv_audit(struct jv_ctx *ctx, const char *action, const char *fmt, ...)
{
    struct jv_record r = of_message(ctx, action);
    va_list args;

    va_start(args, fmt);
    r.text = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    if (ctx->tx)
        record_later(ctx, &r);
    else if (in_pace(ctx, &r))
        record(ctx->node, &r);
}

struct jv_note jv_note(struct jv_ctx *ctx, const char *action, const char *fmt, ...)
{
    struct jv_record r = of_message(ctx, action);
    struct jv_note n = { .at_ms = jv_real_ms(ctx),
                         .action = action,
                         .who = r.who,
                         .user_id = r.user_id,
                         .method = r.method ? r.method : "",
                         .trace_id = r.trace_id };
    va_list args;

    va_start(args, fmt);
    n.text = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    jv_random(&n.id, sizeof(n.id));
    n.id = n.id >> 1 | 1;
    return n;
}

void jv_audit_note(struct jv_ctx *ctx, const struct jv_note *n)
{
    struct jv_record r = { .at_ms = n->at_ms,
                           .action = n->action,
                           .text = n->text,
                           .who = n->who,
                           .user_id = n->user_id,
                           .method = n->method,
                           .trace_id = n->trace_id };

    record_as(ctx->node, n->id, &r);
}

void jv_hidden(struct jv_ctx *ctx, const char *owner, const char *fmt, ...)
{
    bool is_somebodys = owner && owner[0];
    struct jv_record r = of_message(ctx, is_somebodys ? "denied" : "missed");
    const char *what;
    va_list args;

    va_start(args, fmt);
    what = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    r.rule = is_somebodys ? "hidden" : NULL;
    r.about = jv_arena_printf(ctx->arena, "%s of %s", what, is_somebodys ? owner : "nobody");
    r.text = jv_arena_printf(ctx->arena, "hidden: %s", r.about);
    if (in_pace(ctx, &r))
        record(ctx->node, &r);
}

void jv_denied(struct jv_ctx *ctx, const char *rule, const char *fmt, ...)
{
    struct jv_record r = of_message(ctx, "denied");
    va_list args;

    va_start(args, fmt);
    r.about = jv_arena_vprintf(ctx->arena, fmt, args);
    va_end(args);
    r.rule = rule;
    r.text = jv_arena_printf(ctx->arena, "%s: %s", rule, r.about);
    if (in_pace(ctx, &r))
        record(ctx->node, &r);
}

/* ---- refused tokens ------------------------------------------------------------------------- */

static void tell_left_out(struct jv_loop_timer *t)
{
    struct jv_audits *s = t->arg;
    struct jv_record r = { .action = "denied", .rule = "token", .text = "token: more of the same" };

    r.left_out = jv_flood_take(&s->flood);
    if (r.left_out)
        record(s->node, &r);
}

/* The gateway refuses by itself whoever brings no token: its own questions without one are empty,
 * and only look whether an actor is there. */
static bool is_probe(const struct jv_ctx *ctx)
{
    static const char gateway[] = "_INBOX.gateway.";

    return !ctx->env.token && ctx->msg && !ctx->msg->len && ctx->msg->reply &&
           strncmp(ctx->msg->reply, gateway, sizeof(gateway) - 1) == 0;
}

void jv_audit_token(struct jv_ctx *ctx)
{
    struct jv_audits *s = ctx->node->audits;
    struct jv_record r = of_message(ctx, "denied");

    if (is_probe(ctx))
        return;
    if (!jv_flood_lets(&s->flood, jv_real_ms(ctx), &r.left_out)) {
        if (s->flood.left_out == 1)
            jv_loop_timer_start(ctx->node->loop, &s->told,
                                jv_loop_mono_ms(ctx->node->loop) + 2 * AGAIN_MS);
        return;
    }
    r.who = r.user_id = "";
    r.rule = "token";
    r.about = ctx->env.token ? ctx->err.text : "no token";
    r.claimed = ctx->env.token ? jv_record_claimed(ctx->arena, ctx->env.token) : NULL;
    r.text = jv_arena_printf(ctx->arena, "token: %s", r.about);
    record(ctx->node, &r);
}

/* ---- life ----------------------------------------------------------------------------------- */

struct jv_audits *jv_audits_new(struct jv_node *n)
{
    struct jv_audits *s = calloc(1, sizeof(*s));

    if (!s)
        abort();
    s->node = n;
    s->end = &s->first;
    s->acknowledged = jv_bus_has_streams(n->bus);
    s->again.fn = again;
    s->told.fn = tell_left_out;
    s->minute.fn = tell_minute;
    s->again.arg = s->told.arg = s->minute.arg = s;
    s->pace = jv_pace_new();
    if (s->acknowledged)
        s->sub = jv_bus_subscribe(n->bus,
                                  jv_arena_printf(n->keep, "%s.audit.*", jv_bus_inbox(n->bus)),
                                  NULL, on_written, s);
    return s;
}

bool jv_audits_written(const struct jv_audits *s)
{
    return !s->first;
}

void jv_audits_give_up(struct jv_audits *s)
{
    while (s->first)
        drop(s, &s->first);
}

struct jv_audits *jv_audits_free(struct jv_audits *s)
{
    if (!s)
        return NULL;
    jv_loop_timer_stop(s->node->loop, &s->again);
    jv_loop_timer_stop(s->node->loop, &s->told);
    jv_loop_timer_stop(s->node->loop, &s->minute);
    jv_pace_free(s->pace);
    if (s->sub)
        jv_bus_unsubscribe(s->node->bus, s->sub);
    jv_audits_give_up(s);
    free(s);
    return NULL;
}
