/* compare.c -- alternatives side by side: which is less, by how much, in one table.
 *
 * Money is in members that end in _cents, whatever the agent: the first one of a result counts. */
#include "orchestrator.h"

#include <stdlib.h>
#include <string.h>

#include "jv/say.h"

struct side {
    const char *label;  /* what tells it from the others */
    const char *kind;   /* what its label is: "provider" */
    const char *member; /* of the amount: "total_cents" */
    int64_t cents;
    double share; /* percent, negative when the result does not say */
};

struct sides {
    size_t n;
    struct side *at; /* the least first */
};

/* ---- reading results ------------------------------------------------------------------------- */

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

static bool find_cents(const Google__Protobuf__Struct *s, struct side *ret)
{
    static const char tail[] = "_cents";

    for (size_t i = 0; s && i < s->n_fields; i++) {
        size_t n = strlen(s->fields[i]->key);

        ret->member = s->fields[i]->key;
        if (n >= sizeof(tail) && strcmp(ret->member + n - (sizeof(tail) - 1), tail) == 0 &&
            read_cents(s->fields[i]->value, &ret->cents))
            return true;
    }
    return false;
}

static double share_of(const Google__Protobuf__Struct *s)
{
    const Google__Protobuf__Value *v = jv_struct_get(s, "percentage");

    return v && v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE ? v->number_value : -1;
}

static void capitalize(char *s, size_t n)
{
    for (size_t i = 0; i < n && s[i]; i++)
        if (s[i] >= 'a' && s[i] <= 'z')
            s[i] = (char)(s[i] - 'a' + 'A');
}

/* Short names are abbreviations (AWS, EC2), others are words (Azure). */
static const char *display(struct jv_arena *a, const char *text)
{
    enum { short_name = 3 };
    char *s = say_spaced(a, text);

    capitalize(s, strlen(s) > short_name ? 1 : short_name);
    return s;
}

/* Its person, or its text arguments: "AWS", "GCP Compute". */
static bool find_label(struct jv_arena *a, const struct call *c, struct side *ret)
{
    const Google__Protobuf__Struct *args = c->planned->arguments;

    ret->kind = "person";
    ret->label = c->planned->person;
    for (size_t i = 0; args && !c->planned->person && i < args->n_fields; i++) {
        const char *text = jv_struct_text(args, args->fields[i]->key);

        if (!text || !text[0])
            continue;
        text = display(a, text);
        ret->kind = args->fields[i]->key;
        ret->label = ret->label ? jv_arena_printf(a, "%s %s", ret->label, text) : text;
    }
    return ret->label != NULL;
}

static int by_cents(const void *a, const void *b)
{
    const struct side *x = a, *y = b;

    return (x->cents > y->cents) - (x->cents < y->cents);
}

/* The calls that can be compared: those that speak of the same amount as the first. */
static struct sides read_sides(struct jv_ctx *ctx, struct call *calls, size_t n)
{
    struct jv_arena *a = jv_arena(ctx);
    struct sides s = { 0, JV_NEW_ARRAY(a, struct side, n + 1) };

    for (size_t i = 0; i < n; i++) {
        struct side *side = &s.at[s.n];

        calls[i].compared = calls[i].state == CALL_ANSWERED && find_label(a, &calls[i], side) &&
                            find_cents(call_result(&calls[i]), side) &&
                            strcmp(side->member, s.at[0].member) == 0;
        if (!calls[i].compared)
            continue;
        side->share = share_of(call_result(&calls[i]));
        s.n++;
    }
    if (s.n)
        qsort(s.at, s.n, sizeof(s.at[0]), by_cents);
    return s;
}

/* ---- one list in two orders: "the cheapest and the most expensive cloud" --------------------- */

/* The same question but for the order. */
static bool same_in_orders(const struct call *calls, size_t n)
{
    bool same = n > 1 && calls[0].planned->tool && calls[0].planned->arguments;

    for (size_t i = 1; same && i < n; i++) {
        const Google__Protobuf__Struct *args = calls[i].planned->arguments;

        same = calls[i].planned->tool && args &&
               strcmp(calls[i].planned->agent, calls[0].planned->agent) == 0 &&
               strcmp(calls[i].planned->tool, calls[0].planned->tool) == 0 &&
               jv_struct_get(args, "order") &&
               args->n_fields == calls[0].planned->arguments->n_fields;
        for (size_t k = 0; same && k < args->n_fields; k++) {
            const char *key = args->fields[k]->key, *value = jv_struct_text(args, key);
            const char *first = jv_struct_text(calls[0].planned->arguments, key);

            same = value && first && (strcmp(key, "order") == 0 || strcmp(value, first) == 0);
        }
    }
    return same;
}

/* The first list of things that have a name and an amount. */
static const Google__Protobuf__ListValue *items_of(const Google__Protobuf__Struct *result)
{
    for (size_t i = 0; result && i < result->n_fields; i++) {
        const Google__Protobuf__Value *v = result->fields[i]->value;

        if (v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE && v->list_value->n_values)
            return v->list_value;
    }
    return NULL;
}

/* By its first text: "AWS". */
static bool read_item(struct jv_arena *a, const Google__Protobuf__Value *v, struct side *ret)
{
    const Google__Protobuf__Struct *s =
            v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ? v->struct_value : NULL;

    ret->label = NULL;
    for (size_t i = 0; s && !ret->label && i < s->n_fields; i++) {
        ret->kind = s->fields[i]->key;
        ret->label = jv_struct_text(s, ret->kind);
    }
    if (!ret->label || !find_cents(s, ret))
        return false;
    ret->label = display(a, ret->label);
    ret->share = share_of(s);
    return true;
}

/* The whole list, once. Each answer begins with what stands first in its order: else it ranks
 * something else than the list shows. */
static struct sides read_items(struct jv_ctx *ctx, struct call *calls, size_t n)
{
    struct jv_arena *a = jv_arena(ctx);
    const Google__Protobuf__ListValue *items = NULL;
    struct sides s = { 0 };
    struct side first;

    for (size_t i = 0; i < n; i++) {
        items = calls[i].state == CALL_ANSWERED ? items_of(call_result(&calls[i])) : NULL;
        if (!items || !read_item(a, items->values[0], &first) ||
            strncmp(calls[i].text, first.label, strlen(first.label)) != 0)
            return s;
    }
    s.at = JV_NEW_ARRAY(a, struct side, items->n_values);
    for (size_t i = 0; i < items->n_values; i++)
        s.n += read_item(a, items->values[i], &s.at[s.n]);
    qsort(s.at, s.n, sizeof(s.at[0]), by_cents);
    for (size_t i = 0; i < n; i++)
        calls[i].compared = s.n > 1;
    return s;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void say_name(struct jv_buf *b, const struct side *s)
{
    jv_buf_str(b, "**");
    jv_say_text(b, s->label);
    jv_buf_str(b, "**");
}

static bool is_cost(const struct side *s)
{
    return strncmp(s->member, "total_", 6) == 0 || strstr(s->member, "cost");
}

/* "monthly budget" of monthly_budget_cents */
static const char *amount_name(struct jv_arena *a, const struct side *s)
{
    if (is_cost(s))
        return "cost";
    return say_spaced(a, jv_arena_strndup(a, s->member, strlen(s->member) - strlen("_cents")));
}

static void say_more(struct jv_buf *b, const struct side *less, const struct side *more)
{
    jv_say_money(b, more->cents - less->cents);
    if (less->cents <= 0)
        return;
    jv_buf_str(b, " (");
    jv_say_percent(b, 100.0 * (double)(more->cents - less->cents) / (double)less->cents);
    jv_buf_char(b, ')');
}

/* "**GCP** is cheaper than **AWS** by USD 2,783.75." */
static void say_pair(struct jv_buf *b, const struct side *less, const struct side *more)
{
    if (!is_cost(less))
        jv_buf_printf(b, "The %s of ", amount_name(b->arena, less));
    say_name(b, less);
    if (less->cents == more->cents)
        jv_buf_str(b, is_cost(less) ? " costs as much as " : " is the same as that of ");
    else
        jv_buf_str(b, is_cost(less) ? " is cheaper than " : " is lower than that of ");
    say_name(b, more);
    if (less->cents != more->cents) {
        jv_buf_str(b, " by ");
        jv_say_money(b, more->cents - less->cents);
    }
    jv_buf_char(b, '.');
}

/* "**Azure** is the cheapest with USD 8,920.25, **AWS** the most expensive with USD 15,234.50." */
static void say_several(struct jv_buf *b, const struct sides *s)
{
    if (!is_cost(s->at))
        jv_buf_printf(b, "The %s of ", amount_name(b->arena, s->at));
    say_name(b, s->at);
    jv_buf_str(b, is_cost(s->at) ? " is the cheapest with " : " is the lowest with ");
    jv_say_money(b, s->at[0].cents);
    jv_buf_str(b, ", ");
    say_name(b, &s->at[s->n - 1]);
    jv_buf_str(b, is_cost(s->at) ? " the most expensive with " : " has the highest with ");
    jv_say_money(b, s->at[s->n - 1].cents);
    jv_buf_char(b, '.');
}

/* "Service" of service_name */
static void say_heading(struct jv_buf *b, const char *name)
{
    static const char tail[] = "_name";
    size_t n = strlen(name);
    bool cut = n >= sizeof(tail) && strcmp(name + n - (sizeof(tail) - 1), tail) == 0;
    char *s =
            say_spaced(b->arena, jv_arena_strndup(b->arena, name, cut ? n + 1 - sizeof(tail) : n));

    capitalize(s, 1);
    jv_say_text(b, s);
}

static void say_table(struct jv_buf *b, const struct sides *s)
{
    bool shares = true, alike = true;

    for (size_t i = 0; i < s->n; i++) {
        shares = shares && s->at[i].share >= 0;
        alike = alike && strcmp(s->at[i].kind, s->at[0].kind) == 0;
    }
    jv_buf_str(b, "\n\n| ");
    say_heading(b, alike ? s->at[0].kind : "what");
    jv_buf_str(b, " | ");
    say_heading(b, amount_name(b->arena, s->at));
    jv_buf_str(b, shares ? " | Share of all | More than " : " | More than ");
    jv_say_text(b, s->at[0].label);
    jv_buf_str(b, shares ? " |\n|---|---:|---:|---:|\n" : " |\n|---|---:|---:|\n");
    for (size_t i = 0; i < s->n; i++) {
        jv_buf_str(b, "| ");
        jv_say_text(b, s->at[i].label);
        jv_buf_str(b, " | ");
        jv_say_money(b, s->at[i].cents);
        jv_buf_str(b, " | ");
        if (shares) {
            jv_say_percent(b, s->at[i].share);
            jv_buf_str(b, " | ");
        }
        if (i)
            say_more(b, s->at, &s->at[i]);
        jv_buf_str(b, i ? " |\n" : "|\n");
    }
}

const char *compare_calls(struct jv_ctx *ctx, struct call *calls, size_t n)
{
    struct sides s =
            same_in_orders(calls, n) ? read_items(ctx, calls, n) : read_sides(ctx, calls, n);
    struct jv_buf b = jv_buf_new(jv_arena(ctx));

    if (s.n < 2) {
        for (size_t i = 0; i < n; i++)
            calls[i].compared = false;
        return NULL;
    }
    if (s.n == 2)
        say_pair(&b, &s.at[0], &s.at[1]);
    else
        say_several(&b, &s);
    say_table(&b, &s);
    b.data[--b.len] = '\0'; /* what follows begins a line */
    return b.data;
}
