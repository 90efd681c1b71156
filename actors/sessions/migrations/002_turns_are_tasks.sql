-- What is told while a turn is answered, and which message asked for it, is with its task: the agent
-- that runs it keeps both. Here a turn is named by that task, or by it and a number.

drop table events;
drop index turns_one_per_key;
alter table turns
    drop constraint turns_pkey,
    drop column idempotency_key,
    alter column message_id type text,
    add column context jsonb, -- the session's when the turn was begun; null: it had none
    add primary key (owner, message_id);
alter table messages alter column message_id type text;
alter table invocations alter column message_id type text;
