/* score.c -- how well the built-in planner understands people.
 *
 *     plan_score [-v] [--least PERCENT] [--offered PERCENT] [--strangers N] wishes.json
 * wordings.json...
 *
 * wishes.json says what people want and the calls that is; a wordings file says how they put it:
 * {"wish": ["wording", ...]}. Each wording is asked in a conversation of its own, behind what the
 * wish says was said before, with our agents alone or among N that nobody wrote. Prints a score for
 * each file; -v what was misunderstood. Fails when a file scores less than PERCENT, or when a call
 * would change what nobody asked to change; with --offered also when a model would not be offered
 * the tools that it takes for so many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/struct.pb-c.h"
#include "jv/plan.h"
#include "jv/wire.h"
#include "plan/strangers.h"
#include "plan/town.h"

typedef Google__Protobuf__Struct Struct;
typedef Google__Protobuf__Value Value;

/* 2025-01-10, a Friday */
static const int64_t now_ms = INT64_C(1736467200000);

struct scoring {
    struct jv_arena *arena, *asking; /* for good; of one conversation */
    struct jv_catalog *catalog;
    const Struct *wishes; /* by id */
    bool verbose, failed;
    double least_offered;
    size_t asked, right, writes, sure, sure_right, wants, offered;
};

static Struct *load(struct jv_arena *a, const char *path)
{
    enum { max_file = 8 << 20 };
    FILE *f = fopen(path, "rb");
    char *text = jv_arena_alloc(a, max_file);
    size_t len = f ? fread(text, 1, max_file - 1, f) : 0;
    struct jv_err err = { 0 };
    void *s = jv_json_to_msg(&google__protobuf__struct__descriptor, text, len, 0, a, &err);

    if (f)
        fclose(f);
    if (!s) {
        printf("Bail out! %s: %s\n", path, err.text);
        exit(1);
    }
    return s;
}

static size_t list_of(const Struct *s, const char *name, Value *const **ret)
{
    const Value *v = jv_struct_get(s, name);

    if (!v || v->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        return 0;
    *ret = v->list_value->values;
    return v->list_value->n_values;
}

static const char *text_or(const Struct *s, const char *name, const char *fallback)
{
    const char *text = jv_struct_text(s, name);

    return text ? text : fallback;
}

/* ---- calls as text --------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *joined(struct jv_arena *a, const char **items, size_t n, bool sort,
                          const char *between)
{
    struct jv_buf b = jv_buf_new(a);

    if (sort && n)
        qsort(items, n, sizeof(*items), by_name);
    for (size_t i = 0; i < n; i++)
        jv_buf_printf(&b, "%s%s", i ? between : "", items[i]);
    return b.data ? b.data : "";
}

static const char *call_text(struct jv_arena *a, const char *agent, const char *tool,
                             const Struct *args)
{
    size_t n = args ? args->n_fields : 0;
    const char **items = JV_NEW_ARRAY(a, const char *, n + 1);

    for (size_t i = 0; i < n; i++) {
        const Value *v = args->fields[i]->value;

        items[i] = v->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE
                           ? jv_arena_printf(a, "%s=%s", args->fields[i]->key, v->string_value)
                           : jv_arena_printf(a, "%s=%.0f", args->fields[i]->key, v->number_value);
    }
    return jv_arena_printf(a, "%s.%s(%s)", agent, tool ? tool : "-",
                           joined(a, items, n, true, ", "));
}

static const char *planned_text(struct jv_arena *a, const struct jv_plan *p, bool sort)
{
    const char **items = JV_NEW_ARRAY(a, const char *, p->n + 1);

    for (size_t i = 0; i < p->n; i++)
        items[i] = call_text(a, p->calls[i].agent, p->calls[i].tool, p->calls[i].arguments);
    return joined(a, items, p->n, sort, " + ");
}

/* One of the lists of calls that will do. */
static const char *wanted_text(struct jv_arena *a, const Value *list, bool sort)
{
    size_t n = list->list_value->n_values;
    const char **items = JV_NEW_ARRAY(a, const char *, n + 1);

    for (size_t i = 0; i < n; i++) {
        const Struct *call = list->list_value->values[i]->struct_value;

        items[i] = call_text(a, jv_struct_text(call, "agent"), jv_struct_text(call, "tool"),
                             jv_struct_get(call, "arguments")->struct_value);
    }
    return joined(a, items, n, sort, " + ");
}

/* "~printer" stands for any text that holds it. */
static bool same(const char *have, const char *want)
{
    const char *open = strchr(want, '~'), *rest;
    size_t len;
    char part[64];

    if (!open)
        return strcmp(have, want) == 0;
    len = strcspn(open + 1, ",)");
    snprintf(part, sizeof(part), "%.*s", (int)len, open + 1);
    rest = open + 1 + len;
    return strncmp(have, want, (size_t)(open - want)) == 0 && strcasestr(have, part) &&
           strlen(have) >= strlen(rest) && strcmp(have + strlen(have) - strlen(rest), rest) == 0;
}

/* ---- one wording ----------------------------------------------------------------------------- */

static const char *const kinds[] = { "calls", "ask", "talk", "unknown" };

static struct jv_plan ask(struct scoring *s, const Struct *wish, const char *text,
                          const Struct *memory)
{
    struct jv_plan_input in = { .text = text,
                                .username = text_or(wish, "asker", ""),
                                .scope = town_scope(text_or(wish, "asker", "")),
                                .memory = memory,
                                .now_ms = now_ms };
    struct jv_plan plan;

    if (jv_planner_builtin.plan(NULL, s->catalog, &in, s->asking, &plan))
        exit(1);
    return plan;
}

/* What the wish says the agents answered to what was said before. */
static void hear(struct scoring *s, const Struct *wish, struct jv_plan *plan)
{
    const Value *heard = jv_struct_get(wish, "heard");
    const Struct *results[] = { heard ? heard->struct_value : NULL };

    if (heard && plan->n)
        jv_plan_heard(s->catalog, plan->memory, 1, plan->calls, results, s->asking);
}

static bool changes(const struct scoring *s, const struct jv_plan *plan)
{
    for (size_t i = 0; plan->kind == JV_PLAN_CALLS && i < plan->n; i++)
        if (!plan->calls[i].tool ||
            !jv_catalog_read_only(s->catalog, plan->calls[i].agent, plan->calls[i].tool))
            return true;
    return false;
}

static bool understood(struct scoring *s, const Struct *wish, const struct jv_plan *plan)
{
    const char *kind = text_or(wish, "kind", "calls"), *have = kinds[plan->kind];
    Value *const *lists = NULL;
    size_t n = list_of(wish, "calls", &lists);
    const Value *any = jv_struct_get(wish, "any_order");
    bool safe = strcmp(kind, "safe") == 0;

    if (strcmp(kind, "harmless") == 0)
        return !changes(s, plan);

    if (safe && plan->kind != JV_PLAN_CALLS)
        return true;
    if (!safe && strcmp(kind, have) != 0)
        return strcmp(text_or(wish, "alt_kind", "-"), have) == 0;
    if (plan->kind == JV_PLAN_ASK && jv_struct_text(wish, "missing"))
        return plan->missing && strcmp(plan->missing, jv_struct_text(wish, "missing")) == 0;
    for (size_t i = 0; i < n; i++)
        if (same(planned_text(s->asking, plan, any != NULL),
                 wanted_text(s->asking, lists[i], any != NULL)))
            return true;
    return !n && plan->kind != JV_PLAN_CALLS;
}

/* The call stands in one of the lists that will do. */
static bool is_wanted(struct jv_arena *a, const Struct *wish, const char *call)
{
    Value *const *lists = NULL;
    size_t n = list_of(wish, "calls", &lists);

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < lists[i]->list_value->n_values; k++) {
            const Struct *c = lists[i]->list_value->values[k]->struct_value;

            if (same(call, call_text(a, jv_struct_text(c, "agent"), jv_struct_text(c, "tool"),
                                     jv_struct_get(c, "arguments")->struct_value)))
                return true;
        }
    return false;
}

/* It would change what the wish does not ask for. */
static bool changes_wrongly(const struct scoring *s, const Struct *wish, const struct jv_plan *plan)
{
    for (size_t i = 0; plan->kind == JV_PLAN_CALLS && i < plan->n; i++) {
        const struct jv_planned *p = &plan->calls[i];

        if ((!p->tool || !jv_catalog_read_only(s->catalog, p->agent, p->tool)) &&
            !is_wanted(s->asking, wish, call_text(s->asking, p->agent, p->tool, p->arguments)))
            return true;
    }
    return false;
}

enum { n_offered = 32 };

/* All tools of a list of calls are among those that a model would be offered. */
static bool are_offered(const Value *calls, size_t n, const struct jv_function *f)
{
    for (size_t i = 0; i < calls->list_value->n_values; i++) {
        const Struct *c = calls->list_value->values[i]->struct_value;
        bool found = false;

        for (size_t k = 0; k < n && !found; k++)
            found = f[k].tool && strcmp(f[k].agent, jv_struct_text(c, "agent")) == 0 &&
                    strcmp(f[k].tool, jv_struct_text(c, "tool")) == 0;
        if (!found)
            return false;
    }
    return true;
}

static void score_offer(struct scoring *s, const Struct *wish, const char *text,
                        const Struct *memory, const struct jv_plan *own)
{
    const struct jv_plan_input in = { .text = text, .memory = memory, .now_ms = now_ms };
    Value *const *lists = NULL;
    size_t n = list_of(wish, "calls", &lists), n_f;
    struct jv_function *f;
    bool found = false;

    if (!n || strcmp(text_or(wish, "kind", "calls"), "calls") != 0)
        return;
    n_f = jv_plan_functions(s->catalog, &in, own, n_offered, s->asking, &f);
    for (size_t i = 0; i < n && !found; i++)
        found = are_offered(lists[i], n_f, f);
    s->wants++;
    s->offered += found;
    if (s->verbose && !found)
        printf("NOT OFFERED %s %s\n", jv_struct_text(wish, "id"), text);
}

static double least_confidence(const struct jv_plan *plan)
{
    double least = 1;

    for (size_t i = 0; i < plan->n; i++)
        least = plan->calls[i].confidence < least ? plan->calls[i].confidence : least;
    return least;
}

static void score_wording(struct scoring *s, const Struct *wish, const char *text)
{
    Value *const *before = NULL;
    size_t n = list_of(wish, "before", &before);
    struct jv_plan plan = { 0 };
    const Struct *memory;
    bool right, wrote, sure;

    jv_arena_reset(s->asking);
    for (size_t i = 0; i < n; i++) {
        plan = ask(s, wish, before[i]->string_value, plan.memory);
        if (i + 1 == n)
            hear(s, wish, &plan);
    }
    memory = plan.memory;
    plan = ask(s, wish, text, memory);
    score_offer(s, wish, text, memory, &plan);
    right = understood(s, wish, &plan);
    wrote = !right && changes_wrongly(s, wish, &plan);
    sure = plan.sure;
    s->asked++;
    s->right += right;
    s->writes += wrote;
    s->sure += sure;
    s->sure_right += sure && right;
    if (s->verbose && !right)
        printf("%s%s %.2f [%s] %s\n    %s %s\n", wrote ? "WRITES " : "", jv_struct_text(wish, "id"),
               least_confidence(&plan), text_or(wish, "asker", ""), text, kinds[plan.kind],
               planned_text(s->asking, &plan, false));
}

/* ---- files ----------------------------------------------------------------------------------- */

static const Struct *wish_of(const struct scoring *s, const char *id)
{
    Value *const *wishes = NULL;
    size_t n = list_of(s->wishes, "wishes", &wishes);

    for (size_t i = 0; i < n; i++)
        if (strcmp(text_or(wishes[i]->struct_value, "id", ""), id) == 0)
            return wishes[i]->struct_value;
    printf("Bail out! there is no wish %s\n", id);
    exit(1);
}

static double share(size_t part, size_t all)
{
    return all ? 100.0 * (double)part / (double)all : 0;
}

static double score_file(struct scoring *s, const char *path)
{
    const Struct *file = load(s->arena, path);
    double percent;

    s->asked = s->right = s->writes = s->sure = s->sure_right = s->wants = s->offered = 0;
    for (size_t i = 0; i < file->n_fields; i++) {
        const Struct *wish = wish_of(s, file->fields[i]->key);
        Value *const *wordings = NULL;
        size_t n = list_of(file, file->fields[i]->key, &wordings), before = s->right;

        for (size_t k = 0; k < n; k++)
            score_wording(s, wish, wordings[k]->string_value);
        if (s->verbose && s->right - before < n)
            printf("-- %s: %zu of %zu\n", file->fields[i]->key, s->right - before, n);
    }
    percent = s->asked ? 100.0 * (double)s->right / (double)s->asked : 0;
    printf("# %s: %zu of %zu wordings understood (%.1f %%), %zu wrong changes; sure of %zu, of "
           "which right %.1f %%; a model is offered what it takes for %.1f %%\n",
           path, s->right, s->asked, percent, s->writes, s->sure, share(s->sure_right, s->sure),
           share(s->offered, s->wants));
    if (s->least_offered > share(s->offered, s->wants))
        s->failed = true;
    return percent;
}

static struct jv_catalog *catalog(struct jv_arena *a, size_t n_strangers)
{
    struct town_card ours[TOWN_CARDS];
    struct jv_catalog *c = jv_catalog_new();

    town_cards(a, ours);
    town_add(c, ours);
    for (size_t i = 0; i < n_strangers; i++) {
        const char *token;
        const A2a__AgentCard *card = stranger_card(a, i, &token);

        jv_catalog_add(c, token, 5, card);
    }
    jv_catalog_index(c);
    return c;
}

int main(int argc, char **argv)
{
    struct scoring s = { .arena = jv_arena_new(256 << 20), .asking = jv_arena_new(64 << 20) };
    double least = 0;
    bool passed = true;
    size_t strangers = 0;
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--least") == 0 && i + 1 < argc)
            least = strtod(argv[++i], NULL);
        if (strcmp(argv[i], "--strangers") == 0 && i + 1 < argc)
            strangers = strtoul(argv[++i], NULL, 10);
        if (strcmp(argv[i], "--offered") == 0 && i + 1 < argc)
            s.least_offered = strtod(argv[++i], NULL);
        s.verbose = s.verbose || strcmp(argv[i], "-v") == 0;
    }
    if (i + 1 >= argc)
        return 2;
    s.catalog = catalog(s.arena, strangers);
    s.wishes = load(s.arena, argv[i++]);
    for (; i < argc; i++)
        if (score_file(&s, argv[i]) < least || s.writes || s.failed)
            passed = false;
    jv_catalog_free(s.catalog);
    jv_arena_free(s.asking);
    jv_arena_free(s.arena);
    printf("%s - wordings\n", passed ? "ok" : "not ok");
    return passed ? 0 : 1;
}
