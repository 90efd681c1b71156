/* tickets.c -- the tickets agent: list, look up, create, change and delete IT tickets. */
#include <string.h>

#include "jv/db.h"
#include "jv/say.h"
#include "jv/wire.h"

#include "tickets.h"

#define TICKET "id, operation, username as \"user\", status, created_at, updated_at"

enum { max_listed = 200, max_operation = 64 };

/* ---- what comes in --------------------------------------------------------------------------- */

/* The status' name, or NULL when none is given. */
static int read_status(struct jv_ctx *ctx, Tickets__Status status, const char **ret)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&tickets__status__descriptor, (int)status);

    if (!v)
        return jv_fail_field(ctx, "status", "is not a known status");
    *ret = status == TICKETS__STATUS__unspecified ? NULL : v->name;
    return JV_OK;
}

/* The statuses that a filter lets through as text[], or SQL null for all. */
static int read_state(struct jv_ctx *ctx, Tickets__Filter__State state, struct jv_param *ret)
{
    static const char *const several[][3] = {
        [TICKETS__FILTER__STATE__open] = { "pending", "in_progress", "approved" },
        [TICKETS__FILTER__STATE__closed] = { "completed", "rejected" },
    };
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&tickets__filter__state__descriptor, (int)state);
    const char *names[3] = { NULL };
    size_t n = 0;

    if (!v)
        return jv_fail_field(ctx, "status", "is not a known state");
    for (; n < JV_COUNT(names) && several[state][n]; n++)
        names[n] = several[state][n];
    if (!n && state)
        names[n++] = v->name;
    *ret = n ? jv_text_array(ctx, n, names) : jv_text(NULL);
    return JV_OK;
}

/* The order's name for SQL; "": by number. */
static int read_order(struct jv_ctx *ctx, Tickets__Sorting__Order order, const char **ret)
{
    const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(&tickets__sorting__order__descriptor, (int)order);

    if (!v)
        return jv_fail_field(ctx, "order", "is neither newest nor oldest");
    *ret = order ? v->name : "";
    return JV_OK;
}

/* The length of the character that text begins with, as UTF-8 has it. */
static int char_len(const char *text)
{
    int n = 1;

    while (((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static int read_operation(struct jv_ctx *ctx, const char *text, const char **ret)
{
    const char *name = jv_slug(jv_arena(ctx), text);
    const char *odd = name + strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (!name[0])
        return jv_fail_field(ctx, "operation", "is empty");
    if (strlen(name) > max_operation)
        return jv_fail_field(ctx, "operation",
                             "is longer than %d characters; please say it in a few words",
                             max_operation);
    if (*odd)
        return jv_fail_field(ctx, "operation",
                             "may have letters from a to z, digits and spaces, but no '%.*s'",
                             char_len(odd), odd);
    *ret = name;
    return JV_OK;
}

static int check_id(struct jv_ctx *ctx, int32_t id)
{
    return id > 0 ? JV_OK : jv_fail_field(ctx, "ticket_id", "is not the number of a ticket");
}

/* ---- list and look up ------------------------------------------------------------------------ */

/* Which tickets are asked for; username NULL is everybody. */
struct wanted {
    const char *username;
    Tickets__Filter__State status;
    const char *operation;
    Google__Protobuf__Timestamp *from, *until;
    Tickets__Sorting__Order order;
};

/* The three lists' requests have the same members beside the owner. */
#define WANTED(of, req)                                                                            \
    (struct wanted)                                                                                \
    {                                                                                              \
        (of), (req)->status, (req)->operation, (req)->created_from, (req)->created_until,          \
                (req)->order                                                                       \
    }

static void echo(const struct wanted *w, Tickets__TicketList *ret)
{
    ret->username = w->username ? w->username : "";
    ret->status = w->status;
    ret->created_from = w->from;
    ret->created_until = w->until;
    ret->order = w->order;
}

/* At most max_listed of them, the first in the order asked for, else those with the highest
 * numbers. */
static int query(struct jv_ctx *ctx, const struct wanted *w, Tickets__TicketList *ret,
                 struct jv_rows *rows)
{
    struct jv_range created;
    struct jv_param states;
    const char *order = NULL;
    int r;

    echo(w, ret);
    r = read_state(ctx, w->status, &states);
    if (!r && w->operation[0])
        r = read_operation(ctx, w->operation, &ret->operation);
    if (!r)
        r = jv_read_range(ctx, "created", w->from, w->until, &created);
    if (!r)
        r = read_order(ctx, w->order, &order);
    if (r)
        return r;
    return jv_db(ctx, rows,
                 "select " TICKET ", count(*) over () as total from tickets"
                 " where ($1::text is null or username = $1)"
                 " and ($2::text[] is null or status = any($2)) and ($3 = '' or operation = $3)"
                 " and ($4::timestamptz is null or created_at >= $4)"
                 " and ($5::timestamptz is null or created_at < $5)"
                 " order by case $6 when 'oldest' then created_at end,"
                 " case $6 when 'newest' then created_at end desc,"
                 " case $6 when 'oldest' then id end, id desc limit $7",
                 jv_text(w->username), states, jv_text(ret->operation), created.from, created.until,
                 jv_text(order), jv_int(max_listed));
}

static int find(struct jv_ctx *ctx, const struct wanted *w, Tickets__TicketList *ret)
{
    struct jv_arena *a = jv_arena(ctx);
    struct jv_rows rows;
    int r;

    r = query(ctx, w, ret, &rows);
    if (r)
        return r;
    ret->tickets = JV_NEW_ARRAY(a, Tickets__Ticket *, rows.n);
    for (size_t i = 0; i < rows.n && !r; i++) {
        Tickets__Ticket *t = jv_msg_new(&tickets__ticket__descriptor, a);

        /* without an order the lowest number comes first */
        ret->tickets[ret->n_tickets++] = t;
        r = jv_row_to_msg(ctx, &rows, w->order ? i : rows.n - 1 - i, &t->base);
    }
    ret->total = rows.n ? (int32_t)jv_col_int(&rows, 0, "total") : 0;
    if ((size_t)ret->total > rows.n)
        ret->note = jv_arena_printf(
                a, "These are the %s %zu.",
                w->order == TICKETS__SORTING__ORDER__oldest ? "oldest" : "newest", rows.n);
    return r;
}

JV_TOOL_FN(list_all, Tickets__ListAllRequest, Tickets__TicketList)
{
    int r;

    if (jv_caller_has(ctx, "tickets:read:all"))
        return find(ctx, &WANTED(NULL, req), ret);
    r = find(ctx, &WANTED(jv_caller(ctx)->username, req), ret);
    ret->note = jv_arena_printf(jv_arena(ctx), "%s%sOnly an administrator sees everybody's.",
                                ret->note, ret->note[0] ? " " : "");
    return r;
}

JV_TOOL_FN(list, Tickets__ListRequest, Tickets__TicketList)
{
    return find(ctx, &WANTED(req->username, req), ret);
}

JV_TOOL_FN(list_mine, Tickets__ListMineRequest, Tickets__TicketList)
{
    return find(ctx, &WANTED(jv_caller(ctx)->username, req), ret);
}

static int not_found(struct jv_ctx *ctx, int32_t id)
{
    return jv_fail(ctx, JV_NOT_FOUND, "ticket %d was not found", (int)id);
}

/* Somebody else's looks like none: whether there is one is asked for in either case, and told to
 * nobody but the audit. */
static int not_theirs(struct jv_ctx *ctx, int32_t id)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select username from tickets where id = $1", jv_int(id));
    if (r)
        return r;
    jv_hidden(ctx, rows.n ? jv_col(&rows, 0, "username") : NULL, "ticket %d", (int)id);
    return not_found(ctx, id);
}

/* Not found unless it is the caller's, or they have `scope`. */
static int load(struct jv_ctx *ctx, int32_t id, const char *scope, Tickets__Ticket *ret)
{
    struct jv_rows rows;
    int r;

    r = check_id(ctx, id);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "select " TICKET " from tickets where id = $1 and ($2::boolean or username = $3)",
              jv_int(id), jv_bool(jv_caller_has(ctx, scope)), jv_text(jv_caller(ctx)->username));
    if (r)
        return r;
    return rows.n ? jv_row_to_msg(ctx, &rows, 0, &ret->base) : not_theirs(ctx, id);
}

JV_TOOL_FN(get, Tickets__GetRequest, Tickets__Ticket)
{
    return load(ctx, req->ticket_id, "tickets:read:all", ret);
}

/* ---- create, change, delete ------------------------------------------------------------------ */

static int open_ticket(struct jv_ctx *ctx, const char *operation, const char *user,
                       Tickets__Created *ret)
{
    struct jv_rows rows;
    int r;

    r = read_operation(ctx, operation, &operation);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              "insert into tickets (operation, username, status, created_at, updated_at)"
              " values ($1, $2, 'pending', $3, $3) returning " TICKET,
              jv_text(operation), jv_text(user), jv_ms(jv_now_ms(ctx)));
    if (r)
        return r;
    ret->ticket = jv_msg_new(&tickets__ticket__descriptor, jv_arena(ctx));
    r = jv_row_to_msg(ctx, &rows, 0, &ret->ticket->base);
    ret->success = true;
    ret->message = jv_arena_printf(jv_arena(ctx), "Ticket %d was created.", (int)ret->ticket->id);
    return r;
}

JV_TOOL_FN(create, Tickets__CreateRequest, Tickets__Created)
{
    int r = open_ticket(ctx, req->operation, req->user, ret);

    if (!r && strcmp(req->user, jv_caller(ctx)->username) != 0)
        jv_audit(ctx, "create", "ticket %d for %s", (int)ret->ticket->id, req->user);
    return r;
}

JV_TOOL_FN(create_mine, Tickets__CreateMineRequest, Tickets__Created)
{
    return open_ticket(ctx, req->operation, jv_caller(ctx)->username, ret);
}

/* The rule stands in the statement, so that nothing can come between check and change. */
static int change(struct jv_ctx *ctx, int32_t id, const char *status, const char *operation,
                  Tickets__Ticket *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "update tickets set status = coalesce($2, status),"
              " operation = coalesce($3, operation), updated_at = greatest(updated_at, $4)"
              " where id = $1 and ($5::boolean or (username = $6 and status = 'pending'))"
              " returning " TICKET,
              jv_int(id), jv_text(status), jv_text(operation), jv_ms(jv_now_ms(ctx)),
              jv_bool(jv_caller_has(ctx, "tickets:write:all")), jv_text(jv_caller(ctx)->username));
    if (r)
        return r;
    if (rows.n)
        return jv_row_to_msg(ctx, &rows, 0, &ret->base);
    r = load(ctx, id, "tickets:write:all", ret);
    return r ? r
             : jv_fail(ctx, JV_FAILED_PRECONDITION, "ticket %d is not pending any more", (int)id);
}

JV_TOOL_FN(update, Tickets__UpdateRequest, Tickets__Ticket)
{
    const char *status = NULL, *operation = NULL;
    int r;

    r = check_id(ctx, req->ticket_id);
    if (!r)
        r = read_status(ctx, req->status, &status);
    if (!r && req->operation[0])
        r = read_operation(ctx, req->operation, &operation);
    if (r)
        return r;
    if (!status && !operation)
        return jv_fail_field(ctx, "status",
                             "is missing, and so is an operation: nothing to change");
    if (status && !jv_caller_has(ctx, "tickets:write:all")) {
        jv_denied(ctx, "scope", "tickets:write:all for the status of ticket %d",
                  (int)req->ticket_id);
        return jv_fail(ctx, JV_PERMISSION_DENIED,
                       "access denied: only an administrator changes the status of a ticket");
    }
    r = change(ctx, req->ticket_id, status, operation, ret);
    if (!r)
        jv_audit(ctx, "update", "ticket %d of %s: %s %s", (int)req->ticket_id, ret->user,
                 status ? status : "", operation ? operation : "");
    return r;
}

JV_TOOL_FN(delete, Tickets__GetRequest, Tickets__Deleted)
{
    struct jv_rows rows;
    int r;

    r = check_id(ctx, req->ticket_id);
    if (r)
        return r;
    r = jv_db(ctx, &rows, "delete from tickets where id = $1 returning username",
              jv_int(req->ticket_id));
    if (r)
        return r;
    if (!rows.affected)
        return not_found(ctx, req->ticket_id);
    ret->ticket_id = req->ticket_id;
    ret->message = jv_arena_printf(jv_arena(ctx), "Ticket %d was deleted.", (int)req->ticket_id);
    jv_audit(ctx, "delete", "ticket %d of %s", (int)req->ticket_id, jv_col(&rows, 0, "username"));
    return JV_OK;
}

JV_TOOL_FN(notices, Notices__NoticesRequest, Notices__NoticeList)
{
    return tickets_notices(ctx, req, ret);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct jv_tool tools[] = {
    JV_TOOL("ListAll", list_all, .allow = JV_ALLOW_SCOPE("tickets:read"), .flags = JV_TOOL_READONLY,
            .tool = "get_all_tickets", .skill = "lookup", .say = tickets_say_list,
            .words = "all tickets, every ticket, everybody's tickets, everyone's tickets, all "
                     "requests, search tickets, tickets with operation, ticket list, ticket "
                     "queue, queue, helpdesk",
            .examples = JV_TEXTS("show all tickets", "list every ticket",
                                 "search for tickets with operation create_ai_key")),
    JV_TOOL("List", list, .allow = JV_ALLOW_OWNER("tickets:read", "username"),
            .flags = JV_TOOL_READONLY, .tool = "get_user_tickets", .skill = "lookup",
            .say = tickets_say_list,
            .words = "tickets, requests, issues, cases, working on, busy with, busy, up to, "
                     "doing, on plate, tickets of a person, ticketwise, queue",
            .examples = JV_TEXTS("show vishal's tickets", "which requests does alex have?",
                                 "what is sarah working on?", "what has alex asked for?")),
    JV_TOOL("ListMine", list_mine, .allow = JV_ALLOW_SCOPE("tickets:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_my_tickets", .skill = "lookup",
            .say = tickets_say_list,
            .words = "my tickets, my requests, my issues, tickets, requests, issues, cases, "
                     "tix, tkt, req, support cases, working on, busy with, busy, up to, on "
                     "plate, doing at moment, doing right now, doing these days, raised with "
                     "it, filed with it, submitted to it, raised with support",
            .examples = JV_TEXTS("show my tickets", "which of my requests are still open?",
                                 "how many tickets do I have?", "what am I working on?")),
    JV_TOOL("Get", get, .allow = JV_ALLOW_SCOPE("tickets:read"), .flags = JV_TOOL_READONLY,
            .tool = "get_ticket", .skill = "lookup", .say = tickets_say_ticket,
            .words = "ticket, ticket number, status of ticket, look up ticket, state of "
                     "request, request number, case number, tkt, tix, req",
            .examples = JV_TEXTS("what's the status of ticket 12301?", "get ticket 12302",
                                 "is ticket 12303 done yet?")),
    JV_TOOL("Create", create, .allow = JV_ALLOW_OWNER("tickets:write", "user"),
            .flags = JV_TOOL_CONFIRM, .tool = "create_ticket", .skill = "change",
            .say = tickets_say_created,
            .words = "create ticket, open ticket, raise ticket, file ticket, log ticket, new "
                     "ticket, make ticket, do ticket, put in request, put in ticket, log "
                     "request, raise request, file request, submit, lodge, request for a "
                     "person, needs",
            .examples = JV_TEXTS("create ticket for alex to get vpn access",
                                 "open a ticket for sarah for a laptop")),
    JV_TOOL("CreateMine", create_mine, .allow = JV_ALLOW_SCOPE("tickets:write"),
            .flags = JV_TOOL_CONFIRM, .tool = "create_my_ticket", .skill = "change",
            .say = tickets_say_created,
            .words = "create ticket, open ticket, raise ticket, file ticket, log ticket, new "
                     "ticket, make ticket, do ticket, start ticket, put in request, put in "
                     "ticket, put in for, tix, tkt, req, get ticket going, get ticket in, get "
                     "request going, log request, raise request, file request, create request, "
                     "submit, lodge, put me in, put me down, sign me up, kick off ticket, set up "
                     "with ticket, I need, I want, apply "
                     "for",
            .examples = JV_TEXTS("create a ticket for vpn access", "I need VPN access",
                                 "open a request for a new laptop", "create new ticket")),
    JV_TOOL("Update", update, .allow = JV_ALLOW_SCOPE("tickets:write"), .flags = JV_TOOL_CONFIRM,
            .tool = "update_ticket", .skill = "change", .say = tickets_say_changed,
            .words = "update ticket, change ticket, set ticket, mark ticket, approve ticket, "
                     "reject ticket, complete ticket, close ticket, resolve ticket, finish "
                     "ticket, give approval, approval, sign off, tick off, green light, flip, "
                     "switch ticket, move ticket, put ticket on, put to, set to, put back, set "
                     "back, back "
                     "to, turn down, decline, refuse, deny, accept, reopen, wrap up, give green "
                     "light, give go ahead, give thumbs up, give blessing, put approval on, put "
                     "to bed, change operation, update operation",
            .examples = JV_TEXTS("mark ticket 12301 as completed", "approve ticket 12304",
                                 "change ticket 12301 to vpn access")),
    JV_TOOL("Delete", delete, .allow = JV_ALLOW_SCOPE("tickets:delete"), .flags = JV_TOOL_CONFIRM,
            .tool = "delete_ticket", .skill = "change", .say = tickets_say_deleted,
            .words = "delete ticket, remove ticket, drop ticket, erase ticket, get rid of "
                     "ticket, bin ticket, scrap ticket, discard ticket, trash ticket, wipe "
                     "ticket, withdraw ticket, cancel ticket, cancel, remove, erase, go in bin",
            .examples = JV_TEXTS("delete ticket 12301", "remove ticket 12305")),
    JV_TOOL("Notices", notices, .allow = JV_ALLOW_ACTOR,
            .flags = JV_TOOL_HIDDEN | JV_TOOL_READONLY),
    { 0 },
};

JV_ACTOR(tickets) = {
    .name = "tickets",
    .version = "1.0.0",
    .summary = "IT operations tickets: list, look up, create, change",
    .service = &tickets__tickets__descriptor,
    .tools = tools,
    .agent = &tickets_card,
    .needs = JV_NEEDS_DB,
};
