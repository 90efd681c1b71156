-- Agents: what they are, who decided about them, how they are reached. Heartbeats are memory.

create table agents (
    name           text primary key check (name ~ '^[A-Za-z][A-Za-z0-9_-]{0,63}$'),
    type           text not null check (type in ('local', 'remote')),
    actor          text not null default '', -- local: whose heartbeats may speak for it
    token          text not null default '', -- local: jarvis.a2a.<token>.*
    agent_type     text not null,
    description    text not null,
    enabled        boolean not null default true,
    in_catalog     boolean not null default true, -- false: it plans and is never asked by itself
    tags           text[] not null default '{}',
    capabilities   jsonb not null,
    priority       integer not null generated always as (coalesce((capabilities ->> 'priority')::integer, 0)) stored
                   check (priority between -100 and 100),
    agent_card_url text not null default '',
    provider       jsonb,
    auth_config    jsonb,
    card           jsonb,
    status         text not null default 'pending' check (status in ('pending', 'approved', 'suspended', 'rejected')),
    registered_by  text not null,
    registered_at  timestamptz not null,
    updated_at     timestamptz not null,
    approved_by    text not null default '',
    approved_at    timestamptz,
    approval_notes text not null default '',
    check ((type = 'local') = (token <> '' and actor <> ''))
);
create unique index agents_one_name on agents (lower(name));
create unique index agents_one_token on agents (token) where token <> '';

-- The agents that come with the house are approved from the start; their cards come with their
-- heartbeats.
insert into agents (name, type, actor, token, agent_type, description, in_catalog, tags, capabilities,
                    status, registered_by, registered_at, updated_at, approved_by, approved_at, approval_notes)
select name, 'local', actor, token, token, description, in_catalog, '{core,production,a2a}', capabilities::jsonb,
       'approved', 'migration', now(), now(), 'migration', now(), 'comes with the house'
from (values
    ('TicketsAgent', 'tickets', 'tickets', true, 'IT operations ticket management',
     '{"domains": ["tickets", "IT", "operations"], "operations": ["create", "read", "update", "list"],
       "entities": ["ticket", "request", "vpn", "gitlab"], "keywords": ["ticket", "IT", "operation"], "priority": 10}'),
    ('FinOpsAgent', 'finops', 'finops', true, 'Cloud financial operations and cost analytics',
     '{"domains": ["costs", "finops", "cloud", "budget"], "operations": ["read", "analyze", "breakdown"],
       "entities": ["cost", "budget", "service", "provider"],
       "keywords": ["cost", "budget", "aws", "gcp", "azure"], "priority": 8}'),
    ('OxygenAgent', 'oxygen', 'oxygen', true, 'Learning and development platform',
     '{"domains": ["learning", "courses", "exams", "education"], "operations": ["read", "track", "monitor"],
       "entities": ["course", "exam", "preference", "deadline"],
       "keywords": ["course", "exam", "learning", "education"], "priority": 7}'),
    ('JarvisAgent', 'orchestrator', 'jarvis', false, 'Plans, asks the other agents and combines their answers',
     '{}')
) as house (name, actor, token, in_catalog, description, capabilities);
