/* say.c -- the answer in words: what agents said, what they would not, what is missing. */
#include "orchestrator.h"

#include <string.h>

#include "jv/say.h"

/* ---- headings -------------------------------------------------------------------------------- */

/* "Tickets" of "TicketsAgent". */
static void say_agent(struct jv_buf *b, const char *name)
{
    struct jv_buf plain = jv_buf_new(b->arena);
    size_t n = strlen(name), tail = strlen("Agent");

    if (n > tail && strcmp(name + n - tail, "Agent") == 0)
        n -= tail;
    jv_buf_add(&plain, name, n);
    jv_say_text(b, plain.data);
}

static bool several_agents(const struct call *calls, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(calls[i].name, calls[0].name) != 0)
            return true;
    return false;
}

const char *say_before(struct jv_ctx *ctx, const struct call *calls, size_t n, size_t at)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    if (at)
        jv_buf_str(&b, "\n\n");
    if (several_agents(calls, n) && (!at || strcmp(calls[at].name, calls[at - 1].name) != 0)) {
        jv_buf_str(&b, "## ");
        say_agent(&b, calls[at].name);
        jv_buf_str(&b, "\n\n");
    }
    return b.len ? b.data : "";
}

/* ---- one call -------------------------------------------------------------------------------- */

char *say_spaced(struct jv_arena *a, const char *name)
{
    char *s = jv_arena_strdup(a, name);

    for (char *p = s; *p; p++)
        if (*p == '_')
            *p = ' ';
    return s;
}

/* "ticket 99999 was not found" -> "Ticket 99999 was not found." */
static void say_sentence(struct jv_buf *b, const char *why)
{
    char *s = jv_arena_strdup(b->arena, why);
    size_t n = strlen(s);

    if (s[0] >= 'a' && s[0] <= 'z')
        s[0] = (char)(s[0] - 'a' + 'A');
    jv_say_text(b, s);
    if (n && !strchr(".!?", s[n - 1]))
        jv_buf_char(b, '.');
}

/* "pending exams" of get_pending_exams, "tickets" of get_user_tickets. */
static const char *topic(struct jv_arena *a, const char *tool)
{
    static const char *const fillers[] = { "get ", "list ", "show ", "user ", "my ", "all " };
    const char *s = say_spaced(a, tool);
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < JV_COUNT(fillers); i++) {
            size_t n = strlen(fillers[i]);

            if (strncmp(s, fillers[i], n) == 0 && s[n]) {
                s += n;
                more = true;
            }
        }
    }
    return s;
}

/* Of somebody else: what is named is in the question, and says nothing about what there is. */
static void say_not_yours(struct jv_buf *b, const struct call *c)
{
    if (c->changes) {
        jv_buf_str(b, "You may only do this for yourself, not for ");
        jv_say_text(b, c->planned->person);
    } else {
        jv_buf_str(b, "You may only view your own data, not ");
        jv_say_text(b, c->planned->person);
        jv_buf_str(b, "'s");
        if (c->planned->tool) {
            jv_buf_char(b, ' ');
            jv_say_text(b, topic(b->arena, c->planned->tool));
        }
    }
    jv_buf_char(b, '.');
}

/* The callee's own reason; NULL: it names a scope, which tells a person nothing. */
static const char *reason_of(const struct call *c)
{
    static const char head[] = "access denied: ";
    const char *why = c->why && strncmp(c->why, head, sizeof(head) - 1) == 0
                              ? c->why + sizeof(head) - 1
                              : NULL;

    return why && !strchr(why, ':') ? why : NULL;
}

static void say_denial(struct jv_buf *b, const struct call *c)
{
    jv_buf_str(b, "**Access denied.** ");
    if (c->planned->person) {
        say_not_yours(b, c);
    } else if (reason_of(c)) {
        say_sentence(b, reason_of(c));
        return;
    } else {
        jv_buf_str(b, "You may not use *");
        jv_say_text(b, c->planned->tool ? say_spaced(b->arena, c->planned->tool) : c->name);
        jv_buf_str(b, "*.");
    }
    jv_buf_str(b, " If you need more, an administrator can help.");
}

static void say_outage(struct jv_buf *b, const struct call *c)
{
    jv_buf_str(b, c->state == CALL_UNAVAILABLE ? "I could not reach " : "Something went wrong at ");
    jv_say_text(b, c->name);
    jv_buf_str(b, " just now");
    if (c->planned->tool && !c->changes) {
        jv_buf_str(b, ", so the ");
        jv_say_text(b, topic(b->arena, c->planned->tool));
        jv_buf_str(b, " part is missing");
    }
    jv_buf_str(b, c->unclear ? ", so I cannot tell whether it was done. Please look before you try "
                               "again."
                             : ". Please try again in a moment.");
}

static bool has_number(const Google__Protobuf__Struct *arguments)
{
    for (size_t i = 0; arguments && i < arguments->n_fields; i++)
        if (arguments->fields[i]->value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
            return true;
    return false;
}

/* "operation may have no '+'" -> "The operation may have no '+'", "ticket_id: is required" with a
 * number that is no such id -> "0 is no valid ticket id." */
static void say_bad_argument(struct jv_buf *b, const struct call *c)
{
    const Google__Protobuf__Value *v = jv_struct_get(c->planned->arguments, c->field);
    const char *name = say_spaced(b->arena, c->field), *why = c->why;
    size_t n = strlen(c->field);

    if (v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE) {
        jv_buf_printf(b, "%.0f is no valid ", v->number_value);
        jv_say_text(b, name);
        jv_buf_char(b, '.');
        return;
    }
    if (strncmp(why, c->field, n) != 0) {
        say_sentence(b, why);
        return;
    }
    why += n + strspn(why + n, ": ");
    say_sentence(b, jv_arena_printf(b->arena, "the %s %s", name, why));
}

/* "Ticket 99999 was not found. Please check the number." */
static void say_refusal(struct jv_buf *b, const struct call *c)
{
    if (c->field && c->field[0])
        say_bad_argument(b, c);
    else
        say_sentence(b, c->why);
    if (c->missing && has_number(c->planned->arguments))
        jv_buf_str(b, " Please check the number.");
}

static void say_skipped(struct jv_buf *b, const struct call *c)
{
    jv_buf_char(b, '*');
    jv_say_text(b, c->planned->tool ? say_spaced(b->arena, c->planned->tool) : c->name);
    jv_buf_str(b, "* was not tried, because the step before it did not work.");
}

const char *say_call(struct jv_ctx *ctx, const struct call *c)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    if (c->skipped)
        say_skipped(&b, c);
    else if (c->state == CALL_DENIED)
        say_denial(&b, c);
    else if (c->state != CALL_ANSWERED)
        say_outage(&b, c);
    else if (c->why)
        say_refusal(&b, c);
    else
        jv_buf_str(&b, c->text);
    while (b.len && b.data[b.len - 1] == '\n')
        b.data[--b.len] = '\0';
    return b.data;
}
