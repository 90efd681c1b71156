-- Agents' cards are signed with a key of their own: one key signs for each purpose.
alter table keys add column purpose text not null default 'token' check (purpose in ('token', 'card'));
alter table keys alter column purpose drop default;
drop index keys_one_signs;
create unique index keys_one_signs on keys (purpose) where retired_at is null;
