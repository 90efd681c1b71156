/* say.c -- costs and budgets in words. */
#include <string.h>

#include "jv/say.h"

#include "finops.h"

/* A provider as people write it: short names are abbreviations (AWS), others are not (Azure). */
static const char *label(struct jv_buf *md, const char *name)
{
    size_t upper = strlen(name) <= 3 ? strlen(name) : 1;
    char *s = jv_arena_strdup(md->arena, name);

    for (size_t i = 0; i < upper && s[i]; i++)
        if (s[i] >= 'a' && s[i] <= 'z')
            s[i] = (char)(s[i] - 'a' + 'A');
    return s;
}

static void say_label(struct jv_buf *md, const char *provider)
{
    jv_say_text(md, label(md, provider));
}

/* "USD 8,500.00 (55.79 %)" */
static void say_part(struct jv_buf *md, int64_t cents, double percent)
{
    jv_say_money(md, cents);
    jv_buf_str(md, " (");
    jv_say_percent(md, percent);
    jv_buf_char(md, ')');
}

static void say_total(struct jv_buf *md, const Finops__CostReport *report)
{
    const Finops__ProviderCost *top = report->n_providers ? report->providers[0] : NULL;

    jv_buf_str(md, "The total cloud cost is ");
    jv_say_money(md, report->total_cents);
    if (top) {
        jv_buf_str(md, "; the most expensive provider is ");
        say_label(md, top->provider);
        jv_buf_str(md, " with ");
        say_part(md, top->total_cents, top->percentage);
    }
    jv_buf_str(md, ".\n");
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
    say_total(md, report);
    if (report->n_providers)
        jv_buf_str(md, "\n| Provider | Cost | Share | Services |\n|---|---:|---:|---|\n");
    for (size_t i = 0; i < report->n_providers; i++)
        say_provider_row(md, report->providers[i]);
}

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
        jv_say_money(md, s->cost_cents);
        jv_buf_str(md, " | ");
        jv_say_percent(md, s->percent_of_provider);
        jv_buf_str(md, " | ");
        jv_say_percent(md, s->percent_of_total);
        jv_buf_str(md, " |\n");
    }
}

void finops_say_breakdown(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__CostReport *report = ret;

    (void)ctx, (void)req;
    say_total(md, report);
    for (size_t i = 0; i < report->n_providers; i++) {
        jv_buf_str(md, "\n**");
        say_label(md, report->providers[i]->provider);
        jv_buf_str(md, "**: ");
        say_part(md, report->providers[i]->total_cents, report->providers[i]->percentage);
        jv_buf_char(md, '\n');
        say_services(md, report->providers[i]);
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
    jv_buf_str(md, " in all.\n\n| Provider | Cost | Share of the provider |\n|---|---:|---:|\n");
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

/* "You have USD 150.00 left of a monthly budget of USD 500.00" */
void finops_say_budget(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__BudgetReport *b = ret;
    bool over = b->remaining_cents < 0;

    (void)req;
    jv_say_who(md, b->username, jv_caller(ctx)->username, over ? "You are " : "You have ",
               over ? "is " : "has ");
    jv_say_money(md, over ? -b->remaining_cents : b->remaining_cents);
    jv_buf_str(md, over ? " over a monthly budget of " : " left of a monthly budget of ");
    jv_say_money(md, b->monthly_budget_cents);
    jv_buf_str(md, ".\n\n- Spent: ");
    say_part(md, b->current_spend_cents, b->utilization_percent);
    jv_buf_printf(md, "\n- Status: %s\n- Departments: ", status_words(b->status));
    jv_say_list(md, b->n_departments, b->departments);
    jv_buf_str(md, b->n_departments ? "" : "none");
    jv_buf_printf(md, "\n- Alerts: %s\n", b->alerts_enabled ? "on" : "off");
}

void finops_say_allocation(struct jv_ctx *ctx, struct jv_buf *md, const void *req, const void *ret)
{
    const Finops__AllocationReport *report = ret;

    (void)req;
    jv_say_who(md, report->username, jv_caller(ctx)->username, "You have ", "has ");
    jv_say_money(md, report->total_allocated_cents);
    jv_buf_printf(md, " allocated; spending is %s.\n", report->comparison);
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
