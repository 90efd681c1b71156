/* finops.c -- the finops agent: what the clouds cost, and who may spend how much. */
#include <stdlib.h>
#include <string.h>

#include "jv/db.h"
#include "jv/say.h"
#include "jv/wire.h"

#include "finops.h"

#define COST_LINES                                                                                 \
    "select provider, service, cost_cents, provider_cents, total_cents, percent_of_provider,"      \
    " percent_of_total, provider_percent from cost_lines "
#define COSTLIEST_FIRST " order by provider_cents desc, provider, cost_cents desc, service"

static const char usd[] = "USD";

enum { max_name = 64 };

/* ---- costs: the organisation's, the same for everybody --------------------------------------- */

static double percent(const struct jv_rows *rows, size_t row, const char *name)
{
    return strtod(jv_col(rows, row, name), NULL);
}

/* One provider from the rows that begin at *row; moves *row behind them. */
static Finops__ProviderCost *take_provider(struct jv_arena *a, const struct jv_rows *rows,
                                           size_t *row)
{
    Finops__ProviderCost *p = jv_msg_new(&finops__provider_cost__descriptor, a);
    size_t first = *row;

    p->provider = jv_col(rows, first, "provider");
    p->total_cents = jv_col_int(rows, first, "provider_cents");
    p->percentage = percent(rows, first, "provider_percent");
    p->currency = usd;
    p->services = JV_NEW_ARRAY(a, Finops__ServiceLine *, rows->n - first);
    for (; *row < rows->n && strcmp(jv_col(rows, *row, "provider"), p->provider) == 0; ++*row) {
        Finops__ServiceLine *s = jv_msg_new(&finops__service_line__descriptor, a);

        s->name = jv_col(rows, *row, "service");
        s->cost_cents = jv_col_int(rows, *row, "cost_cents");
        s->percent_of_provider = percent(rows, *row, "percent_of_provider");
        s->percent_of_total = percent(rows, *row, "percent_of_total");
        p->services[p->n_services++] = s;
    }
    p->service_count = (int32_t)p->n_services;
    return p;
}

JV_TOOL_FN(breakdown, Finops__CostsRequest, Finops__CostReport)
{
    struct jv_rows rows;
    int r;

    if (!protobuf_c_enum_descriptor_get_value(&finops__sorting__order__descriptor, (int)req->order))
        return jv_fail_field(ctx, "order", "is neither costliest nor cheapest");
    r = jv_db(ctx, &rows,
              COST_LINES "order by $1 * provider_cents, provider, $1 * cost_cents, service",
              jv_int(req->order == FINOPS__SORTING__ORDER__cheapest ? 1 : -1));
    if (r)
        return r;
    ret->currency = usd;
    ret->order = req->order;
    ret->total_cents = rows.n ? jv_col_int(&rows, 0, "total_cents") : 0;
    ret->providers = JV_NEW_ARRAY(jv_arena(ctx), Finops__ProviderCost *, rows.n);
    for (size_t row = 0; row < rows.n;)
        ret->providers[ret->n_providers++] = take_provider(jv_arena(ctx), &rows, &row);
    return JV_OK;
}

static int read_name(struct jv_ctx *ctx, const char *member, const char *text, const char **ret)
{
    if (strlen(text) > max_name)
        return jv_fail_field(ctx, member, "is longer than %d characters", max_name);
    *ret = jv_slug(jv_arena(ctx), text);
    return (*ret)[0] ? JV_OK : jv_fail_field(ctx, member, "is empty");
}

/* NOT_FOUND naming what there is: `list` holds it as its column "names". */
static int no_such(struct jv_ctx *ctx, const char *what, const char *name, const char *many,
                   const struct jv_rows *list)
{
    return jv_fail(ctx, JV_NOT_FOUND, "there is no %s %s; ask about one of these %s: %s", what,
                   name, many, jv_col(list, 0, "names"));
}

static int no_such_provider(struct jv_ctx *ctx, const char *name)
{
    struct jv_rows list;
    int r;

    r = jv_db(ctx, &list,
              "select string_agg(provider, ', ' order by cents desc, provider) as names from"
              " (select provider, sum(cost_cents) as cents from costs group by provider) as sums");
    if (r)
        return r;
    if (jv_col_null(&list, 0, "names"))
        return jv_fail(ctx, JV_NOT_FOUND, "no costs are recorded");
    return no_such(ctx, "provider", name, "providers", &list);
}

/* With a provider: among its services. */
static int no_such_service(struct jv_ctx *ctx, const char *name, const char *provider)
{
    struct jv_rows list;
    int r;

    r = jv_db(ctx, &list,
              "select string_agg(distinct service, ', ' order by service) as names from costs"
              " where $1 = '' or provider = $1",
              jv_text(provider));
    if (r)
        return r;
    if (jv_col_null(&list, 0, "names"))
        return no_such_provider(ctx, provider);
    return no_such(ctx, "service", name, "services", &list);
}

JV_TOOL_FN(cloud_cost, Finops__CloudCostRequest, Finops__ProviderCost)
{
    struct jv_rows rows;
    const char *provider;
    size_t row = 0;
    int r;

    r = read_name(ctx, "provider", req->provider, &provider);
    if (r)
        return r;
    r = jv_db(ctx, &rows, COST_LINES "where provider = $1" COSTLIEST_FIRST, jv_text(provider));
    if (r)
        return r;
    if (!rows.n)
        return no_such_provider(ctx, provider);
    *ret = *take_provider(jv_arena(ctx), &rows, &row);
    return JV_OK;
}

JV_TOOL_FN(service_cost, Finops__ServiceCostRequest, Finops__ServiceReport)
{
    struct jv_arena *a = jv_arena(ctx);
    struct jv_rows rows;
    const char *provider = "";
    int r;

    r = read_name(ctx, "service_name", req->service_name, &ret->service);
    if (!r && req->provider[0])
        r = read_name(ctx, "provider", req->provider, &provider);
    if (r)
        return r;
    r = jv_db(ctx, &rows,
              COST_LINES "where service = $1 and ($2 = '' or provider = $2)" COSTLIEST_FIRST,
              jv_text(ret->service), jv_text(provider));
    if (r)
        return r;
    if (!rows.n)
        return no_such_service(ctx, ret->service, provider);
    ret->currency = usd;
    ret->breakdown = JV_NEW_ARRAY(a, Finops__ServiceMatch *, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        Finops__ServiceMatch *m = jv_msg_new(&finops__service_match__descriptor, a);

        m->provider = jv_col(&rows, i, "provider");
        m->service = ret->service;
        m->cost_cents = jv_col_int(&rows, i, "cost_cents");
        m->percentage_of_provider = percent(&rows, i, "percent_of_provider");
        ret->total_cents += m->cost_cents;
        ret->breakdown[ret->n_breakdown++] = m;
    }
    return JV_OK;
}

/* ---- budgets: a person's --------------------------------------------------------------------- */

/* Whoever may see everybody's often means everybody's; here they are shown one by one. */
static int no_own_budget(struct jv_ctx *ctx, const char *what)
{
    struct jv_rows rows;
    int r = JV_OK;

    if (!jv_caller_has(ctx, "finops:read:all"))
        return jv_fail(ctx, JV_NOT_FOUND,
                       "you have no budget yet; the FinOps administrator can set one up");
    r = jv_db(ctx, &rows, "select coalesce(min(username), 'somebody') as name from budgets");
    if (r)
        return r;
    return jv_fail(ctx, JV_NOT_FOUND,
                   "you have no budget yet; I can show everybody's %s person by person, for "
                   "example %s's",
                   what, jv_col(&rows, 0, "name"));
}

static int no_budget(struct jv_ctx *ctx, const char *username, const char *what)
{
    if (strcmp(username, jv_caller(ctx)->username) == 0)
        return no_own_budget(ctx, what);
    return jv_fail(ctx, JV_NOT_FOUND,
                   "%s has no budget yet; the FinOps administrator can set one up", username);
}

static int load_budget(struct jv_ctx *ctx, const char *username, Finops__BudgetReport *ret)
{
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows, "select * from budget_reports where username = $1", jv_text(username));
    if (r)
        return r;
    return rows.n ? jv_row_to_msg(ctx, &rows, 0, &ret->base) : no_budget(ctx, username, "budgets");
}

JV_TOOL_FN(budget, Finops__BudgetRequest, Finops__BudgetReport)
{
    return load_budget(ctx, req->username, ret);
}

JV_TOOL_FN(my_budget, Google__Protobuf__Empty, Finops__BudgetReport)
{
    (void)req;
    return load_budget(ctx, jv_caller(ctx)->username, ret);
}

/* "within the budget: USD 150.00 left" */
static const char *compare(struct jv_arena *a, int64_t left_cents)
{
    struct jv_buf b = jv_buf_new(a);

    if (left_cents == 0)
        return "exactly at the budget";
    jv_buf_str(&b, left_cents < 0 ? "over the budget by " : "within the budget: ");
    jv_say_money(&b, left_cents < 0 ? -left_cents : left_cents);
    jv_buf_str(&b, left_cents < 0 ? "" : " left");
    return b.data;
}

static int load_allocation(struct jv_ctx *ctx, const char *username, Finops__AllocationReport *ret)
{
    struct jv_arena *a = jv_arena(ctx);
    struct jv_rows rows;
    int r;

    r = jv_db(ctx, &rows,
              "select provider, allocated_cents, percentage, total_allocated_cents, remaining_cents"
              " from budget_reports left join allocation_lines using (username)"
              " where username = $1 order by allocated_cents desc, provider",
              jv_text(username));
    if (r)
        return r;
    if (!rows.n)
        return no_budget(ctx, username, "cost allocations");
    ret->username = username;
    ret->currency = usd;
    ret->comparison = compare(a, jv_col_int(&rows, 0, "remaining_cents"));
    ret->total_allocated_cents = jv_col_int(&rows, 0, "total_allocated_cents");
    ret->allocations = JV_NEW_ARRAY(a, Finops__AllocationLine *, rows.n);
    for (size_t i = 0; i < rows.n && !jv_col_null(&rows, i, "provider") && !r; i++) {
        Finops__AllocationLine *line = jv_msg_new(&finops__allocation_line__descriptor, a);

        ret->allocations[ret->n_allocations++] = line;
        r = jv_row_to_msg(ctx, &rows, i, &line->base);
    }
    return r;
}

JV_TOOL_FN(allocation, Finops__BudgetRequest, Finops__AllocationReport)
{
    return load_allocation(ctx, req->username, ret);
}

JV_TOOL_FN(my_allocation, Google__Protobuf__Empty, Finops__AllocationReport)
{
    (void)req;
    return load_allocation(ctx, jv_caller(ctx)->username, ret);
}

JV_TOOL_FN(notices, Notices__NoticesRequest, Notices__NoticeList)
{
    return finops_notices(ctx, req, ret);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct jv_tool tools[] = {
    JV_TOOL("AllCosts", breakdown, .allow = JV_ALLOW_SCOPE("finops:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_all_clouds_cost", .skill = "costs",
            .say = finops_say_costs,
            .words = "total cloud cost, all clouds, cloud costs, cloud spend, cloud spending, "
                     "cloud bill, clouds, total costs, total spend, total bill, expenses, "
                     "expenditure, cloud expenditure, outlay, "
                     "invoice, spend, spending, bill, costs, pay for cloud, provider, vendor, "
                     "most expensive provider, cheapest provider, which provider, "
                     "sets us back, gap,  most expensive cloud, "
                     "cheapest cloud, compare providers",
            .examples = JV_TEXTS(
                    "what is our total cloud cost", "how much do we spend on the cloud?",
                    "which cloud provider is most expensive?", "compare aws and gcp spending")),
    JV_TOOL("CloudCost", cloud_cost, .allow = JV_ALLOW_SCOPE("finops:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_cloud_cost", .skill = "costs",
            .say = finops_say_provider,
            .words =
                    "cost of a provider, compare, comparison, difference, cloud cost, spend, "
                    "spending, bill, expense, invoice, charges, charge, pay, paying, price, money, "
                    "sets us back, set us back, runs to, stack up, gap, breakdown of a provider, "
                    "breakdown, break down, split, made up, itemise, "
                    "itemised",
            .examples = JV_TEXTS("show AWS cost", "what's our AWS spending?", "show GCP breakdown",
                                 "how much do we pay for azure?")),
    JV_TOOL("ServiceCost", service_cost, .allow = JV_ALLOW_SCOPE("finops:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_service_cost", .skill = "costs",
            .say = finops_say_service,
            .words =
                    "cost of a service, service cost, spend, spending, bill, expense, "
                    "invoice, charges, pay, paying, price, money, sets us back, set us back, stack "
                    "up, gap",
            .examples = JV_TEXTS("how much is s3?", "how much do we spend on GCP compute?",
                                 "what does the ec2 service cost?")),
    JV_TOOL("Breakdown", breakdown, .allow = JV_ALLOW_SCOPE("finops:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_cost_breakdown", .skill = "costs",
            .say = finops_say_breakdown,
            .words =
                    "breakdown of cloud spend, breakdown of cloud costs, breakdown of costs, "
                    "breakdown of spend, cost breakdown, complete breakdown, breakdown, break "
                    "down, costs in detail, costs by service, per service, by service, each "
                    "service, all services, every service, single services, their services, "
                    "services, itemise, itemised, split "
                    "of costs, split, breakup, break up, splitted, broken down, service by "
                    "service, cost report, made up, cost driver, most expensive service, "
                    "cheapest service, costliest service, dearest service, priciest service, which "
                    "service, service, cloud service, one service, service of all, each position, "
                    "line by line, drill down, every provider and every service, "
                    "provider and service, every line, parts of costs, made up, consists "
                    "of, details, detail, detailed, bill, spend, spending, costs, cloud "
                    "costs, cloud bill, cloud spend",
            .examples = JV_TEXTS("give me a complete cost breakdown",
                                 "show me cloud costs breakdown", "where does the money go?")),
    JV_TOOL("Budget", budget, .allow = JV_ALLOW_OWNER("finops:read", "username"),
            .flags = JV_TOOL_READONLY, .tool = "get_user_budget", .skill = "budgets",
            .say = finops_say_budget,
            .words = "budget, budget status, budget of a person, remaining budget",
            .examples = JV_TEXTS("show sarah's budget", "how much budget does alex have left?")),
    JV_TOOL("MyBudget", my_budget, .allow = JV_ALLOW_SCOPE("finops:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_my_budget", .skill = "budgets",
            .say = finops_say_budget,
            .words = "my budget, budget, budget status, remaining budget, left to spend, over "
                     "budget, spending limit, allowance",
            .examples = JV_TEXTS("show my budget", "what is my budget status?",
                                 "how much can I still spend?", "am I over budget?")),
    JV_TOOL("Allocation", allocation, .allow = JV_ALLOW_OWNER("finops:read", "username"),
            .flags = JV_TOOL_READONLY, .tool = "get_user_cost_allocation", .skill = "budgets",
            .say = finops_say_allocation,
            .words = "allocation of a person, cost allocation, allocation, allocated, budget "
                     "split, split, divided, distributed, distribution, spread, portion, "
                     "budget, budget per provider, each cloud, each provider, per cloud, per "
                     "provider, by cloud, by provider, set aside, different clouds, different "
                     "providers, budget across clouds, budget among clouds, budget between "
                     "clouds, share of budget, my share, share of each, slice, sliced, allotted, "
                     "meant for, gets what, which "
                     "cloud "
                     "gets",
            .examples = JV_TEXTS("show alex's cost allocation")),
    JV_TOOL("MyAllocation", my_allocation, .allow = JV_ALLOW_SCOPE("finops:read"),
            .flags = JV_TOOL_READONLY, .tool = "get_my_cost_allocation", .skill = "budgets",
            .say = finops_say_allocation,
            .words = "my cost allocation, my allocation, my budget, cost allocation, allocation, "
                     "allocated, budget split, split, divided, distributed, distribution, "
                     "spread, portion, budget, budget per provider, each cloud, each provider, "
                     "per cloud, per provider, by cloud, by provider, set aside, different "
                     "clouds, different providers, budget across clouds, budget among clouds, "
                     "budget between clouds, cloud, provider, share of budget, my share, share of "
                     "each, slice, sliced, "
                     "allotted, "
                     "meant for, gets what, which cloud gets",
            .examples = JV_TEXTS("show my cost allocation",
                                 "how is my budget divided among the clouds?")),
    JV_TOOL("Notices", notices, .allow = JV_ALLOW_ACTOR, .flags = JV_TOOL_HIDDEN),
    { 0 },
};

JV_ACTOR(finops) = {
    .name = "finops",
    .version = "1.0.0",
    .summary = "cloud costs, budgets and allocations",
    .service = &finops__finops__descriptor,
    .tools = tools,
    .agent = &finops_card,
    .needs = JV_NEEDS_DB,
};
