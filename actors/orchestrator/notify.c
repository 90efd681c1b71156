/* notify.c -- what a person should know now: exams that are near, tickets that wait, a budget that
 * runs out. Each agent that is there is asked once, side by side. */
#include "orchestrator.h"

#include <stdlib.h>
#include <string.h>

#include "jv/say.h"

enum { high_days = 3, medium_days = 7, high_percent = 100, medium_percent = 80, max_notes = 50 };

struct notes {
    struct jv_ctx *ctx;
    size_t n;
    Orchestrator__Notification **list;
};

static void add(struct notes *s, const char *kind, const char *priority, const struct jv_buf *text)
{
    Orchestrator__Notification *n;

    if (s->n == max_notes)
        return;
    n = jv_msg_new(&orchestrator__notification__descriptor, jv_arena(s->ctx));
    n->kind = kind;
    n->priority = priority;
    n->text = text->data;
    s->list[s->n++] = n;
}

/* ---- results, read by name ------------------------------------------------------------------- */

static double number_of(const Google__Protobuf__Struct *s, const char *name)
{
    const Google__Protobuf__Value *v = jv_struct_get(s, name);

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE ? v->number_value : 0;
}

static const char *text_of(const Google__Protobuf__Struct *s, const char *name)
{
    const char *text = jv_struct_text(s, name);

    return text ? text : "";
}

static void each(struct notes *s, const Google__Protobuf__Struct *result, const char *list,
                 void (*fn)(struct notes *s, const Google__Protobuf__Struct *item))
{
    const Google__Protobuf__Value *v = jv_struct_get(result, list);

    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return;
    for (size_t i = 0; i < v->list_value->n_values; i++)
        if (v->list_value->values[i]->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
            fn(s, v->list_value->values[i]->struct_value);
}

/* ---- what is worth telling ------------------------------------------------------------------- */

static void note_exam(struct notes *s, const Google__Protobuf__Struct *exam)
{
    struct jv_buf b = jv_buf_new(jv_arena(s->ctx));
    double days = number_of(exam, "days_remaining");

    if (!text_of(exam, "deadline")[0] || days > medium_days)
        return;
    jv_say_text(&b, text_of(exam, "exam"));
    jv_buf_str(&b, ": ");
    jv_say_days(&b, (int64_t)days);
    jv_buf_printf(&b, " (%s)", text_of(exam, "deadline"));
    add(s, "exam", days <= high_days ? "high" : "medium", &b);
}

static void note_exams(struct notes *s, const Google__Protobuf__Struct *result)
{
    each(s, result, "pending_exams", note_exam);
}

/* Older than a week: it may have been forgotten. */
static bool waits_long(struct jv_ctx *ctx, const char *created_at)
{
    int64_t seconds;
    int32_t nanos;

    return !jv_time_parse(created_at, &seconds, &nanos) &&
           jv_now_ms(ctx) / 1000 - seconds > INT64_C(7) * 24 * 3600;
}

static void note_ticket(struct notes *s, const Google__Protobuf__Struct *ticket)
{
    struct jv_buf b = jv_buf_new(jv_arena(s->ctx));

    if (strcmp(text_of(ticket, "status"), "pending") != 0)
        return;
    jv_buf_printf(&b, "Ticket %d (", (int)number_of(ticket, "id"));
    jv_say_text(&b, text_of(ticket, "operation"));
    jv_buf_str(&b, ") is pending");
    add(s, "ticket", waits_long(s->ctx, text_of(ticket, "created_at")) ? "medium" : "low", &b);
}

static void note_tickets(struct notes *s, const Google__Protobuf__Struct *result)
{
    each(s, result, "tickets", note_ticket);
}

static void note_budget(struct notes *s, const Google__Protobuf__Struct *result)
{
    struct jv_buf b = jv_buf_new(jv_arena(s->ctx));
    double percent = number_of(result, "utilization_percent");

    if (percent < medium_percent)
        return;
    jv_say_percent(&b, percent);
    jv_buf_str(&b, " of your budget is used");
    add(s, "budget", percent >= high_percent ? "high" : "medium", &b);
}

static const struct source {
    const char *agent, *tool;
    void (*read)(struct notes *s, const Google__Protobuf__Struct *result);
} sources[] = {
    { "oxygen", "get_my_exams", note_exams },
    { "finops", "get_my_budget", note_budget },
    { "tickets", "get_my_tickets", note_tickets },
};

/* ---- all together ---------------------------------------------------------------------------- */

static int rank(const Orchestrator__Notification *n)
{
    return n->priority[0] == 'h' ? 0 : n->priority[0] == 'm' ? 1 : 2;
}

/* The most pressing first; otherwise as they came. */
static void sort(struct notes *s)
{
    for (size_t i = 1; i < s->n; i++)
        for (size_t k = i; k > 0 && rank(s->list[k]) < rank(s->list[k - 1]); k--) {
            Orchestrator__Notification *n = s->list[k];

            s->list[k] = s->list[k - 1];
            s->list[k - 1] = n;
        }
}

static size_t plan_calls(struct jv_ctx *ctx, const struct jv_catalog *catalog, struct call *calls,
                         const struct source **ret_sources)
{
    struct jv_arena *a = jv_arena(ctx);
    char id[37];
    size_t n = 0;

    jv_uuid(id);
    for (size_t i = 0; i < JV_COUNT(sources); i++) {
        struct jv_planned *p = JV_NEW(a, struct jv_planned);

        if (!jv_catalog_read_only(catalog, sources[i].agent, sources[i].tool))
            continue; /* not there, or not what it should be */
        p->agent = sources[i].agent;
        p->tool = sources[i].tool;
        p->arguments = jv_msg_new(&google__protobuf__struct__descriptor, a);
        calls[n] = (struct call){ .planned = p, .name = p->agent, .media_type = "" };
        calls[n].message_id = jv_arena_printf(a, "%s-%zu", id, i);
        ret_sources[n++] = &sources[i];
    }
    return n;
}

int notify_list(struct jv_ctx *ctx, Orchestrator__NotificationList *ret)
{
    struct call *calls = JV_NEW_ARRAY(jv_arena(ctx), struct call, JV_COUNT(sources));
    const struct source *from[JV_COUNT(sources)];
    struct notes s = { .ctx = ctx };
    const struct jv_catalog *catalog;
    size_t n;
    int r;

    r = catalog_get(ctx, &catalog);
    if (r)
        return r;
    s.list = JV_NEW_ARRAY(jv_arena(ctx), Orchestrator__Notification *, max_notes);
    n = plan_calls(ctx, catalog, calls, from);
    for (size_t i = 0; i < n; i++)
        call_start(ctx, &calls[i]);
    for (size_t i = 0; i < n; i++) {
        const Google__Protobuf__Struct *result;

        call_wait(ctx, &calls[i]);
        result = call_result(&calls[i]);
        if (result)
            from[i]->read(&s, result);
    }
    sort(&s);
    ret->n_notifications = s.n;
    ret->notifications = s.list;
    return JV_OK;
}
