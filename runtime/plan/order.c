/* order.c -- which calls of a plan wait for which. */
#include <math.h>
#include <string.h>

#include <google/protobuf/struct.pb-c.h>

#include "jv/plan.h"
#include "jv/wire.h"

/* "id", "ticket_id": the same thing for all tools of an agent. */
static bool names_item(const char *key)
{
    size_t n = strlen(key);

    return strcmp(key, "id") == 0 || (n > 3 && strcmp(key + n - 3, "_id") == 0);
}

static bool equal(const Google__Protobuf__Value *a, const Google__Protobuf__Value *b)
{
    if (!a || !b || a->kind_case != b->kind_case)
        return false;
    if (a->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE)
        return fabs(a->number_value - b->number_value) < 0.5;
    return a->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE &&
           strcmp(a->string_value, b->string_value) == 0;
}

bool jv_plan_same_item(const struct jv_planned *a, const struct jv_planned *b)
{
    const Google__Protobuf__Struct *args = a->arguments;

    if (strcmp(a->agent, b->agent) != 0 || !args || !b->arguments)
        return false;
    for (size_t i = 0; i < args->n_fields; i++)
        if (names_item(args->fields[i]->key) &&
            equal(args->fields[i]->value, jv_struct_get(b->arguments, args->fields[i]->key)))
            return true;
    return false;
}

bool jv_plan_in_turn(size_t n, const struct jv_planned *calls, const bool *changes, size_t i)
{
    bool in_turn = changes[i];

    for (size_t k = i + 1; k < n; k++)
        in_turn = in_turn || (changes[k] && jv_plan_same_item(&calls[i], &calls[k]));
    return in_turn;
}
