-- Until when a person's tokens are refused stays for good: a task may be kept longer than a token
-- lives. What was changed is told until the bus has it, whoever dies in between.

-- The second that the newest access token of a sign-in says it was issued in.
alter table families add column issued bigint not null default 0;

alter table revocations add column told boolean not null default false;
alter table ended_people add column told boolean not null default false;
create index revocations_untold on revocations (until) where not told;
create index ended_people_untold on ended_people (until) where not told;

-- Audit records that become true with the change that they tell of.
create table outbox (
    record   bigint primary key, -- random: two of the same are one
    at       timestamptz not null,
    action   text not null,
    text     text not null,
    who      text not null,
    user_id  text not null,
    method   text not null,
    trace_id text not null
);
