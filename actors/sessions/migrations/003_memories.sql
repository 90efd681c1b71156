-- What people have told about themselves, kept until they say otherwise.

create table memories (
    owner      text not null,
    id         integer not null check (id > 0), -- the owner's own count: it tells nothing of others
    kind       text not null check (kind in ('preference', 'fact')),
    topic      text not null, -- of one topic there is one; '': of none
    text       text not null check (octet_length(text) between 1 and 200),
    created_at timestamptz not null,
    primary key (owner, id)
);
create unique index memories_once on memories (owner, lower(text));
create unique index memories_topic on memories (owner, topic) where topic <> '';
