/* say.c -- tickets in words. */
#include "jv/say.h"

#include "tickets.h"

static const char *status_name(Tickets__Status status)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&tickets__status__descriptor, (int)status);

    return v ? v->name : "unknown";
}

static const char *state_name(Tickets__Filter__State state)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&tickets__filter__state__descriptor, (int)state);

    return v ? v->name : "unknown";
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

/* "You have 2 tickets with status pending." */
static void say_how_many(struct jv_ctx *ctx, struct jv_buf *md, const Tickets__TicketList *list)
{
    if (list->username[0])
        jv_say_who(md, list->username, jv_caller(ctx)->username, "You have", "has");
    else
        jv_buf_str(md, list->total == 1 ? "There is" : "There are");
    jv_buf_char(md, ' ');
    jv_say_count(md, list->total, "ticket", "tickets");
    if (list->status)
        jv_buf_printf(md, " with status %s", state_name(list->status));
    if (list->operation[0]) {
        jv_buf_str(md, " for ");
        jv_say_text(md, list->operation);
    }
    jv_buf_char(md, '.');
    if (list->note[0])
        jv_buf_printf(md, " %s", list->note);
    jv_buf_char(md, '\n');
}

void tickets_say_list(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__TicketList *list = ret;
    bool with_person = !list->username[0];

    (void)req;
    say_how_many(ctx, md, list);
    if (!list->n_tickets)
        return;
    jv_buf_str(md, with_person ? "\n| Ticket | Operation | Person | Status | Created |\n"
                                 "|---|---|---|---|---|\n"
                               : "\n| Ticket | Operation | Status | Created |\n"
                                 "|---|---|---|---|\n");
    for (size_t i = 0; i < list->n_tickets; i++)
        say_row(md, list->tickets[i], with_person);
}

void tickets_say_ticket(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__Ticket *t = ret;

    (void)ctx, (void)req;
    jv_buf_printf(md, "Ticket %d is %s: %s.", (int)t->id, status_name(t->status),
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

void tickets_say_changed(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Tickets__Ticket *t = ret;

    (void)ctx, (void)req;
    jv_buf_printf(md, "Ticket %d was changed.", (int)t->id);
    say_details(md, t);
}

void tickets_say_deleted(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    (void)ctx, (void)req;
    jv_buf_printf(md, "Ticket %d was deleted.\n", (int)((const Tickets__Deleted *)ret)->ticket_id);
}
