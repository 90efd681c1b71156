-- What the clouds cost, and who may spend how much. Money is whole cents of USD.
create table costs (
    provider text not null check (provider ~ '^[a-z0-9_]{1,64}$'),
    service text not null check (service ~ '^[a-z0-9_]{1,64}$'),
    cost_cents bigint not null check (cost_cents >= 0),
    primary key (provider, service)
);

create table budgets (
    username text primary key check (username <> '' and username = lower(username)),
    monthly_cents bigint not null check (monthly_cents >= 0),
    spent_cents bigint not null check (spent_cents >= 0),
    departments text[] not null default '{}',
    alerts_enabled boolean not null default true
);

create table allocations (
    username text not null references budgets on delete cascade,
    provider text not null check (provider ~ '^[a-z0-9_]{1,64}$'),
    allocated_cents bigint not null check (allocated_cents >= 0),
    primary key (username, provider)
);

-- A part of a whole in percent, two decimals, halves up; 0 of nothing.
create function percent(part numeric, whole numeric) returns numeric
    language sql immutable parallel safe
    return coalesce(round(100 * part / nullif(whole, 0), 2), 0);

-- Each service with its provider's and the organisation's totals.
create view cost_lines as
select provider, service, cost_cents, provider_cents, total_cents,
       percent(cost_cents, provider_cents) as percent_of_provider,
       percent(cost_cents, total_cents) as percent_of_total,
       percent(provider_cents, total_cents) as provider_percent
from (
    select provider, service, cost_cents,
           (sum(cost_cents) over (partition by provider))::bigint as provider_cents,
           (sum(cost_cents) over ())::bigint as total_cents
    from costs
) as sums;

-- Budgets in the words of BudgetReport. The status follows the cents, not the rounded percentage.
create view budget_reports as
select username,
       monthly_cents as monthly_budget_cents,
       spent_cents as current_spend_cents,
       monthly_cents - spent_cents as remaining_cents,
       percent(spent_cents, monthly_cents) as utilization_percent,
       case when spent_cents > 0 and spent_cents >= monthly_cents then 'over_budget'
            when spent_cents > 0 and spent_cents * 5 >= monthly_cents * 4 then 'near_limit'
            else 'within_budget' end as status,
       departments, alerts_enabled, 'USD' as currency
from budgets;

-- Allocations with their part of the person's sum.
create view allocation_lines as
select username, provider, allocated_cents,
       (sum(allocated_cents) over person)::bigint as total_allocated_cents,
       percent(allocated_cents, sum(allocated_cents) over person) as percentage
from allocations
window person as (partition by username);
