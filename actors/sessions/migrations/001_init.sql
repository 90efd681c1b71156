-- Conversations. Everything below a session goes with it.

create table sessions (
    session_id    uuid primary key,
    id            bigint not null unique generated always as identity, -- order of creation
    owner         text not null,
    title         text not null default '',
    status        text not null default 'active' check (status in ('active', 'completed', 'expired')),
    metadata      jsonb, -- null: none was given; {} stays {}
    message_count integer not null default 0,
    created_at    timestamptz not null,
    updated_at    timestamptz not null
);
create index sessions_active on sessions (owner, status, updated_at desc);
create index sessions_recent on sessions (owner, updated_at desc, id desc);
create index sessions_age on sessions (updated_at);

-- The session a person last created, switched to or chatted in.
create table pointers (
    owner      text primary key,
    session_id uuid not null references sessions on delete cascade
);
create index pointers_session on pointers (session_id);

-- A question and what became of it.
create table turns (
    message_id      uuid primary key,
    session_id      uuid not null references sessions on delete cascade,
    owner           text not null,
    idempotency_key text, -- null: none
    question_hash   text not null,
    began_at        timestamptz not null, -- real time, also while the clock of the demo stands still
    finished_at     timestamptz
);
create unique index turns_one_per_key on turns (owner, idempotency_key) where idempotency_key is not null;
create index turns_session on turns (session_id);

create table messages (
    id         bigint generated always as identity primary key,
    session_id uuid not null references sessions on delete cascade,
    message_id uuid, -- the turn; null: added by hand
    role       text not null check (role in ('user', 'assistant', 'system')),
    content    text not null,
    said_at    timestamptz not null
);
create index messages_session on messages (session_id, id);

create table invocations (
    id            bigint generated always as identity primary key,
    session_id    uuid not null references sessions on delete cascade,
    message_id    uuid,
    agent_name    text not null,
    query         text not null,
    response      text not null,
    success       boolean not null,
    error_message text not null,
    duration_ms   integer not null check (duration_ms >= 0),
    invoked_at    timestamptz not null
);
create index invocations_session on invocations (session_id, id);

create table contexts (
    session_id        uuid primary key references sessions on delete cascade,
    last_agent_called text not null default '',
    last_query        text not null default '',
    last_response     text not null default '',
    plan              jsonb
);

create table events (
    message_id uuid not null references turns on delete cascade,
    seq        integer not null,
    event      bytea not null,
    primary key (message_id, seq)
);

-- The one place that knows which session is current: of those that are active and were used after
-- `since` the one pointed to, else the newest.
create function current_session(who text, since timestamptz) returns uuid
language sql stable as $$
    select s.session_id
    from sessions s left join pointers p on p.owner = s.owner and p.session_id = s.session_id
    where s.owner = who and s.status = 'active' and s.updated_at > since
    order by p.session_id is null, s.updated_at desc, s.id desc
    limit 1
$$;
