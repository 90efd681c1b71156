/* say.c -- the answer in words: what agents said, what they would not, what is missing. */
#include "orchestrator.h"

#include <stdlib.h>
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

static char *spaced(struct jv_arena *a, const char *name)
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

static void say_denial(struct jv_buf *b, const struct call *c)
{
    jv_buf_str(b, "**Access denied.** ");
    if (c->planned->person) {
        jv_buf_str(b, c->changes ? "You asked to do this for " : "You asked for what belongs to ");
        jv_say_text(b, c->planned->person);
        jv_buf_str(b, c->changes ? ", and you may only do it for yourself."
                                 : ", and you may only view your own data.");
    } else {
        jv_buf_str(b, "You may not use *");
        jv_say_text(b, c->planned->tool ? spaced(b->arena, c->planned->tool) : c->name);
        jv_buf_str(b, "*.");
    }
    jv_buf_str(b, " Please contact your administrator if you need more.");
}

static void say_outage(struct jv_buf *b, const struct call *c)
{
    jv_buf_str(b, c->state == CALL_UNAVAILABLE ? "I could not reach " : "Something went wrong at ");
    jv_say_text(b, c->name);
    jv_buf_str(b, c->unclear ? " just now, so I cannot tell whether it was done. Please look "
                               "before you try again."
                             : " just now. Please try again in a moment.");
}

const char *say_call(struct jv_ctx *ctx, const struct call *c)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    if (c->state == CALL_DENIED)
        say_denial(&b, c);
    else if (c->state != CALL_ANSWERED)
        say_outage(&b, c);
    else if (c->why)
        say_sentence(&b, c->why);
    else
        jv_buf_str(&b, c->text);
    while (b.len && b.data[b.len - 1] == '\n')
        b.data[--b.len] = '\0';
    return b.data;
}

/* ---- differences ----------------------------------------------------------------------------- */

struct amount {
    const char *label;
    int64_t cents;
};

static bool read_cents(const Google__Protobuf__Value *v, int64_t *ret)
{
    char *end;

    if (v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE) {
        *ret = (int64_t)v->number_value;
        return true;
    }
    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        return false;
    *ret = strtoll(v->string_value, &end, 10);
    return end != v->string_value && !*end;
}

/* The first amount of a result: money is in members that end in _cents, whatever the agent. */
static bool find_cents(const Google__Protobuf__Struct *s, int64_t *ret)
{
    for (size_t i = 0; s && i < s->n_fields; i++) {
        size_t n = strlen(s->fields[i]->key);

        if (n > 6 && strcmp(s->fields[i]->key + n - 6, "_cents") == 0 &&
            read_cents(s->fields[i]->value, ret))
            return true;
    }
    return false;
}

/* What tells a call from the others: its first text argument. Short names are spelled big: AWS. */
static const char *label_of(struct jv_arena *a, const struct call *c)
{
    enum { short_name = 3 };
    const Google__Protobuf__Struct *args = c->planned->arguments;

    for (size_t i = 0; i < args->n_fields; i++) {
        const char *text = jv_struct_text(args, args->fields[i]->key);
        char *label = text ? spaced(a, text) : NULL;
        size_t big = label && strlen(label) > short_name ? 1 : short_name;

        for (size_t k = 0; label && k < big && label[k]; k++)
            if (label[k] >= 'a' && label[k] <= 'z')
                label[k] = (char)(label[k] - 'a' + 'A');
        if (label)
            return label;
    }
    return NULL;
}

static int by_cents(const void *a, const void *b)
{
    const struct amount *x = a, *y = b;

    return (x->cents > y->cents) - (x->cents < y->cents);
}

static void say_pair(struct jv_buf *b, const struct amount *less, const struct amount *more)
{
    jv_buf_str(b, "**");
    jv_say_text(b, less->label);
    jv_buf_str(b, less->cents == more->cents ? "** costs as much as **" : "** is cheaper than **");
    jv_say_text(b, more->label);
    jv_buf_str(b, "**");
    if (less->cents != more->cents) {
        jv_buf_str(b, " by ");
        jv_say_money(b, more->cents - less->cents);
    }
    jv_buf_char(b, '.');
}

const char *say_difference(struct jv_ctx *ctx, const struct call *calls, size_t n)
{
    struct jv_buf b = jv_buf_new(jv_arena(ctx));
    struct amount *amounts = JV_NEW_ARRAY(jv_arena(ctx), struct amount, n + 1);
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        struct amount *m = &amounts[found];

        m->label = label_of(jv_arena(ctx), &calls[i]);
        if (m->label && calls[i].state == CALL_ANSWERED &&
            find_cents(call_result(&calls[i]), &m->cents))
            found++;
    }
    if (found < 2)
        return NULL;
    qsort(amounts, found, sizeof(amounts[0]), by_cents);
    jv_buf_str(&b, "\n\n");
    for (size_t i = 1; i < found; i++) {
        jv_buf_str(&b, i > 1 ? " " : "");
        say_pair(&b, &amounts[i - 1], &amounts[i]);
    }
    return b.data;
}
