/* say.c -- costs and budgets in words. */
#include <stdlib.h>
#include <string.h>

#include "jv/say.h"

#include "finops.h"

/* Short names are abbreviations (AWS), others are not (Azure). */
const char *finops_label(struct jv_arena *a, const char *name)
{
    size_t upper = strlen(name) <= 3 ? strlen(name) : 1;
    char *s = jv_arena_strdup(a, name);

    for (size_t i = 0; i < upper && s[i]; i++)
        if (s[i] >= 'a' && s[i] <= 'z')
            s[i] = (char)(s[i] - 'a' + 'A');
    return s;
}

static void say_label(struct jv_buf *md, const char *provider)
{
    jv_say_text(md, finops_label(md->arena, provider));
}

/* "USD 8,500.00 (55.79 %)" */
static void say_part(struct jv_buf *md, int64_t cents, double percent)
{
    jv_say_money(md, cents);
    jv_buf_str(md, " (");
    jv_say_percent(md, percent);
    jv_buf_char(md, ')');
}

/* ---- all clouds ------------------------------------------------------------------------------ */

static const char *superlative(const Finops__CostReport *report)
{
    return report->order == FINOPS__SORTING__ORDER__cheapest ? "cheapest" : "most expensive";
}

/* "All clouds together cost USD 36,605.50" */
static void say_sum(struct jv_buf *md, const Finops__CostReport *report)
{
    jv_buf_str(md, "All clouds together cost ");
    jv_say_money(md, report->total_cents);
}

/* ", 24.37 % of USD 36,605.50 in all" */
static void say_of_all(struct jv_buf *md, const Finops__CostReport *report, double percent)
{
    jv_buf_str(md, ", ");
    jv_say_percent(md, percent);
    jv_buf_str(md, " of ");
    jv_say_money(md, report->total_cents);
    jv_buf_str(md, " in all");
}

/* In an order somebody asks for the first; else for the sum. */
static void say_first_provider(struct jv_buf *md, const Finops__CostReport *report)
{
    const Finops__ProviderCost *first = report->providers[0];

    if (!report->order) {
        say_sum(md, report);
        jv_buf_str(md, "; ");
    }
    say_label(md, first->provider);
    jv_buf_printf(md, " is the %s%s: ", superlative(report), report->order ? " cloud" : "");
    if (report->order) {
        jv_say_money(md, first->total_cents);
        say_of_all(md, report, first->percentage);
    } else {
        say_part(md, first->total_cents, first->percentage);
    }
    jv_buf_str(md, ".\n");
}

/* Whether there is something to tell of. */
static bool has_costs(struct jv_buf *md, const Finops__CostReport *report)
{
    if (!report->n_providers)
        jv_buf_str(md, "No costs are recorded yet.\n");
    return report->n_providers > 0;
}

static void say_provider_row(struct jv_buf *md, const Finops__ProviderCost *p)
{
    jv_buf_str(md, "| ");
    say_label(md, p->provider);
    jv_buf_str(md, " | ");
    jv_say_money(md, p->total_cents);
    jv_buf_str(md, " | ");
    jv_say_percent(md, p->percentage);
    jv_buf_str(md, " | ");
    for (size_t i = 0; i < p->n_services; i++) {
        if (i)
            jv_buf_str(md, ", ");
        jv_say_text(md, p->services[i]->name);
    }
    jv_buf_str(md, " |\n");
}

void finops_say_costs(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__CostReport *report = ret;

    (void)ctx, (void)req;
    if (!has_costs(md, report))
        return;
    say_first_provider(md, report);
    jv_buf_str(md, "\n| Provider | Cost | Share | Services |\n|---|---:|---:|---|\n");
    for (size_t i = 0; i < report->n_providers; i++)
        say_provider_row(md, report->providers[i]);
}

/* ---- all services ---------------------------------------------------------------------------- */

struct line {
    const char *provider;
    const Finops__ServiceLine *service;
};

static int costliest_first(const void *a, const void *b)
{
    int64_t x = ((const struct line *)a)->service->cost_cents;
    int64_t y = ((const struct line *)b)->service->cost_cents;

    return (x < y) - (x > y);
}

static int cheapest_first(const void *a, const void *b)
{
    return costliest_first(b, a);
}

/* All services of all providers, in the order asked for. */
static struct line *lines_of(struct jv_arena *a, const Finops__CostReport *report, size_t *ret_n)
{
    struct line *lines;
    size_t n = 0;

    for (size_t i = 0; i < report->n_providers; i++)
        n += report->providers[i]->n_services;
    lines = JV_NEW_ARRAY(a, struct line, n + 1);
    *ret_n = n;
    for (size_t i = report->n_providers; i-- > 0;)
        for (size_t k = report->providers[i]->n_services; k-- > 0;)
            lines[--n] = (struct line){ report->providers[i]->provider,
                                        report->providers[i]->services[k] };
    qsort(lines, *ret_n, sizeof(*lines),
          report->order == FINOPS__SORTING__ORDER__cheapest ? cheapest_first : costliest_first);
    return lines;
}

/* "ec2 on AWS" */
static void say_line(struct jv_buf *md, const struct line *l)
{
    jv_say_text(md, l->service->name);
    jv_buf_str(md, " on ");
    say_label(md, l->provider);
}

static void say_first_service(struct jv_buf *md, const Finops__CostReport *report,
                              const struct line *first)
{
    if (!report->order) {
        say_sum(md, report);
        jv_buf_str(md, "; the biggest driver is ");
    }
    say_line(md, first);
    if (report->order) {
        jv_buf_printf(md, " is the %s service: ", superlative(report));
        jv_say_money(md, first->service->cost_cents);
        say_of_all(md, report, first->service->percent_of_total);
    } else {
        jv_buf_str(md, ": ");
        say_part(md, first->service->cost_cents, first->service->percent_of_total);
    }
    jv_buf_str(md, ".\n");
}

static void say_cells(struct jv_buf *md, int64_t cents, double percent, double of_total)
{
    jv_say_money(md, cents);
    jv_buf_str(md, " | ");
    jv_say_percent(md, percent);
    jv_buf_str(md, " | ");
    jv_say_percent(md, of_total);
    jv_buf_str(md, " |\n");
}

/* A flat list, to find the first few in. */
static void say_ranking(struct jv_buf *md, const struct line *lines, size_t n)
{
    jv_buf_str(md, "\n| Service | Provider | Cost | Share of provider | Share of all |\n"
                   "|---|---|---:|---:|---:|\n");
    for (size_t i = 0; i < n; i++) {
        jv_buf_str(md, "| ");
        jv_say_text(md, lines[i].service->name);
        jv_buf_str(md, " | ");
        say_label(md, lines[i].provider);
        jv_buf_str(md, " | ");
        say_cells(md, lines[i].service->cost_cents, lines[i].service->percent_of_provider,
                  lines[i].service->percent_of_total);
    }
}

/* Provider by provider, each with its sum first. */
static void say_groups(struct jv_buf *md, const Finops__CostReport *report)
{
    jv_buf_str(md, "\n| Provider | Service | Cost | Share of provider | Share of all |\n"
                   "|---|---|---:|---:|---:|\n");
    for (size_t i = 0; i < report->n_providers; i++) {
        const Finops__ProviderCost *p = report->providers[i];

        jv_buf_str(md, "| **");
        say_label(md, p->provider);
        jv_buf_str(md, "** | **all** | ");
        say_cells(md, p->total_cents, 100, p->percentage);
        for (size_t k = 0; k < p->n_services; k++) {
            jv_buf_str(md, "| | ");
            jv_say_text(md, p->services[k]->name);
            jv_buf_str(md, " | ");
            say_cells(md, p->services[k]->cost_cents, p->services[k]->percent_of_provider,
                      p->services[k]->percent_of_total);
        }
    }
}

void finops_say_breakdown(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__CostReport *report = ret;
    size_t n;
    const struct line *lines = lines_of(jv_arena(ctx), report, &n);

    (void)req;
    if (!has_costs(md, report))
        return;
    say_first_service(md, report, lines);
    if (report->order)
        say_ranking(md, lines, n);
    else
        say_groups(md, report);
}

/* ---- one provider, one service --------------------------------------------------------------- */

static void say_services(struct jv_buf *md, const Finops__ProviderCost *p)
{
    jv_buf_str(md, "\n| Service | Cost | Share of ");
    say_label(md, p->provider);
    jv_buf_str(md, " | Share of all |\n|---|---:|---:|---:|\n");
    for (size_t i = 0; i < p->n_services; i++) {
        const Finops__ServiceLine *s = p->services[i];

        jv_buf_str(md, "| ");
        jv_say_text(md, s->name);
        jv_buf_str(md, " | ");
        say_cells(md, s->cost_cents, s->percent_of_provider, s->percent_of_total);
    }
}

void finops_say_provider(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__ProviderCost *p = ret;

    (void)ctx, (void)req;
    say_label(md, p->provider);
    jv_buf_str(md, " costs ");
    jv_say_money(md, p->total_cents);
    jv_buf_str(md, ", ");
    jv_say_percent(md, p->percentage);
    jv_buf_str(md, " of all clouds");
    if (p->n_services) {
        jv_buf_str(md, "; the biggest driver is ");
        jv_say_text(md, p->services[0]->name);
        jv_buf_str(md, " with ");
        say_part(md, p->services[0]->cost_cents, p->services[0]->percent_of_provider);
    }
    jv_buf_str(md, ".\n");
    if (p->n_services)
        say_services(md, p);
}

/* One provider: all of it fits into the sentence. */
static void say_one_service(struct jv_buf *md, const Finops__ServiceMatch *m)
{
    jv_say_text(md, m->service);
    jv_buf_str(md, " on ");
    say_label(md, m->provider);
    jv_buf_str(md, " costs ");
    jv_say_money(md, m->cost_cents);
    jv_buf_str(md, ", ");
    jv_say_percent(md, m->percentage_of_provider);
    jv_buf_str(md, " of ");
    say_label(md, m->provider);
    jv_buf_str(md, ".\n");
}

void finops_say_service(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__ServiceReport *report = ret;

    (void)ctx, (void)req;
    if (report->n_breakdown == 1) {
        say_one_service(md, report->breakdown[0]);
        return;
    }
    jv_say_text(md, report->service);
    jv_buf_str(md, " costs ");
    jv_say_money(md, report->total_cents);
    jv_buf_str(md, " in all.\n");
    if (!report->n_breakdown)
        return;
    jv_buf_str(md, "\n| Provider | Cost | Share of the provider |\n|---|---:|---:|\n");
    for (size_t i = 0; i < report->n_breakdown; i++) {
        const Finops__ServiceMatch *m = report->breakdown[i];

        jv_buf_str(md, "| ");
        say_label(md, m->provider);
        jv_buf_str(md, " | ");
        jv_say_money(md, m->cost_cents);
        jv_buf_str(md, " | ");
        jv_say_percent(md, m->percentage_of_provider);
        jv_buf_str(md, " |\n");
    }
}

/* ---- budgets --------------------------------------------------------------------------------- */

static const char *status_words(Finops__BudgetStatus status)
{
    switch (status) {
    case FINOPS__BUDGET_STATUS__within_budget:
        return "within budget";
    case FINOPS__BUDGET_STATUS__near_limit:
        return "near limit";
    case FINOPS__BUDGET_STATUS__over_budget:
        return "over budget";
    default:
        return "unknown";
    }
}

/* "You have USD 150.00 left of a monthly budget of USD 500.00: 70.00 % is spent, within budget." */
void finops_say_budget(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__BudgetReport *b = ret;
    bool over = b->remaining_cents < 0, own = strcmp(b->username, jv_caller(ctx)->username) == 0;

    (void)req;
    jv_say_who(md, b->username, jv_caller(ctx)->username, over ? "You are " : "You have ",
               over ? "is " : "has ");
    jv_say_money(md, over ? -b->remaining_cents : b->remaining_cents);
    jv_buf_str(md, over ? " over a monthly budget of " : " left of a monthly budget of ");
    jv_say_money(md, b->monthly_budget_cents);
    jv_buf_str(md, ": ");
    jv_say_percent(md, b->utilization_percent);
    jv_buf_printf(md, " is spent, %s.", status_words(b->status));
    if (own && b->status > FINOPS__BUDGET_STATUS__within_budget)
        jv_buf_str(md, " If you need more, ask for a *budget update* ticket.");
    jv_buf_str(md, "\n\n- Spent: ");
    say_part(md, b->current_spend_cents, b->utilization_percent);
    jv_buf_printf(md, "\n- Status: %s\n- Departments: ", status_words(b->status));
    jv_say_list(md, b->n_departments, b->departments);
    jv_buf_str(md, b->n_departments ? "" : "none");
    jv_buf_printf(md, "\n- Alerts: %s\n", b->alerts_enabled ? "on" : "off");
}

/* ", the largest part for GCP: USD 150.00 (42.86 %)" */
static void say_largest(struct jv_buf *md, const Finops__AllocationReport *report)
{
    const Finops__AllocationLine *first = report->n_allocations ? report->allocations[0] : NULL;

    if (!first)
        return;
    jv_buf_str(md, ", the largest part for ");
    say_label(md, first->provider);
    jv_buf_str(md, ": ");
    say_part(md, first->allocated_cents, first->percentage);
}

void finops_say_allocation(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__AllocationReport *report = ret;

    (void)req;
    jv_say_who(md, report->username, jv_caller(ctx)->username, "You have ", "has ");
    jv_say_money(md, report->total_allocated_cents);
    jv_buf_str(md, " allocated");
    say_largest(md, report);
    jv_buf_printf(md, ". Spending is %s.\n", report->comparison);
    if (report->n_allocations)
        jv_buf_str(md, "\n| Provider | Allocated | Share |\n|---|---:|---:|\n");
    for (size_t i = 0; i < report->n_allocations; i++) {
        const Finops__AllocationLine *line = report->allocations[i];

        jv_buf_str(md, "| ");
        say_label(md, line->provider);
        jv_buf_str(md, " | ");
        jv_say_money(md, line->allocated_cents);
        jv_buf_str(md, " | ");
        jv_say_percent(md, line->percentage);
        jv_buf_str(md, " |\n");
    }
}
