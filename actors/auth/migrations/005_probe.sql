-- Who signs in to see whether all is well: made by the setting JARVIS_PROBE, which keeps their password
-- as it is told, and nobody else's.
alter table people add column probe boolean not null default false;
