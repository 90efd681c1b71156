-- Audit records, as JetStream has them: each once, by its number in a stream that was made then.
create table audit (
    id       bigint generated always as identity primary key,
    stream   text not null,
    seq      bigint not null,
    at       timestamptz not null,
    actor    text not null,
    action   text not null,
    who      text not null,
    user_id  text not null,
    method   text not null,
    tool     text not null,
    rule     text not null,
    about    text not null,
    claimed  text not null,
    left_out integer not null,
    trace_id text not null,
    text     text not null,
    unique (stream, seq)
);
create index audit_who on audit (who, id desc);
create index audit_action on audit (action, id desc);
create index audit_age on audit (at);

-- Up to where they are taken over.
create table audit_position (
    only_one boolean primary key default true check (only_one),
    stream   text not null,
    seq      bigint not null
);
insert into audit_position (stream, seq) values ('', 0);

-- A name that was somebody's is nobody else's, as what is kept by it is not theirs: who is removed
-- stays, without a password.
alter table people add column removed_at timestamptz;

-- What a person's tokens said is no longer so: all that were issued up to then are refused.
create table ended_people (
    user_id text primary key,
    issued  bigint not null, -- unix seconds
    until   timestamptz not null
);
