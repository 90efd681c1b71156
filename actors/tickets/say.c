/* say.c -- tickets in words. */
#include <strings.h>

#include "jv/say.h"

#include "tickets.h"

static const char *status_name(Tickets__Status status)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&tickets__status__descriptor, (int)status);

    return v ? v->name : "unknown";
}

/* In a sentence: "in progress". */
static const char *spoken(Tickets__Status status)
{
    return status == TICKETS__STATUS__in_progress ? "in progress" : status_name(status);
}

static const char *status_meaning(Tickets__Status status)
{
    static const char *const meanings[] = {
        [TICKETS__STATUS__pending] = "nobody has started on it yet",
        [TICKETS__STATUS__in_progress] = "somebody is working on it",
        [TICKETS__STATUS__approved] = "it is granted and will be done",
        [TICKETS__STATUS__completed] = "it is done",
        [TICKETS__STATUS__rejected] = "it will not be done",
    };

    return status > 0 && (size_t)status < JV_COUNT(meanings) ? meanings[status] : "unclear";
}

static void say_day(struct jv_buf *md, const Google__Protobuf__Timestamp *t)
{
    if (t)
        jv_say_date(md, t->seconds);
}

static void say_details(struct jv_buf *md, const Tickets__Ticket *t)
{
    jv_buf_str(md, "\n\n- Operation: ");
    jv_say_text(md, t->operation);
    jv_buf_str(md, "\n- For: ");
    jv_say_text(md, t->user);
    jv_buf_printf(md, "\n- Status: %s\n- Created: ", status_name(t->status));
    say_day(md, t->created_at);
    jv_buf_str(md, "\n- Updated: ");
    say_day(md, t->updated_at);
    jv_buf_char(md, '\n');
}

static void say_row(struct jv_buf *md, const Tickets__Ticket *t, bool with_person)
{
    jv_buf_printf(md, "| %d | ", (int)t->id);
    jv_say_text(md, t->operation);
    if (with_person) {
        jv_buf_str(md, " | ");
        jv_say_text(md, t->user);
    }
    jv_buf_printf(md, " | %s | ", status_name(t->status));
    say_day(md, t->created_at);
    jv_buf_str(md, " |\n");
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* "2 open tickets", "1 ticket in progress". */
static const struct {
    const char *before, *after;
} states[] = {
    [TICKETS__FILTER__STATE__unspecified] = { "", "" },
    [TICKETS__FILTER__STATE__pending] = { "pending ", "" },
    [TICKETS__FILTER__STATE__in_progress] = { "", " in progress" },
    [TICKETS__FILTER__STATE__approved] = { "approved ", "" },
    [TICKETS__FILTER__STATE__completed] = { "completed ", "" },
    [TICKETS__FILTER__STATE__rejected] = { "rejected ", "" },
    [TICKETS__FILTER__STATE__open] = { "open ", "" },
    [TICKETS__FILTER__STATE__closed] = { "closed ", "" },
};

/* "open ticket", "tickets in progress" */
static const char *noun(struct jv_buf *md, const Tickets__TicketList *list, const char *one)
{
    Tickets__Filter__State state = (size_t)list->status < JV_COUNT(states) ? list->status : 0;

    return jv_arena_printf(md->arena, "%s%s%s", states[state].before, one, states[state].after);
}

/* " for vpn_access, created from 2025-01-06 to 2025-01-12" */
static void say_limits(struct jv_buf *md, const Tickets__TicketList *list)
{
    if (list->operation[0]) {
        jv_buf_str(md, " for ");
        jv_say_text(md, list->operation);
    }
    if (!list->created_from && !list->created_until)
        return;
    jv_buf_str(md, list->operation[0] ? ", created " : " created ");
    jv_say_span(md, list->created_from ? list->created_from->seconds : INT64_MIN,
                list->created_until ? list->created_until->seconds : INT64_MAX);
}

/* ": 1 pending, 2 in progress", of what is listed, when that is all. */
static void say_statuses(struct jv_buf *md, const Tickets__TicketList *list)
{
    size_t counts[TICKETS__STATUS__rejected + 1] = { 0 };
    const char *between = ": ";

    if (list->n_tickets < 2 || list->n_tickets != (size_t)list->total ||
        (list->status && list->status < TICKETS__FILTER__STATE__open))
        return;
    for (size_t i = 0; i < list->n_tickets; i++)
        if ((size_t)list->tickets[i]->status < JV_COUNT(counts))
            counts[list->tickets[i]->status]++;
    for (size_t i = 1; i < JV_COUNT(counts); i++) {
        if (!counts[i])
            continue;
        jv_buf_printf(md, "%s%zu %s", between, counts[i], spoken((Tickets__Status)i));
        between = ", ";
    }
}

/* "You have 2 open tickets: 1 pending, 1 in progress." */
static void say_how_many(struct jv_buf *md, const Tickets__TicketList *list, const char *reader)
{
    if (list->username[0])
        jv_say_who(md, list->username, reader, "You have", "has");
    else
        jv_buf_str(md, list->total == 1 ? "There is" : "There are");
    jv_buf_char(md, ' ');
    jv_say_count(md, list->total, noun(md, list, "ticket"), noun(md, list, "tickets"));
    say_limits(md, list);
    say_statuses(md, list);
    jv_buf_char(md, '.');
}

/* "Your newest open ticket is 12303: update_budget, in progress, created on 2025-01-11. " */
static void say_first(struct jv_buf *md, const Tickets__TicketList *list, const char *reader)
{
    const Tickets__Ticket *t = list->tickets[0];

    if (list->username[0])
        jv_say_whose(md, list->username, reader, "Your");
    else
        jv_buf_str(md, "The");
    jv_buf_printf(md, " %s %s is %d: ",
                  list->order == TICKETS__SORTING__ORDER__newest ? "newest" : "oldest",
                  noun(md, list, "ticket"), (int)t->id);
    jv_say_text(md, t->operation);
    jv_buf_printf(md, ", %s, created on ", spoken(t->status));
    say_day(md, t->created_at);
    jv_buf_str(md, ". ");
}

/* What one can do when there is none. */
static void say_way_out(struct jv_ctx *ctx, struct jv_buf *md, const Tickets__TicketList *list)
{
    bool filtered = list->status || list->operation[0] || list->created_from || list->created_until;

    if (strcasecmp(list->username, jv_caller(ctx)->username) != 0)
        return;
    if (jv_caller_has(ctx, "tickets:read:all"))
        jv_buf_str(md, " *Show all tickets* lists everybody's.");
    else if (filtered)
        jv_buf_str(md, " *Show my tickets* lists all that you have.");
    else
        jv_buf_str(md, " When you need something, just ask, as in *create a ticket for vpn "
                       "access*.");
}

static void say_table(struct jv_buf *md, const Tickets__TicketList *list)
{
    bool with_person = !list->username[0];

    jv_buf_str(md, with_person ? "\n| Ticket | Operation | Person | Status | Created |\n"
                                 "|---|---|---|---|---|\n"
                               : "\n| Ticket | Operation | Status | Created |\n"
                                 "|---|---|---|---|\n");
    for (size_t i = 0; i < list->n_tickets; i++)
        say_row(md, list->tickets[i], with_person);
}

void tickets_say_list(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__TicketList *list = ret;
    const char *reader = jv_caller(ctx)->username;

    (void)req;
    if (list->order && list->n_tickets)
        say_first(md, list, reader);
    if (list->order && list->total == 1)
        jv_buf_str(md, "It is the only one.");
    else
        say_how_many(md, list, reader);
    if (!list->n_tickets)
        say_way_out(ctx, md, list);
    if (list->note[0])
        jv_buf_printf(md, " %s", list->note);
    jv_buf_char(md, '\n');
    if (list->n_tickets)
        say_table(md, list);
}

/* ---- one ticket ------------------------------------------------------------------------------ */

void tickets_say_ticket(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__Ticket *t = ret;

    (void)ctx, (void)req;
    jv_buf_printf(md, "Ticket %d is %s: %s.", (int)t->id, spoken(t->status),
                  status_meaning(t->status));
    say_details(md, t);
}

void tickets_say_created(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__Ticket *t = ((const Tickets__Created *)ret)->ticket;

    (void)ctx, (void)req;
    jv_buf_printf(md, "Ticket %d was created.", (int)t->id);
    say_details(md, t);
}

/* "Ticket 12301 was changed: it is now completed, for vpn_access." */
void tickets_say_changed(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__UpdateRequest *change = req;
    const Tickets__Ticket *t = ret;

    (void)ctx;
    jv_buf_printf(md, "Ticket %d was changed: it is now ", (int)t->id);
    if (change->status)
        jv_buf_str(md, spoken(t->status));
    if (change->operation[0]) {
        jv_buf_str(md, change->status ? ", for " : "for ");
        jv_say_text(md, t->operation);
    }
    jv_buf_char(md, '.');
    say_details(md, t);
}

void tickets_say_deleted(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    (void)ctx, (void)req;
    jv_buf_printf(md, "Ticket %d was deleted.\n", (int)((const Tickets__Deleted *)ret)->ticket_id);
}
