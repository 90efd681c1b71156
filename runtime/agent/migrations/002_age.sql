-- Questions that nobody answers grow old, too.
drop index tasks_age;
create index tasks_age on tasks (status_at) where state > 2;
