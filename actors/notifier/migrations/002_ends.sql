-- Whose event it is, and when the token was issued by which its webhook was named: with the end of
-- that person's tokens nothing of it is posted any more. Empty: nobody's in particular.
alter table deliveries add column owner text not null default '';
alter table deliveries add column issued bigint not null default 0;
update deliveries d set owner = substr(lane, 8) from queues q
    where q.id = d.queue_id and lane like 'person %' and state <> 'done';
