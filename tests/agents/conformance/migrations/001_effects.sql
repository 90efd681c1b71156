-- What tasks did: a row for each step. Nothing is unique, so that what was done twice shows.
create table effects (
    id bigint generated always as identity primary key,
    task_id text not null,
    step integer not null
);

create index effects_of_task on effects (task_id, id);
