-- People, the keys that sign tokens, sign-ins (families of refresh tokens), what was revoked.

create table people (
    id            bigint generated always as identity primary key,
    user_id       text not null unique check (user_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    username      text not null unique check (username ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    role          text not null check (role in ('developer', 'devops', 'data_scientist', 'admin', 'user')),
    email         text not null,
    password_hash text not null,
    disabled      boolean not null default false,
    demo          boolean not null default false, -- may sign in only while the demo mode is on
    created_at    timestamptz not null
);

-- Wrong passwords by the name that was typed, whether or not somebody has it: so that known and
-- unknown names cost the same and lock the same.
create table attempts (
    username  text primary key,
    failed    integer not null,
    failed_at timestamptz not null
);
create index attempts_age on attempts (failed_at);

create table keys (
    kid        text primary key,
    pem        text not null, -- private
    x          text not null,
    y          text not null,
    created_at timestamptz not null,
    retired_at timestamptz
);
create unique index keys_one_signs on keys ((true)) where retired_at is null;

-- A sign-in. access_until: when the last access token made for it runs out.
create table families (
    sid          text primary key,
    user_id      text not null references people (user_id) on delete cascade,
    created_at   timestamptz not null,
    access_until timestamptz not null,
    ended_at     timestamptz,
    reason       text
);
create index families_person on families (user_id);

create table refresh_tokens (
    hash       bytea primary key, -- SHA-256; the token itself is never stored
    sid        text not null references families (sid) on delete cascade,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index refresh_tokens_family on refresh_tokens (sid);
create index refresh_tokens_age on refresh_tokens (expires_at);

create table revocations (
    sid   text primary key,
    until timestamptz not null
);
