-- A2A tasks of this agent. What happened is in task_events, numbered for each task; a row of tasks
-- holds what is asked for often and who runs it.

create table tasks (
    id          text primary key,
    context_id  text not null,
    owner       text not null,     -- user id; empty: an agent that is open to everybody
    state       smallint not null, -- lf.a2a.v1.TaskState
    status      bytea not null,    -- TaskStatus
    status_at   timestamptz not null,
    last_seq    integer not null,  -- of task_events
    told        integer not null,  -- up to here the bus has heard of them
    size        integer not null,  -- bytes of artifacts
    request     bytea,             -- SendMessageRequest that a run begins with; null: it needs none
    run_state   bytea,             -- Struct: what the handler keeps between runs
    token       text,              -- the person's access token, while the task runs
    token_at    timestamptz,       -- when it was verified
    parent      text not null default '', -- <agent>/<task id> that asked for it
    lease       integer not null,  -- grows each time it is given to somebody
    lease_by    text,
    lease_until timestamptz,
    tries       integer not null,  -- how often a run was begun since the person spoke last
    created_at  timestamptz not null
);
create index tasks_of_owner on tasks (owner, status_at desc, id desc);
create index tasks_of_context on tasks (owner, context_id, status_at desc, id desc);
create index tasks_to_run on tasks (lease_until) where state in (1, 2);
create index tasks_to_tell on tasks (status_at) where told < last_seq;
create index tasks_of_parent on tasks (parent) where parent <> '';
create index tasks_age on tasks (status_at) where state in (3, 4, 5, 7);

create table task_events (
    task_id text not null references tasks (id) on delete cascade,
    seq     integer not null,
    kind    smallint not null, -- 1 message, 2 status, 3 artifact
    body    bytea not null,    -- StreamResponse
    primary key (task_id, seq)
);

-- Which message a person sent already, and what became of it.
create table task_messages (
    owner      text not null,
    message_id text not null,
    hash       bytea not null, -- SHA-256 of what was sent
    task_id    text not null references tasks (id) on delete cascade deferrable initially deferred,
    primary key (owner, message_id)
);
create index task_messages_of_task on task_messages (task_id);

create table push_configs (
    task_id text not null references tasks (id) on delete cascade,
    id      text not null,
    config  bytea not null,   -- TaskPushNotificationConfig
    sent    integer not null, -- up to here the notifier has the events
    done    boolean not null default false, -- the task is over and all is sent
    primary key (task_id, id)
);
create index push_configs_to_send on push_configs (task_id) where not done;
