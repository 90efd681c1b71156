-- What language models were used for, and what it cost: whole micro-dollars. A person's day is the
-- budget's; the house's own work has the username ''.
create table usage (
    day date not null,
    username text not null check (username = lower(username)),
    agent text not null check (agent ~ '^[A-Za-z0-9_-]{1,64}$'),
    model text not null check (model <> ''),
    purpose text not null check (purpose ~ '^[a-z_]{1,32}$'),
    calls bigint not null check (calls >= 0),
    cached bigint not null check (cached >= 0),
    input_tokens bigint not null check (input_tokens >= 0),
    output_tokens bigint not null check (output_tokens >= 0),
    cost_microusd bigint not null check (cost_microusd >= 0),
    primary key (username, day, agent, model, purpose)
);

create index usage_day on usage (day);
