-- Demo costs and budgets, into empty tables only: what people changed stays so.
insert into costs (provider, service, cost_cents)
select demo.*
from (values
    ('aws', 'ec2', 850000),
    ('aws', 's3', 423450),
    ('aws', 'dynamodb', 250000),
    ('gcp', 'compute', 720000),
    ('gcp', 'vault', 325075),
    ('gcp', 'firestore', 200000),
    ('azure', 'storage', 542025),
    ('azure', 'ai_studio', 350000)
) as demo
where not exists (select from costs)
on conflict do nothing;

with people as (
    insert into budgets (username, monthly_cents, spent_cents, departments, alerts_enabled)
    select demo.*
    from (values
        ('vishal', 50000, 35000, array['engineering', 'ai_research'], true),
        ('alex', 30000, 20000, array['devops', 'infrastructure'], true),
        ('sarah', 40000, 38000, array['data_science', 'ml'], false)
    ) as demo
    where not exists (select from budgets)
    on conflict do nothing
    returning username
)
insert into allocations (username, provider, allocated_cents)
select demo.*
from (values
    ('vishal', 'aws', 10000), ('vishal', 'gcp', 15000), ('vishal', 'azure', 10000),
    ('alex', 'aws', 5000), ('alex', 'gcp', 10000), ('alex', 'azure', 5000),
    ('sarah', 'aws', 8000), ('sarah', 'gcp', 20000), ('sarah', 'azure', 10000)
) as demo (username, provider, cents)
join people using (username)
on conflict do nothing;
