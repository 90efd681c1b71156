-- What people should know without asking. A notice is told once: its key names the thing and its
-- stage, and it goes when it is no longer so.
create table notices (
    id         bigint generated always as identity primary key, -- streams go on after it
    username   text not null, -- '': everybody who may see it
    key        text not null,
    source     text not null, -- the agent that found it
    kind       text not null,
    priority   text not null check (priority in ('high', 'medium', 'low')),
    text       text not null,
    at         timestamptz,
    first_seen timestamptz not null,
    unique (username, key)
);

-- Which ones the chat has told whom, in which answer.
create table told (
    notice_id  bigint not null references notices on delete cascade,
    username   text not null,
    message_id text not null,
    primary key (notice_id, username)
);

create table mutes (
    username text not null,
    kind     text not null,
    primary key (username, kind)
);

create table hooks (
    id         uuid primary key,
    username   text not null,
    user_id    text not null,
    scope      text not null,   -- what its owner may see
    issued     bigint not null, -- of the token it was named by
    url        text not null,
    token      text not null,
    created_at timestamptz not null
);
create index hooks_of_person on hooks (username);

-- Answers of agents overtake each other: an older one never replaces a newer one. '': of everybody.
create sequence turns;
create table looks (
    source   text not null,
    username text not null,
    turn     bigint not null,
    primary key (source, username)
);

-- When everybody's are looked at next; whoever moves it does it.
create table rounds (
    name    text primary key,
    next_at timestamptz not null
);
