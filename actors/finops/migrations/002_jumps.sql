-- Costs have no history: what a provider cost when it was last looked at, and how it jumped since.
create table looks (
    provider text primary key,
    cents    bigint not null
);

create table jumps (
    id         bigint generated always as identity primary key,
    provider   text not null,
    from_cents bigint not null,
    to_cents   bigint not null,
    at         timestamptz not null
);
create index jumps_at on jumps (at);
