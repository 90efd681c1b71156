-- Events to post to webhooks. A queue is one webhook of one task: its events go out one after the
-- other, and whoever posts holds the queue under a lease.

create table queues (
    id          bigint generated always as identity primary key,
    agent       text not null,
    task_id     text not null,
    config_id   text not null,
    lane        text not null, -- whose it is: lanes do not hold each other up
    due_at      timestamptz,   -- when the first waiting event may be tried; null: none waits
    lease       text,
    lease_until timestamptz,
    unique (agent, task_id, config_id)
);
create index queues_due on queues (due_at) where due_at is not null;
create index queues_leased on queues (lease_until) where lease_until is not null;

-- What was taken is kept a while without its content, so that the same event again is known.
create table deliveries (
    id          bigint generated always as identity primary key,
    queue_id    bigint not null references queues on delete restrict,
    seq         bigint not null check (seq > 0),
    state       text not null default 'waiting' check (state in ('waiting', 'done', 'dead')),
    letter_id   bigint unique, -- of a dead one, growing in the order of giving up
    url         text not null,
    token       text not null,
    scheme      text not null,
    credentials text not null,
    body        text not null, -- JSON
    trace_id    text not null,
    attempts    integer not null default 0,
    reason      text not null default '', -- why the last try failed
    created_at  timestamptz not null,
    settled_at  timestamptz,
    unique (queue_id, seq)
);
create index deliveries_waiting on deliveries (queue_id, seq) where state = 'waiting';
create index deliveries_settled on deliveries (state, settled_at) where state <> 'waiting';

create sequence letters;
